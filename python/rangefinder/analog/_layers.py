"""The layers of a torch network that go onto tiles, and how the rows of each lie in its input."""

from __future__ import annotations

import fnmatch
import math
from collections.abc import Iterator, Sequence
from typing import Any

from .. import _samples

#: By the names of classes, so that neither PyTorch nor AIHWKIT-Lightning is imported to look.
_PLAIN = {"Linear", "Conv1d", "Conv2d", "Conv3d"}
_RECURRENT = {"LSTM", "GRU", "RNN", "LSTMCell", "GRUCell", "RNNCell", "MultiheadAttention"}


def is_analog(module: Any) -> bool:
    """A leaf of AIHWKIT-Lightning."""
    return hasattr(module, "rpu_config") and hasattr(module, "in_sizes") and not getattr(module, "IS_CONTAINER", False)


def find_layers(model: Any, exclude: Sequence[str]) -> list[tuple[str, Any]]:
    """Analog layers by name; of a network without any, its Linear and Conv modules.

    Throws NotImplementedError naming a module that cannot be watched, ValueError if there is no layer."""
    modules = [(name, module) for name, module in model.named_modules() if not _is_excluded(name, exclude)]
    layers = [(name, module) for name, module in modules if is_analog(module)]
    if layers:
        return layers
    for name, module in modules:
        if hasattr(module, "analog_module"):
            raise NotImplementedError(f"'{name}' is of aihwkit; allowed: modules of aihwkit_lightning, of PyTorch")
        if _kinds(module) & _RECURRENT:
            kind = type(module).__name__
            raise NotImplementedError(
                f"'{name}': the matrices of {kind} are out of sight in PyTorch; export to ONNX, or exclude=['{name}*']"
            )
    layers = [(name, module) for name, module in modules if _kinds(module) & _PLAIN]
    if not layers:
        raise ValueError("the network has no layer to calibrate: no analog one, no Linear, no Conv")
    return layers


def _is_excluded(name: str, exclude: Sequence[str]) -> bool:
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in exclude)


def _kinds(module: Any) -> set[str]:
    return {kind.__name__ for kind in type(module).__mro__ if kind.__module__.startswith("torch.nn")}


def input_of(layer: Any) -> dict[str, Any]:
    """columns, kernel, stride, dilation, padding: the options of an input range counter."""
    kernel = list(getattr(layer, "kernel_size", []))
    if not kernel:
        return {"columns": layer.in_features}
    before, behind = _padding(layer, kernel)
    return {
        "columns": layer.in_channels * math.prod(kernel),
        "kernel": kernel,
        "stride": list(layer.stride),
        "dilation": list(layer.dilation),
        "padding": [*before, *behind],
    }


def _padding(layer: Any, kernel: list[int]) -> tuple[list[int], list[int]]:
    if getattr(layer, "padding_mode", "zeros") != "zeros" or layer.padding == "valid":
        none = [0] * len(kernel)
        return none, none
    if layer.padding == "same":
        total = [step * (size - 1) for step, size in zip(layer.dilation, kernel)]
        return [all_ // 2 for all_ in total], [all_ - all_ // 2 for all_ in total]
    return list(layer.padding), list(layer.padding)


def called_with(layer: Any, args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
    """The input of a call as the tiles see it, where it lies."""
    import torch  # type: ignore[import-not-found, unused-ignore]

    given = next(iter([*args, *(kwargs[name] for name in ("inp", "input") if name in kwargs)]), None)
    if given is None:
        raise TypeError(f"{type(layer).__name__} was called without a positional input, 'inp' or 'input'")
    values = given.detach()
    if getattr(layer, "padding_mode", "zeros") != "zeros":
        # Such layers pad before they convolve.
        values = torch.nn.functional.pad(values, layer._reversed_padding_repeated_twice, mode=layer.padding_mode)
    return values


def on_host(values: Any) -> Any:
    import torch  # type: ignore[import-not-found, unused-ignore]

    return values.to("cpu", torch.float32).contiguous()


def calls(dataloader: Any, limit: int | None) -> Iterator[tuple[Sequence[Any], dict[str, Any]]]:
    """`(args, kwargs)` of each call of the network."""
    for index, item in enumerate(_samples.each(dataloader)):
        if limit is not None and index >= limit:
            return
        if index >= ENDLESS:
            raise ValueError(f"the sampler does not end: more than {ENDLESS} calls; samples= limits them")
        is_pair = isinstance(item, (tuple, list)) and len(item) == 2 and isinstance(item[1], dict)
        if not is_pair:
            raise TypeError(
                f"sample {index}: {_shape_of(item)}; allowed: a pair (args, kwargs), e.g. ((x,), {{}}) or ((), {{'inp': x}})"
            )
        args, kwargs = item
        # A single tensor in place of the tuple of arguments, as some samplers yield it.
        yield (args if isinstance(args, (tuple, list)) else (args,)), kwargs


#: As the engine's.
ENDLESS = 1_000_000


def _shape_of(item: Any) -> str:
    kind = type(item).__name__
    return f"{kind} of {len(item)}" if isinstance(item, (tuple, list)) else kind
