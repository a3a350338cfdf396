"""Where `ppq.quantization.observer` has them."""

from rangefinder.ppq import (
    BaseTensorObserver,
    OBSERVER_TABLE,
)

__all__ = [
    "BaseTensorObserver",
    "OBSERVER_TABLE",
]
