"""The names that scripts for `onnxruntime.quantization` import."""

from __future__ import annotations

import abc
from enum import Enum
from typing import Any


class QuantType(Enum):
    """Of activations and weights. What is written is uint8 and int8; docs/targets.md says why."""

    QInt8 = 0
    QUInt8 = 1
    QFLOAT8E4M3FN = 2
    QInt16 = 3
    QUInt16 = 4
    QInt4 = 5
    QUInt4 = 6

    def __str__(self) -> str:
        return self.name

    @staticmethod
    def from_string(name: str) -> QuantType:
        """Throws KeyError."""
        return QuantType[name]


class QuantFormat(Enum):
    """QDQ is written; QOperator is refused."""

    QOperator = 0
    QDQ = 1

    def __str__(self) -> str:
        return self.name

    @staticmethod
    def from_string(name: str) -> QuantFormat:
        """Throws KeyError."""
        return QuantFormat[name]


class CalibrationMethod(Enum):
    """minmax, kl, percentile; Distribution is refused."""

    MinMax = 0
    Entropy = 1
    Percentile = 2
    Distribution = 3


class CalibrationDataReader(abc.ABC):
    """To derive from: get_next() returns a dictionary of arrays, and None at the end.

    A reader with rewind() may be read twice; others serve every method that sees the data once.
    """

    @abc.abstractmethod
    def get_next(self) -> Any:
        """The next sample, or None."""

    def __iter__(self) -> CalibrationDataReader:
        return self

    def __next__(self) -> Any:
        sample = self.get_next()
        if sample is None:
            raise StopIteration
        return sample


def name_of(value: Any) -> str:
    """The word of an enumerator, theirs or ours, or of a string."""
    return value if isinstance(value, str) else str(getattr(value, "name", value))
