#!/usr/bin/env python3
"""Lays networks out for quantizers: FOLDER/NAME with model.onnx, calib/ and test/ of .npz samples, and metric.py.

    collect.py FOLDER [NAME...]

Needs the Python packages in requirements.txt. What exists stays; remove a folder to have it made anew.
"""

import argparse
import os
import pickle
import shutil
import sys
from pathlib import Path

import numpy as np

from material import Material
from measure import Noise
from networks import NETWORKS

NOISE_SAMPLES = 40  # whose outputs are kept

METRIC = '''#!/usr/bin/env python3
"""metric.py MODEL - prints how well MODEL does what the float model does here: {metric}."""
import sys
sys.path.insert(0, {here!r})
from collect import score
print(score({name!r}, __file__, sys.argv[1]))
'''


def stored_samples(folder, part):
    for path in sorted((Path(folder) / part).glob("*.npz")):
        with np.load(path) as arrays:
            yield dict(arrays)


def score(name, beside, model):
    """The score of `model` on the test samples in the folder of the file `beside`, against float's decisions."""
    return score_and_noise(NETWORKS[name], Path(beside).resolve().parent, model)[0]


def score_and_noise(network, folder, model):
    """The score and, over the first samples, signal over noise in dB; the model runs once on each sample.

    What the float model gives is kept in the folder.
    """
    if not (folder / "reference.pickle").exists():
        keep_reference(network, folder)
    outputs, decisions = pickle.loads((folder / "reference.pickle").read_bytes())
    noise = Noise()

    def watch(index, found):
        if index < len(outputs):
            noise.add(outputs[index], found)

    found = network.decisions(model, stored_samples(folder, "test"), watch)
    return network.score(decisions, found), noise.ratio()


def keep_reference(network, folder):
    """Outputs of the float model for the first samples, decisions for all."""
    outputs = []

    def watch(index, found):
        if index < NOISE_SAMPLES:
            outputs.append(found)

    decisions = network.decisions(folder / "model.onnx", stored_samples(folder, "test"), watch)
    partial = folder / f"reference.{os.getpid()}"
    partial.write_bytes(pickle.dumps((outputs, decisions)))
    partial.replace(folder / "reference.pickle")


def collect(network, material, folder):
    folder.mkdir(parents=True)
    (folder / "model.onnx").write_bytes(network.model(material))
    for part, count in network.counts.items():
        (folder / part).mkdir()
        for index, sample in enumerate(network.samples(material, part, count)):
            np.savez(folder / part / f"{index:04}.npz", **sample)
    keep_reference(network, folder)
    text = METRIC.format(metric=network.metric, here=str(Path(__file__).resolve().parent), name=network.name)
    (folder / "metric.py").write_text(text)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(NETWORKS)}; all by default")
    arguments = parser.parse_args()
    material = Material(arguments.folder / ".packages")
    for name in arguments.names or NETWORKS:
        folder = arguments.folder / name
        if (folder / "metric.py").exists():
            continue
        shutil.rmtree(folder, ignore_errors=True)
        collect(NETWORKS[name], material, folder)
        print(name, flush=True)


if __name__ == "__main__":
    sys.exit(main())
