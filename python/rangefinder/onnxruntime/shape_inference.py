"""Where `onnxruntime.quantization.shape_inference` has it."""

from ._preprocess import quant_pre_process

__all__ = ["quant_pre_process"]
