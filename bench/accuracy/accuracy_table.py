#!/usr/bin/env python3
"""How good int8 models of real networks are: ours, ONNX Runtime's and NNCF's, on samples that no tool has seen.

    accuracy_table.py make FOLDER    quantizes and scores; what is in FOLDER/NAME/results stays unless --again
    accuracy_table.py time FOLDER    adds the times on one thread; wants a quiet machine
    accuracy_table.py table FOLDER   prints what there is as Markdown

FOLDER is laid out by collect.py, which is run first for what is missing.
"""

import argparse
import json
import math
import os
import platform
import subprocess
import sys
import time
from pathlib import Path

import measure
from collect import collect, score_and_noise, stored_samples
from material import Material
from networks import NETWORKS
from quantizers import APART, OTHERS, OURS, Variant, summary_path


def result_path(folder, variant):
    return folder / "results" / f"{variant}.json"


def store(path, values):
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(values, indent=1))


def verdict_of(summary):
    """The program's own word about its model, where it gives one."""
    try:
        verdict = json.loads(summary.read_text()).get("verdict")
    except (OSError, ValueError):
        return None
    return verdict.get("level") if isinstance(verdict, dict) else None


def make(folder, variant, program, limit):
    """Quantizes and scores; a tool that fails is a result as well."""
    model = folder / "results" / f"{variant}.onnx"
    model.parent.mkdir(exist_ok=True)
    model.unlink(missing_ok=True)
    start = time.perf_counter()
    try:
        done = subprocess.run([str(part) for part in Variant(variant, program).command(folder, model)],
                              capture_output=True, text=True, timeout=limit)
        trouble = done.stderr.strip()[-600:] if done.returncode or not model.exists() else None
    except subprocess.TimeoutExpired:
        trouble = f"more than {limit} s"
    values = {"seconds": time.perf_counter() - start}
    if trouble is None:
        try:
            values |= scored(folder, model)
        except Exception as error:  # A model that ONNX Runtime does not load or run.
            trouble = f"the model does not run: {error}"[:600]
    if trouble is not None:
        values["failed"] = trouble
    values["verdict"] = verdict_of(summary_path(model)) if variant not in OTHERS else None
    return values


def scored(folder, model):
    metric, ratio = score_and_noise(NETWORKS[folder.name], folder, model)
    return {
        "metric": metric,
        "sqnr": ratio if math.isfinite(ratio) else str(ratio),
        "integer": measure.integer_nodes(model),
        "weighted": measure.weighted_nodes(folder / "model.onnx"),
        "bytes": model.stat().st_size,
    }


def run_make(arguments):
    material = Material(arguments.folder / ".packages")
    for name in arguments.networks:
        folder = arguments.folder / name
        if not (folder / "metric.py").exists():
            collect(NETWORKS[name], material, folder)
        for variant in arguments.variants:
            path = result_path(folder, variant)
            if path.exists() and not arguments.again:
                continue
            values = make(folder, variant, arguments.program, arguments.limit)
            store(path, values)
            print(name, variant, json.dumps(values), flush=True)


def run_time(arguments):
    for name in arguments.networks:
        folder = arguments.folder / name
        results = {variant: json.loads(result_path(folder, variant).read_text()) for variant in arguments.variants
                   if result_path(folder, variant).exists()}
        models = {variant: folder / "results" / f"{variant}.onnx" for variant, values in results.items()
                  if "failed" not in values}
        samples = [sample for sample, _ in zip(stored_samples(folder, "test"), range(8))]
        seconds, ratios = measure.time_ratios(folder / "model.onnx", models, samples, arguments.seconds)
        for variant, ratio in ratios.items():
            store(result_path(folder, variant), {**results[variant], "time": ratio, "float_seconds": seconds})
        print(name, f"{seconds * 1000:.2f} ms", {variant: round(ratio, 3) for variant, ratio in ratios.items()}, flush=True)


def machine():
    model = next((line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
                  if line.startswith("model name")), platform.processor())
    import onnxruntime
    return f"{model}, {os.cpu_count()} cores; ONNX Runtime {onnxruntime.__version__}, one thread"


def quality(values):
    """Score and error of one model; its verdict, if the tool gives one."""
    if "failed" in values:
        return "fails"
    ratio = values["sqnr"]
    noise = f"{ratio:.1f} dB" if isinstance(ratio, float) else {"inf": "exact", "-inf": "other shape"}.get(ratio, ratio)
    word = f", {values['verdict']}" if values.get("verdict") else ""
    return f"**{values['metric']:.1f}** {noise}{word}"


def cost(values):
    """Products in integers, time over float's, seconds of quantizing."""
    if "failed" in values:
        return "fails"
    ratio = f"{values['time']:.2f}" if "time" in values else "-"
    return f"{values['integer']}/{values['weighted']} **{ratio}** {values['seconds']:.0f} s"


def print_table(arguments, first, cell_of):
    """One row a network; `first` gives its first cells by network, results and name of the float time."""
    head = [*first, *arguments.variants]
    print(f"| {' | '.join(head)} |\n{'|---' * len(head)}|")
    for name in arguments.networks:
        results = [json.loads(path.read_text()) if path.exists() else None
                   for path in (result_path(arguments.folder / name, variant) for variant in arguments.variants)]
        cells = [make(NETWORKS[name], results) for make in first.values()]
        print(f"| {' | '.join([*cells, *(cell_of(values) if values else '' for values in results)])} |")


def float_time(_, results):
    seconds = next((values["float_seconds"] for values in results if values and "float_seconds" in values), None)
    return "" if seconds is None else f"{seconds * 1000:.1f}"


def run_table(arguments):
    print(f"{machine()}.\n")
    print_table(arguments, {"network": lambda network, _: f"{network.name}: {network.kind}",
                            "score": lambda network, _: network.metric}, quality)
    print()
    print_table(arguments, {"network": lambda network, _: network.name, "float, ms": float_time}, cost)


def main():
    columns = [*OURS, *OTHERS]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("step", choices=("make", "time", "table"))
    parser.add_argument("folder", type=Path)
    parser.add_argument("--networks", nargs="+", choices=NETWORKS, default=list(NETWORKS), metavar="NAME")
    parser.add_argument("--variants", nargs="+", choices=[*columns, *APART], default=columns, metavar="COLUMN",
                        help=f"of {', '.join([*columns, *APART])}; without the latter by default: {', '.join(APART)}")
    parser.add_argument("--program", type=Path, default=Path("rangefinder"), help="our program")
    parser.add_argument("--limit", type=float, default=900, help="seconds that one quantization may take")
    parser.add_argument("--seconds", type=float, default=4, help="seconds for timing one model")
    parser.add_argument("--again", action="store_true", help="make results anew")
    arguments = parser.parse_args()
    {"make": run_make, "time": run_time, "table": run_table}[arguments.step](arguments)


if __name__ == "__main__":
    sys.exit(main())
