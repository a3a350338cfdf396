#!/usr/bin/env python3
"""The time and memory of quantize_static(): ONNX Runtime's, ours with the import changed, and rangefinder.quantize().

    static_quantization.py MODEL SAMPLES [--counts 64 256 1024] [--methods MinMax] [--rounds 3]

SAMPLES is a folder of .npz files with an array for each input; where there are fewer than are asked for, they are
read again from the first on. Each run is a process from its start to its end: imports, reading samples, calibration,
writing. ONNX Runtime's holds out nothing, so neither do ours; "quantize" is rangefinder.quantize() as it is by
default, which also judges its result.
"""

import argparse
import itertools
import sys
import tempfile
from pathlib import Path

import processes


def stored_samples(folder, count):
    """`count` dictionaries of arrays, read one after the other."""
    import numpy

    files = sorted(Path(folder).glob("*.npz"))
    if not files:
        sys.exit(f"{folder}: no .npz in it")
    for file in itertools.islice(itertools.cycle(files), count):
        with numpy.load(file) as arrays:
            yield dict(arrays)


def quantize_statically(package, model, samples, method, output):
    class Reader(package.CalibrationDataReader):
        def get_next(self):
            return next(samples, None)

    package.quantize_static(
        model,
        output,
        Reader(),
        quant_format=package.QuantFormat.QDQ,
        per_channel=True,
        calibrate_method=package.CalibrationMethod[method],
    )


def one(tool, model, folder, count, method, output):
    """What a process of its own does."""
    samples = stored_samples(folder, count)
    if tool == "onnxruntime":
        import onnxruntime.quantization

        quantize_statically(onnxruntime.quantization, model, samples, method, output)
    elif tool == "import changed":
        import rangefinder.onnxruntime

        quantize_statically(rangefinder.onnxruntime, model, samples, method, output)
    else:
        import rangefinder

        rangefinder.quantize(model, samples).save(output)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("samples")
    parser.add_argument("--counts", type=int, nargs="+", default=[64, 256, 1024])
    parser.add_argument("--methods", nargs="+", default=["MinMax"], help="CalibrationMethod of quantize_static")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", help=argparse.SUPPRESS)
    parser.add_argument("--output", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.only:
        one(arguments.only, arguments.model, arguments.samples, arguments.counts[0], arguments.methods[0], arguments.output)
        return

    def command(tool, count, method):
        return [sys.executable, __file__, arguments.model, arguments.samples, "--counts", str(count), "--methods", method,
                "--only", tool, "--output", str(Path(work) / "int8.onnx")]

    print(processes.machine())
    print("| samples | tool | s | processor s | peak MB | s of onnxruntime's |")
    print("|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as work:
        for count in arguments.counts:
            tools = {f"{tool}, {method}": command(tool, count, method)
                     for method in arguments.methods for tool in ("onnxruntime", "import changed")}
            tools["quantize"] = command("quantize", count, arguments.methods[0])
            costs = processes.in_turn(tools, arguments.rounds)
            theirs = costs[f"onnxruntime, {arguments.methods[0]}"]
            for name, cost in costs.items():
                print(f"| {count} | {name} | {cost.seconds:.2f} | {cost.processor_seconds:.2f} | {cost.megabytes:.0f} | "
                      f"{cost.seconds / theirs.seconds:.2f} |", flush=True)


if __name__ == "__main__":
    main()
