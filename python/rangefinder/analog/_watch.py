"""Counts what the layers of a torch network read while it runs on the data, and gives them their ranges.

    sample -> network -> forward-pre-hook of each layer -> counter of the engine -> input_range

Inputs on a GPU are counted there, where the type of calibration allows.
No layer clips or rounds its input while the network is watched, whatever its configuration says; with
compat="aihwkit" the moving types clip at what was found so far, as the original does.
"""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from .. import _devices, _native
from . import _layers


@dataclass
class Watched:
    """A layer and its counter."""

    name: str
    layer: Any
    counter: Any
    calls: int = 0

    def ranges(self) -> list[float]:
        found = self.counter.ranges()
        if found is None:
            reason = "saw only zeros" if self.calls else "was not called"
            raise error_of(f"'{self.name}' {reason}: it has no input range; give other samples, or exclude it", self.name)
        return list(found)


def error_of(message: str, node: str) -> Exception:
    error = _native.Error(message)
    error.node = node
    return error


@dataclass
class Watch:
    """All layers of a network."""

    layers: list[Watched]
    #: Told after each call of a layer.
    called: Callable[[Watched], None] = field(default=lambda watched: None)
    #: Where inputs on GPUs are counted.
    devices: _devices.Devices = field(default_factory=_devices.Devices)
    #: What the user was told.
    told: set[str] = field(default_factory=set)

    def run(self, model: Any, calls: Iterator[Any]) -> int:
        """Calls the network; returns how often. Throws Error naming the layer for NaN, infinity, a shape."""
        import torch  # type: ignore[import-not-found, unused-ignore]

        count = 0
        with contextlib.ExitStack() as hooks, torch.no_grad():
            for watched in self.layers:
                hooks.callback(_register(watched.layer, self._hook_of(watched)).remove)
            for args, kwargs in calls:
                model(*args, **kwargs)
                count += 1
        return count

    def _hook_of(self, watched: Watched) -> Callable[..., None]:
        def hook(layer: Any, args: Any, kwargs: Any = None) -> None:
            values = self._countable(watched.counter, _layers.called_with(layer, args, kwargs or {}))
            try:
                with _devices.current(values):
                    watched.counter.observe(values)
            except ValueError as error:
                raise error_of(f"'{watched.name}': {error}", watched.name) from error
            watched.calls += 1
            self.called(watched)

        return hook


    def _countable(self, counter: Any, values: Any) -> Any:
        """On the GPU where they are counted there, else on the host."""
        import torch  # type: ignore[import-not-found, unused-ignore]

        number = _devices.cuda_device_of(values)
        if number is not None and not counter.counts_on_device:
            self._tell_once("these types look at the values themselves: inputs are copied from the GPU, and counted on the CPU")
            number = None
        if number is None or not self.devices.counts(number):
            return _layers.on_host(values)
        if values.dtype not in (torch.float32, torch.float16, torch.bfloat16):
            values = values.to(torch.float32)
        return values.contiguous()

    def _tell_once(self, message: str) -> None:
        if message not in self.told:
            self.told.add(message)
            warnings.warn(message, stacklevel=2)


def _register(layer: Any, hook: Callable[..., None]) -> Any:
    try:
        return layer.register_forward_pre_hook(hook, with_kwargs=True)
    except TypeError:
        # PyTorch 1 hands over positional arguments alone.
        return layer.register_forward_pre_hook(hook)


@contextlib.contextmanager
def converters_off(layers: list[Any]) -> Iterator[None]:
    """Analog layers compute without converters and input ranges inside; afterwards they are as they were."""
    with contextlib.ExitStack() as undo:
        seen: set[int] = set()
        for layer in layers:
            # Layers may share one configuration.
            config = layer.rpu_config
            if id(config) in seen:
                continue
            seen.add(id(config))
            for owner, name, value in (
                (config.forward, "inp_res", -1),
                (config.forward, "out_res", -1),
                (config.forward, "out_bound", 0.0),
                (config.pre_post.input_range, "enable", False),
            ):
                undo.callback(setattr, owner, name, getattr(owner, name))
                setattr(owner, name, value)
        yield
