#!/usr/bin/env python3
"""What OpenVINO makes of int8 models of real networks: ours and NNCF's beside OpenVINO's own float.

    openvino_table.py FOLDER --program RANGEFINDER [--networks NAME ...] [--samples N] [--again]

FOLDER is laid out by bench/accuracy/collect.py. Each network is quantized on the same calibration samples: by RANGEFINDER for the target
`openvino`, by RANGEFINDER for `ort-cpu` with everything in integers, and by NNCF on OpenVINO's model with its defaults. Each model is compiled
for the CPU, its executed layers are looked at, and it is judged on the same test samples: by the network's own score and by signal over noise
against OpenVINO's float. Prints Markdown; results are kept in FOLDER/NAME/openvino.
"""

import argparse
import itertools
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "accuracy"))

import numpy as np
import openvino

from collect import stored_samples
from executed import compile_model, weighted_layers
from measure import Noise
from networks import NETWORKS

VARIANTS = ["openvino", "ort-cpu", "nncf"]
CHOSEN = ["ocr-cls", "orientation", "opennsfw", "nudenet", "dnsmos", "wake-embedding", "magika", "basic-pitch", "ocr-det", "minilm"]


def quantize_by_us(folder, target, program, output):
    command = [program, "quantize", folder / "model.onnx", "--data", folder / "calib", "--target", target, "--output", output,
               "--progress", "none"]
    if target == "ort-cpu":
        command.append("--min-sqnr=-200")  # nothing is left float for accuracy
    subprocess.run([str(part) for part in command], check=True, capture_output=True)


def quantize_by_nncf(folder, output):
    import nncf
    samples = list(stored_samples(folder, "calib"))
    kind = nncf.ModelType.TRANSFORMER if "transformer" in NETWORKS[folder.name].kind else None
    model = openvino.Core().read_model(folder / "model.onnx")
    quantized = nncf.quantize(model, nncf.Dataset(samples), subset_size=len(samples), model_type=kind)
    openvino.save_model(quantized, output, compress_to_fp16=False)


def make(folder, variant, program, again):
    """Path of the model and seconds that it took; None where it was made before."""
    output = folder / "openvino" / (f"{variant}.xml" if variant == "nncf" else f"{variant}.onnx")
    output.parent.mkdir(exist_ok=True)
    if output.exists() and not again:
        return output, None
    start = time.perf_counter()
    if variant == "nncf":
        quantize_by_nncf(folder, output)
    else:
        quantize_by_us(folder, variant, program, output)
    return output, time.perf_counter() - start


def run(compiled, sample):
    found = compiled(sample)
    return [np.asarray(found[output]) for output in compiled.outputs]


def time_in_turn(compiled, sample, seconds=1.5):
    """Median milliseconds of processor time of each: on one thread that is the latency of a quiet machine, also on a busy one."""
    times = {name: [] for name in compiled}
    end, rounds = time.perf_counter() + seconds * len(compiled), 0
    while rounds < 7 or (time.perf_counter() < end and rounds < 300):
        for name, model in compiled.items():
            start = time.process_time()
            model(sample)
            times[name].append(time.process_time() - start)
        rounds += 1
    return {name: 1e3 * statistics.median(values) for name, values in times.items()}


def judge(folder, compiled, count):
    """Score and noise of each model against the float one."""
    network = NETWORKS[folder.name]
    samples = list(itertools.islice(stored_samples(folder, "test"), count))
    reference = [run(compiled["float"], sample) for sample in samples]
    decisions = [network.decide(outputs) for outputs in reference]
    figures = {}
    for name, model in compiled.items():
        noise, found = Noise(), []
        for sample, expected in zip(samples, reference):
            outputs = run(model, sample)
            noise.add(expected, outputs)
            found.append(network.decide(outputs))
        figures[name] = {"score": float(network.score(decisions, found)), "sqnr": min(noise.ratio(), 200.0)}
    return figures, samples[0]


def measure(folder, arguments):
    models, seconds = {"float": folder / "model.onnx"}, {}
    for variant in VARIANTS:
        try:
            models[variant], seconds[variant] = make(folder, variant, arguments.program, arguments.again)
        except Exception as error:
            print(f"{folder.name} {variant}: {str(error).strip()[-300:]}", file=sys.stderr)
    compiled = {name: compile_model(path) for name, path in models.items()}
    figures, sample = judge(folder, compiled, arguments.samples)
    latency = time_in_turn(compiled, sample)
    for name, model in compiled.items():
        weighted = weighted_layers(model)
        figures[name] |= {"int8": sum(layer.is_int8 for layer in weighted), "weighted": len(weighted), "ms": latency[name],
                          "seconds": seconds.get(name)}
    return figures


def cell(values, reference):
    if values is None:
        return "fails"
    noise = "exact" if values["sqnr"] >= 200 else f"{values['sqnr']:.1f} dB"
    return (f"{values['int8']}/{values['weighted']}, **{values['score']:.1f}** {noise}, "
            f"{values['ms'] / reference['ms']:.2f}")


def print_table(results):
    print("| network | score | float, ms | " + " | ".join(VARIANTS) + " |")
    print("|---" * (3 + len(VARIANTS)) + "|")
    for name, figures in results.items():
        cells = [cell(figures.get(variant), figures["float"]) for variant in VARIANTS]
        print(f"| {name} | {NETWORKS[name].metric} | {figures['float']['ms']:.2f} | " + " | ".join(cells) + " |")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--program", type=lambda path: Path(path).resolve(), required=True)
    parser.add_argument("--networks", nargs="+", default=CHOSEN, choices=sorted(NETWORKS))
    parser.add_argument("--samples", type=int, default=40)
    parser.add_argument("--again", action="store_true", help="quantize and measure what is there already")
    arguments = parser.parse_args()
    results = {}
    for name in arguments.networks:
        path = arguments.folder / name / "openvino" / "figures.json"
        if arguments.again or not path.exists():
            figures = measure(arguments.folder / name, arguments)
            path.write_text(json.dumps(figures, indent=1))
        results[name] = json.loads(path.read_text())
        print(name, json.dumps(results[name]), file=sys.stderr, flush=True)
    print_table(results)


if __name__ == "__main__":
    sys.exit(main())
