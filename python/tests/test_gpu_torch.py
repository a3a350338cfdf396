"""Tensors of PyTorch on a real GPU, counted there: against the host. Skipped where there is none, unless
RANGEFINDER_NEEDS_GPU is set (scripts/gpu_check.sh)."""

from __future__ import annotations

import os
import time
import warnings

import pytest

torch = pytest.importorskip("torch")

import rangefinder
from rangefinder import _native
from rangefinder.analog import InputRangeCalibrationType as Type
from rangefinder.analog import calibrate_input_ranges


def reason_for_none() -> str:
    if not torch.cuda.is_available():
        return "PyTorch finds no GPU"
    return _native.open_for_counting("cuda:0").none_because


@pytest.fixture(scope="module", autouse=True)
def gpu():
    reason = reason_for_none()
    if reason and os.environ.get("RANGEFINDER_NEEDS_GPU"):
        pytest.fail(reason)
    if reason:
        pytest.skip(reason)
    with warnings.catch_warnings():
        # Nothing may fall back to the host in silence.
        warnings.simplefilter("error")
        yield


def hard_values(dtype, shape):
    generator = torch.Generator().manual_seed(2)
    values = torch.randn(shape, generator=generator) * torch.exp(torch.randn(shape, generator=generator) * 4)
    flat = values.flatten()
    flat[: flat.numel() // 3].clamp_(0, 0.5)
    flat[-3:] = torch.tensor([float("nan"), float("inf"), -float("inf")])
    return values.to(dtype)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
@pytest.mark.parametrize(("shape", "axis"), [((3_000_017,), None), ((16, 64, 30, 31), 1), ((777, 1000), -1), ((777, 1000), None)])
def test_the_statistics_are_those_of_the_host(dtype, shape, axis):
    values = hard_values(dtype, shape)
    on_host, on_gpu = rangefinder.TensorCounter(), rangefinder.TensorCounter()
    for _ in range(2):
        on_host.count("x", values, axis)
        on_gpu.count("x", values.cuda(), axis)
    assert on_gpu.statistics().to_bytes() == on_host.statistics().to_bytes()


def test_values_that_another_stream_still_computes_are_waited_for():
    values = torch.randn(1 << 24)
    expected = rangefinder.TensorCounter()
    expected.count("x", values * 8)
    found = rangefinder.TensorCounter()
    with torch.cuda.stream(torch.cuda.Stream()):
        moved = values.cuda()
        slow = torch.randn(4096, 4096, device="cuda")
        for _ in range(20):
            slow = slow @ slow.T / 4096
        # What is counted depends on all of that, and is exact whatever it gives.
        zero = torch.nan_to_num(slow.sum() * 0)
        found.count("x", moved * 8 + zero)
    assert found.statistics() == expected.statistics()


@pytest.mark.parametrize("type_", [Type.MAX, Type.QUANTILE, Type.MSE])
@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (torch.nn.Linear(1000, 3), (300, 1000)),
        (torch.nn.Conv2d(16, 4, 3, padding=1), (8, 16, 33, 31)),
        (torch.nn.Conv2d(16, 4, (2, 3), stride=(3, 2), dilation=(1, 2)), (8, 16, 33, 31)),
    ],
)
def test_input_ranges_are_those_of_the_host(type_, layer, shape):
    """Of one layer: what a second one reads is computed otherwise on a GPU."""
    x = torch.randn(shape, generator=torch.Generator().manual_seed(4))
    x[: shape[0] // 2] = 0
    config = {"mapping": {"max_input_size": 100}, "forward": {"inp_res": 254}}

    def ranges(device):
        network = torch.nn.Sequential(layer).eval().to(device)
        data = [((part.to(device),), {}) for part in x.split(shape[0] // 3)]
        return calibrate_input_ranges(network, type_, data, quantile=0.99, verbose=False, rpu_config=config)

    assert ranges("cuda") == ranges("cpu")


def test_how_long_counting_takes(capsys):
    """No limit, a figure: of a call on values that lie there, waiting included."""
    values = torch.randn(1 << 28, device="cuda")
    counter = rangefinder.TensorCounter()
    for _ in range(3):
        counter.count("x", values)
    torch.cuda.synchronize()
    start = time.perf_counter()
    for _ in range(10):
        counter.count("x", values)
    seconds = (time.perf_counter() - start) / 10
    with capsys.disabled():
        print(f"\nTensorCounter.count of {values.nbytes >> 20} MB on {torch.cuda.get_device_name()}: "
              f"{seconds * 1e3:.2f} ms, {values.nbytes / seconds / 1e9:.0f} GB/s")
