#!/usr/bin/env python3
"""Lays networks out for quantizers: FOLDER/NAME with model.onnx, calib/ and test/ of .npz samples, and metric.py.

    collect.py FOLDER [NAME...]

Needs the Python packages in requirements.txt. What exists stays; remove a folder to have it made anew.
"""

import argparse
import pickle
import shutil
import sys
from pathlib import Path

import numpy as np

from material import Material
from networks import NETWORKS

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
    folder = Path(beside).resolve().parent
    network = NETWORKS[name]
    reference = pickle.loads((folder / "decisions.pickle").read_bytes())
    return network.score(reference, network.decisions(model, stored_samples(folder, "test")))


def collect(network, material, folder):
    folder.mkdir(parents=True)
    (folder / "model.onnx").write_bytes(network.model(material))
    for part, count in network.counts.items():
        (folder / part).mkdir()
        for index, sample in enumerate(network.samples(material, part, count)):
            np.savez(folder / part / f"{index:04}.npz", **sample)
    decisions = network.decisions(folder / "model.onnx", stored_samples(folder, "test"))
    (folder / "decisions.pickle").write_bytes(pickle.dumps(decisions))
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
