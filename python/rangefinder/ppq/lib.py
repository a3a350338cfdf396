"""Where `ppq.lib` has them."""

from rangefinder.ppq import (
    register_calibration_observer,
)

__all__ = [
    "register_calibration_observer",
]
