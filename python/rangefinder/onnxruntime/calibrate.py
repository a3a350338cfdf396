"""Where `onnxruntime.quantization.calibrate` has them."""

from ._names import CalibrationDataReader, CalibrationMethod

__all__ = ["CalibrationDataReader", "CalibrationMethod"]
