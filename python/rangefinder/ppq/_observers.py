"""Calibration methods by name, PPQ's way."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from typing import Any

from .. import _api, _native
from .._observers import register_calibration_observer as _register


class BaseTensorObserver:
    """What PPQ's observers derive from: observe(value) sees each batch, render_quantization_config() writes
    `_quant_cfg.scale` and `.offset`."""

    def __init__(self, watch_on: Any, quant_cfg: Any) -> None:
        self._watch_on = watch_on
        self._quant_cfg = quant_cfg

    def observe(self, value: Any) -> None:
        raise NotImplementedError

    def render_quantization_config(self) -> None:
        raise NotImplementedError


class ObservedConfig:
    """What an observer of PPQ's kind is made with: the grid, and room for its answer."""

    def __init__(self, config: dict[str, Any]) -> None:
        self.num_of_bits: int = config["bits"]
        self.quant_min: int = config["quant_min"]
        self.quant_max: int = config["quant_max"]
        self.symmetrical: bool = config["symmetric"]
        self.channel_axis: int | None = config["channel_axis"]
        self.detail: dict[str, Any] = {}
        self.state: Any = None
        self.scale: Any = None
        self.offset: Any = None


def register_calibration_observer(algorithm: str, observer: Any) -> None:
    """A class or function as rangefinder.register_calibration_observer() takes it, or a class of PPQ's kind.

    Throws ValueError if the name is taken or no name, TypeError for what is no observer."""
    if isinstance(observer, type) and hasattr(observer, "render_quantization_config"):
        passes = int(getattr(observer, "raw_passes", 1))
        _native.register_observer(algorithm, lambda config: _Adapter(observer, config), passes, False)
    else:
        _register(algorithm, observer)
    _registered[algorithm.lower()] = observer


class _Adapter:
    """Shows all batches of its tensor to an observer of PPQ's kind; one with `raw_passes = 2` renders after each pass."""

    def __init__(self, observer: type[Any], config: dict[str, Any]) -> None:
        self._config = ObservedConfig(config)
        self._observer = observer(None, self._config)

    def begin_pass(self, index: int) -> None:
        if index > 0:
            self._observer.render_quantization_config()

    def observe(self, batch: Any) -> None:
        self._observer.observe(_tensor(batch))

    def solve(self, channels: Any) -> list[tuple[bool, float, float]]:
        self._observer.render_quantization_config()
        if self._config.scale is None:
            raise ValueError(f"{type(self._observer).__name__} rendered no scale")
        return [(False, float(self._config.scale), int(self._config.offset or 0))]


def _tensor(batch: Any) -> Any:
    """As PPQ hands it: a torch tensor where there is PyTorch."""
    try:
        import torch  # type: ignore[import-not-found, unused-ignore]
    except ImportError:
        return batch
    return torch.from_numpy(batch)


_registered: dict[str, Any] = {}


class _ObserverTable(MutableMapping[str, Any]):
    """The methods by name; to set one is to register it. Built-in ones have no class."""

    def __getitem__(self, name: str) -> Any:
        if name.lower() not in _api.methods():
            raise KeyError(name)
        return _registered.get(name.lower())

    def __setitem__(self, name: str, observer: Any) -> None:
        register_calibration_observer(name, observer)

    def __delitem__(self, name: str) -> None:
        raise TypeError("a method stays registered for the life of the process")

    def __iter__(self) -> Iterator[str]:
        return iter(_api.methods())

    def __len__(self) -> int:
        return len(_api.methods())


OBSERVER_TABLE = _ObserverTable()
