"""A script for PPQ with its import changed. Writes fashion_cnn.int8.onnx into the current folder."""

from pathlib import Path

import numpy as np

# from ppq import QuantizationSettingFactory, RuntimeCalibrationPass, TargetPlatform, graphwise_error_analyse
# from ppq.api import export_ppq_graph, quantize_onnx_model
from rangefinder.ppq import QuantizationSettingFactory, RuntimeCalibrationPass, TargetPlatform, graphwise_error_analyse
from rangefinder.ppq.api import export_ppq_graph, quantize_onnx_model

MODEL = Path(__file__).resolve().parent.parent / "models" / "fashion_cnn.onnx"

random = np.random.default_rng(0)
window = np.outer(np.hanning(28), np.hanning(28)).astype(np.float32)
calibration = list(random.random((64, 1, 1, 28, 28), dtype=np.float32) * window)

setting = QuantizationSettingFactory.default_setting()
setting.quantize_activation = True
setting.quantize_activation_setting.calib_algorithm = "mse"
setting.dispatching_table.append(operation="/8/Gemm", platform=TargetPlatform.FP32)

graph = quantize_onnx_model(
    onnx_import_file=MODEL,
    calib_dataloader=calibration,
    calib_steps=32,
    input_shape=[1, 1, 28, 28],
    platform=TargetPlatform.ONNXRUNTIME,
    setting=setting,
)
graphwise_error_analyse(graph=graph, dataloader=calibration[32:])

# Once more, by another method.
RuntimeCalibrationPass(method="percentile", override=True).optimize(graph, dataloader=calibration, calib_steps=32)
graphwise_error_analyse(graph=graph, dataloader=calibration[32:])

export_ppq_graph(graph, TargetPlatform.ONNXRUNTIME, "fashion_cnn.int8.onnx", "fashion_cnn.int8.json")
