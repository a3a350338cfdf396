"""Where `ppq.IR` has them."""

from rangefinder.ppq import (
    BaseGraph,
    Operation,
    QuantableOperation,
    Variable,
)

__all__ = [
    "BaseGraph",
    "Operation",
    "QuantableOperation",
    "Variable",
]
