"""Tables for other runtimes, read by those runtimes' own readers where there is one, and caches of TensorRT."""

from __future__ import annotations

import json
import struct

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from onnxruntime.quantization import QuantFormat, QuantType
from onnxruntime.quantization.calibrate import CalibrationDataReader, load_tensors_data
from onnxruntime.quantization.CalTableFlatBuffers.TrtTable import TrtTable

import rangefinder


@pytest.fixture(scope="module")
def quantized(cnn, samples):
    return rangefinder.quantize(cnn, samples, progress=False)


@pytest.fixture(scope="module")
def ranges(quantized) -> dict[str, tuple[float, float]]:
    return {name: tensor.range for name, tensor in quantized.tensors.items()}


@pytest.fixture(scope="module")
def magnitudes(ranges) -> dict[str, float]:
    return {name: max(abs(low), abs(high)) for name, (low, high) in ranges.items()}


def read_cache(text: str) -> dict[str, float]:
    """As ONNX Runtime and ModelOpt read caches of TensorRT: big-endian float32, range over 127."""
    lines = text.splitlines()
    assert lines[0] == "TRT-8601-EntropyCalibration2"
    pairs = (line.rsplit(": ", 1) for line in lines[1:])
    return {name: struct.unpack("!f", bytes.fromhex(value))[0] * 127 for name, value in pairs}


def test_tensorrt_cache(quantized, magnitudes):
    table = rangefinder.export_table(quantized, "tensorrt-cache", trt_version="8.6.1")
    assert read_cache(table.decode()) == pytest.approx(magnitudes)


def test_ort_json_by_its_own_reader(quantized, ranges, tmp_path):
    rangefinder.export_table(quantized, "ort-json", tmp_path / "calibration.json")
    read = load_tensors_data(tmp_path / "calibration.json")
    found = {name: (float(data.lowest[0]), float(data.highest[0])) for name, data in read.items()}
    assert set(found) == set(ranges)
    for name, bounds in ranges.items():
        assert found[name] == pytest.approx(bounds, rel=1e-6), name


def test_ort_flatbuffers_by_its_own_reader(quantized, magnitudes):
    table = TrtTable.GetRootAs(rangefinder.export_table(quantized, "ort-flatbuffers"), 0)
    entries = [table.Dict(i) for i in range(table.DictLength())]
    found = {entry.Key().decode(): float(entry.Value()) for entry in entries}
    assert found == pytest.approx(magnitudes)
    assert list(found) == sorted(found)


def test_ort_cache(quantized, magnitudes):
    lines = rangefinder.export_table(quantized, "ort-cache").decode().splitlines()
    assert {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines)} == pytest.approx(magnitudes)


def test_aimet_as_its_reader_takes_it(quantized, ranges):
    """What AIMET's AffineEncoding makes of an entry: unsigned offsets, and the tensor's bounds of them."""
    json_061 = json.loads(rangefinder.export_table(quantized, "aimet-0.6.1"))
    json_100 = json.loads(rangefinder.export_table(quantized, "aimet-1.0.0"))
    by_name = {row["name"]: row for row in json_100["activation_encodings"]}
    for name, (low, high) in ranges.items():
        (old,) = json_061["activation_encodings"][name]
        new = by_name[name]
        assert (old["offset"] * old["scale"], (old["offset"] + 255) * old["scale"]) == pytest.approx((low, high))
        assert (new["scale"], new["offset"]) == ([old["scale"]], [old["offset"]])
        assert (old["min"], old["max"]) == pytest.approx((low, high))


def weight_of(model: str, name: str) -> np.ndarray:
    proto = onnx.load(model)
    return next(onnx.numpy_helper.to_array(each) for each in proto.graph.initializer if each.name == name)


def test_ncnn_multipliers_are_those_of_its_own_tool(quantized, cnn, magnitudes):
    """ncnn2table: 127 / max|w| for each output channel, 127 / T for what a layer reads."""
    table = {}
    for line in rangefinder.export_table(quantized, "ncnn", float_model=cnn).decode().splitlines():
        key, *values = line.split()
        table[key] = [float(value) for value in values]
    layers = [key for key in table if "_param_" not in key]
    nodes = {node.name: node for node in onnx.load(cnn).graph.node}
    assert layers
    for layer in layers:
        assert table[layer] == [pytest.approx(127 / magnitudes[nodes[layer].input[0]])]
        weight = weight_of(cnn, nodes[layer].input[1])
        assert len(table[f"{layer}_param_0"]) in weight.shape[:2]


def test_openvino_bounds_are_those_of_the_codes(quantized, ranges):
    table = json.loads(rangefinder.export_table(quantized, "openvino"))["fake_quantize"]
    for name, bounds in ranges.items():
        assert (table[name]["input_low"][0], table[name]["input_high"][0]) == pytest.approx(bounds)
        assert table[name]["levels"] == 256


def test_models_of_onnx_runtimes_quantizer_are_read(cnn, samples, tmp_path):
    class Reader(CalibrationDataReader):
        def __init__(self):
            name = ort.InferenceSession(cnn).get_inputs()[0].name
            self._samples = iter([{name: sample} for sample in samples[:4]])

        def get_next(self):
            return next(self._samples, None)

    for kind in (QuantType.QInt8, QuantType.QUInt8):
        ort.quantization.quantize_static(
            cnn, tmp_path / "theirs.onnx", Reader(), quant_format=QuantFormat.QDQ, activation_type=kind, per_channel=True
        )
        theirs = onnx.load(tmp_path / "theirs.onnx")
        table = json.loads(rangefinder.export_table(tmp_path / "theirs.onnx", "ppl", float_model=cnn))["quant_info"]
        constants = {each.name: onnx.numpy_helper.to_array(each) for each in theirs.graph.initializer}
        float_names = {name for node in onnx.load(cnn).graph.node for name in [*node.input, *node.output]}
        assert set(table) <= float_names
        count = 0
        for node in theirs.graph.node:
            if node.op_type != "QuantizeLinear":
                continue
            count += 1
            row = next(row for row in table.values() if row["scale"] == constants[node.input[1]])
            assert row["zero_point"] == constants[node.input[2]]
        assert count == len(table)


def test_import_of_what_was_exported(quantized, cnn, samples, tmp_path):
    rangefinder.export_table(quantized, "tensorrt-cache", tmp_path / "c.cache", trt_version="10.3.0")
    imported = rangefinder.import_cache(tmp_path / "c.cache", cnn, tmp_path / "int8.onnx", progress=False)
    report = imported.to_dict()
    assert report["int8_nodes"] == report["eligible_nodes"] > 0
    assert report["missing"] == []
    onnx.checker.check_model(onnx.load(tmp_path / "int8.onnx"), full_check=True)
    assert imported.to_bytes() == (tmp_path / "int8.onnx").read_bytes()
    agreed = sum(
        ort.InferenceSession(model).run(None, {"input": sample})[0].argmax() == top
        for sample in samples[:16]
        for model, top in [
            (str(tmp_path / "int8.onnx"), ort.InferenceSession(cnn).run(None, {"input": sample})[0].argmax())
        ]
    )
    assert agreed >= 15


def test_missing_tensors_are_calibrated(cnn, samples, tmp_path):
    name = ort.InferenceSession(cnn).get_inputs()[0].name
    (tmp_path / "c.cache").write_text(f"TRT-8601-EntropyCalibration2\n{name}: 3c010a14\n")
    alone = rangefinder.import_cache(tmp_path / "c.cache", cnn, progress=False).to_dict()
    assert alone["missing"]
    whole = rangefinder.import_cache(
        tmp_path / "c.cache", cnn, missing_data=samples[:8], method="minmax", progress=False
    ).to_dict()
    assert whole["missing"] == []
    assert {row["origin"] for row in whole["tensors"]} == {"cache", "calibrated"}
    assert whole["int8_nodes"] > alone["int8_nodes"]


def test_misuse(quantized, cnn, tmp_path):
    with pytest.raises(ValueError, match="caffe"):
        rangefinder.export_table(quantized, "caffe")
    with pytest.raises(ValueError, match="version"):
        rangefinder.export_table(quantized, "tensorrt-cache")
    with pytest.raises(rangefinder.Error, match="quantized model"):
        rangefinder.export_table(cnn, "ppl")
    (tmp_path / "c.cache").write_text("nonsense")
    with pytest.raises(rangefinder.Error, match="line 1"):
        rangefinder.import_cache(tmp_path / "c.cache", cnn)
    with pytest.raises(TypeError, match="missing_data"):
        rangefinder.import_cache(tmp_path / "c.cache", cnn, samples=3)


def test_formats_are_listed():
    assert {"tensorrt-cache", "ort-json", "ncnn", "ppl", "qnn"} <= set(rangefinder.table_formats())
