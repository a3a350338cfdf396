"""The lines of PPQ's page on its RuntimeCalibrationPass, one after the other, with the import changed."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("onnx")

from torch.utils.data import DataLoader

INPUT_SHAPE = [1, 3, 16, 16]


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = torch.nn.Sequential(torch.nn.Conv2d(3, 8, 3, padding=1), torch.nn.BatchNorm2d(8), torch.nn.ReLU())
        self.body = torch.nn.Conv2d(8, 8, 3, stride=2, padding=1)
        self.head = torch.nn.Linear(8, 5)

    def forward(self, x):
        return self.head(torch.relu(self.body(self.stem(x))).mean(dim=(2, 3)))


def load_calibration_dataset(count=32):
    generator = torch.Generator().manual_seed(0)
    return DataLoader([torch.rand(INPUT_SHAPE[1:], generator=generator) for _ in range(count)], batch_size=1)


def collate_fn(batch):
    return batch.to("cpu")


@pytest.fixture
def model():
    torch.manual_seed(0)
    return Net().eval()


def test_the_pass_is_included_in_settings(model, tmp_path):
    from rangefinder.ppq import BaseGraph, QuantizationSettingFactory, TargetPlatform, export_ppq_graph
    from rangefinder.ppq.api import quantize_torch_model

    setting = QuantizationSettingFactory.default_setting()
    setting.quantize_activation = True
    ir = quantize_torch_model(
        model=model,
        calib_dataloader=load_calibration_dataset(),
        setting=setting,
        platform=TargetPlatform.PPL_CUDA_INT8,
        calib_steps=8,
        input_shape=INPUT_SHAPE,
        collate_fn=collate_fn,
    )
    assert isinstance(ir, BaseGraph)
    assert ir.quantized.integer_nodes == 3
    export_ppq_graph(graph=ir, platform=TargetPlatform.ONNXRUNTIME, graph_save_to=tmp_path / "quantized.onnx")
    onnxruntime = pytest.importorskip("onnxruntime")
    session = onnxruntime.InferenceSession(str(tmp_path / "quantized.onnx"), providers=["CPUExecutionProvider"])
    x = torch.rand(INPUT_SHAPE, generator=torch.Generator().manual_seed(9))
    output = session.run(None, {session.get_inputs()[0].name: x.numpy()})[0]
    expected = model(x).detach().numpy()
    assert abs(output - expected).max() < 0.05 * abs(expected).max() + 0.02


def test_the_pass_by_hand(model):
    from rangefinder.ppq import QuantizationSettingFactory, RuntimeCalibrationPass
    from rangefinder.ppq.api import quantize_torch_model

    setting = QuantizationSettingFactory.default_setting()
    setting.quantize_activation = False
    graph = quantize_torch_model(
        model=model,
        calib_dataloader=load_calibration_dataset(),
        setting=setting,
        calib_steps=8,
        input_shape=INPUT_SHAPE,
        collate_fn=collate_fn,
    )
    optim = RuntimeCalibrationPass()
    first = optim.optimize(graph=graph, dataloader=load_calibration_dataset(), executor=None, calib_steps=8)
    assert first
    before = _scales(graph)
    optim = RuntimeCalibrationPass(method="kl", override=False)
    assert optim.optimize(graph=graph, dataloader=load_calibration_dataset()) == []
    assert _scales(graph) == before
    # Case does not matter, and with override what is ACTIVATED is calibrated once more.
    for method in ("MSE", "kl", "percentile", "minmax"):
        optim = RuntimeCalibrationPass(method=method, override=True)
        assert optim.optimize(graph=graph, dataloader=load_calibration_dataset(), collate_fn=collate_fn) == first
    assert _scales(graph) != before


def _scales(graph):
    return {config.tensor: float(config.scale) for op in graph if hasattr(op, "config_with_variable") for config, _ in op.config_with_variable}


def test_a_method_of_ones_own(model):
    from rangefinder import Parameters
    from rangefinder.ppq import QuantizationSettingFactory
    from rangefinder.ppq.api import quantize_torch_model, register_calibration_observer

    class Mine:
        def solve(self, channels, config):
            levels = config["quant_max"] - config["quant_min"]
            return [Parameters(channel["max"] / levels if channel["max"] > 0 else 1.0, 0) for channel in channels]

    register_calibration_observer("Mine-All-Mine", Mine)
    setting = QuantizationSettingFactory.default_setting()
    setting.quantize_activation_setting.calib_algorithm = "mine-all-mine"
    graph = quantize_torch_model(
        model=model, calib_dataloader=load_calibration_dataset(), calib_steps=8, input_shape=INPUT_SHAPE, setting=setting
    )
    most = max(float(x.max()) for x, _ in zip(load_calibration_dataset(), range(8)))
    name = next(iter(graph.inputs))
    assert graph.quantized.tensors[name].scale == pytest.approx(most / 255, rel=1e-6)


def test_best_practice(model):
    """PPQ's tutorial: analyse, send the worst to float, quantize again, look at the errors, run."""
    from rangefinder.ppq import (
        ENABLE_CUDA_KERNEL,
        QuantizationSettingFactory,
        TargetPlatform,
        TorchExecutor,
        graphwise_error_analyse,
        layerwise_error_analyse,
    )
    from rangefinder.ppq.api import quantize_torch_model

    data = list(load_calibration_dataset())
    arguments = {
        "model": model,
        "calib_dataloader": data,
        "calib_steps": 32,
        "input_shape": INPUT_SHAPE,
        "collate_fn": collate_fn,
        "platform": TargetPlatform.ONNXRUNTIME,
    }
    setting = QuantizationSettingFactory.default_setting()
    with ENABLE_CUDA_KERNEL():
        quantized = quantize_torch_model(setting=setting, **arguments)
        reports = layerwise_error_analyse(graph=quantized, collate_fn=collate_fn, dataloader=data, verbose=False)
    sensitivity = sorted(reports.items(), key=lambda x: x[1], reverse=True)
    for op_name, _ in sensitivity[:1]:
        setting.dispatching_table.append(operation=op_name, platform=TargetPlatform.FP32)
    quantized = quantize_torch_model(setting=setting, **arguments)
    assert quantized.quantized.integer_nodes == 2
    reports = graphwise_error_analyse(graph=quantized, collate_fn=collate_fn, dataloader=data, verbose=False)
    assert all(error < 0.1 for error in reports.values())
    outputs = TorchExecutor(quantized).forward(collate_fn(data[0]))
    assert torch.is_tensor(outputs[0])
    torch.testing.assert_close(outputs[0], model(data[0]).detach(), rtol=0.1, atol=0.02)
