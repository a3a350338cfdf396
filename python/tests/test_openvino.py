"""The target and the table for OpenVINO, run by OpenVINO (scripts/check_runtimes.sh)."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from conftest import ROOT
from onnx import helper
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


def joined(*after: onnx.NodeProto, axis: int, kernel: tuple[int, ...], shape: tuple[int, ...]) -> bytes:
    """Sigmoid and Tanh of x, joined to j; `after` leads to y and may read the weights w and the constants of Slice."""
    random = np.random.default_rng(0)
    nodes = [
        helper.make_node("Sigmoid", ["x"], ["a"]),
        helper.make_node("Tanh", ["x"], ["b"]),
        helper.make_node("Concat", ["a", "b"], ["j"], axis=axis),
        *after,
    ]
    constants = {
        "w": random.normal(size=kernel).astype(np.float32),
        "starts": np.array([0], np.int64),
        "ends": np.array([6], np.int64),
        "axes": np.array([2], np.int64),
    }
    graph = helper.make_graph(
        nodes,
        "joined",
        [helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, None)],
        [onnx.numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8).SerializeToString()


JOINS = {
    "channels": (joined(helper.make_node("Conv", ["j", "w"], ["y"]), axis=1, kernel=(8, 16, 1, 1), shape=(1, 8, 8, 8)), 1),
    "rows of a product": (joined(helper.make_node("MatMul", ["j", "w"], ["y"]), axis=1, kernel=(8, 8), shape=(1, 6, 8)), 0),
    "columns of a product": (
        joined(helper.make_node("MatMul", ["j", "w"], ["y"]), axis=2, kernel=(16, 8), shape=(1, 6, 8)),
        1,
    ),
    "blocks": (
        joined(
            helper.make_node("DepthToSpace", ["j"], ["d"], blocksize=2),
            helper.make_node("Conv", ["d", "w"], ["y"]),
            axis=1,
            kernel=(8, 4, 1, 1),
            shape=(1, 8, 8, 8),
        ),
        1,
    ),
    "a slice, channels last": (
        joined(
            helper.make_node("Slice", ["j", "starts", "ends", "axes"], ["s"]),
            helper.make_node("Transpose", ["s"], ["t"], perm=[0, 3, 1, 2]),
            helper.make_node("Conv", ["t", "w"], ["y"]),
            axis=3,
            kernel=(8, 16, 1, 1),
            shape=(1, 8, 8, 8),
        ),
        1,
    ),
    "transposed convolution": (
        joined(
            helper.make_node("Relu", ["j"], ["r"]),
            helper.make_node("ConvTranspose", ["r", "w"], ["y"], strides=[2, 2]),
            axis=1,
            kernel=(16, 8, 2, 2),
            shape=(1, 8, 8, 8),
        ),
        1,
    ),
}


@pytest.mark.parametrize("case", JOINS)
def test_zero_points_of_joined_tensors(case, executed, tmp_path):
    """OpenVINO makes one of each index of the axis; where it cannot move those, it computes in float or refuses the model."""
    model, expected = JOINS[case]
    shape = [dim.dim_value for dim in onnx.load_from_string(model).graph.input[0].type.tensor_type.shape.dim]
    random = np.random.default_rng(1)
    data = [random.normal(size=shape).astype(np.float32) for _ in range(8)]
    if expected == 0:
        with pytest.raises(rangefinder.Error, match="joined"):
            rangefinder.quantize(model, data, target="openvino", progress=False)
        return
    quantized = rangefinder.quantize(model, data, target="openvino", progress=False)
    (tmp_path / "int8.onnx").write_bytes(quantized.to_bytes())
    compiled = executed.compile_model(tmp_path / "int8.onnx")
    layers = executed.weighted_layers(compiled)
    assert [layer.is_int8 for layer in layers] == [True] * expected
    found = np.stack([compiled(sample)[0][0] for sample in data])
    assert signal_to_noise(reference(quantized.to_bytes(), data), found) > 35
