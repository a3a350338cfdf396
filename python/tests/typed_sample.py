"""Every call that the documentation shows, for mypy --strict; never run."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

import rangefinder
import rangefinder.analog
import rangefinder.onnxruntime
import rangefinder.ppq


def images() -> Iterator[npt.NDArray[np.float32]]:
    for _ in range(100):
        yield np.zeros((1, 3, 224, 224), np.float32)


def half(channels: Sequence[Mapping[str, Any]], config: Mapping[str, Any]) -> list[rangefinder.Range]:
    return [rangefinder.Range(c["min"] / 2, c["max"] / 2) for c in channels]


def main() -> None:
    rangefinder.register_calibration_observer("half", half)
    quantized: rangefinder.QuantizedModel = rangefinder.quantize(
        "model.onnx",
        images(),
        samples=90,
        held_out=10,
        method="kl",
        method_for={"logits": "half"},
        effort="thorough",
        exclude=["head*"],
        jobs=2,
        progress=lambda stage, done, total: print(stage, done, total),
    )
    quantized.save("model.int8.onnx", summary="summary.json")
    scales: dict[str, float] = {name: tensor.scale for name, tensor in quantized.tensors.items()}
    print(quantized.table(), scales, quantized.outputs["logits"]["sqnr_db"])
    statistics: rangefinder.Statistics = rangefinder.observe("model.onnx", ["a.npy", "b.npy"])
    low, high, count = statistics.merge(statistics).histogram("logits")
    print((count * (low + high) / 2).sum(), rangefinder.solve("model.onnx", statistics, method="mse"))
    report: rangefinder.Comparison = rangefinder.compare("model.onnx", quantized, images(), latency=True)
    print(report.to_dict(), rangefinder.inspect("model.onnx"), rangefinder.methods(), rangefinder.targets())
    print(rangefinder.calibrate_tensor(images(), symmetric=True, bits=4).scale)
    counter = rangefinder.TensorCounter()
    counter.count("x", next(images()), channel_axis=1)
    print(counter.statistics().names())
    table: bytes = rangefinder.export_table(quantized, "tensorrt-cache", trt_version="8.6.1")
    imported: rangefinder.ImportedCache = rangefinder.import_cache(
        "calibration.cache", "model.onnx", missing_data=images(), method="minmax"
    )
    print(len(table), imported.to_dict()["missing"], rangefinder.table_formats())
    try:
        rangefinder.quantize(b"...", [])
    except rangefinder.Error as error:
        print(error.file, error.node, error.tensor)


class Reader(rangefinder.onnxruntime.CalibrationDataReader):
    def __init__(self) -> None:
        self.images = images()

    def get_next(self) -> dict[str, npt.NDArray[np.float32]] | None:
        image = next(self.images, None)
        return None if image is None else {"input": image}


def other_tools() -> None:
    quantized = rangefinder.onnxruntime.quantize_static(
        "model.onnx", "int8.onnx", Reader(), activation_type=rangefinder.onnxruntime.QuantType.QUInt8
    )
    print(quantized.table())
    setting = rangefinder.ppq.QuantizationSettingFactory.default_setting()
    setting.quantize_activation_setting.calib_algorithm = "kl"
    setting.dispatching_table.append(operation="conv1", platform=rangefinder.ppq.TargetPlatform.FP32)
    graph: rangefinder.ppq.BaseGraph = rangefinder.ppq.quantize_onnx_model("model.onnx", images(), 32, setting=setting)
    calibrated: list[str] = rangefinder.ppq.RuntimeCalibrationPass("mse", override=True).optimize(graph, images())
    errors: dict[str, float] = rangefinder.ppq.graphwise_error_analyse(graph, dataloader=images())
    rangefinder.ppq.export_ppq_graph(graph, rangefinder.ppq.TargetPlatform.ONNXRUNTIME, "int8.onnx")
    print(calibrated, errors)
    rpu_config = rangefinder.analog.TorchInferenceRPUConfig()
    rpu_config.forward.inp_res = 2**8 - 2
    ranges: dict[str, list[float]] = rangefinder.analog.calibrate_input_ranges(
        rangefinder.analog.convert_to_analog("model.onnx", rpu_config),
        rangefinder.analog.InputRangeCalibrationType.CACHE_QUANTILE,
        [((image,), {}) for image in images()],
    )
    print(ranges)
