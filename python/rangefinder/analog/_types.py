"""How input ranges are found."""

from __future__ import annotations

from enum import Enum
from typing import Any


class InputRangeCalibrationType(Enum):
    """AIHWKIT-Lightning's types, and two of our own; docs/analog.md has a table."""

    NONE = "None"
    #: Mean over calls of alpha standard deviations.
    MOVING_STD = "MovingStd"
    #: Mean over calls of the quantile of |x|.
    MOVING_QUANTILE = "MovingQuantile"
    #: Quantile of |x| over rows drawn evenly from all data.
    CACHE_QUANTILE = "CacheQuantile"
    #: Largest |x|.
    MAX = "Max"
    #: Quantile of |x| over all data. Ours.
    QUANTILE = "Quantile"
    #: Least squared error of clipping and rounding at forward.inp_res. Ours.
    MSE = "Mse"


def type_of(given: Any) -> InputRangeCalibrationType:
    """Of ours, theirs, or a word: "MAX", "moving-quantile", "InputRangeCalibrationType.MAX"."""
    word = given if isinstance(given, str) else str(getattr(given, "name", given))
    key = word.rpartition(".")[2].replace("-", "").replace("_", "").upper()
    for known in InputRangeCalibrationType:
        if known.name.replace("_", "") == key:
            return known
    names = ", ".join(known.name for known in InputRangeCalibrationType)
    raise ValueError(f"calibration_type: {given!r}; allowed: {names}")
