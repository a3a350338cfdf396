"""Where `ppq.IR` has them."""

from typing import Any

from rangefinder.ppq import (
    BaseGraph,
    Operation,
    QuantableOperation,
    Variable,
)
from rangefinder.ppq._missing import refuse as _refuse

__all__ = [
    "BaseGraph",
    "Operation",
    "QuantableOperation",
    "Variable",
]


def __getattr__(name: str) -> Any:
    _refuse(__name__, name)
