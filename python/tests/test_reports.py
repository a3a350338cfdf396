"""compare(), inspect(), calibrate_tensor(), methods(), targets()."""

from __future__ import annotations

import json

import numpy as np
import pytest

import rangefinder as rf


def test_compare(program, cnn, samples, sample_folder, tmp_path):
    quantized = rf.quantize(cnn, samples)
    report = rf.compare(cnn, quantized, samples)
    quantized.save(tmp_path / "int8.onnx")
    theirs = json.loads(program("compare", cnn, tmp_path / "int8.onnx", "--data", sample_folder, "--json"))
    assert report.to_dict() == theirs
    (output,) = report.outputs.values()
    assert output["sqnr_db"] > 20 and report["samples"] == 48
    assert report.table() in repr(report) and "<pre>" in report._repr_html_()
    assert rf.compare(cnn, cnn, samples).outputs.popitem()[1]["sqnr_db"] is None
    timed = rf.compare(cnn, quantized.to_bytes(), samples, samples=3, latency=True)
    assert timed["samples"] == 3 and timed["latency"]["ratio"] > 0


def test_times_of_nodes(cnn, samples, tmp_path):
    quantized = rf.quantize(cnn, samples)
    assert quantized.node_times is None and all(node["int8_us"] is None for node in quantized.nodes)
    quantized.report(tmp_path / "untimed.html")
    assert "Not measured: <code>quantize --report" in (tmp_path / "untimed.html").read_text()
    timed = rf.quantize(cnn, samples, node_times=True)
    told = [node for node in timed.nodes if node["int8_us"]]
    assert {node["kernel"] for node in told} >= {"integer"} and timed.node_times["runs"] >= 3
    others = sum(row["int8_us"] for row in timed.node_times["others"])
    assert sum(node["int8_us"] for node in told) + others == pytest.approx(timed.node_times["int8_us"])
    timed.report(tmp_path / "timed.html")
    assert 'id="time-sums"' in (tmp_path / "timed.html").read_text()
    compared = rf.compare(cnn, quantized, samples, samples=3, node_times=True)
    assert compared["node_times"]["float_us"] > 0 and compared["latency"]["ratio"] > 0
    assert any(node["kernel"] == "integer" for node in compared["nodes"])


def test_inspect(cnn, samples):
    found = rf.inspect(cnn)
    assert found["eligible_nodes"] == found["integer_nodes"] == 6
    assert rf.inspect(cnn, exclude=[found["nodes"][0]["name"]])["integer_nodes"] == 5
    assert rf.inspect(rf.quantize(cnn, samples))["integer_nodes"] == 6
    assert found.table() in repr(found)


def test_calibrate_tensor(samples):
    flat = np.concatenate([sample.ravel() for sample in samples])
    found = rf.calibrate_tensor(samples, method="minmax")
    assert found.scale == [pytest.approx(flat.max() / 255)] and found.offset == [0]
    symmetric = rf.calibrate_tensor(iter(samples), method="minmax", symmetric=True, bits=4, measure=False)
    assert symmetric["bits"] == 4 and symmetric["symmetric"]
    channels = rf.calibrate_tensor([np.ones((2, 3), np.float32) * [1, 2, 4]], method="minmax", channel_axis=1)
    assert len(channels.scale) == 3
    assert rf.calibrate_tensor(samples, fp8="e4m3", symmetric=True)["scale"]
    assert rf.calibrate_tensor(samples, measure=True)["error"]["sqnr_db"] > 20
    assert rf.calibrate_tensor([[0.0, 1.0, 3.0], [[2.0], [0.5]]], method="minmax").scale == [pytest.approx(3 / 255)]
    with pytest.raises(ValueError):
        rf.calibrate_tensor(samples, fp8="e9")
    with pytest.raises(ValueError):
        rf.calibrate_tensor(samples, compat="other")
    with pytest.raises((rf.Error, ValueError)):
        rf.calibrate_tensor([])
    assert "scale" in repr(found)


def test_methods_and_targets():
    assert {"mse", "minmax", "percentile", "kl"} <= set(rf.methods())
    assert next(iter(rf.targets())) == "ort-cpu"
    assert rf.__version__.count(".") == 2
    assert rf.onnxruntime_version.startswith("1.") and "onnxruntime" in rf.onnxruntime_library
    with pytest.raises(AttributeError):
        rf.nothing
    with pytest.raises(rf.Error):
        rf.load_plugin("missing.so")
