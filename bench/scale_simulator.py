#!/usr/bin/env python3
"""How long do N machines take to observe a data set, and what breaks first?

Simulates the two ways of docs/scale.md with stated figures of machines, network, storage and failures:

  shards   each machine observes a shard on its own; one that fails is started again; `merge` at the end
  mpi      all machines are ranks of one run, which ends when one fails and is started again; a tree adds up

    python3 bench/scale_simulator.py                              # the table of docs/scale.md
    python3 bench/scale_simulator.py --machines 1000 --mtbf-hours 200 --statistics-mb 50

The figures of one machine (seconds a sample, bytes of statistics, seconds to merge a file) are measured with
bench/scale_measure.py. Times are means over runs with other failures; the same seed gives the same table.
"""

import argparse
import math
import random
import statistics
from dataclasses import dataclass


@dataclass(frozen=True)
class Figures:
    samples: int
    sample_seconds: float  # one machine, all its cores
    start_seconds: float  # model read, prepared and opened
    statistics_bytes: float
    merge_seconds: float  # read, checked and added: one file, one core
    spread: float  # of machines' speeds: standard deviation of the logarithm
    network_bytes: float  # per second, between two machines
    network_latency: float
    storage_bytes: float  # per second, shared by all
    mtbf_seconds: float  # of one machine
    restart_seconds: float  # until somebody has noticed, and a machine is there
    checkpoint_seconds: float  # between two; 0: none


@dataclass(frozen=True)
class Times:
    observe: float
    reduce: float
    failures: int

    @property
    def total(self):
        return self.observe + self.reduce


def work_of(figures, machines, dice):
    """Seconds of work of each machine, without failures."""
    share = figures.samples / machines
    return [share * figures.sample_seconds * math.exp(dice.gauss(0, figures.spread)) for _ in range(machines)]


def slowdown(figures, machines):
    """What saving costs: all machines write to one storage, in the time between two saves."""
    if figures.checkpoint_seconds == 0:
        return 1.0
    seconds = machines * figures.statistics_bytes / figures.storage_bytes
    return 1.0 + seconds / figures.checkpoint_seconds


def saved(figures, done):
    """What of `done` seconds of work is not lost by a failure."""
    if figures.checkpoint_seconds == 0:
        return 0.0
    return done - done % figures.checkpoint_seconds


def shard_seconds(work, figures, dice):
    """(seconds, failures) of one machine that goes on after each failure."""
    clock, done, failures = 0.0, 0.0, 0
    while True:
        until_failure = dice.expovariate(1 / figures.mtbf_seconds)
        left = figures.start_seconds + work - done
        if until_failure >= left:
            return clock + left, failures
        failures += 1
        clock += until_failure + figures.restart_seconds
        done = saved(figures, done + max(0.0, until_failure - figures.start_seconds))


def run_shards(figures, machines, dice):
    slower = slowdown(figures, machines)
    runs = [shard_seconds(work * slower, figures, dice) for work in work_of(figures, machines, dice)]
    reading = machines * figures.statistics_bytes / figures.storage_bytes
    merging = machines * figures.merge_seconds
    return Times(max(seconds for seconds, _ in runs), max(reading, merging), sum(failures for _, failures in runs))


def run_mpi(figures, machines, dice, give_up=1000):
    """What is left is shared anew after each failure, so a slow machine holds up all of them only once."""
    slower = slowdown(figures, machines)
    clock, left, failures = 0.0, 1.0, 0
    while True:
        work = [left * seconds * slower for seconds in work_of(figures, machines, dice)]
        needed = figures.start_seconds + max(work)
        until_failure = dice.expovariate(machines / figures.mtbf_seconds)
        if until_failure >= needed or failures >= give_up:
            clock += needed if failures < give_up else math.inf
            break
        failures += 1
        clock += until_failure + figures.restart_seconds
        ran = max(0.0, until_failure - figures.start_seconds)
        kept = sum(saved(figures, min(ran, each)) for each in work)
        left *= max(0.0, 1 - kept / sum(work))
    transfer = figures.network_latency + figures.statistics_bytes / figures.network_bytes
    # Added up, and given back to all, so that each rank ends with the same.
    levels = math.ceil(math.log2(machines)) if machines > 1 else 0
    return Times(clock, levels * (2 * transfer + figures.merge_seconds), failures)


def mean(run, figures, machines, repeats, seed):
    times = [run(figures, machines, random.Random(seed * 1_000_003 + i)) for i in range(repeats)]
    return (
        statistics.fmean(t.observe for t in times),
        statistics.fmean(t.reduce for t in times),
        statistics.fmean(t.failures for t in times),
    )


def figures_of(arguments):
    return Figures(
        samples=arguments.samples,
        sample_seconds=arguments.sample_ms / 1e3,
        start_seconds=arguments.start_seconds,
        statistics_bytes=arguments.statistics_mb * 1e6,
        merge_seconds=arguments.merge_ms / 1e3,
        spread=arguments.spread,
        network_bytes=arguments.network_gbit * 1e9 / 8,
        network_latency=arguments.latency_us / 1e6,
        storage_bytes=arguments.storage_gb * 1e9,
        mtbf_seconds=arguments.mtbf_hours * 3600,
        restart_seconds=arguments.restart_seconds,
        checkpoint_seconds=arguments.checkpoint_seconds,
    )


def parse(words=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--machines", type=int, nargs="+", default=[1, 10, 100, 300, 1000])
    add("--samples", type=int, default=50_000_000)
    add("--sample-ms", type=float, default=100.0, help="of one machine with all its cores")
    add("--start-seconds", type=float, default=10.0)
    add("--statistics-mb", type=float, default=5.0)
    add("--merge-ms", type=float, default=20.0)
    add("--spread", type=float, default=0.05)
    add("--network-gbit", type=float, default=10.0)
    add("--latency-us", type=float, default=50.0)
    add("--storage-gb", type=float, default=5.0, help="per second, of all machines together")
    add("--mtbf-hours", type=float, default=1000.0, help="of one machine; machines that are lent and taken back: 50")
    add("--restart-seconds", type=float, default=120.0)
    add("--checkpoint-seconds", type=float, default=60.0)
    add("--repeats", type=int, default=50)
    add("--seed", type=int, default=1)
    return parser.parse_args(words)


def main():
    arguments = parse()
    figures = figures_of(arguments)
    without = Figures(**{**vars(figures), "checkpoint_seconds": 0})
    alone = figures.start_seconds + figures.samples * figures.sample_seconds
    print(f"{'':>9}  {'':<22}{'observe':>10}{'reduce':>9}{'failures':>10}{'efficiency':>12}")
    for machines in arguments.machines:
        ways = [
            ("shards", run_shards, figures),
            ("shards, no checkpoint", run_shards, without),
            ("mpi", run_mpi, figures),
            ("mpi, no checkpoint", run_mpi, without),
        ]
        for name, run, given in ways:
            observe, reduce, failures = mean(run, given, machines, arguments.repeats, arguments.seed)
            share = alone / machines / (observe + reduce)
            hours = f"{observe / 3600:.2f} h" if observe < math.inf else "never"
            print(f"{machines:>9}  {name:<22}{hours:>10}{reduce:>8.1f}s{failures:>10.1f}{share:>12.0%}")


if __name__ == "__main__":
    main()
