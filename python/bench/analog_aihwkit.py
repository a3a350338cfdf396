"""How long does calibrate_input_ranges() take beside AIHWKIT-Lightning's, on the same network?

A convolutional network (three layers, tiles of 512 rows) and a perceptron (three layers of 512), 20 calls each; one
thread for PyTorch. The analog network itself runs in both; how long it takes alone is told.
"""

from __future__ import annotations

import sys
from pathlib import Path

import measure

KINDS = ["MAX", "MOVING_QUANTILE", "MOVING_STD", "CACHE_QUANTILE"]
NETS = ["convolutions", "perceptron"]
CALLS = 20


def network(torch, name):
    torch.manual_seed(0)
    if name == "perceptron":
        layers = [layer for _ in range(3) for layer in (torch.nn.Linear(512, 512), torch.nn.GELU())]
        return torch.nn.Sequential(*layers).eval(), (64, 512)
    layers = [
        torch.nn.Conv2d(3, 32, 3, padding=1),
        torch.nn.GELU(),
        torch.nn.Conv2d(32, 64, 3, padding=1, stride=2),
        torch.nn.Hardswish(),
        torch.nn.Conv2d(64, 64, 3, padding=1, stride=2),
    ]
    return torch.nn.Sequential(*layers).eval(), (8, 3, 32, 32)


def run(who: str, name: str, kind: str) -> None:
    import torch

    torch.set_num_threads(1)
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))
    import torch1  # noqa: F401
    from aihwkit_lightning.inference.calibration import InputRangeCalibrationType, calibrate_input_ranges
    from aihwkit_lightning.simulator.configs import TorchInferenceRPUConfig

    from rangefinder.analog import calibrate_input_ranges as ours
    from rangefinder.analog import convert_to_analog

    net, shape = network(torch, name)
    rpu_config = TorchInferenceRPUConfig()
    rpu_config.mapping.max_input_size = 512
    data = [((torch.randn(*shape),), {}) for _ in range(CALLS)]

    def calibrate() -> None:
        # Theirs calibrates a network only once. Converting takes the same time in all.
        analog = convert_to_analog(net, rpu_config).eval()
        if who == "nobody":
            with torch.no_grad():
                for args, _ in data:
                    analog(*args)
            return
        function = calibrate_input_ranges if who == "theirs" else ours
        function(analog, InputRangeCalibrationType[kind], data, verbose=False)

    measure.report(calibrate)


def main() -> None:
    for name in NETS:
        alone = measure.of(__file__, "nobody", name, "MAX")
        print(f"{name}: {CALLS} calls of the analog network alone {alone['seconds']:.3f} s")
        for kind in KINDS:
            print("  " + measure.row(kind, *(measure.of(__file__, who, name, kind) for who in ("theirs", "ours"))))


if __name__ == "__main__":
    run(*sys.argv[1:]) if sys.argv[1:] else main()
