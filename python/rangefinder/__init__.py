"""Rangefinder: a float ONNX model and a few hundred samples in, a model that computes in int8 out.

    import rangefinder
    quantized = rangefinder.quantize("model.onnx", calibration_data)
    print(quantized.table())
    quantized.save("model.int8.onnx")
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from . import _runtime
from ._api import (
    calibrate_tensor,
    compare,
    export_table,
    import_cache,
    inspect,
    load_plugin,
    merge,
    methods,
    observe,
    quantize,
    solve,
    table_formats,
    targets,
)
from ._counter import TensorCounter
from ._native import Error, version
from ._observers import Parameters, Range, register_calibration_observer
from ._results import AnalogComparison, Comparison, ImportedCache, Inspection, QuantizedModel, TensorCalibration, TensorResult
from ._statistics import Statistics

__version__ = version()
__all__ = [
    "AnalogComparison",
    "Comparison",
    "Error",
    "ImportedCache",
    "Inspection",
    "Parameters",
    "QuantizedModel",
    "Range",
    "Statistics",
    "TensorCalibration",
    "TensorCounter",
    "TensorResult",
    "calibrate_tensor",
    "compare",
    "export_table",
    "import_cache",
    "inspect",
    "load_plugin",
    "merge",
    "methods",
    "observe",
    "quantize",
    "register_calibration_observer",
    "solve",
    "table_formats",
    "targets",
]

_SUBMODULES = frozenset({"torch"})

if TYPE_CHECKING:
    from . import torch as torch

    onnxruntime_version: str
    onnxruntime_library: str


def __getattr__(name: str) -> Any:
    # ONNX Runtime is opened, and what needs other packages imported, when it is first needed.
    if name in _SUBMODULES:
        return importlib.import_module(f"rangefinder.{name}")
    if name == "onnxruntime_version":
        return _runtime.ensure()[0]
    if name == "onnxruntime_library":
        return _runtime.ensure()[1]
    raise AttributeError(f"module 'rangefinder' has no attribute '{name}'")
