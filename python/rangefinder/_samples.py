"""What users give as data, as the engine takes it: dictionaries of arrays, one at a time."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from . import _files, _native

#: Of pictures, as the command line's options: "resize", "crop", "scale", "mean", "std", "layout", "channels".
Pictures = Mapping[str, Any]


def samples_of(
    data: Any,
    input_names: Callable[[], list[str]],
    collate_fn: Callable[[Any], Any] | None = None,
    pictures: Pictures | None = None,
) -> _native.Samples:
    """`input_names` is asked only where samples come without names."""
    if collate_fn is not None and not callable(collate_fn):
        raise TypeError(f"collate_fn: {type(collate_fn).__name__}; allowed: a function of what the data yield")
    paths = _paths(data)
    if paths is not None:
        if collate_fn is not None:
            raise TypeError("collate_fn: files are read as they are; give an iterable instead")
        return _native.Samples.from_files(paths, _words(pictures))
    if pictures:
        raise TypeError("pictures: only for files")
    items, can_rewind = _items(data)
    return _native.Samples.from_iterable(_Samples(items, input_names, collate_fn), can_rewind)


def whole(item: Any) -> Any:
    """Where there are no inputs to tell apart, for `collate_fn`: a list of numbers is one array."""
    return (item,) if isinstance(item, (list, tuple)) and len(item) != 1 else item


def is_path(data: Any) -> bool:
    return _paths(data) is not None


def _paths(data: Any) -> list[str] | None:
    if isinstance(data, (str, os.PathLike)):
        return [_files.path_of(data)]
    if isinstance(data, (list, tuple)) and data and all(isinstance(item, (str, os.PathLike)) for item in data):
        return [_files.path_of(item) for item in data]
    return None


def _words(pictures: Pictures | None) -> dict[str, str]:
    """`resize=(256, 256)` and `mean=[0.485, ...]` in the words of the command line."""

    def word(name: str, value: Any) -> str:
        if isinstance(value, str):
            return value
        numbers = value if isinstance(value, (list, tuple)) else [value]
        return ("x" if name in ("resize", "crop") else ",").join(format(number) for number in numbers)

    return {name: word(name, value) for name, value in (pictures or {}).items() if value is not None}


def _items(data: Any) -> tuple[Callable[[], Iterator[Any]], bool]:
    """A function that begins to iterate, and whether it may be called again."""
    if callable(getattr(data, "get_next", None)):
        return _reader(data)
    if isinstance(data, (Mapping, bytes)):
        raise TypeError(f"data: {type(data).__name__} is no list of samples; a single sample is [sample]")
    if _is_array(data):
        if not getattr(data, "shape", ()):
            raise TypeError("data: an array without dimensions is no list of samples")
        # One array of all samples along its first dimension: each becomes a batch of one.
        return (lambda: (data[i : i + 1] for i in range(len(data)))), True
    if _is_sized_by_index(data):
        return (lambda: each(data)), True
    try:
        iterator = iter(data)
    except TypeError:
        raise TypeError(f"data: {type(data).__name__} is not iterable") from None
    if iterator is data:
        return (lambda: iterator), False
    # That iterator was only to see that there is one; a DataLoader's has started workers by now, which serve
    # the first pass.
    begun = [iterator]
    return (lambda: begun.pop() if begun else iter(data)), True


def each(data: Any) -> Iterator[Any]:
    """The items. Many datasets answer to any index: only their length says where they end."""
    return (data[i] for i in range(len(data))) if _is_sized_by_index(data) else iter(data)


def _is_sized_by_index(data: Any) -> bool:
    """A map-style dataset: Python would iterate over it until an index is refused."""
    kind = type(data)
    return hasattr(kind, "__getitem__") and hasattr(kind, "__len__") and not hasattr(kind, "__iter__")


def _reader(reader: Any) -> tuple[Callable[[], Iterator[Any]], bool]:
    """ONNX Runtime's CalibrationDataReader."""
    rewind = getattr(reader, "rewind", None)
    begun = False

    def begin() -> Iterator[Any]:
        nonlocal begun
        if begun and callable(rewind):
            rewind()
        begun = True
        return iter(reader.get_next, None)

    return begin, callable(rewind)


class _Samples:
    """Iterates over the user's data and hands out dictionaries of arrays that the engine can read."""

    def __init__(
        self,
        items: Callable[[], Iterator[Any]],
        input_names: Callable[[], list[str]],
        collate_fn: Callable[[Any], Any] | None,
    ) -> None:
        self._items = items
        self._input_names = input_names
        self._collate_fn = collate_fn

    def __iter__(self) -> Iterator[dict[str, Any]]:
        for index, item in enumerate(self._items()):
            if self._collate_fn is not None:
                item = self._collate_fn(item)
            yield self._sample(index, item)

    def _sample(self, index: int, item: Any) -> dict[str, Any]:
        if isinstance(item, Mapping):
            return {_name(name, index): _array(value, f"sample {index}: '{name}'") for name, value in item.items()}
        if not isinstance(item, (list, tuple)):
            return {"": _array(item, f"sample {index}")}
        if len(item) == 1 and not _is_number(item[0]):
            return {"": _array(item[0], f"sample {index}")}
        names = self._input_names()
        if len(names) != len(item):
            raise ValueError(
                f"sample {index}: a {type(item).__name__} of {len(item)}; the model's inputs are {', '.join(names)}:"
                " one array for each, or collate_fn to choose, e.g. collate_fn=lambda item: item[0]"
            )
        return {name: _array(value, f"sample {index}: '{name}'") for name, value in zip(names, item)}


def _name(name: Any, index: int) -> str:
    if not isinstance(name, str):
        raise TypeError(f"sample {index}: {name!r} names no input: {type(name).__name__} instead of str")
    return name


def _is_number(value: Any) -> bool:
    return isinstance(value, (bool, int, float, complex))


def _is_array(value: Any) -> bool:
    """Also what becomes one when it is asked: datasets of HDF5, tables of pandas."""
    if hasattr(value, "__dlpack__") or hasattr(value, "__array_interface__"):
        return True
    return hasattr(value, "__array__") and hasattr(value, "shape")


#: Of the tensors of PyTorch that become arrays; bfloat16 on the way.
_TORCH_TYPES = frozenset(
    "float16 float32 float64 bfloat16 bool int8 int16 int32 int64 uint8 uint16 uint32 uint64".split()
)


def _torch_array(tensor: Any, where: str) -> Any:
    kind = str(tensor.dtype).removeprefix("torch.")
    if kind not in _TORCH_TYPES:
        raise TypeError(f"{where}: a tensor of {kind} is no input of a model")
    if str(tensor.layout) != "torch.strided":
        raise TypeError(f"{where}: a tensor of layout {tensor.layout} is no input of a model; to_dense() makes one of it")
    plain = tensor.detach().cpu()
    return (plain.float() if kind == "bfloat16" else plain).contiguous()


def _array(value: Any, where: str) -> Any:
    """An array of the host, contiguous; copied only where it must be."""
    if type(value).__module__.partition(".")[0] == "torch" and hasattr(value, "detach"):
        return _torch_array(value, where)
    import numpy as np

    try:
        array = np.asarray(value)
    except Exception as error:
        raise TypeError(f"{where}: {type(value).__name__} is no array") from error
    if array.dtype.kind not in "biuf" and array.dtype.name != "bfloat16":
        if isinstance(value, (str, os.PathLike)):
            raise TypeError(f"{where}: {os.fspath(value)!r} is no array; a path alone, or a list of paths alone, is read as files")
        what = f"an array of {array.dtype}" if _is_array(value) else type(value).__name__
        raise TypeError(f"{where}: {what} is no input of a model")
    if array.dtype.kind == "f" and array.dtype.itemsize > 8:
        array = array.astype(np.float64)
    if array.dtype.name == "bfloat16":
        array = array.astype(np.float32)
    # ascontiguousarray() would give a scalar a dimension.
    return array if array.flags.c_contiguous and array.dtype.isnative else array.astype(array.dtype.newbyteorder("="), order="C")

