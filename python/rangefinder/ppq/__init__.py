"""PPQ's names over another engine: `from rangefinder.ppq import *` where `from ppq import *` stood.

What is not done raises NotImplementedError naming the argument or the field; docs/from_ppq.md lists all.
"""

from __future__ import annotations

from typing import Any

from ._analyse import graphwise_error_analyse, layerwise_error_analyse, statistical_analyse
from ._calibration import IsotoneCalibrationPass, QuantizationOptimizationPass, RuntimeCalibrationPass
from ._configs import QuantizationStates, TensorQuantizationConfig
from ._executor import TorchExecutor
from ._export import export_ppq_graph
from ._graph import BaseGraph, Operation, QuantableOperation, Variable, load_onnx_graph
from ._measure import convert_any_to_numpy, convert_any_to_torch_tensor, torch_snr_error
from ._missing import refuse as _refuse
from ._observers import OBSERVER_TABLE, BaseTensorObserver, register_calibration_observer
from ._platforms import DISABLE_CUDA_KERNEL, ENABLE_CUDA_KERNEL, TargetPlatform
from ._quantize import (
    dump_torch_to_onnx,
    load_torch_model,
    quantize_native_model,
    quantize_onnx_model,
    quantize_torch_model,
)
from ._settings import (
    ActivationQuantizationSetting,
    BiasCorrectionSetting,
    DispatchingTable,
    EqualizationSetting,
    LSQSetting,
    ParameterQuantizationSetting,
    QuantizationFusionSetting,
    QuantizationSetting,
    QuantizationSettingFactory,
)

__all__ = [
    "ActivationQuantizationSetting",
    "BaseGraph",
    "BaseTensorObserver",
    "BiasCorrectionSetting",
    "DISABLE_CUDA_KERNEL",
    "DispatchingTable",
    "ENABLE_CUDA_KERNEL",
    "EqualizationSetting",
    "IsotoneCalibrationPass",
    "LSQSetting",
    "OBSERVER_TABLE",
    "Operation",
    "ParameterQuantizationSetting",
    "QuantableOperation",
    "QuantizationFusionSetting",
    "QuantizationOptimizationPass",
    "QuantizationSetting",
    "QuantizationSettingFactory",
    "QuantizationStates",
    "RuntimeCalibrationPass",
    "TargetPlatform",
    "TensorQuantizationConfig",
    "TorchExecutor",
    "Variable",
    "convert_any_to_numpy",
    "convert_any_to_torch_tensor",
    "dump_torch_to_onnx",
    "export_ppq_graph",
    "graphwise_error_analyse",
    "layerwise_error_analyse",
    "load_onnx_graph",
    "load_torch_model",
    "quantize_native_model",
    "quantize_onnx_model",
    "quantize_torch_model",
    "register_calibration_observer",
    "statistical_analyse",
    "torch_snr_error",
]


def __getattr__(name: str) -> Any:
    _refuse(__name__, name)
