"""calibrate_input_ranges()."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from .. import _models, _native, _options, _progress, _samples
from . import _compat, _hardware, _install, _layers
from ._model import AnalogModel
from ._types import InputRangeCalibrationType, type_of
from ._watch import Watch, Watched, converters_off

_MOVING = {InputRangeCalibrationType.MOVING_STD, InputRangeCalibrationType.MOVING_QUANTILE}


def calibrate_input_ranges(
    model: Any,
    calibration_type: Any,
    dataloader: Iterable[Any],
    quantile: float = 0.99995,
    max_samples: int = 1000,
    std_alpha: float | None = None,
    verbose: bool = True,
    *,
    seed: int = 0,
    samples: int | None = None,
    compat: str | None = None,
    exclude: Sequence[str] = (),
    rpu_config: Any = None,
    checkpoint: str | os.PathLike[str] | None = None,
    every: int | None = None,
    resume: bool | None = None,
    device: str | None = None,
) -> dict[str, list[float]]:
    """Finds the input ranges of all layers in one pass over the data, sets them, and returns them by layer.

    model           a network of AIHWKIT-Lightning: ranges are set and switched on in place; one of PyTorch: each
                    Linear and Conv gets `input_range`; or an AnalogModel (ONNX)
    calibration_type theirs, ours, or its name
    dataloader      yields (args, kwargs) of each call of the network, and ends; an AnalogModel also takes samples as
                    quantize() does
    samples         only the first so many calls
    compat          "aihwkit": signed quantiles, late rows preferred, layers that clip while they are calibrated: the
                    figures of AIHWKIT-Lightning 2.1
    exclude         patterns of modules that are not calibrated
    rpu_config      of a plain torch network: mapping.max_input_size, forward.inp_res, init_std_alpha
    checkpoint, every, resume: of an AnalogModel, as in quantize(); removed by its save()
    device          of an AnalogModel: where it runs, as in quantize(); a torch network runs where its parameters are

    Unlike the original it may be called again, and with converters configured before. Throws, and leaves the model as
    it was: Error naming the layer (NaN, only zeros, never called), ValueError, TypeError, and what the dataloader or
    the network throws.
    """
    kind = type_of(calibration_type)
    if compat not in (None, "aihwkit"):
        raise ValueError(f"compat: {compat!r}; allowed: 'aihwkit'")
    if kind is InputRangeCalibrationType.NONE:
        return {}
    options = {"quantile": quantile, "max_samples": max_samples, "std_alpha": std_alpha, "seed": seed}
    if isinstance(model, AnalogModel):
        _refuse_for_onnx(compat, exclude, rpu_config)
        words = _options.native(options, samples=samples, checkpoint=checkpoint, every=every, resume=resume, device=device)
        model.calibrate(kind.name, _Samples(dataloader), words, verbose)
        return {layer.name: layer.input_range for layer in model.layers}
    if not _models._is_torch_module(model):
        raise TypeError(
            f"model: {type(model).__name__}; allowed: a torch module, an AnalogModel: convert_to_analog() makes one"
        )
    if checkpoint is not None or every is not None or resume is not None:
        raise TypeError("checkpoint, every, resume: of an AnalogModel alone; a network of torch runs in its own process")
    if device is not None:
        raise TypeError("device: a torch network runs where its parameters are")
    _options.natural("samples", samples)
    if rpu_config is not None:
        _hardware.hardware_of(rpu_config)  # what it does not know, it names
        rpu_config = _hardware.fields_of(rpu_config)
    layers = _layers.find_layers(model, exclude)
    _require_eval(model, layers)
    watched = [
        Watched(name, layer, _counter(kind, layer, options, compat, rpu_config)) for name, layer in layers
    ]
    _run(model, kind, watched, _shown(_layers.calls(dataloader, samples), dataloader, verbose), compat)
    found = {each.name: each.ranges() for each in watched}
    # Nothing can fail any more: now, and only now, the network changes.
    for each in watched:
        _install.install(each.layer, found[each.name])
    return found


def _refuse_for_onnx(compat: str | None, exclude: Sequence[str], rpu_config: Any) -> None:
    for name, given in (("compat", compat), ("exclude", exclude), ("rpu_config", rpu_config)):
        if given:
            raise TypeError(f"{name}: of an ONNX model it is an argument of convert_to_analog()")


def _require_eval(model: Any, layers: list[tuple[str, Any]]) -> None:
    training = next((name for name, layer in [("", model), *layers] if layer.training), None)
    if training is not None:
        raise ValueError(f"'{training or type(model).__name__}' is in training mode; call model.eval() first")


def _counter(
    kind: InputRangeCalibrationType, layer: Any, options: dict[str, Any], compat: str | None, rpu_config: Any
) -> Any:
    fields = _hardware.fields_of(layer.rpu_config if _layers.is_analog(layer) else rpu_config)
    ranges = fields.get("pre_post", {}).get("input_range", {})
    words = {
        **_layers.input_of(layer),
        **options,
        "max_input_size": fields.get("mapping", {}).get("max_input_size"),
        "inp_res": fields.get("forward", {}).get("inp_res"),
    }
    if words["std_alpha"] is None:
        words["std_alpha"] = ranges.get("init_std_alpha")
    return _native.make_input_range_counter(kind.name, compat == "aihwkit", words)


def _run(
    model: Any, kind: InputRangeCalibrationType, watched: list[Watched], calls: Iterator[Any], compat: str | None
) -> None:
    watch = Watch(watched)
    analog = [each.layer for each in watched if _layers.is_analog(each.layer)]
    with converters_off(analog):
        if compat == "aihwkit" and kind in _MOVING and analog:
            watch.called = _compat.clip_from_now
            with _compat.clipping(analog):
                watch.run(model, calls)
        else:
            watch.run(model, calls)


def _shown(calls: Iterator[Any], dataloader: Any, verbose: bool) -> Iterator[Any]:
    show = _progress.function_of(verbose)
    total = len(dataloader) if hasattr(dataloader, "__len__") else 0
    for done, call in enumerate(calls, start=1):
        yield call
        if show is not None:
            show("calibrate", done, total)


class _Samples:
    """`(args, kwargs)` as samples of an ONNX model; anything else is a sample already."""

    def __init__(self, dataloader: Iterable[Any]) -> None:
        self._dataloader = dataloader

    def __iter__(self) -> Iterator[Any]:
        for item in _samples.each(self._dataloader):
            is_pair = isinstance(item, (tuple, list)) and len(item) == 2 and isinstance(item[1], dict)
            if not is_pair:
                yield item
                continue
            args, kwargs = item
            args = list(args) if isinstance(args, (tuple, list)) else [args]
            if args and kwargs:
                raise TypeError("a sample has positional and named inputs; name all of them, or none")
            yield kwargs if kwargs else args
