"""Calibrates with the workers of a Dask cluster: each observes a shard, a tree adds up. Writes fashion_cnn.int8.onnx
into the current folder. Here the cluster is two processes of this machine; elsewhere Client("scheduler:8786")."""

from pathlib import Path

import numpy as np
from dask.distributed import Client, LocalCluster

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


def observe(shard, folder):
    """Runs on a worker; what it returns travels pickled."""
    return rf.observe(MODEL, str(folder), shard=f"{shard}/{SHARDS}", jobs=1, progress=False)


if __name__ == "__main__":
    pictures = Path("pictures").resolve()
    write_pictures(pictures)
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster, Client(cluster) as client:
        parts = client.map(observe, range(SHARDS), folder=pictures)
        # In pairs, where they are: no worker ever holds more than two.
        while len(parts) > 1:
            pairs = [client.submit(rf.Statistics.merge, *pair) for pair in zip(parts[::2], parts[1::2])]
            parts = pairs + parts[2 * len(pairs) :]
        statistics = parts[0].result()
    assert statistics == rf.observe(MODEL, str(pictures), progress=False), "as one process finds"
    quantized = rf.solve(MODEL, statistics, progress=False)
    quantized.save("fashion_cnn.int8.onnx")
    print(statistics)
