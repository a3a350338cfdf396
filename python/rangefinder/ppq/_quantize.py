"""quantize_onnx_model(), quantize_torch_model(), quantize_native_model()."""

from __future__ import annotations

import difflib
import fnmatch
import os
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from .. import _api, _files, _models
from .._live_nodes import live_nodes
from ._graph import BaseGraph, graph_of, load_onnx_graph, operation_name
from ._platforms import TargetPlatform, note_device, target_of
from ._settings import QuantizationSetting, float_operations, require_done
from .core import common


def quantize_onnx_model(
    onnx_import_file: Any,
    calib_dataloader: Iterable[Any],
    calib_steps: int,
    input_shape: Sequence[int] | None = None,
    platform: Any = TargetPlatform.ONNXRUNTIME,
    input_dtype: Any = None,
    inputs: Any = None,
    setting: QuantizationSetting | None = None,
    collate_fn: Callable[[Any], Any] | None = None,
    device: str = "cpu",
    verbose: int = 0,
    do_quantize: bool = True,
) -> BaseGraph:
    """Quantizes a file. `input_shape`, `input_dtype` and `inputs`, by which PPQ traces, are not needed.

    calib_steps     how many batches of `calib_dataloader` are calibrated on; those that follow judge the result

    Throws NotImplementedError naming what of platform and setting is not done, Error, ValueError, TypeError, and what
    the dataloader throws.
    """
    graph = load_onnx_graph(onnx_import_file)
    return _quantized(graph, calib_dataloader, calib_steps, platform, setting, collate_fn, device, do_quantize)


def quantize_torch_model(
    model: Any,
    calib_dataloader: Iterable[Any],
    calib_steps: int,
    input_shape: Sequence[int] | None = None,
    platform: Any = TargetPlatform.ONNXRUNTIME,
    input_dtype: Any = None,
    setting: QuantizationSetting | None = None,
    collate_fn: Callable[[Any], Any] | None = None,
    inputs: Any = None,
    do_quantize: bool = True,
    onnx_export_file: str | os.PathLike[str] | None = None,
    device: str = "cpu",
    verbose: int = 0,
) -> BaseGraph:
    """Exports a module with `inputs`, or random ones of `input_shape`, and quantizes it. With `onnx_export_file` the
    float model is written there. Throws as quantize_onnx_model()."""
    loaded = load_torch(model, input_shape, input_dtype, inputs)
    if onnx_export_file is not None:
        os.makedirs(os.path.dirname(_files.path_of(onnx_export_file)) or ".", exist_ok=True)
        loaded.native.save(_files.path_of(onnx_export_file))
    graph = graph_of(loaded)
    return _quantized(graph, calib_dataloader, calib_steps, platform, setting, collate_fn, device, do_quantize)


def quantize_native_model(
    model: BaseGraph,
    calib_dataloader: Iterable[Any],
    calib_steps: int,
    input_shape: Sequence[int] | None = None,
    platform: Any = TargetPlatform.ONNXRUNTIME,
    input_dtype: Any = None,
    inputs: Any = None,
    setting: QuantizationSetting | None = None,
    collate_fn: Callable[[Any], Any] | None = None,
    device: str = "cpu",
    verbose: int = 0,
    do_quantize: bool = True,
) -> BaseGraph:
    """Quantizes a graph of load_onnx_graph(). Returns a new one. Throws as quantize_onnx_model()."""
    graph = graph_of(model.model, model._proto)
    return _quantized(graph, calib_dataloader, calib_steps, platform, setting, collate_fn, device, do_quantize)


def dump_torch_to_onnx(
    model: Any,
    onnx_export_file: str | os.PathLike[str],
    input_shape: Sequence[int] | None = None,
    input_dtype: Any = None,
    inputs: Any = None,
    device: str = "cpu",
) -> None:
    """Writes the float model of a module."""
    os.makedirs(os.path.dirname(_files.path_of(onnx_export_file)) or ".", exist_ok=True)
    load_torch(model, input_shape, input_dtype, inputs).native.save(_files.path_of(onnx_export_file))


def load_torch_model(model: Any, sample: Any = None, **inputs: Any) -> BaseGraph:
    """The graph of a module."""
    return graph_of(load_torch(model, inputs.get("input_shape"), inputs.get("input_dtype"), sample))


def load_torch(model: Any, input_shape: Any, input_dtype: Any, inputs: Any) -> _models.LoadedModel:
    if inputs is None and input_shape is None:
        raise TypeError("quantize_torch_model: input_shape or inputs is needed to export the module")
    return _models.load(model, inputs if inputs is not None else _random(model, input_shape, input_dtype))


def _random(model: Any, shape: Sequence[int], dtype: Any) -> Any:
    import torch  # type: ignore[import-not-found, unused-ignore]

    device = next((parameter.device for parameter in model.parameters()), torch.device("cpu"))
    # PPQ's `float` and torch.float alike.
    kind = torch.float32 if dtype in (None, float) else dtype
    if not kind.is_floating_point:
        return torch.zeros(tuple(shape), dtype=kind, device=device)
    generator = torch.Generator().manual_seed(0)
    return torch.rand(tuple(shape), generator=generator).to(device, kind)


def _quantized(
    graph: BaseGraph,
    calib_dataloader: Iterable[Any],
    calib_steps: int,
    platform: Any,
    setting: QuantizationSetting | None,
    collate_fn: Callable[[Any], Any] | None,
    device: str,
    do_quantize: bool,
) -> BaseGraph:
    if not do_quantize:
        return graph
    setting = setting or QuantizationSetting()
    require_done(setting)
    note_device(device)
    graph.target = target_of(platform)
    graph.exclude = _known(float_operations(setting), graph)
    graph.mark_quantable()
    if not setting.quantize_activation:
        # RuntimeCalibrationPass is to follow.
        graph.plan
        return graph
    graph.quantized = _api.quantize(
        graph.model,
        calib_dataloader,
        samples=calib_steps,
        collate_fn=collate_fn,
        method=setting.quantize_activation_setting.calib_algorithm or "percentile",
        effort="normal" if setting.bias_correct else "fast",
        exclude=graph.exclude,
        target=graph.target,
        percentile=common.percentile(),
    )
    return graph


def _known(names: list[str], graph: BaseGraph) -> list[str]:
    """The operations that names and patterns mean, as far as they compute on data. Throws ValueError for an operation
    that is not there, which PPQ would overlook."""
    live = {operation_name(node) for node in live_nodes(graph._proto.graph)}
    found = []
    for name in names:
        meant = [each for each in graph.operations if each == name or fnmatch.fnmatchcase(each, name)]
        if not meant:
            near = difflib.get_close_matches(name, graph.operations, n=3)
            hint = f"; similar: {', '.join(near)}" if near else ""
            raise ValueError(f"setting.dispatching_table: no operation '{name}'{hint}")
        found += [each for each in meant if each in live]
    return found
