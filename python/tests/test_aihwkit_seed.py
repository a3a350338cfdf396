"""The lines of AIHWKIT-Lightning's Post-Training Calibration Guide, one after the other, with the import changed."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")
import torch1  # noqa: E402,F401

from rangefinder.analog import InputRangeCalibrationType, calibrate_input_ranges, convert_to_analog


class Sampler:
    """The guide's example of a sampler."""

    def __init__(self, all_inputs, by_name):
        self.idx = 0
        self.all_inputs = all_inputs
        self.by_name = by_name

    def __iter__(self):
        return self

    def __next__(self):
        if self.idx < len(self.all_inputs):
            x = self.all_inputs[self.idx]
        else:
            raise StopIteration
        self.idx += 1
        if not self.by_name:
            return (x,), {}
        return (), {"inp": x}


def all_inputs():
    generator = torch.Generator().manual_seed(7)
    return [torch.randn(4, 32, generator=generator) for _ in range(6)]


@pytest.mark.parametrize("kind", ["MAX", "CACHE_QUANTILE", "MOVING_QUANTILE", "MOVING_STD"])
@pytest.mark.parametrize("by_name", [False, True])
def test_the_guide_on_its_own_modules(kind, by_name):
    pytest.importorskip("aihwkit_lightning")
    from aihwkit_lightning.nn import AnalogLinear
    from aihwkit_lightning.simulator.configs import TorchInferenceRPUConfig

    rpu_config = TorchInferenceRPUConfig()
    # The guide sets this before it calibrates; the original then refuses.
    rpu_config.forward.inp_res = 2**8 - 2
    model = AnalogLinear(32, 8, rpu_config=rpu_config).eval()
    calibrate_input_ranges(
        model=model,
        calibration_type=InputRangeCalibrationType[kind],
        dataloader=Sampler(all_inputs(), by_name),
        quantile=0.99995,
        max_samples=1000,
        std_alpha=3.0,
        verbose=False,
    )
    rows = torch.cat(all_inputs())
    assert model.rpu_config.forward.inp_res == 254
    assert 0 < model.input_range.item() <= 3 * float(rows.std()) + float(rows.abs().max())
    if kind == "MAX":
        assert model.input_range.item() == float(rows.abs().max())
    digital = torch.nn.functional.linear(rows, model.weight, model.bias)
    step = model.input_range.item() / 127
    if kind == "MAX":
        # At most half a step at each input.
        most = step / 2 * float(model.weight.abs().sum(dim=1).max())
        assert float((model(rows) - digital).abs().max()) <= most * 1.001


def test_the_guide_on_modules_of_pytorch():
    model = torch.nn.Sequential(torch.nn.Linear(32, 8), torch.nn.ReLU(), torch.nn.Linear(8, 2)).eval()
    calibrate_input_ranges(model, InputRangeCalibrationType.MAX, Sampler(all_inputs(), False), verbose=False)
    assert model[0].input_range.item() == float(torch.cat(all_inputs()).abs().max())


def test_the_guide_on_onnx(cnn, samples):
    from rangefinder.analog import TorchInferenceRPUConfig

    rpu_config = TorchInferenceRPUConfig()
    rpu_config.forward.inp_res = 2**8 - 2
    model = convert_to_analog(cnn, rpu_config)
    calibrate_input_ranges(
        model=model,
        calibration_type=InputRangeCalibrationType.CACHE_QUANTILE,
        dataloader=Sampler([np.asarray(x) for x in samples[:8]], False),
        verbose=False,
    )
    assert all(len(layer.input_range) == len(layer.slices) for layer in model.layers)
    assert model.to_bytes()
