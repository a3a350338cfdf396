"""What users give as data, as the engine takes it: dictionaries of arrays, one at a time."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from . import _native

#: Of pictures, as the command line's options: "resize", "crop", "scale", "mean", "std", "layout", "channels".
Pictures = Mapping[str, Any]


def samples_of(
    data: Any,
    input_names: Callable[[], list[str]],
    collate_fn: Callable[[Any], Any] | None = None,
    pictures: Pictures | None = None,
) -> _native.Samples:
    """`input_names` is asked only where samples come without names."""
    paths = _paths(data)
    if paths is not None:
        if collate_fn is not None:
            raise TypeError("collate_fn: files are read as they are; give an iterable instead")
        return _native.Samples.from_files(paths, _words(pictures))
    if pictures:
        raise TypeError("pictures: only for files")
    items, can_rewind = _items(data)
    return _native.Samples.from_iterable(_Samples(items, input_names, collate_fn), can_rewind)


def is_path(data: Any) -> bool:
    return _paths(data) is not None


def _paths(data: Any) -> list[str] | None:
    if isinstance(data, (str, os.PathLike)):
        return [os.fspath(data)]
    if isinstance(data, (list, tuple)) and data and all(isinstance(item, (str, os.PathLike)) for item in data):
        return [os.fspath(item) for item in data]
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
            return {name: _array(value, f"sample {index}: '{name}'") for name, value in item.items()}
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


def _is_number(value: Any) -> bool:
    return isinstance(value, (bool, int, float, complex))


def _is_array(value: Any) -> bool:
    return hasattr(value, "__dlpack__") or hasattr(value, "__array_interface__")


def _array(value: Any, where: str) -> Any:
    """An array of the host, contiguous; copied only where it must be."""
    if type(value).__module__.partition(".")[0] == "torch" and hasattr(value, "detach"):
        return value.detach().cpu().contiguous()
    import numpy as np

    try:
        array = np.asarray(value)
    except Exception as error:
        raise TypeError(f"{where}: {type(value).__name__} is no array") from error
    if array.dtype.kind not in "biuf" and array.dtype.name != "bfloat16":
        raise TypeError(f"{where}: an array of {array.dtype} is no input of a model")
    if array.dtype.name == "bfloat16":
        array = array.astype(np.float32)
    # ascontiguousarray() would give a scalar a dimension.
    return array if array.flags.c_contiguous and array.dtype.isnative else array.astype(array.dtype.newbyteorder("="), order="C")

