"""Where `ppq.api.interface` has them."""

from rangefinder.ppq import (
    DISABLE_CUDA_KERNEL,
    ENABLE_CUDA_KERNEL,
    dump_torch_to_onnx,
    export_ppq_graph,
    load_onnx_graph,
    load_torch_model,
    quantize_native_model,
    quantize_onnx_model,
    quantize_torch_model,
)

__all__ = [
    "DISABLE_CUDA_KERNEL",
    "ENABLE_CUDA_KERNEL",
    "dump_torch_to_onnx",
    "export_ppq_graph",
    "load_onnx_graph",
    "load_torch_model",
    "quantize_native_model",
    "quantize_onnx_model",
    "quantize_torch_model",
]
