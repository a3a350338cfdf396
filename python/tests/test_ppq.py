"""rangefinder.ppq on ONNX models; PPQ itself is beside it in test_ppq_parity.py."""

from __future__ import annotations

import json

import numpy as np
import pytest

pytest.importorskip("onnx")

import rangefinder
from rangefinder.ppq import (
    ENABLE_CUDA_KERNEL,
    OBSERVER_TABLE,
    BaseGraph,
    BaseTensorObserver,
    IsotoneCalibrationPass,
    QuantableOperation,
    QuantizationSettingFactory,
    QuantizationStates,
    RuntimeCalibrationPass,
    TargetPlatform,
    TorchExecutor,
    export_ppq_graph,
    graphwise_error_analyse,
    layerwise_error_analyse,
    load_onnx_graph,
    quantize_native_model,
    quantize_onnx_model,
    register_calibration_observer,
    statistical_analyse,
)


@pytest.fixture
def graph(cnn, samples):
    return quantize_onnx_model(cnn, samples, calib_steps=32, platform=TargetPlatform.ONNXRUNTIME)


def uncalibrated(cnn, samples):
    setting = QuantizationSettingFactory.default_setting()
    setting.quantize_activation = False
    return quantize_onnx_model(cnn, samples, 32, setting=setting)


def test_it_is_quantize_by_percentile(cnn, samples, graph):
    same = rangefinder.quantize(cnn, samples, samples=32, method="percentile", effort="fast", progress=False)
    assert graph.int8_model().bytes() == same.to_bytes()
    assert isinstance(graph, BaseGraph)
    assert "percentile" in graph.table()


@pytest.mark.parametrize("algorithm", ["KL", "minmax", "mse"])
def test_the_setting_names_the_method(cnn, samples, algorithm):
    setting = QuantizationSettingFactory.default_setting()
    setting.quantize_activation_setting.calib_algorithm = algorithm
    setting.bias_correct = True
    graph = quantize_onnx_model(cnn, samples, 32, setting=setting)
    same = rangefinder.quantize(cnn, samples, samples=32, method=algorithm.lower(), progress=False)
    assert graph.int8_model().bytes() == same.to_bytes()


def test_a_graph_knows_its_operations(graph):
    assert list(graph.inputs) == ["input"]
    first = next(iter(graph.operations.values()))
    assert (first.name, first.type, first.is_computing_op) == ("/0/0.0/Conv", "Conv", True)
    assert isinstance(first, QuantableOperation)
    assert first.inputs[0] is graph.inputs["input"]
    assert first.outputs[0].source_op is first
    assert first.outputs[0].dest_ops[0].type == "Relu"
    assert not isinstance(graph.operations["/0/0.2/Relu"], QuantableOperation)


def test_configs_say_how_activations_are_quantized(graph):
    config, weight = graph.operations["/0/0.0/Conv"].input_quant_config[:2]
    tensor = graph.quantized.tensors["input"]
    assert (float(config.scale), int(config.offset)) == (np.float32(tensor.scale), tensor.zero_point)
    assert config.state is QuantizationStates.ACTIVATED
    assert config.dominated_by == config
    assert (config.quant_min, config.quant_max, config.num_of_bits) == (0, 255, 8)
    assert weight is None


def test_dispatching_sends_operations_to_float(cnn, samples):
    setting = QuantizationSettingFactory.default_setting()
    setting.dispatching_table.append(operation="/8/Gemm", platform=TargetPlatform.FP32)
    setting.dispatching_table.append("/1/*", TargetPlatform.FP32.value)
    graph = quantize_onnx_model(cnn, samples, 32, setting=setting)
    floats = {name for name, operation in graph.operations.items() if not isinstance(operation, QuantableOperation)}
    assert {"/8/Gemm", "/1/1.0/Conv"} <= floats
    assert {row["name"] for row in graph.quantized.float_nodes} == {"/8/Gemm", "/1/1.0/Conv"}


def test_an_operation_that_is_not_there(cnn, samples):
    setting = QuantizationSettingFactory.default_setting()
    setting.dispatching_table.append("/1/1.0/Con", TargetPlatform.FP32)
    with pytest.raises(ValueError, match="no operation '/1/1.0/Con'; similar: /1/1.0/Conv"):
        quantize_onnx_model(cnn, samples, 32, setting=setting)


def test_the_pass_calibrates_what_is_initial(cnn, samples):
    graph = uncalibrated(cnn, samples)
    config = graph.operations["/0/0.0/Conv"].input_quant_config[0]
    assert config.state is QuantizationStates.INITIAL
    assert config.scale is None
    with pytest.raises(ValueError, match="input"):
        export_ppq_graph(graph, TargetPlatform.ONNXRUNTIME, "never.onnx")
    found = RuntimeCalibrationPass().optimize(graph, dataloader=samples, calib_steps=32)
    assert "input" in found
    assert config.state is QuantizationStates.ACTIVATED
    same = rangefinder.quantize(cnn, samples, samples=32, method="percentile", effort="fast", progress=False)
    assert graph.int8_model().bytes() == same.to_bytes()
    assert RuntimeCalibrationPass("kl").optimize(graph, dataloader=samples) == []


def test_the_pass_overrides_what_is_active(cnn, samples, graph):
    before = float(graph.operations["/0/0.0/Conv"].input_quant_config[0].scale)
    assert RuntimeCalibrationPass("minmax").optimize(graph, dataloader=samples) == []
    found = RuntimeCalibrationPass("MinMax", override=True, calib_steps=32).optimize(graph, dataloader=samples)
    assert "input" in found
    same = rangefinder.quantize(cnn, samples, samples=32, method="minmax", effort="fast", progress=False)
    assert graph.int8_model().bytes() == same.to_bytes()
    assert float(graph.operations["/0/0.0/Conv"].input_quant_config[0].scale) != before


def test_single_tensors_have_their_own_observer(cnn, samples):
    graph = uncalibrated(cnn, samples)
    config = graph.operations["/0/0.0/Conv"].input_quant_config[0]
    config.observer_algorithm = "MinMax"
    RuntimeCalibrationPass().optimize(graph, dataloader=samples, calib_steps=32)
    most = max(float(x.max()) for x in samples[:32])
    assert float(config.scale) == pytest.approx(most / 255, rel=1e-6)


def test_what_a_loader_throws_arrives_and_changes_nothing(cnn, samples):
    graph = uncalibrated(cnn, samples)

    def broken():
        yield samples[0]
        raise KeyError("the data")

    with pytest.raises(KeyError, match="the data"):
        RuntimeCalibrationPass("minmax").optimize(graph, dataloader=broken())
    assert graph.operations["/0/0.0/Conv"].input_quant_config[0].state is QuantizationStates.INITIAL


def test_isotone(graph, samples):
    output = next(iter(graph.outputs))
    if output not in graph.plan.tensors:
        with pytest.raises(ValueError, match=output):
            IsotoneCalibrationPass([output]).optimize(graph, dataloader=samples)
        output = graph.plan.tensors[-1]
    before = {name: graph.plan.config(graph.plan.root(name)).scale for name in graph.plan.tensors}
    found = IsotoneCalibrationPass([output]).optimize(graph, dataloader=samples)
    root = graph.plan.root(output)
    assert found == [root]
    after = {name: graph.plan.config(graph.plan.root(name)).scale for name in graph.plan.tensors}
    assert {name for name in before if before[name] != after[name]} <= {
        name for name in before if graph.plan.root(name) == root
    }


def test_executor_runs_the_int8_model(cnn, samples, graph):
    onnxruntime = pytest.importorskip("onnxruntime")
    session = onnxruntime.InferenceSession(graph.int8_model().bytes(), providers=["CPUExecutionProvider"])
    executor = TorchExecutor(graph=graph, device="cpu")
    output = next(iter(graph.outputs))
    for x in samples[:2]:
        np.testing.assert_allclose(executor.forward(x)[0], session.run(None, {"input": x})[0], rtol=1e-5, atol=1e-5)
    inner = graph.operations["/8/Gemm"].inputs[0].name
    values, logits = executor.forward({"input": samples[0]}, output_names=[inner, output])
    assert values.shape[0] == logits.shape[0] == 1
    with pytest.raises(ValueError, match="no tensor 'nowhere'"):
        executor.forward(samples[0], output_names=["nowhere"])
    with pytest.raises(ValueError, match="inputs: 2"):
        executor.forward([samples[0], samples[0]])
    float_outputs = TorchExecutor(load_onnx_graph(cnn)).forward(samples[0])
    assert float_outputs[0].shape == logits.shape


def test_graphwise_errors_are_those_of_the_outputs(cnn, samples, graph, capsys):
    errors = graphwise_error_analyse(graph=graph, running_device="cpu", dataloader=samples[32:], steps=8)
    assert set(errors) == {name for name, operation in graph.operations.items() if operation.is_computing_op}
    assert all(0 < error < 0.1 for error in errors.values())
    # The last product's error is that of the network.
    float_executor, int8_executor = TorchExecutor(load_onnx_graph(cnn)), TorchExecutor(graph)
    expected = []
    for x in samples[32:40]:
        real, pred = float_executor(x)[0].astype(np.float64), int8_executor(x)[0]
        expected.append(((pred - real) ** 2).sum() / (real**2).sum())
    assert errors["/8/Gemm"] == pytest.approx(np.mean(expected), rel=1e-3)
    assert "/8/Gemm" in capsys.readouterr().out
    cosines = graphwise_error_analyse(graph, dataloader=samples[32:], method="cosine", verbose=False)
    assert all(0.9 < cosine <= 1 for cosine in cosines.values())
    assert capsys.readouterr().out == ""


def test_layerwise_errors_come_from_one_operation_each(cnn, samples, graph):
    errors = layerwise_error_analyse(graph, dataloader=samples[32:], steps=4, verbose=False)
    assert set(errors) == {name for name, each in graph.operations.items() if isinstance(each, QuantableOperation)}
    whole = graphwise_error_analyse(graph, dataloader=samples[32:], steps=4, verbose=False)["/8/Gemm"]
    assert max(errors.values()) <= 2 * whole
    # The same by hand, for one.
    others = [name for name in errors if name != "/0/0.0/Conv"]
    alone = rangefinder.quantize(
        cnn, samples, samples=32, method="percentile", effort="fast", exclude=others, progress=False
    )
    executor = TorchExecutor(load_onnx_graph(alone.to_onnx()))
    original = TorchExecutor(load_onnx_graph(cnn))
    expected = np.mean(
        [((executor(x)[0] - original(x)[0]) ** 2).sum() / (original(x)[0] ** 2).sum() for x in samples[32:36]]
    )
    assert errors["/0/0.0/Conv"] == pytest.approx(expected, rel=1e-3)


def test_statistics_of_each_activation(samples, graph):
    rows = statistical_analyse(graph, dataloader=samples)
    row = next(row for row in rows if row["Variable name"] == "input")
    values = np.concatenate([x.ravel() for x in samples[:32]]).astype(np.float64)
    assert (row["Op name"], row["Op type"], row["Is input"], row["Is output"]) == ("/0/0.0/Conv", "Conv", True, False)
    assert row["Float Max"] == pytest.approx(values.max())
    assert row["Float Mean"] == pytest.approx(values.mean(), rel=0.01)
    assert row["Float Std"] == pytest.approx(values.std(), rel=0.01)
    assert sum(row["Float Hist"]) == values.size
    decibels = graph.quantized.tensors["input"].sqnr_db
    assert row["Noise:Signal Power Ratio"] == pytest.approx(10 ** (-decibels / 10))


def test_exports(graph, tmp_path):
    export_ppq_graph(graph, TargetPlatform.ONNXRUNTIME, tmp_path / "a.onnx", tmp_path / "a.json")
    assert (tmp_path / "a.onnx").read_bytes() == graph.int8_model().bytes()
    table = json.loads((tmp_path / "a.json").read_text())
    key = table["configs"]["/0/0.0/Conv"]["input"]
    assert table["values"][str(key["hash"])]["scale"] == graph.quantized.tensors["input"].scale
    assert table["dispatchings"]["/0/0.2/Relu"] == "FP32"
    for platform in (TargetPlatform.TRT_FP8, TargetPlatform.PPL_CUDA_INT8):
        with pytest.raises(NotImplementedError, match=platform.name):
            export_ppq_graph(graph, platform, tmp_path / "c.onnx")
    assert not (tmp_path / "c.onnx").exists()


def test_exports_for_ppl(cnn, samples, tmp_path):
    graph = quantize_onnx_model(cnn, samples, calib_steps=32, platform=TargetPlatform.PPL_CUDA_INT8)
    export_ppq_graph(graph, TargetPlatform.PPL_CUDA_INT8, tmp_path / "b.onnx", tmp_path / "b.json")
    info = json.loads((tmp_path / "b.json").read_text())["quant_info"]["input"]
    tensor = graph.quantized.tensors["input"]
    assert (info["tensor_min"], info["tensor_max"]) == pytest.approx(tensor.range)
    assert (info["q_min"], info["q_max"], info["zero_point"], info["sym"]) == (-128, 127, 0, True)


@pytest.mark.parametrize(
    ("platform", "target"),
    [
        (TargetPlatform.TRT_INT8, "tensorrt"),
        (TargetPlatform.OPENVINO_INT8, "openvino"),
        (TargetPlatform.NCNN_INT8, "ncnn"),
        (TargetPlatform.MNN_INT8, "mnn"),
        (TargetPlatform.QNN_DSP_INT8, "qnn"),
        (TargetPlatform.FPGA_INT8, "int8-power-of-2"),
    ],
)
def test_platforms_are_targets(cnn, samples, tmp_path, platform, target):
    graph = quantize_onnx_model(cnn, samples, calib_steps=8, platform=platform)
    assert graph.target == target
    assert graph.quantized.reference == target
    export_ppq_graph(graph, platform, tmp_path / "a.onnx", tmp_path / "a.json")
    assert (tmp_path / "a.onnx").read_bytes() == graph.int8_model().bytes()


def test_platforms_that_are_not_done(cnn, samples):
    for platform in (TargetPlatform.TRT_FP8, TargetPlatform.PPL_CUDA_INT4, TargetPlatform.FP32, "SOMETHING"):
        with pytest.raises(NotImplementedError, match=f"platform={getattr(platform, 'name', platform)}"):
            quantize_onnx_model(cnn, samples, 32, platform=platform)


def test_cuda_is_not_needed(cnn, samples):
    with ENABLE_CUDA_KERNEL(), pytest.warns(UserWarning, match="device='cuda'"):
        quantize_onnx_model(cnn, samples, 8, device="cuda")


@pytest.mark.parametrize("kind", [dict, list])
def test_samples_in_ppqs_manner(two_inputs, kind):
    generator = np.random.default_rng(0)
    arrays = [(generator.normal(size=(2, 8)), generator.normal(size=(2, 4))) for _ in range(8)]
    arrays = [(x.astype(np.float32), y.astype(np.float32)) for x, y in arrays]
    items = [{"x": x, "y": y} if kind is dict else [x, y] for x, y in arrays]
    graph = quantize_native_model(
        load_onnx_graph(two_inputs), [(item, 3) for item in items], 8, collate_fn=lambda item: item[0]
    )
    assert list(graph.inputs) == ["x", "y"]
    np.testing.assert_allclose(
        TorchExecutor(graph).forward(items[0])[0],
        TorchExecutor(load_onnx_graph(two_inputs)).forward(items[0])[0],
        atol=0.2,
    )
    errors = graphwise_error_analyse(
        graph, dataloader=[(item, 3) for item in items], collate_fn=lambda item: item[0], verbose=False
    )
    assert list(errors) == ["product"]


class Halved(BaseTensorObserver):
    """PPQ's kind: made with the grid, shown batches, asked to render."""

    def __init__(self, watch_on, quant_cfg):
        super().__init__(watch_on, quant_cfg)
        self.most = 0.0

    def observe(self, value):
        self.most = max(self.most, float(abs(value).max()))

    def render_quantization_config(self):
        grid = self._quant_cfg.quant_max - self._quant_cfg.quant_min
        self._quant_cfg.scale = self.most / 2 / grid
        self._quant_cfg.offset = 0


def test_observers_of_ppqs_kind(cnn, samples):
    register_calibration_observer("Halved", Halved)
    assert "halved" in OBSERVER_TABLE
    assert OBSERVER_TABLE["HALVED"] is Halved
    setting = QuantizationSettingFactory.default_setting()
    setting.quantize_activation_setting.calib_algorithm = "halved"
    graph = quantize_onnx_model(cnn, samples, 8, setting=setting)
    most = max(float(x.max()) for x in samples[:8])
    assert graph.quantized.tensors["input"].scale == pytest.approx(most / 2 / 255, rel=1e-6)


def test_the_table_of_observers():
    assert {"minmax", "kl", "mse", "percentile", "isotone"} <= set(OBSERVER_TABLE)
    OBSERVER_TABLE["all-of-it"] = lambda channels, config: [(1.0, 0) for _ in channels]
    assert "all-of-it" in rangefinder.methods()
    with pytest.raises(KeyError):
        OBSERVER_TABLE["nothing"]


def test_names_of_ppq_that_are_not_there():
    with pytest.raises(NotImplementedError, match="LearnedStepSizePass: not done by rangefinder.ppq.quantization.optim"):
        from rangefinder.ppq.quantization.optim import LearnedStepSizePass  # noqa: F401
    with pytest.raises(NotImplementedError, match="quantize_caffe_model: not done by rangefinder.ppq"):
        from rangefinder.ppq import quantize_caffe_model  # noqa: F401
    with pytest.raises(ImportError, match="NoSuchThing"):
        from rangefinder.ppq.api import NoSuchThing  # noqa: F401


@pytest.fixture(scope="module")
def gated():
    """Squeeze-and-excite: y = Conv(x), z = Conv(y * HardSigmoid(Conv(y)))."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    random = np.random.default_rng(3)
    weights = [numpy_helper.from_array(random.normal(size=(4, 4, 1, 1)).astype(np.float32), f"w{i}") for i in range(3)]
    graph = helper.make_graph(
        [
            helper.make_node("Conv", ["x", "w0"], ["y"], name="first"),
            helper.make_node("Conv", ["y", "w1"], ["s"], name="squeeze"),
            helper.make_node("HardSigmoid", ["s"], ["gate"], name="excite"),
            helper.make_node("Mul", ["y", "gate"], ["m"], name="scale"),
            helper.make_node("Conv", ["m", "w2"], ["z"], name="last"),
        ],
        "gated",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 4, 6, 6])],
        [helper.make_tensor_value_info("z", TensorProto.FLOAT, [1, 4, 6, 6])],
        weights,
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def test_what_the_target_prescribes_is_not_calibrated_again(gated):
    random = np.random.default_rng(4)
    data = [random.normal(size=(1, 4, 6, 6)).astype(np.float32) for _ in range(8)]
    graph = quantize_onnx_model(gated, data, 8)
    fixed = [name for name in graph.plan.tensors if graph.plan.config(name).observer == "fixed"]
    assert fixed
    found = RuntimeCalibrationPass("minmax", override=True).optimize(graph, dataloader=data)
    assert found and not set(found) & set(fixed)
    assert [graph.plan.config(name).scale for name in fixed] == [[np.float32(1 / 255)]] * len(fixed)
    errors = graphwise_error_analyse(graph, dataloader=data, verbose=False)
    assert set(errors) == {"first", "squeeze", "last"}
    assert max(errors.values()) < 0.01
