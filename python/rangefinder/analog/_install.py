"""Ranges on the modules of a torch network."""

from __future__ import annotations

from typing import Any

from . import _layers


_NAMES = ("input_range", "input_range_update_idx", "x_min", "x_max")


def install(layer: Any, ranges: list[float]) -> None:
    """Sets `layer.input_range`; an analog layer then clips at it.

    An analog layer gets what a layer has that was made with ranges switched on, so its state_dict() loads there. A
    plain module gets a buffer that its state_dict() does not hold.
    """
    import torch  # type: ignore[import-not-found, unused-ignore]

    values = torch.tensor(ranges, dtype=layer.weight.dtype, device=layer.weight.device)
    if not _layers.is_analog(layer):
        _forget(layer, "input_range")
        layer.register_buffer("input_range", values, persistent=False)
        return
    config = layer.rpu_config.pre_post.input_range
    _forget(layer, "input_range")
    layer.input_range = torch.nn.Parameter(values, requires_grad=bool(config.learn_input_range))
    # How often training has moved the range. Theirs is -inf after calibration, which makes the range NaN in training.
    _buffer(layer, "input_range_update_idx", torch.full_like(values, float("inf")))
    _buffer(layer, "x_min", -values.clone())
    _buffer(layer, "x_max", values.clone())
    config.enable = True
    config.dynamic = False


def _buffer(layer: Any, name: str, values: Any) -> None:
    _forget(layer, name)
    layer.register_buffer(name, values)


def _forget(layer: Any, name: str) -> None:
    if hasattr(layer, name):
        delattr(layer, name)


def state_of(layer: Any) -> Any:
    """What install() changes of an analog layer, for restore()."""
    config = layer.rpu_config.pre_post.input_range
    kept = [{name: place[name] for name in _NAMES if name in place} for place in _places(layer)]
    return kept, config.enable, config.dynamic


def restore(layer: Any, state: Any) -> None:
    kept, enable, dynamic = state
    for name in _NAMES:
        _forget(layer, name)
    for place, entries in zip(_places(layer), kept):
        place.update(entries)
    config = layer.rpu_config.pre_post.input_range
    config.enable, config.dynamic = enable, dynamic


def _places(layer: Any) -> tuple[dict[str, Any], ...]:
    return layer.__dict__, layer._parameters, layer._buffers
