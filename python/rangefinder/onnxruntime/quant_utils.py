"""Where `onnxruntime.quantization.quant_utils` has them."""

from ._names import QuantFormat, QuantType

__all__ = ["QuantFormat", "QuantType"]
