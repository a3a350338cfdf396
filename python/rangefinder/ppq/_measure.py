"""PPQ's error measures, per sample and averaged over all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

#: So that silence divides by something, as in PPQ.
_TINY = 1e-7


def noise_to_signal(y_pred: Any, y_real: Any) -> float:
    """Sum of squared errors over sum of squares, of each sample, and their mean: 0 is best."""
    pred, real = _rows(y_pred), _rows(y_real)
    return float((((pred - real) ** 2).sum(axis=1) / ((real**2).sum(axis=1) + _TINY)).mean())


def mean_square_error(y_pred: Any, y_real: Any) -> float:
    return float(((_rows(y_pred) - _rows(y_real)) ** 2).mean())


def cosine_similarity(y_pred: Any, y_real: Any) -> float:
    """1 is best."""
    import numpy as np

    pred, real = _rows(y_pred), _rows(y_real)
    lengths = np.sqrt((pred**2).sum(axis=1)) * np.sqrt((real**2).sum(axis=1))
    return float(((pred * real).sum(axis=1) / np.maximum(lengths, 1e-8)).mean())


def torch_snr_error(y_pred: Any, y_real: Any, reduction: str = "mean") -> Any:
    """noise_to_signal() as a tensor."""
    import torch  # type: ignore[import-not-found, unused-ignore]

    if reduction != "mean":
        raise NotImplementedError(f"reduction={reduction!r}; allowed: 'mean'")
    return torch.tensor(noise_to_signal(y_pred, y_real))


_MEASURES = {"snr": noise_to_signal, "mse": mean_square_error, "cosine": cosine_similarity}


def measure(method: str) -> Callable[[Any, Any], float]:
    """Throws ValueError."""
    if method not in _MEASURES:
        raise ValueError(f"method={method!r}; allowed: {', '.join(_MEASURES)}")
    return _MEASURES[method]


class Mean:
    """Over samples, a batch weighing as many as it has."""

    def __init__(self, of: Callable[[Any, Any], float]) -> None:
        self._of = of
        self._sum = 0.0
        self._count = 0

    def add(self, y_pred: Any, y_real: Any) -> None:
        count = y_real.shape[0] if y_real.ndim > 1 else 1
        self._sum += self._of(y_pred, y_real) * count
        self._count += count

    def value(self) -> float:
        return self._sum / self._count if self._count else float("nan")


def convert_any_to_numpy(value: Any) -> Any:
    import numpy as np

    return value.detach().cpu().numpy() if hasattr(value, "detach") else np.asarray(value)


def convert_any_to_torch_tensor(value: Any, device: str = "cpu", dtype: Any = None) -> Any:
    import torch  # type: ignore[import-not-found, unused-ignore]

    return torch.as_tensor(value).to(device=device, dtype=dtype)


def _rows(value: Any) -> Any:
    import numpy as np

    array = np.asarray(convert_any_to_numpy(value), dtype=np.float64)
    return array.reshape(1, -1) if array.ndim < 2 else array.reshape(array.shape[0], -1)
