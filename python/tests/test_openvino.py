"""The target and the table for OpenVINO, run by OpenVINO (scripts/check_runtimes.sh)."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path

import numpy as np
import pytest
from conftest import ROOT
from runtimes import reference, signal_to_noise

import rangefinder

openvino = pytest.importorskip("openvino")


@pytest.fixture(scope="module")
def executed():
    """bench/openvino/executed.py, which tells what the plugin executes."""
    spec = importlib.util.spec_from_file_location("executed", ROOT / "bench" / "openvino" / "executed.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["executed"] = module  # data classes look their module up
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module", params=["cnn", "mbv2"])
def network(request) -> str:
    return request.getfixturevalue(request.param)


def test_every_layer_with_weights_runs_in_int8(network, samples, executed, tmp_path):
    quantized = rangefinder.quantize(network, samples, target="openvino", progress=False)
    (tmp_path / "int8.onnx").write_bytes(quantized.to_bytes())
    compiled = executed.compile_model(tmp_path / "int8.onnx")
    layers = executed.weighted_layers(compiled)
    assert layers
    assert all(layer.is_int8 for layer in layers)
    assert not any(layer.is_int8 for layer in executed.weighted_layers(executed.compile_model(network)))
    found = np.stack([compiled(sample)[0][0] for sample in samples])
    assert signal_to_noise(reference(quantized.to_bytes(), samples), found) > 35
    assert signal_to_noise(reference(Path(network).read_bytes(), samples), found) > 25


def test_fake_quantize_restores_what_the_codes_do(network, samples):
    quantized = rangefinder.quantize(network, samples, progress=False)
    table = json.loads(rangefinder.export_table(quantized, "openvino"))["fake_quantize"]
    opset = openvino.opset8
    for name, entry in table.items():
        low, high = quantized.tensors[name].range
        values = np.linspace(1.1 * low - 1e-3, 1.1 * high, 1001, dtype=np.float32)
        source = opset.parameter(values.shape, np.float32)
        bounds = [np.array(entry[key], np.float32) for key in ("input_low", "input_high", "output_low", "output_high")]
        model = openvino.Model([opset.fake_quantize(source, *bounds, levels=entry["levels"])], [source])
        found = openvino.compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})(values)[0]
        tensor = quantized.tensors[name]
        codes = np.clip(np.rint(values / np.float32(tensor.scale)) + tensor.zero_point, 0, 255)
        restored = (codes - tensor.zero_point) * tensor.scale
        # Ties and sums round otherwise: next to a tie a value may fall on the other code.
        near = np.abs(values / tensor.scale - np.floor(values / tensor.scale) - 0.5) < 1e-3
        assert np.abs(found - restored)[~near].max() <= 1e-3 * tensor.scale, name
