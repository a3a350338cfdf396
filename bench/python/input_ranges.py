#!/usr/bin/env python3
"""The time and memory of calibrate_input_ranges(): AIHWKIT-Lightning's own, and ours on the same modules.

    input_ranges.py [--types MAX MOVING_STD MOVING_QUANTILE CACHE_QUANTILE] [--counts 64 256] [--rounds 3]

The network is four convolutions and a linear layer on pictures of 3 x 64 x 64, weights at random, one picture a call,
on one thread of PyTorch and one of ours. Each run is a process; told are the seconds of the calibration alone, the median of the
rounds, and what the process held at most beyond what it held before.
"""

import argparse
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

# AIHWKIT-Lightning wants PyTorch 2; torch1 adds what its calibration lacks in PyTorch 1.
sys.path.append(str(Path(__file__).resolve().parents[2] / "python/tests"))


def network():
    import torch
    import torch1  # noqa: F401
    from aihwkit_lightning.nn.conversion import convert_to_analog
    from aihwkit_lightning.simulator.configs import TorchInferenceRPUConfig

    torch.manual_seed(0)
    torch.set_num_threads(1)
    layers = [
        torch.nn.Conv2d(3, 32, 3, padding=1), torch.nn.ReLU(),
        torch.nn.Conv2d(32, 32, 3, padding=1, stride=2), torch.nn.ReLU(),
        torch.nn.Conv2d(32, 64, 3, padding=1, stride=2), torch.nn.ReLU(),
        torch.nn.Conv2d(64, 64, 3, padding=1, stride=2), torch.nn.ReLU(),
        torch.nn.Flatten(), torch.nn.Linear(64 * 8 * 8, 100),
    ]  # fmt: skip
    config = TorchInferenceRPUConfig()
    config.mapping.max_input_size = 512
    return convert_to_analog(torch.nn.Sequential(*layers).eval(), config).eval()


def calls(count):
    import torch

    generator = torch.Generator().manual_seed(1)
    for _ in range(count):
        yield (torch.randn(1, 3, 64, 64, generator=generator),), {}


def megabytes():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def calibration(tool, kind):
    """What one tool does with a network and its calls."""
    if tool == "bare":
        import torch

        def run(model, dataloader):
            with torch.no_grad():
                for positional, named in dataloader:
                    model(*positional, **named)

        return run
    if tool == "theirs":
        from aihwkit_lightning.inference.calibration import InputRangeCalibrationType, calibrate_input_ranges
    else:
        from rangefinder.analog import InputRangeCalibrationType, calibrate_input_ranges
    return lambda model, dataloader: calibrate_input_ranges(model, InputRangeCalibrationType[kind], dataloader, verbose=False)


def one(tool, kind, count):
    """What a process of its own does: prints seconds and MB."""
    run = calibration(tool, kind)
    model = network()
    next(calls(1))
    before = megabytes()
    started = time.monotonic()
    run(model, calls(count))
    print(time.monotonic() - started, megabytes() - before)


def main():
    import processes

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--types", nargs="+", default=["MAX", "MOVING_STD", "MOVING_QUANTILE", "CACHE_QUANTILE"])
    parser.add_argument("--counts", type=int, nargs="+", default=[64, 256])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", choices=["bare", "theirs", "ours"], help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.only:
        one(arguments.only, arguments.types[0], arguments.counts[0])
        return
    print(processes.machine())
    print("| type | samples | bare s | theirs s | ours s | theirs over ours | theirs MB | ours MB |")
    print("|---|---|---|---|---|---|---|---|")
    for kind in arguments.types:
        for count in arguments.counts:
            found = {tool: [] for tool in ("bare", "theirs", "ours")}
            for _ in range(arguments.rounds):
                for tool, figures in found.items():
                    command = [sys.executable, __file__, "--types", kind, "--counts", str(count), "--only", tool]
                    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
                    figures.append([float(word) for word in output.split()[-2:]])
            seconds, memory = ({tool: statistics.median(pair[which] for pair in figures) for tool, figures in found.items()}
                               for which in (0, 1))
            print(f"| {kind} | {count} | {seconds['bare']:.2f} | {seconds['theirs']:.2f} | {seconds['ours']:.2f} | "
                  f"{seconds['theirs'] / seconds['ours']:.2f} | {memory['theirs']:.0f} | {memory['ours']:.0f} |", flush=True)


if __name__ == "__main__":
    main()
