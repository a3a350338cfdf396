"""Scripts as users write them, once with onnxruntime.quantization and once with the import changed."""

from __future__ import annotations

import shutil
import warnings

import numpy as np
import pytest

import rangefinder
import rangefinder.onnxruntime as ours

theirs = pytest.importorskip("onnxruntime.quantization")
import onnx
import onnxruntime
from onnx import numpy_helper

BOTH = [pytest.param(theirs, id="theirs"), pytest.param(ours, id="ours")]


def reader_of(package, name, samples):
    """The reader that is in every example."""

    class ImageReader(package.CalibrationDataReader):
        def __init__(self):
            self.enum_data = None
            self.rewind()

        def get_next(self):
            return next(self.enum_data, None)

        def rewind(self):
            self.enum_data = iter([{name: sample} for sample in samples])

    return ImageReader()


def one_shot(samples):
    class Reader:
        data = iter(samples)

        def get_next(self):
            sample = next(self.data, None)
            return None if sample is None else {"input": sample}

    return Reader()


def activations(path):
    """Scale and zero point of each tensor in codes."""
    graph = onnx.load(path).graph
    values = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    return {
        node.input[0]: (float(values[node.input[1]]), int(values[node.input[2]]))
        for node in graph.node
        if node.op_type == "QuantizeLinear" and values[node.input[1]].ndim == 0
    }


def sqnr_db(float_model, int8_model, samples):
    original = onnxruntime.InferenceSession(float_model, providers=["CPUExecutionProvider"])
    quantized = onnxruntime.InferenceSession(int8_model, providers=["CPUExecutionProvider"])
    real = np.concatenate([original.run(None, {"input": x})[0] for x in samples])
    pred = np.concatenate([quantized.run(None, {"input": x})[0] for x in samples])
    return 10 * np.log10((real**2).sum() / ((real - pred) ** 2).sum())


@pytest.mark.parametrize("package", BOTH)
def test_the_script_of_most_users(package, cnn, samples, tmp_path):
    """QDQ, int8, min-max, after the step before."""
    prepared, output = str(tmp_path / "prepared.onnx"), str(tmp_path / "int8.onnx")
    package.quant_pre_process(cnn, prepared, skip_symbolic_shape=True)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        package.quantize_static(
            prepared,
            output,
            reader_of(package, "input", samples[:32]),
            quant_format=package.QuantFormat.QDQ,
            activation_type=package.QuantType.QInt8,
            weight_type=package.QuantType.QInt8,
            calibrate_method=package.CalibrationMethod.MinMax,
        )
    if package is ours:
        assert [str(each.message) for each in said if "rangefinder" in str(each.filename) or "uint8" in str(each.message)] != []
        assert sum("uint8 is written" in str(each.message) for each in said) == 1
    assert sqnr_db(cnn, output, samples[32:]) > 20


def test_min_max_is_theirs(cnn, samples, tmp_path):
    """Scales and zero points of uint8 activations, tensor for tensor; behind convolutions of other kernels float32
    rounds otherwise."""
    arguments = {"per_channel": True, "nodes_to_exclude": []}
    for package in (theirs, ours):
        found = package.quantize_static(
            cnn,
            tmp_path / "int8.onnx",
            reader_of(package, "input", samples),
            activation_type=package.QuantType.QUInt8,
            weight_type=package.QuantType.QInt8,
            **arguments,
        )
        if package is theirs:
            reference = activations(tmp_path / "int8.onnx")
    common = set(reference) & set(found.tensors)
    assert common == set(found.tensors) and len(common) >= 6
    for tensor in common:
        assert found.tensors[tensor].scale == pytest.approx(reference[tensor][0], rel=1e-6)
        assert found.tensors[tensor].zero_point == reference[tensor][1]


@pytest.mark.parametrize("package", BOTH)
def test_a_head_stays_float(package, cnn, samples, tmp_path):
    package.quantize_static(
        onnx.load(cnn),
        str(tmp_path / "int8.onnx"),
        reader_of(package, "input", samples[:16]),
        activation_type=package.QuantType.QUInt8,
        weight_type=package.QuantType.QInt8,
        nodes_to_exclude=["/8/Gemm", "/9/NoSuchNode"],
        extra_options={"ActivationSymmetric": False, "WeightSymmetric": True},
    )
    weight = next(node.input[1] for node in onnx.load(cnn).graph.node if node.name == "/8/Gemm")
    node = next(node for node in onnx.load(tmp_path / "int8.onnx").graph.node if node.op_type == "Gemm")
    initializers = {tensor.name: tensor.data_type for tensor in onnx.load(tmp_path / "int8.onnx").graph.initializer}
    assert initializers[node.input[1]] == onnx.TensorProto.FLOAT, weight


@pytest.mark.parametrize("package", BOTH)
@pytest.mark.parametrize(
    "choice", [{"op_types_to_quantize": ["Conv"]}, {"nodes_to_quantize": ["/1/1.0/Conv", "/2/2.0/Conv"]}]
)
def test_only_some_nodes(package, choice, cnn, samples, tmp_path):
    output = str(tmp_path / "int8.onnx")
    package.quantize_static(
        cnn,
        output,
        reader_of(package, "input", samples[:16]),
        activation_type=package.QuantType.QUInt8,
        weight_type=package.QuantType.QInt8,
        **choice,
    )
    graph = onnx.load(output).graph
    restored = {name for node in graph.node if node.op_type == "DequantizeLinear" for name in node.output}
    integer = [node.name for node in graph.node if node.op_type in ("Conv", "Gemm") and node.input[1] in restored]
    convolutions = [node.name for node in onnx.load(cnn).graph.node if node.op_type == "Conv"]
    assert sorted(integer) == sorted(choice.get("nodes_to_quantize", convolutions))


@pytest.mark.parametrize("package", BOTH)
def test_a_head_with_its_shapes_and_constants_stays_float(package, tmp_path):
    """Users name all nodes of a part; what is folded into constants is among them."""
    from onnx import TensorProto, helper

    random = np.random.default_rng(0)
    weights = [numpy_helper.from_array(random.normal(size=(4, 4, 1, 1)).astype(np.float32), f"w{i}") for i in range(2)]
    graph = helper.make_graph(
        [
            helper.make_node("Conv", ["input", "w0"], ["y"], name="body"),
            helper.make_node("Constant", [], ["ends"], name="/head/Constant", value=numpy_helper.from_array(np.array([-1]))),
            helper.make_node("Shape", ["y"], ["s"], name="/head/Shape", start=0, end=2),
            helper.make_node("Concat", ["s", "ends"], ["t"], name="/head/Concat", axis=0),
            helper.make_node("Conv", ["y", "w1"], ["z"], name="/head/Conv"),
            helper.make_node("Reshape", ["z", "t"], ["output"], name="/head/Reshape"),
        ],
        "head",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, [1, 4, 5, 5])],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, [1, 4, 25])],
        weights,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    package.quantize_static(
        model,
        str(tmp_path / "int8.onnx"),
        reader_of(package, "input", [random.normal(size=(1, 4, 5, 5)).astype(np.float32) for _ in range(4)]),
        activation_type=package.QuantType.QUInt8,
        weight_type=package.QuantType.QInt8,
        nodes_to_exclude=[node.name for node in graph.node if node.name.startswith("/head/")],
    )
    written = onnx.load(tmp_path / "int8.onnx").graph
    restored = {name for node in written.node if node.op_type == "DequantizeLinear" for name in node.output}
    integer = [node.name for node in written.node if node.op_type == "Conv" and node.input[1] in restored]
    assert integer == ["body"]


@pytest.mark.parametrize("package", BOTH)
@pytest.mark.parametrize("method", ["Entropy", "Percentile"])
def test_other_methods(package, method, cnn, samples, tmp_path):
    package.quantize_static(
        cnn,
        str(tmp_path / "int8.onnx"),
        reader_of(package, "input", samples[:16]),
        activation_type=package.QuantType.QUInt8,
        weight_type=package.QuantType.QInt8,
        calibrate_method=package.CalibrationMethod[method],
    )
    assert sqnr_db(cnn, str(tmp_path / "int8.onnx"), samples[32:]) > 10


@pytest.mark.parametrize("package", BOTH)
def test_weights_beside_the_model(package, cnn, samples, tmp_path):
    output = tmp_path / "int8.onnx"
    package.quantize_static(
        cnn,
        str(output),
        reader_of(package, "input", samples[:8]),
        activation_type=package.QuantType.QUInt8,
        weight_type=package.QuantType.QInt8,
        use_external_data_format=True,
    )
    assert (tmp_path / "int8.onnx.data").stat().st_size > output.stat().st_size
    assert sqnr_db(cnn, str(output), samples[32:]) > 20


def test_a_reader_that_passes_by_once_and_without_a_base_class(cnn, samples, tmp_path):
    quantized = ours.quantize_static(cnn, tmp_path / "int8.onnx", one_shot(samples), activation_type=ours.QuantType.QUInt8)
    assert isinstance(quantized, rangefinder.QuantizedModel)
    assert (tmp_path / "int8.onnx").read_bytes() == quantized.to_bytes()
    # All samples are calibrated on.
    assert quantized.to_dict()["samples"] == len(samples)


def test_statistics_are_kept(cnn, samples, tmp_path):
    cache = tmp_path / "calibration.rfs"
    arguments = {"activation_type": ours.QuantType.QUInt8, "calibration_cache_path": cache}
    first = ours.quantize_static(cnn, tmp_path / "a.onnx", one_shot(samples), **arguments)
    second = ours.quantize_static(cnn, tmp_path / "b.onnx", None, **arguments)
    assert first.to_bytes() == second.to_bytes()
    entropy = ours.quantize_static(
        cnn, tmp_path / "c.onnx", None, calibrate_method=ours.CalibrationMethod.Entropy, **arguments
    )
    assert entropy.to_bytes() != first.to_bytes()
    with pytest.raises(ValueError, match="calibration_data_reader"):
        ours.quantize_static(cnn, tmp_path / "d.onnx", None)


def test_their_enumerators_serve(cnn, samples, tmp_path):
    ours.quantize_static(
        cnn,
        tmp_path / "int8.onnx",
        one_shot(samples),
        quant_format=theirs.QuantFormat.QDQ,
        activation_type=theirs.QuantType.QUInt8,
        calibrate_method=theirs.CalibrationMethod.MinMax,
    )


def test_what_is_refused_writes_nothing(cnn, samples, tmp_path):
    for arguments in (
        {"quant_format": ours.QuantFormat.QOperator},
        {"activation_type": ours.QuantType.QInt16},
        {"extra_options": {"SmoothQuant": True}},
    ):
        with pytest.raises(NotImplementedError, match=next(iter(arguments))):
            ours.quantize_static(cnn, tmp_path / "int8.onnx", one_shot(samples), **arguments)
    assert not list(tmp_path.iterdir())


def test_what_the_reader_throws_arrives(cnn, tmp_path):
    class Broken:
        def get_next(self):
            raise OSError("disk")

    with pytest.raises(OSError, match="disk"):
        ours.quantize_static(cnn, tmp_path / "int8.onnx", Broken(), activation_type=ours.QuantType.QUInt8)


@pytest.mark.parametrize("package", BOTH)
def test_with_a_configuration(package, cnn, samples, tmp_path):
    model = str(tmp_path / "model.onnx")
    shutil.copy(cnn, model)
    config = package.StaticQuantConfig(
        reader_of(package, "input", samples[:8]),
        activation_type=package.QuantType.QUInt8,
        weight_type=package.QuantType.QInt8,
    )
    package.quantize(model, str(tmp_path / "int8.onnx"), config)
    assert sqnr_db(cnn, str(tmp_path / "int8.onnx"), samples[32:]) > 20
