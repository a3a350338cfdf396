"""quantize_static()."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

from .. import _api, _files, _results
from .._statistics import Statistics
from . import _nodes, _options
from ._names import CalibrationMethod, QuantFormat, QuantType


def quantize_static(
    model_input: Any,
    model_output: str | os.PathLike[str],
    calibration_data_reader: Any = None,
    quant_format: Any = QuantFormat.QDQ,
    op_types_to_quantize: Sequence[str] | None = None,
    per_channel: bool = False,
    reduce_range: bool = False,
    activation_type: Any = QuantType.QInt8,
    weight_type: Any = QuantType.QInt8,
    nodes_to_quantize: Sequence[str] | None = None,
    nodes_to_exclude: Sequence[str] | None = None,
    use_external_data_format: bool = False,
    calibrate_method: Any = CalibrationMethod.MinMax,
    calibration_providers: Any = None,
    extra_options: Mapping[str, Any] | None = None,
    calibration_cache_path: str | os.PathLike[str] | None = None,
) -> _results.QuantizedModel:
    """`onnxruntime.quantization.quantize_static`: the same arguments, in the same order.

    Weights have a scale for every output channel, whatever `per_channel` says, and are guarded against 16-bit sums
    where they need it, whatever `reduce_range` says. `calibration_cache_path` is a file of statistics (.rfs): read if
    it is there, else written. Returns what is known of the model; theirs returns nothing.

    Throws NotImplementedError for what would change the model and is not done, Error, ValueError, TypeError, and what
    the reader throws; nothing is written then.
    """
    extra_options = dict(extra_options or {})
    _options.require_format(quant_format)
    _options.require_known(extra_options)
    options = _options.method_options(calibrate_method, extra_options)
    substitutes = _options.Substitutes()
    substitutes.activations(activation_type)
    substitutes.weights(weight_type)
    substitutes.providers(calibration_providers)
    options["exclude"] = _nodes.excluded_nodes(
        model_input,
        nodes_to_exclude=nodes_to_exclude,
        nodes_to_quantize=nodes_to_quantize,
        op_types_to_quantize=op_types_to_quantize,
        extra_options=extra_options,
    )
    if substitutes.notes:
        warnings.warn(substitutes.text(), stacklevel=2)
    quantized = _calibrated(model_input, calibration_data_reader, calibration_cache_path, options)
    quantized.save(model_output)
    if use_external_data_format:
        _move_weights_out(model_output)
    return quantized


def _calibrated(model: Any, reader: Any, cache: Any, options: dict[str, Any]) -> _results.QuantizedModel:
    if cache is not None and os.path.exists(cache):
        return _api.solve(model, Statistics.load(cache), progress=False, **options)
    if reader is None:
        raise ValueError("calibration_data_reader: None; allowed without one: a calibration_cache_path that is there")
    # As theirs: every sample is calibrated on, none judges.
    quantized = _api.quantize(model, reader, held_out=0, progress=False, **options)
    if cache is not None:
        assert quantized.statistics is not None
        quantized.statistics.save(cache)
    return quantized


def _move_weights_out(path: str | os.PathLike[str]) -> None:
    import onnx

    location = os.path.basename(_files.path_of(path)) + ".data"
    onnx.save_model(onnx.load_model(path), path, save_as_external_data=True, location=location)
