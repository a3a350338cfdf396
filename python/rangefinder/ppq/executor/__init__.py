"""Where `ppq.executor` has them."""

from rangefinder.ppq import (
    TorchExecutor,
)

__all__ = [
    "TorchExecutor",
]
