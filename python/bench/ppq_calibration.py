"""How long does quantize_onnx_model() take, and how much memory, beside PPQ's on the CPU?

examples/models/fashion_mbv2.onnx, 32 batches of 8 pictures of noise. PPQ 0.6.6 wants PyTorch 1.
"""

from __future__ import annotations

import contextlib
import io
import sys
from pathlib import Path

import measure

MODEL = str(Path(__file__).resolve().parent.parent.parent / "examples" / "models" / "fashion_mbv2.onnx")
METHODS = ["minmax", "percentile", "kl", "mse"]
SHAPE = [8, 1, 28, 28]


def run(who: str, method: str) -> None:
    import numpy as np
    import torch

    torch.set_num_threads(1)
    with contextlib.redirect_stdout(io.StringIO()):
        if who == "theirs":
            import ppq.api as api
            from ppq import TargetPlatform
        else:
            import rangefinder.ppq.api as api
            from rangefinder.ppq import TargetPlatform

    random = np.random.default_rng(0)
    data = [torch.from_numpy(random.random(SHAPE, dtype=np.float32)) for _ in range(32)]
    platform = TargetPlatform.PPL_CUDA_INT8 if who == "theirs" else TargetPlatform.ONNXRUNTIME

    def quantize() -> None:
        setting = api.QuantizationSettingFactory.default_setting()
        setting.quantize_activation_setting.calib_algorithm = method
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            api.quantize_onnx_model(
                MODEL, data, calib_steps=32, input_shape=SHAPE, platform=platform, setting=setting, device="cpu", verbose=0
            )

    measure.report(quantize, repeats=1)


def main() -> None:
    for method in METHODS:
        print(measure.row(method, *(measure.of(__file__, who, method) for who in ("theirs", "ours"))))


if __name__ == "__main__":
    run(*sys.argv[1:]) if sys.argv[1:] else main()
