"""`onnxruntime.quantization` by another engine: a changed import is all that a script needs.

    from rangefinder.onnxruntime import CalibrationDataReader, QuantFormat, QuantType, quantize_static

An argument that changes the model is done or refused by name; docs/from_onnxruntime_quantization.md lists them.
"""

from __future__ import annotations

from ._config import StaticQuantConfig, quantize
from ._names import CalibrationDataReader, CalibrationMethod, QuantFormat, QuantType
from ._preprocess import quant_pre_process
from ._quantize import quantize_static

__all__ = [
    "CalibrationDataReader",
    "CalibrationMethod",
    "QuantFormat",
    "QuantType",
    "StaticQuantConfig",
    "quant_pre_process",
    "quantize",
    "quantize_static",
]
