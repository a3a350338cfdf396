"""How long does quantize_static() take, and how much memory, beside ONNX Runtime's, as the samples grow?

examples/models/fashion_mbv2.onnx, uint8 activations, int8 weights per channel; pictures of noise.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import measure

MODEL = Path(__file__).resolve().parent.parent.parent / "examples" / "models" / "fashion_mbv2.onnx"
COUNTS = [64, 256, 1024]
METHODS = ["MinMax", "Percentile", "Entropy"]


def run(who: str, method: str, count: str) -> None:
    import numpy as np

    if who == "theirs":
        import onnxruntime.quantization as package
    else:
        import rangefinder.onnxruntime as package

    class Reader(package.CalibrationDataReader):
        def __init__(self):
            random = np.random.default_rng(0)
            self.samples = (random.random((1, 1, 28, 28), dtype=np.float32) for _ in range(int(count)))

        def get_next(self):
            sample = next(self.samples, None)
            return None if sample is None else {"input": sample}

    def quantize() -> None:
        with tempfile.TemporaryDirectory() as folder:
            package.quantize_static(
                MODEL,
                os.path.join(folder, "int8.onnx"),
                Reader(),
                activation_type=package.QuantType.QUInt8,
                weight_type=package.QuantType.QInt8,
                per_channel=True,
                calibrate_method=package.CalibrationMethod[method],
            )

    measure.report(quantize, repeats=1)


def main() -> None:
    for method in METHODS:
        for count in COUNTS:
            both = (measure.of(__file__, who, method, count) for who in ("theirs", "ours"))
            print(measure.row(f"{method}, {count} samples", *both))


if __name__ == "__main__":
    run(*sys.argv[1:]) if sys.argv[1:] else main()
