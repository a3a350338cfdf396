"""Calibrates with the workers of a Ray cluster: each observes a shard, a tree adds up. Writes fashion_cnn.int8.onnx
into the current folder. Here the cluster is two processes of this machine; elsewhere ray.init("auto")."""

from pathlib import Path

import numpy as np
import ray

import rangefinder as rf

MODEL = Path(__file__).resolve().parent.parent / "models" / "fashion_cnn.onnx"
SHARDS = 5


def write_pictures(folder):
    """A hundred pictures of noise, dark at their edges; yours are real ones, where all workers see them."""
    random = np.random.default_rng(0)
    window = np.outer(np.hanning(28), np.hanning(28)).astype(np.float32)
    folder.mkdir(exist_ok=True)
    for index in range(100):
        np.save(folder / f"{index}.npy", random.random((1, 1, 28, 28), dtype=np.float32) * window)


@ray.remote
def observe(shard, folder):
    """Runs on a worker; what it returns travels pickled."""
    return rf.observe(MODEL, str(folder), shard=f"{shard}/{SHARDS}", jobs=1, progress=False)


@ray.remote
def merge(left, right):
    return left + right


if __name__ == "__main__":
    pictures = Path("pictures").resolve()
    write_pictures(pictures)
    ray.init(num_cpus=2, include_dashboard=False, configure_logging=False)
    parts = [observe.remote(shard, pictures) for shard in range(SHARDS)]
    # In pairs, where they are: no worker ever holds more than two.
    while len(parts) > 1:
        pairs = [merge.remote(*pair) for pair in zip(parts[::2], parts[1::2])]
        parts = pairs + parts[2 * len(pairs) :]
    statistics = ray.get(parts[0])
    ray.shutdown()
    assert statistics == rf.observe(MODEL, str(pictures), progress=False), "as one process finds"
    quantized = rf.solve(MODEL, statistics, progress=False)
    quantized.save("fashion_cnn.int8.onnx")
    print(statistics)
