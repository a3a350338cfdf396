"""Constants that tune observers. Those that scripts change are read at each calibration."""

from __future__ import annotations

#: The share of values that the method `percentile` keeps.
OBSERVER_PERCENTILE = 0.9999
#: Ours count finely enough not to need these: others than these values are refused.
OBSERVER_KL_HIST_BINS = 4096
OBSERVER_MSE_HIST_BINS = 2048
OBSERVER_MSE_COMPUTE_INTERVAL = 8

_FIXED = {
    name: value
    for name, value in globals().items()
    if name.startswith("OBSERVER_") and name != "OBSERVER_PERCENTILE"
}


def percentile() -> float:
    """OBSERVER_PERCENTILE. Throws NotImplementedError naming another constant that was changed."""
    for name, value in _FIXED.items():
        if globals()[name] != value:
            raise NotImplementedError(f"ppq.core.common.{name}={globals()[name]}; allowed: {value}")
    return OBSERVER_PERCENTILE
