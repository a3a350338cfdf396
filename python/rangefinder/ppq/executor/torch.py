"""Where `ppq.executor.torch` has them."""

from rangefinder.ppq import (
    TorchExecutor,
)

__all__ = [
    "TorchExecutor",
]
