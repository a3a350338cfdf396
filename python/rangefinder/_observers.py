"""Calibration methods written in Python."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from . import _native


class Range(NamedTuple):
    """An answer of an observer: the real values that the codes shall span."""

    low: float
    high: float


class Parameters(NamedTuple):
    """An answer of an observer: scale and zero point themselves."""

    scale: float
    zero_point: int


def register_calibration_observer(
    algorithm: str, observer: type[Any] | Callable[[Sequence[Mapping[str, Any]], Mapping[str, Any]], Any]
) -> None:
    """Makes `observer` known as the calibration method `algorithm`, for the life of the process.

    A function is called as `observer(channels, config)`. Of a class one object is made for each tensor, without
    arguments; it has `solve(channels, config)` and, if its `raw_passes` is above 0, `observe(batch)` and perhaps
    `begin_pass(index)`. docs/python.md has examples. Throws ValueError if the name is taken or no name.
    """
    if not isinstance(algorithm, str):
        raise TypeError(f"algorithm: a name, not {type(algorithm).__name__}")
    if not isinstance(observer, type):
        if not callable(observer):
            raise TypeError(f"observer: a class or a function, not {type(observer).__name__}")
        _native.register_observer(algorithm, lambda config: _Function(observer, config), 0, True)
        return
    raw_passes = getattr(observer, "raw_passes", 0)
    if not isinstance(raw_passes, int) or raw_passes < 0:
        raise TypeError(f"{observer.__name__}.raw_passes: {raw_passes!r}; allowed: a whole number from 0 on")
    for method in ["solve"] + ["observe"] * (raw_passes > 0):
        if not callable(getattr(observer, method, None)):
            raise TypeError(f"{observer.__name__} has no {method}()")
    needs_statistics = bool(getattr(observer, "needs_statistics", True))
    _native.register_observer(algorithm, lambda config: _Object(observer(), config), raw_passes, needs_statistics)


class _Function:
    def __init__(self, function: Callable[..., Any], config: dict[str, Any]) -> None:
        self._function = function
        self._config = config

    def solve(self, channels: list[dict[str, Any]]) -> list[tuple[bool, float, float]]:
        return _answers(self._function(channels, self._config), self._config)


class _Object:
    def __init__(self, observer: Any, config: dict[str, Any]) -> None:
        self._observer = observer
        self._config = config

    def begin_pass(self, index: int) -> None:
        begin = getattr(self._observer, "begin_pass", None)
        if begin is not None:
            begin(index)

    def observe(self, batch: Any) -> None:
        self._observer.observe(batch)

    def solve(self, channels: list[dict[str, Any]]) -> list[tuple[bool, float, float]]:
        return _answers(self._observer.solve(channels, self._config), self._config)


def _answers(given: Any, config: Mapping[str, Any]) -> list[tuple[bool, float, float]]:
    """(is a range, low or scale, high or zero point) for each channel."""
    if isinstance(given, (Range, Parameters)):
        given = [given]
    try:
        return [_answer(each) for each in given]
    except (TypeError, ValueError) as error:
        raise TypeError(
            f"an observer gave {given!r}; allowed: for each channel a Range(low, high) or Parameters(scale, zero_point)"
        ) from error


def _answer(given: Any) -> tuple[bool, float, float]:
    # A bare pair could be meant as either.
    if not isinstance(given, (Range, Parameters)):
        raise TypeError(type(given).__name__)
    first, second = given
    if isinstance(given, Range):
        return True, float(first), float(second)
    if int(second) != second or abs(second) >= 2**31:
        raise ValueError(second)
    return False, float(first), int(second)
