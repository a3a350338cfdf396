"""Calibration methods written in Python.

With effort="fast" where their ranges are looked at: what they ruin is left float otherwise.
"""

from __future__ import annotations

import threading

import numpy as np
import pytest

import rangefinder as rf


def test_a_function_of_statistics(cnn, samples):
    def half_max(channels, config):
        assert config["quant_max"] > config["quant_min"] and config["bits"] == 8
        answers = []
        for channel in channels:
            assert channel["count"].sum() == channel["finite_count"]
            assert (np.diff(channel["low"]) >= 0).all() and (channel["low"] <= channel["high"]).all()
            answers.append(rf.Range(channel["min"] / 2, channel["max"] / 2))
        return answers

    rf.register_calibration_observer("Half-Max", half_max)
    assert "half-max" in rf.methods()
    half = rf.quantize(cnn, samples, method="HALF-max", effort="fast").tensors
    whole = rf.quantize(cnn, samples, method="minmax", effort="fast").tensors
    for name, tensor in half.items():
        if tensor.method == "half-max":
            assert tensor.scale == pytest.approx(whole[name].scale / 2, rel=1e-6)
    assert any(tensor.method == "half-max" for tensor in half.values())
    with pytest.raises(ValueError, match="already registered"):
        rf.register_calibration_observer("half-MAX", half_max)


def test_scale_and_zero_point_themselves(cnn, samples):
    rf.register_calibration_observer("fixed-step", lambda channels, config: rf.Parameters(0.125, 0))
    tensors = rf.quantize(cnn, samples, method_for={"*": "fixed-step"}, effort="fast").tensors
    assert {(t.scale, t.zero_point) for t in tensors.values() if t.method == "fixed-step"} == {(0.125, 0)}


def test_raw_batches_in_two_passes(cnn, samples):
    made = []

    class TwoPasses:
        raw_passes = 2

        def __init__(self):
            self.passes, self.batches, self.high = [], [], 0.0
            made.append(self)

        def begin_pass(self, index):
            self.passes.append(index)

        def observe(self, batch):
            assert threading.current_thread() is threading.main_thread()
            assert batch.dtype == np.float32 and batch.shape[0] == 1
            self.batches.append(batch)
            self.high = max(self.high, float(np.abs(batch).max()))

        def solve(self, channels, config):
            return [rf.Range(-self.high, self.high)]

    rf.register_calibration_observer("two-passes", TwoPasses)
    quantized = rf.quantize(cnn, samples[:8], samples=8, method="two-passes", jobs=2, effort="fast")
    used = [each for each in made if each.batches]
    assert used and all(each.passes == [0, 1] for each in used)
    for each in used:
        # Batches are the observer's own: they did not change since.
        assert len(each.batches) == 16 and max(float(np.abs(b).max()) for b in each.batches) == each.high
    assert {t.method for t in quantized.tensors.values()} >= {"two-passes"}
    with pytest.raises(ValueError, match="pass"):
        rf.quantize(cnn, iter(samples), method="two-passes")


@pytest.mark.parametrize("where", ["__init__", "begin_pass", "observe", "solve"])
def test_what_it_throws_arrives_as_it_is_and_names_the_tensor(cnn, samples, where):
    error = LookupError("mine")

    def fail(self, *arguments):
        raise error

    def nothing(self, *arguments):
        pass

    methods = {name: nothing for name in ("__init__", "begin_pass", "observe", "solve")}
    kind = type("Failing", (), {**methods, where: fail, "raw_passes": 1})
    rf.register_calibration_observer(f"failing-{where}", kind)
    with pytest.raises(LookupError) as caught:
        rf.quantize(cnn, samples, method=f"failing-{where}")
    assert caught.value is error
    if where in ("observe", "solve"):
        assert any("tensor" in note for note in caught.value.__notes__)


@pytest.mark.parametrize("answer", [None, 7, "text", [], [(1.0,)], [(1.0, 2.5)], [(0.5, 3)], [rf.Range(0, 1)] * 3])
def test_nonsense_is_refused(cnn, samples, answer):
    name = f"nonsense-{abs(hash(str(answer)))}"
    rf.register_calibration_observer(name, lambda channels, config: answer)
    with pytest.raises((TypeError, rf.Error)):
        rf.quantize(cnn, samples, method=name)


@pytest.mark.parametrize(
    "answer", [rf.Range(float("nan"), 1), rf.Range(2, 1), rf.Parameters(-1.0, 0), rf.Parameters(0.1, 1000)]
)
def test_impossible_answers_name_the_tensor(cnn, samples, answer):
    name = f"impossible-{abs(hash(str(answer)))}"
    rf.register_calibration_observer(name, lambda channels, config: answer)
    with pytest.raises(rf.Error) as caught:
        rf.quantize(cnn, samples, method=name)
    assert caught.value.tensor


def test_what_is_no_observer(samples):
    class NoSolve:
        pass

    class NoObserve:
        raw_passes = 1

        def solve(self, channels, config):
            pass

    for wrong in (NoSolve, NoObserve, 42):
        with pytest.raises(TypeError):
            rf.register_calibration_observer("wrong", wrong)
    with pytest.raises(ValueError):
        rf.register_calibration_observer("two words", lambda channels, config: None)
    with pytest.raises(TypeError, match="algorithm"):
        rf.register_calibration_observer(3, lambda channels, config: None)
    assert "wrong" not in rf.methods()


def test_calibrate_tensor_uses_them(samples):
    rf.register_calibration_observer("to-one", lambda channels, config: rf.Range(0, 1))
    assert rf.calibrate_tensor(samples, method="to-one").scale == [pytest.approx(1 / 255)]
