"""AIHWKIT-Lightning wants PyTorch 2; this adds the one thing that its calibration needs to PyTorch 1: pre-hooks that see
keyword arguments. Import it before aihwkit_lightning; with PyTorch 2 it does nothing."""

from __future__ import annotations

import inspect
import itertools

import torch

_numbers = itertools.count()
_positional = torch.nn.Module.register_forward_pre_hook


class _Handle:
    def __init__(self, module, number):
        self._module, self._number = module, number

    def remove(self):
        hooks = self._module.__dict__.get("_hooks_with_kwargs", {})
        hooks.pop(self._number, None)
        if not hooks:
            self._module.__dict__.pop("forward", None)
            self._module.__dict__.pop("_hooks_with_kwargs", None)


def _register(self, hook, *, prepend=False, with_kwargs=False):
    if not with_kwargs:
        return _positional(self, hook)
    if "_hooks_with_kwargs" not in self.__dict__:
        self.__dict__["_hooks_with_kwargs"] = hooks = {}
        forward = self.forward

        def with_hooks(*args, **kwargs):
            for each in list(hooks.values()):
                each(self, args, kwargs)
            return forward(*args, **kwargs)

        self.__dict__["forward"] = with_hooks
    number = next(_numbers)
    self.__dict__["_hooks_with_kwargs"][number] = hook
    return _Handle(self, number)


if "with_kwargs" not in inspect.signature(_positional).parameters:
    torch.nn.Module.register_forward_pre_hook = _register
