"""Where `ppq.api` has them."""

from typing import Any

from rangefinder.ppq import (
    DISABLE_CUDA_KERNEL,
    DispatchingTable,
    ENABLE_CUDA_KERNEL,
    QuantizationSetting,
    QuantizationSettingFactory,
    dump_torch_to_onnx,
    export_ppq_graph,
    load_onnx_graph,
    load_torch_model,
    quantize_native_model,
    quantize_onnx_model,
    quantize_torch_model,
    register_calibration_observer,
)
from rangefinder.ppq._missing import refuse as _refuse

__all__ = [
    "DISABLE_CUDA_KERNEL",
    "DispatchingTable",
    "ENABLE_CUDA_KERNEL",
    "QuantizationSetting",
    "QuantizationSettingFactory",
    "dump_torch_to_onnx",
    "export_ppq_graph",
    "load_onnx_graph",
    "load_torch_model",
    "quantize_native_model",
    "quantize_onnx_model",
    "quantize_torch_model",
    "register_calibration_observer",
]


def __getattr__(name: str) -> Any:
    _refuse(__name__, name)
