#!/usr/bin/env python3
"""What do several processes, checkpoints and merging cost on this machine? The figures of docs/scale.md.

    python3 bench/scale_measure.py --bin build/release/src/cli/rangefinder --mpi build/release/src/mpi/rangefinder-mpi

Makes samples for a model with one input of floats in a temporary folder. Each figure is the best of --repeats runs;
one core a process. Needs numpy; without --mpi and --make-shards their figures are left out.
"""

import argparse
import re
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", required=True)
    parser.add_argument("--mpi")
    parser.add_argument("--make-shards", help="bench/make_shards")
    parser.add_argument("--model", default="examples/models/fashion_mbv2.onnx")
    parser.add_argument("--shape", type=int, nargs="+", default=[8, 1, 28, 28])
    parser.add_argument("--samples", type=int, default=2000)
    parser.add_argument("--shards", type=int, default=10_000)
    parser.add_argument("--processes", type=int, nargs="+", default=[1, 2, 4, 8])
    parser.add_argument("--repeats", type=int, default=3)
    return parser.parse_args()


def run(words, **more):
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, **more)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, words))}\n{done.stderr}")
    return done


def core_seconds():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def best(repeats, work):
    """Seconds by the clock, and of all cores together: what counts where others use the machine, too."""
    times, used = [], []
    for _ in range(repeats):
        began, before = time.perf_counter(), core_seconds()
        work()
        times.append(time.perf_counter() - began)
        used.append(core_seconds() - before)
    return min(times), min(used)


class Measure:
    def __init__(self, given, folder):
        self.given, self.folder = given, folder
        self.samples = folder / "samples"
        self.samples.mkdir()
        random = np.random.default_rng(1)
        for index in range(given.samples):
            np.save(self.samples / f"{index}.npy", random.random(given.shape, dtype=np.float32))

    def observe(self, program, output, *more):
        return [
            *program, "observe", self.given.model, "--data", self.samples, "--held-out", "0", "--jobs", "1",
            "--progress", "none", "-o", self.folder / output, *more,
        ]  # fmt: skip

    def bytes_of(self, name):
        return (self.folder / name).read_bytes()

    def processes(self):
        run(self.observe([self.given.bin], "one.rfs"))
        seconds, used = best(self.given.repeats, lambda: run(self.observe([self.given.bin], "one.rfs")))
        print(f"one process: {seconds:.2f} s, {used:.2f} s of cores", flush=True)
        for count in self.given.processes:
            seconds, used = best(self.given.repeats, lambda: self.shards(count))
            line = f"{count} processes: shards and merge {seconds:.2f} s, {used:.2f} s of cores"
            if self.given.mpi:
                mpirun = ["mpirun", "--allow-run-as-root", "--oversubscribe", "--bind-to", "none", "-n", count, self.given.mpi]
                seconds, used = best(self.given.repeats, lambda: run(self.observe(mpirun, "mpi.rfs")))
                assert self.bytes_of("mpi.rfs") == self.bytes_of("one.rfs")
                line += f"; mpirun {seconds:.2f} s, {used:.2f} s of cores"
            print(line, flush=True)

    def shards(self, count):
        names = [f"shard.{index}.rfs" for index in range(count)]
        words = [self.observe([self.given.bin], name, "--shard", f"{i}/{count}") for i, name in enumerate(names)]
        started = [subprocess.Popen([str(w) for w in each], stderr=subprocess.DEVNULL) for each in words]
        assert all(each.wait() == 0 for each in started)
        run([self.given.bin, "merge", *(self.folder / name for name in names), "-o", self.folder / "sum.rfs"])
        assert self.bytes_of("sum.rfs") == self.bytes_of("one.rfs")

    def checkpoints(self):
        checkpoint = self.folder / "run.ckpt"
        plain = self.observe([self.given.bin], "one.rfs")
        kinds = {None: [], "by time": ["--checkpoint", checkpoint]}
        kinds |= {f"every {every}": ["--checkpoint", checkpoint, "--every", every] for every in (10, 100)}
        used = {kind: [] for kind in kinds}
        # In turns, so that what else the machine does hits all of them.
        for _ in range(self.given.repeats):
            for kind, more in kinds.items():
                used[kind].append(best(1, lambda: run([*plain, *more]))[1])
        for kind, seconds in used.items():
            if kind is not None:
                print(f"checkpoint {kind}: {min(seconds) / min(used[None]) - 1:+.1%} of cores", flush=True)

    def merging(self):
        """What many files cost, whatever is in them."""
        shards = self.folder / "shards"
        shards.mkdir()
        count = self.given.shards
        run([self.given.make_shards, self.folder / "one.rfs", count, shards])
        words = ["time", "-v", self.given.bin, "merge", shards, "-o", self.folder / "sum.rfs", "--complete"]
        began = time.perf_counter()
        done = run(words)
        seconds = time.perf_counter() - began
        memory = int(re.search(r"Maximum resident set size \(kbytes\): (\d+)", done.stderr).group(1)) / 1024
        size = sum(file.stat().st_size for file in shards.iterdir()) / count / 1e6
        print(f"merge of {count} files of {size:.2f} MB: {seconds:.2f} s, {1e3 * seconds / count:.2f} ms a file, {memory:.0f} MiB")


def main():
    given = parse()
    with tempfile.TemporaryDirectory() as folder:
        measure = Measure(given, Path(folder))
        measure.processes()
        measure.checkpoints()
        if given.make_shards:
            measure.merging()


if __name__ == "__main__":
    main()
