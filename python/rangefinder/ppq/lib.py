"""Where `ppq.lib` has them."""

from typing import Any

from rangefinder.ppq import (
    register_calibration_observer,
)
from rangefinder.ppq._missing import refuse as _refuse

__all__ = [
    "register_calibration_observer",
]


def __getattr__(name: str) -> Any:
    _refuse(__name__, name)
