"""Runs a piece of work in a process of its own: its seconds of processor time (all threads; wall-clock time is another's
when the machine is busy), and its peak memory beyond that of its imports."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time


def megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def report(work, repeats: int = 3) -> None:
    """To be called by the process: the best of `repeats` calls of work()."""
    before = megabytes()
    seconds = []
    for _ in range(repeats):
        begin = time.process_time()
        work()
        seconds.append(time.process_time() - begin)
    print(json.dumps({"seconds": min(seconds), "megabytes": megabytes() - before}))


def of(script: str, *words: object) -> dict[str, float]:
    """Runs `script words` and reads what it reports."""
    done = subprocess.run([sys.executable, script, *map(str, words)], capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(done.stderr)
    return json.loads(done.stdout.splitlines()[-1])


def row(name: str, theirs: dict[str, float], ours: dict[str, float]) -> str:
    ratio = theirs["seconds"] / ours["seconds"]
    return (
        f"{name:28} theirs {theirs['seconds']:8.3f} s {theirs['megabytes']:7.1f} MB   "
        f"ours {ours['seconds']:8.3f} s {ours['megabytes']:7.1f} MB   {ratio:5.1f} x"
    )
