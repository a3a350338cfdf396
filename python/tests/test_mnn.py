"""MNN's file of quantization parameters, read by MNN's own converter and computed by its int8 kernels (scripts/check_runtimes.sh)."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import pytest
from runtimes import reference, signal_to_noise

import rangefinder

MNN = pytest.importorskip("MNN")
# Not MNN.tools: that installs packages of its own accord and reports to its makers.
tools = pytest.importorskip("_tools")


@pytest.fixture(scope="module", params=["cnn", "mbv2"])
def network(request) -> str:
    return request.getfixturevalue(request.param)


@pytest.fixture(scope="module")
def quantized(network, samples) -> rangefinder.QuantizedModel:
    """Ranges alone: the file holds no weights, the converter rounds those to nearest."""
    return rangefinder.quantize(network, samples, target="mnn", effort="fast", progress=False)


def convert(network: str, folder: Path, parameters: bytes | None = None) -> Path:
    arguments = ["mnnconvert", "-f", "ONNX", "--modelFile", network, "--MNNModel", str(folder / "model.mnn"), "--bizCode", "test"]
    if parameters is not None:
        (folder / "parameters").write_bytes(parameters)
        arguments += ["--compressionParamsFile", str(folder / "parameters")]
    tools.mnnconvert(arguments)
    return folder / "model.mnn"


def as_json(model: Path) -> dict:
    tools.mnnconvert(["mnnconvert", "-f", "MNN", "--modelFile", str(model), "--JsonFile", str(model.with_suffix(".json"))])
    return json.loads(model.with_suffix(".json").read_text())


def run(model: Path, samples: list[np.ndarray]) -> np.ndarray:
    interpreter = MNN.Interpreter(str(model))
    session = interpreter.createSession({"backend": "CPU", "numThread": 1, "precision": "high"})
    source = interpreter.getSessionInput(session)
    interpreter.resizeTensor(source, samples[0].shape)
    interpreter.resizeSession(session)
    outputs = []
    for sample in samples:
        source.copyFrom(MNN.Tensor(sample.shape, MNN.Halide_Type_Float, sample, MNN.Tensor_DimensionType_Caffe))
        interpreter.runSession(session)
        output = interpreter.getSessionOutput(session)
        shape = output.getShape()
        host = MNN.Tensor(shape, MNN.Halide_Type_Float, np.zeros(shape, np.float32), MNN.Tensor_DimensionType_Caffe)
        output.copyToHostTensor(host)
        outputs.append(np.array(host.getData()).reshape(shape)[0])
    return np.stack(outputs)


def test_the_converter_reads_every_scale(network, quantized, tmp_path):
    parameters = rangefinder.export_table(quantized, "mnn-compression", float_model=network)
    model = as_json(convert(network, tmp_path, parameters))
    convolutions = {op["name"]: op["main"] for op in model["oplists"] if op["type"].startswith("Convolution")}
    nodes = [node for node in onnx.load(network).graph.node if node.op_type == "Conv"]
    assert nodes
    tensors = quantized.tensors
    for node in nodes:
        main = convolutions[node.output[0]]
        assert main["quanParameter"]["scaleIn"] == pytest.approx(tensors[node.input[0]].scale, rel=1e-4)
        assert len(main["quanParameter"]["alpha"]) == main["common"]["outputCount"]
        assert (main["symmetricQuan"]["clampMin"], main["symmetricQuan"]["clampMax"]) == (-127, 127)


def test_convolutions_compute_what_the_model_says(network, samples, tmp_path):
    """Up to the average of codes behind the last one, which MNN rounds down."""
    model = onnx.load(network)
    pool = next(node for node in model.graph.node if node.op_type == "GlobalAveragePool")
    cut = str(tmp_path / "cut.onnx")
    onnx.utils.extract_model(network, cut, [model.graph.input[0].name], [pool.output[0]])
    quantized = rangefinder.quantize(cut, samples, target="mnn", effort="fast", progress=False)
    parameters = rangefinder.export_table(quantized, "mnn-compression", float_model=cut)
    scale = quantized.tensors[pool.input[0]].scale
    found = run(convert(cut, tmp_path, parameters), samples).squeeze() / scale
    assert np.abs(found - np.rint(found)).max() < 1e-4, "codes of the tensor that is averaged"
    means = reference(quantized.to_bytes(), samples).squeeze() / scale
    # Single codes before the average differ: ties are rounded otherwise, layer by layer.
    difference = np.rint(found) - np.floor(means + 1e-4)
    assert np.abs(difference).max() <= 1
    assert np.count_nonzero(difference) < 0.25 * difference.size


def test_the_whole_is_what_the_model_says_but_for_the_average(network, quantized, samples, tmp_path):
    parameters = rangefinder.export_table(quantized, "mnn-compression", float_model=network)
    found = run(convert(network, tmp_path, parameters), samples)
    assert signal_to_noise(reference(quantized.to_bytes(), samples), found) > 24
    assert signal_to_noise(reference(Path(network).read_bytes(), samples), found) > 24
