"""How long, and how much memory: rangefinder.quantize() against onnxruntime.quantization.quantize_static().

    python against_quantize_static.py MODEL [SAMPLES...]        default: 64 256 1024

Each measurement is a process of its own that generates its samples one at a time; time is that of the call, memory the
largest resident memory of the process.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from typing import Any

import numpy as np


def inputs(model: str, count: int) -> Iterator[dict[str, Any]]:
    import onnx

    first = onnx.load(model, load_external_data=False).graph.input[0]
    extents = [dimension.dim_value or 1 for dimension in first.type.tensor_type.shape.dim]
    random = np.random.default_rng(0)
    return ({first.name: random.random(extents, dtype=np.float32)} for _ in range(count))


def ours(model: str, count: int, effort: str) -> None:
    import rangefinder

    rangefinder.quantize(model, inputs(model, count), samples=count, held_out=0, effort=effort, progress=False)


def theirs(model: str, count: int, method: str) -> None:
    from onnxruntime import quantization

    class Reader(quantization.CalibrationDataReader):
        def __init__(self) -> None:
            self.items = inputs(model, count)

        def get_next(self) -> Any:
            return next(self.items, None)

    with tempfile.TemporaryDirectory() as folder:
        quantization.quantize_static(
            model, f"{folder}/int8.onnx", Reader(), calibrate_method=quantization.CalibrationMethod[method], per_channel=True
        )


RUNS = {
    "rangefinder fast": lambda model, count: ours(model, count, "fast"),
    "rangefinder normal": lambda model, count: ours(model, count, "normal"),
    "quantize_static MinMax": lambda model, count: theirs(model, count, "MinMax"),
    "quantize_static Percentile": lambda model, count: theirs(model, count, "Percentile"),
    "quantize_static Entropy": lambda model, count: theirs(model, count, "Entropy"),
}


def measure(name: str, model: str, count: int) -> None:
    import onnx  # noqa: F401

    if name.startswith("quantize_static"):
        import onnxruntime.quantization  # noqa: F401
    else:
        import rangefinder  # noqa: F401
    begin = time.monotonic()
    RUNS[name](model, count)
    seconds = time.monotonic() - begin
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{name:28} {count:6} {seconds:8.2f} s {megabytes:8.0f} MB", flush=True)


def main(model: str, *counts: str) -> None:
    for count in counts or ("64", "256", "1024"):
        for name in RUNS:
            done = subprocess.run([sys.executable, __file__, "--one", name, model, count], timeout=600)
            if done.returncode != 0:
                print(f"{name:28} {count:6} failed: {done.returncode}", flush=True)


if __name__ == "__main__":
    if sys.argv[1] == "--one":
        measure(sys.argv[2], sys.argv[3], int(sys.argv[4]))
    else:
        main(*sys.argv[1:])
