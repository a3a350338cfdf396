"""What happens around a call: threads, progress, interrupts, exceptions, memory that goes away."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import threading
import time

import fake_cuda
import numpy as np
import pytest

import rangefinder as rf


class Loader:
    """Can be iterated over again, and tells by whom and how often."""

    def __init__(self, samples, fail_at=None):
        self.samples = samples
        self.fail_at = fail_at
        self.threads: set[int] = set()
        self.passes = 0

    def __iter__(self):
        self.passes += 1
        for index, sample in enumerate(self.samples):
            if index == self.fail_at:
                raise ZeroDivisionError("in the loader")
            self.threads.add(threading.get_ident())
            yield sample


def test_the_loader_runs_on_the_calling_thread_alone(cnn, samples):
    loader = Loader(samples)
    rf.quantize(cnn, loader, jobs=2)
    assert loader.threads == {threading.get_ident()}
    assert loader.passes == 1


def test_what_the_loader_throws_arrives_as_it_is(cnn, samples):
    error = LookupError("mine")

    def items():
        yield from samples[:3]
        raise error

    with pytest.raises(LookupError) as caught:
        rf.quantize(cnn, items(), jobs=2)
    assert caught.value is error
    for fail_at in (0, 1, 17, 47):
        with pytest.raises(ZeroDivisionError, match="in the loader"):
            rf.quantize(cnn, Loader(samples, fail_at), jobs=2)


def test_what_held_out_data_collate_fn_and_progress_throw_arrives(cnn, samples):
    with pytest.raises(ZeroDivisionError):
        rf.quantize(cnn, samples, held_out=Loader(samples, 2))
    with pytest.raises(ZeroDivisionError):
        rf.quantize(cnn, samples, collate_fn=lambda item: 1 // 0)
    with pytest.raises(ZeroDivisionError):
        rf.quantize(cnn, samples, progress=lambda stage, done, total: 1 // 0)


def test_progress_tells_every_stage_to_its_end(cnn, samples):
    seen: dict[str, tuple[int, int | None]] = {}
    rf.quantize(cnn, samples, progress=lambda stage, done, total: seen.update({stage: (done, total)}))
    assert seen["observe"][0] == 44
    for stage, (done, total) in seen.items():
        assert total is None or done == total, stage


def test_a_bar_for_each_stage(cnn, samples, monkeypatch):
    tqdm_auto = pytest.importorskip("tqdm.auto")
    bars = []

    class Bar:
        def __init__(self, desc, total, disable, leave):
            assert disable is None
            self.desc, self.total, self.done, self.is_open = desc, total, 0, True
            bars.append(self)

        def update(self, count):
            assert count >= 0 and self.is_open
            self.done += count

        def close(self):
            self.is_open = False

    monkeypatch.setattr(tqdm_auto, "tqdm", Bar)
    rf.quantize(cnn, samples, samples=40, progress=True)
    assert bars[0].desc == "observe" and bars[0].total == 40
    assert all(bar.done in (bar.total, None) or bar.total is None for bar in bars)
    rf.quantize(cnn, samples, samples=40, progress=False)
    assert len({bar.desc for bar in bars}) == len(bars)


def test_without_samples_and_ending_early(cnn, samples):
    with pytest.raises((rf.Error, ValueError), match="no samples"):
        rf.quantize(cnn, iter([]))
    with pytest.raises((rf.Error, ValueError)):
        rf.quantize(cnn, [])
    with pytest.raises((rf.Error, ValueError)):
        rf.quantize(cnn, samples, samples=0)


def test_bad_samples_are_named(cnn, samples):
    good = samples[:4]
    with pytest.raises(rf.Error, match=r"sample 4.*28") as caught:
        rf.quantize(cnn, good + [np.zeros((1, 3, 5, 5), np.float32)] + good)
    assert "sample 4" in caught.value.file
    with pytest.raises(rf.Error, match="sample 4.*int32"):
        rf.quantize(cnn, good + [samples[0].astype(np.int32)] + good)
    with pytest.raises(rf.Error, match="no such input|unknown|'wrong'"):
        rf.quantize(cnn, [{"wrong": samples[0]}] * 4)
    for nonsense in (object(), "text", None, np.array(["a"]), np.array([None])):
        with pytest.raises((TypeError, rf.Error)):
            rf.quantize(cnn, [nonsense] * 4)
    for nonsense in (object(), "text", None, {1: samples[0]}, {"input": None}, samples[0].astype(complex)):
        with pytest.raises(TypeError, match="sample 4"):
            rf.quantize(cnn, [*good, nonsense])
    with pytest.raises(rf.Error) as caught:
        rf.quantize(cnn, good + [np.full_like(samples[0], np.nan)] + good)
    assert caught.value.tensor


def test_one_shot_iterators_are_refused_where_a_second_pass_is_needed(cnn, samples):
    taken = iter(samples)
    with pytest.raises(ValueError, match="pass"):
        rf.quantize(cnn, taken, method="mean-percentile")
    assert len(list(taken)) == len(samples)
    loader = Loader(samples)
    rf.quantize(cnn, loader, method="mean-percentile")
    assert loader.passes == 2


def test_wrong_arguments(cnn, samples, tmp_path):
    for wrong in (
        {"metod": "kl"},
        {"jobs": "two"},
        {"exclude": [1]},
        {"progress": 3},
        {"example_inputs": samples[0]},
        {"pictures": {"resize": 28}},
        {"method_for": [("*", "kl")]},
        {"collate_fn": 3},
        {"samples": True},
        {"held_out": True},
        {"held_out": 0.1},
        {"jobs": True},
    ):
        with pytest.raises(TypeError):
            rf.quantize(cnn, samples, **wrong)
    for wrong in (
        {"method": "nonsense"},
        {"effort": "some"},
        {"nonfinite": "maybe"},
        {"held_out": -1},
        {"samples": -1},
        {"jobs": -1},
        {"percentile": 2.0, "method": "percentile"},
        {"target": "toaster"},
        {"exclude": ["nothing-is-called-so"]},
    ):
        with pytest.raises((ValueError, rf.Error)):
            rf.quantize(cnn, samples, **wrong)
    with pytest.raises(TypeError, match="model"):
        rf.quantize(42, samples)
    with pytest.raises(TypeError, match="iterable"):
        rf.quantize(cnn, 42)
    with pytest.raises(rf.Error) as caught:
        rf.quantize(tmp_path / "missing.onnx", samples)
    assert caught.value.file.endswith("missing.onnx") and caught.value.node == ""
    with pytest.raises(rf.Error):
        rf.quantize(b"no model", samples)
    with pytest.raises(rf.Error, match="the model: is empty"):
        rf.quantize(b"", samples)
    with pytest.raises(ValueError, match="null"):
        rf.quantize("a\0b", samples)
    assert issubclass(rf.Error, RuntimeError) and rf.Error("x").file == ""


def test_more_jobs_than_cores_say_nothing(cnn):
    """A process of its own: the library of threads would warn once."""
    code = """
import sys, numpy as np, rangefinder as rf
rf.quantize(sys.argv[1], np.random.default_rng(0).random((12, 1, 28, 28), dtype=np.float32), jobs=1000, progress=False)
"""
    done = subprocess.run([sys.executable, "-c", code, cnn], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


INTERRUPTED = """
import sys, numpy as np, rangefinder as rf
sample = np.random.default_rng(0).random((1, 1, 28, 28), dtype=np.float32)
def endless():
    while True:
        yield sample
print("begun", flush=True)
try:
    rf.quantize(sys.argv[1], endless(), samples=10**9, jobs=2, progress=False)
except KeyboardInterrupt:
    print("interrupted", flush=True)
    # And works as before.
    rf.quantize(sys.argv[1], [sample] * 4, progress=False)
    print("works", flush=True)
"""


def test_ctrl_c_is_answered_within_a_second(mbv2):
    child = subprocess.Popen([sys.executable, "-c", INTERRUPTED, mbv2], stdout=subprocess.PIPE, text=True)
    assert child.stdout.readline() == "begun\n"
    time.sleep(1)
    begin = time.monotonic()
    child.send_signal(signal.SIGINT)
    assert child.stdout.readline() == "interrupted\n"
    assert time.monotonic() - begin < 1
    assert child.stdout.readline() == "works\n"
    assert child.wait(60) == 0


def test_other_threads_run_meanwhile(mbv2, samples):
    turns = 0
    ended = threading.Event()

    def work():
        nonlocal turns
        while not ended.wait(0.001):
            turns += 1

    thread = threading.Thread(target=work)
    thread.start()
    begin = time.monotonic()
    rf.quantize(mbv2, samples * 4)
    seconds = time.monotonic() - begin
    ended.set()
    thread.join()
    assert turns > 20 * seconds


def test_several_threads_at_once(cnn, mbv2, samples):
    expected = {model: rf.quantize(model, samples).to_bytes() for model in (cnn, mbv2)}
    wrong = []

    def work(model):
        for _ in range(2):
            if rf.quantize(model, iter(samples), jobs=2).to_bytes() != expected[model]:
                wrong.append(model)

    threads = [threading.Thread(target=work, args=(model,)) for model in (cnn, mbv2, cnn)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_arrays_may_be_used_again_at_once(cnn, samples):
    buffer = np.empty_like(samples[0])

    def items():
        for sample in samples:
            buffer[:] = sample
            yield buffer
            buffer[:] = np.nan

    assert rf.quantize(cnn, items()).to_bytes() == rf.quantize(cnn, samples).to_bytes()


def test_arrays_may_be_freed_by_their_owner(cnn, samples):
    def items():
        for sample in samples:
            copy = sample.copy()
            yield copy
            del copy
            gc.collect()

    assert rf.quantize(cnn, items()).to_bytes() == rf.quantize(cnn, samples).to_bytes()


def test_nothing_is_kept(cnn, samples):
    class Counted(np.ndarray):
        alive = 0

        def __array_finalize__(self, other):
            Counted.alive += 1

        def __del__(self):
            Counted.alive -= 1

    class Marker:
        pass

    marker = Marker()
    references = sys.getrefcount(marker)
    for _ in range(3):
        rf.quantize(cnn, (s.copy().view(Counted) for s in samples), progress=lambda *_, marker=marker: None)
        with pytest.raises(ZeroDivisionError):
            rf.quantize(cnn, samples, collate_fn=lambda item, marker=marker: 1 // 0)
    gc.collect()
    assert Counted.alive == 0
    assert sys.getrefcount(marker) == references


def test_fork_after_import(cnn, samples):
    """In a fresh process: this one has begun threads, and those do not outlive a fork."""
    code = """
import os, sys, numpy as np, rangefinder as rf
child = os.fork()
sample = np.random.default_rng(0).random((1, 1, 28, 28), dtype=np.float32)
rf.quantize(sys.argv[1], [sample] * 12, jobs=2, progress=False)
if child == 0:
    os._exit(0)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    subprocess.run([sys.executable, "-c", code, cnn], check=True, timeout=120)


def test_two_onnx_runtimes_in_one_process(cnn, samples):
    onnxruntime = pytest.importorskip("onnxruntime")
    session = onnxruntime.InferenceSession(cnn, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    before = session.run(None, {name: samples[0]})[0]
    rf.quantize(cnn, samples)
    assert np.array_equal(before, session.run(None, {name: samples[0]})[0])


def in_child(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env={**os.environ, **environment}, timeout=120
    )


def test_a_missing_onnx_runtime_says_what_to_install(cnn):
    code = f"""
import importlib.util, rangefinder as rf
find = importlib.util.find_spec
importlib.util.find_spec = lambda name, *more: None if name == "onnxruntime" else find(name, *more)
rf.inspect({cnn!r})
"""
    done = in_child(code, RANGEFINDER_ONNXRUNTIME="")
    if done.returncode == 0:
        pytest.skip("the system has an ONNX Runtime")
    assert "ImportError" in done.stderr and "pip install onnxruntime" in done.stderr


def test_the_environment_names_an_onnx_runtime(tmp_path):
    done = in_child("import rangefinder as rf; rf.onnxruntime_version", RANGEFINDER_ONNXRUNTIME=str(tmp_path / "none"))
    assert done.returncode != 0 and "RANGEFINDER_ONNXRUNTIME" in done.stderr
    code = "import rangefinder as rf; print(rf.onnxruntime_library)"
    library = in_child(code).stdout.strip()
    assert in_child(code, RANGEFINDER_ONNXRUNTIME=library).stdout.strip() == os.path.realpath(library)


def test_the_device_reaches_the_engine(cnn, samples):
    """Of two (fake) devices: the engine opens the one that is named, asks ONNX Runtime for a provider, and lets go."""
    driver = fake_cuda.driver_or_skip()
    from rangefinder import analog

    hardware = {"mapping": {"max_input_size": -1}}
    calls = {
        "observe": lambda device: rf.observe(cnn, samples[:4], device=device, progress=False),
        "quantize": lambda device: rf.quantize(cnn, samples[:4], effort="fast", held_out=0, device=device, progress=False),
        "calibrate": lambda device: analog.calibrate_input_ranges(
            analog.convert_to_analog(cnn, hardware), "max", samples[:4], verbose=False, device=device
        ),
    }
    contexts = driver.contexts()
    for call in calls.values():
        driver.set("devices=2")
        loads = driver.calls("cuModuleLoadData")
        with pytest.warns(UserWarning, match="cuda:1 cannot be used, the CPU is: no provider for CUDA in ONNX Runtime"):
            call("cuda:1")
        assert driver.calls("cuModuleLoadData") == loads + 1, "opened once"
        with pytest.raises(rf.Error, match="no CUDA device 2; the last one is 1"):
            call("cuda:2")
        driver.set("version=12040 fail=cuModuleLoadData:209")
        with pytest.warns(UserWarning, match=r"the CPU is: .*the driver \(for CUDA 12.4\) does not take our kernels"):
            call("cuda")
        driver.set("capability=70")
        with pytest.warns(UserWarning, match="the CPU is: .*compute capability 7.0; 7.5 or later is needed"):
            call("cuda")
        assert driver.contexts() == contexts
    driver.set()


def test_without_a_usable_gpu_the_cpu_is_taken_and_that_is_warned_of(cnn, samples):
    with pytest.warns(UserWarning, match="cuda:0 cannot be used, the CPU is: "):
        found = rf.observe(cnn, samples[:4], device="cuda", progress=False)
    assert found.sample_count == rf.observe(cnn, samples[:4], device="cpu", progress=False).sample_count
    with pytest.raises(ValueError, match="device is 'gpu'; allowed are cpu, cuda and cuda:N"):
        rf.observe(cnn, samples[:4], device="gpu", progress=False)
    with pytest.raises(TypeError, match="unknown option 'device'"):
        rf.solve(cnn, found, device="cuda", progress=False)
