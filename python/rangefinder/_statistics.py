"""What observe() counted."""

from __future__ import annotations

import html
import os
from typing import Any

import numpy as np
import numpy.typing as npt

from . import _files, _native


class Statistics:
    """Everything that calibration remembers of a model's activations; the program's .rfs files.

    Solve any method from it, today or later, here or elsewhere. A value: merge() makes a new one.
    """

    def __init__(self, native: _native.Statistics) -> None:
        self._native = native

    @staticmethod
    def load(path: str | os.PathLike[str]) -> Statistics:
        return Statistics(_native.Statistics.load(_files.path_of(path)))

    @staticmethod
    def from_bytes(content: bytes) -> Statistics:
        return Statistics(_native.Statistics.parse(content))

    def save(self, path: str | os.PathLike[str]) -> None:
        self._native.save(_files.path_of(path))

    def to_bytes(self) -> bytes:
        """Equal statistics give equal bytes."""
        return self._native.bytes()

    @property
    def sample_count(self) -> int:
        return self._native.sample_count

    @property
    def missing_count(self) -> int:
        """Samples that other shards of the same run have seen and this has not; 0 once all are merged."""
        return self._native.missing_count

    @property
    def model_fingerprint(self) -> str:
        return self._native.model_fingerprint

    def names(self) -> list[str]:
        """The tensors that were observed, in the order of the graph."""
        return [row["name"] for row in self._native.tensors()]

    def tensors(self) -> list[dict[str, Any]]:
        """What was seen of each: name, channel_count, count, min, max, zero_count, nan_count, inf_count."""
        return self._native.tensors()

    def histogram(
        self, tensor: str
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.uint64]]:
        """Lower and upper ends of the buckets that are not empty, ascending, and their counts.

        Zero is a bucket of its own, from 0 to 0; a bucket is at most 1/128 of its smaller end wide. For a plot:
        `plt.stairs(count, numpy.append(low, high[-1]))`, or weights of low in numpy.histogram().
        """
        return self._native.histogram(tensor)

    def merge(self, other: Statistics) -> Statistics:
        """What one run over the samples of both would have left; exact, in any order. Throws Error if the two do not
        belong together: another model or plan, or samples seen by both."""
        return Statistics(self._native.merge(other._native))

    def __add__(self, other: Statistics) -> Statistics:
        """merge(), for sums over workers: functools.reduce(operator.add, parts)."""
        return self.merge(other) if isinstance(other, Statistics) else NotImplemented

    def __radd__(self, other: object) -> Statistics:
        """So that sum(parts) begins."""
        return self if isinstance(other, int) and other == 0 else NotImplemented

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Statistics) and self._native == other._native

    __hash__ = None  # type: ignore[assignment]

    def __reduce__(self) -> tuple[Any, ...]:
        return Statistics.from_bytes, (self.to_bytes(),)

    def _text(self) -> str:
        return f"Statistics of {len(self.names())} tensors, {self.sample_count} samples"

    def __repr__(self) -> str:
        return f"<{self._text()}>"

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td>{html.escape(row['name'])}</td><td>{row['count']}</td><td>{row['min']:.6g}</td><td>{row['max']:.6g}</td></tr>"
            for row in self.tensors()
        )
        head = "<tr><th>tensor</th><th>values</th><th>min</th><th>max</th></tr>"
        return f"<p>{html.escape(self._text())}</p><table>{head}{rows}</table>"
