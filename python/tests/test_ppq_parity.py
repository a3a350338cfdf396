"""Beside PPQ itself (0.6.6, PyTorch 1): the same call in both tools.

What PPQ's observers make of the values that they were shown, `compat="ppq"` must make of the same values, to the bit.
What the two tools write differs on purpose: PPQ simulates symmetric int8, ONNX Runtime wants uint8.
"""

from __future__ import annotations

import contextlib

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("ppq")

import numpy as np
import ppq.api
from ppq import TargetPlatform as TheirPlatform
from ppq.IR import QuantableOperation as TheirOperation
from ppq.quantization.observer import OBSERVER_TABLE
from ppq.quantization.analyse import graphwise_error_analyse as their_graphwise

import rangefinder
import rangefinder.ppq as ours

STEPS = 16


@pytest.fixture(scope="module")
def data(samples_of_four):
    return samples_of_four


@pytest.fixture(scope="module")
def samples_of_four():
    from conftest import pictures

    single = pictures(4 * STEPS)
    return [torch.from_numpy(np.concatenate(single[i : i + 4])) for i in range(0, len(single), 4)]


def their_graph(cnn, data, algorithm):
    setting = ppq.api.QuantizationSettingFactory.default_setting()
    setting.quantize_activation_setting.calib_algorithm = algorithm
    # What follows calibration would change the scales that observers found.
    setting.fusion_setting.align_quantization = False
    return ppq.api.quantize_onnx_model(
        cnn,
        data,
        calib_steps=STEPS,
        input_shape=list(data[0].shape),
        platform=TheirPlatform.PPL_CUDA_INT8,
        setting=setting,
        device="cpu",
        verbose=0,
    )


@contextlib.contextmanager
def shown_to_observers():
    """The batches of each activation that PPQ's observers see inside."""
    seen = {}
    kept = {observer: observer.__dict__["observe"] for observer in set(OBSERVER_TABLE.values()) if "observe" in observer.__dict__}

    def watched(original):
        def observe(self, value):
            # The observers of histograms ask that of extremes.
            if type(self).observe is observe and not self._watch_on.is_parameter:
                seen.setdefault(self._watch_on.name, []).append(value.detach().numpy().copy())
            return original(self, value)

        return observe

    for observer, original in kept.items():
        observer.observe = watched(original)
    try:
        yield seen
    finally:
        for observer, original in kept.items():
            observer.observe = original


def roots(graph):
    """Name, scale and offset of each activation that has its own."""
    found = {}
    for operation in graph.operations.values():
        if not isinstance(operation, TheirOperation):
            continue
        for config, variable in operation.config_with_variable:
            if not variable.is_parameter and config.dominated_by == config and config.state.name == "ACTIVATED":
                found[variable.name] = (float(config.scale), int(config.offset))
    return found


@pytest.mark.parametrize("algorithm", ["minmax", "percentile", "kl", "mse"])
def test_scales_are_theirs_to_the_bit(cnn, data, algorithm):
    with shown_to_observers() as seen:
        graph = their_graph(cnn, data, algorithm)
    expected = roots(graph)
    assert len(expected) >= 6
    for name, (scale, offset) in expected.items():
        # kl and mse see everything twice; theirs counts in the second pass what it saw in the first.
        assert len(seen[name]) in (STEPS, 2 * STEPS)
        found = rangefinder.calibrate_tensor(seen[name][:STEPS], method=algorithm, symmetric=True, compat="ppq")
        assert np.float32(found.scale[0]) == np.float32(scale), name
        assert found.offset[0] == offset


def our_graph(cnn, data, algorithm):
    setting = ours.QuantizationSettingFactory.default_setting()
    setting.quantize_activation_setting.calib_algorithm = algorithm
    return ours.quantize_onnx_model(
        cnn, [batch.numpy() for batch in data], calib_steps=STEPS, platform=ours.TargetPlatform.ONNXRUNTIME, setting=setting
    )


def test_min_max_covers_what_theirs_covers(cnn, data):
    """Theirs is symmetric around 0, ours not; the larger end must agree but for theirs having rounded weights."""
    theirs, mine = roots(their_graph(cnn, data, "minmax")), our_graph(cnn, data, "minmax").quantized.tensors
    common = set(theirs) & set(mine)
    assert len(common) >= 6
    for name in common:
        # [-128, 127] as PPQ scales it: 2 max|x| / 255.
        largest = theirs[name][0] * 255 / 2
        assert max(map(abs, mine[name].range)) == pytest.approx(largest, rel=0.03), name


@pytest.mark.parametrize("algorithm", ["minmax", "percentile", "kl", "mse"])
def test_errors_are_no_larger_than_theirs(cnn, data, algorithm):
    theirs = their_graphwise(their_graph(cnn, data, algorithm), "cpu", data, steps=8, verbose=False)
    mine = ours.graphwise_error_analyse(
        our_graph(cnn, data, algorithm), dataloader=[batch.numpy() for batch in data], steps=9, verbose=False
    )
    assert set(mine) == set(theirs)
    last = list(mine)[-1]
    print(f"{algorithm}: noise share of {last}: theirs {theirs[last]:.6f}, ours {mine[last]:.6f}")
    assert mine[last] <= theirs[last]
