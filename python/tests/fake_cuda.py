"""Tensors on a CUDA device that is none: the fake driver of tests/support holds their memory and runs our kernels under
an emulation. Each is handed out by DLPack's protocol, as PyTorch or CuPy hand out theirs."""

from __future__ import annotations

import ctypes
import os

import numpy as np
import pytest

from rangefinder import _native

CPU, CUDA, CUDA_HOST, OPENCL, CUDA_MANAGED = 1, 2, 3, 4, 13
#: DLPack's code, and bits.
TYPES = {"float32": (2, 32), "float16": (2, 16), "bfloat16": (4, 16), "float64": (2, 64), "int32": (0, 32)}


class _Tensor(ctypes.Structure):
    _fields_ = [
        ("data", ctypes.c_void_p),
        ("device_type", ctypes.c_int32),
        ("device_id", ctypes.c_int32),
        ("ndim", ctypes.c_int32),
        ("code", ctypes.c_uint8),
        ("bits", ctypes.c_uint8),
        ("lanes", ctypes.c_uint16),
        ("shape", ctypes.POINTER(ctypes.c_int64)),
        ("strides", ctypes.POINTER(ctypes.c_int64)),
        ("byte_offset", ctypes.c_uint64),
    ]


class _Managed(ctypes.Structure):
    _fields_ = [("tensor", _Tensor), ("context", ctypes.c_void_p), ("deleter", ctypes.c_void_p)]


class _Versioned(ctypes.Structure):
    _fields_ = [
        ("major", ctypes.c_uint32),
        ("minor", ctypes.c_uint32),
        ("context", ctypes.c_void_p),
        ("deleter", ctypes.c_void_p),
        ("flags", ctypes.c_uint64),
        ("tensor", _Tensor),
    ]


_DELETER = ctypes.CFUNCTYPE(None, ctypes.c_void_p)
_new_capsule = ctypes.pythonapi.PyCapsule_New
_new_capsule.restype = ctypes.py_object
_new_capsule.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
_capsule_has_name = ctypes.pythonapi.PyCapsule_IsValid
_capsule_has_name.argtypes = [ctypes.c_void_p, ctypes.c_char_p]
_NAMES = {_Managed: b"dltensor", _Versioned: b"dltensor_versioned"}


class Driver:
    """The fake driver in the place of the system's: whoever opens libcuda.so.1 in this process gets it."""

    def __init__(self, path: str) -> None:
        self.library = ctypes.CDLL(path)
        self.library.fake_driver_used.restype = ctypes.c_size_t
        self.library.fake_driver_launches.restype = ctypes.c_uint64
        self.library.fake_driver_copied.restype = ctypes.c_uint64

    def set(self, settings: str = "") -> None:
        self.library.fake_driver_set(settings.encode())

    def used(self) -> int:
        return self.library.fake_driver_used()

    def launches(self) -> int:
        return self.library.fake_driver_launches()

    def copied(self) -> int:
        return self.library.fake_driver_copied()

    def contexts(self) -> int:
        return self.library.fake_driver_contexts()

    def calls(self, function: str) -> int:
        return self.library.fake_driver_calls(function.encode())

    def allocate(self, size: int) -> int:
        address = ctypes.c_uint64()
        assert self.library.cuMemAlloc_v2(ctypes.byref(address), ctypes.c_size_t(size)) == 0
        return address.value

    def write(self, address: int, data: bytes) -> None:
        assert self.library.cuMemcpyHtoD_v2(ctypes.c_uint64(address), data, ctypes.c_size_t(len(data))) == 0

    def free(self, address: int) -> None:
        assert self.library.cuMemFree_v2(ctypes.c_uint64(address)) == 0


class Owner:
    """A tensor of another library's, by DLPack.

    `values` are given as NumPy has them; bfloat16 as uint16. The memory is the driver's, or NumPy's for a device of the
    host. It is filled when a consumer asks, so that whoever looks before sees something else, and given back by the
    deleter, so that whoever looks behind it reads freed memory.
    """

    def __init__(self, values, type_name, driver=None, device=(CUDA, 0), strides=None, version=None, capsule_device=None):
        self.values = np.ascontiguousarray(values)
        self.shape = values.shape
        self.type, self.driver, self.device = type_name, driver, device
        self.strides, self.version, self.capsule_device = strides, version, capsule_device or device
        self.asked: list[dict] = []
        self.deleted = 0
        self._kept: list = []

    def __dlpack_device__(self):
        return self.device

    def __dlpack__(self, **arguments):
        self.asked.append(arguments)
        if self.version is None and "max_version" in arguments:
            raise TypeError("__dlpack__() got an unexpected keyword argument 'max_version'")
        return self.capsule()

    def capsule(self):
        data = self.values.tobytes()
        if self.capsule_device[0] in (CUDA, CUDA_MANAGED):
            # Not at the beginning of the memory: there is an offset, too.
            address = self.driver.allocate(len(data) + 16)
            self.driver.write(address + 16, data)
            offset, release = 16, lambda: self.driver.free(address)
        else:
            buffer = ctypes.create_string_buffer(data, max(len(data), 1))
            self._kept.append(buffer)
            address, offset, release = ctypes.addressof(buffer), 0, lambda: None
        return self._capsule_over(address, offset, release)

    def _capsule_over(self, address, offset, release):
        kind = _Managed if self.version is None else _Versioned
        managed = kind()
        shape = (ctypes.c_int64 * len(self.shape))(*self.shape)
        strides = (ctypes.c_int64 * len(self.shape))(*self.strides) if self.strides else None
        managed.tensor = _Tensor(address, *self.capsule_device, len(self.shape), *TYPES[self.type], 1, shape, strides, offset)
        if self.version is not None:
            managed.major, managed.minor = self.version

        def delete(_):
            self.deleted += 1
            release()

        deleter = _DELETER(delete)
        managed.deleter = ctypes.cast(deleter, ctypes.c_void_p)

        # As the protocol says: a capsule that nobody took gives the tensor back itself.
        def forget(capsule):
            if _capsule_has_name(capsule, _NAMES[kind]):
                delete(None)

        destructor = _DELETER(forget)
        self._kept += [managed, shape, strides, deleter, destructor]
        return _new_capsule(ctypes.addressof(managed), _NAMES[kind], ctypes.cast(destructor, ctypes.c_void_p))


def driver_or_skip() -> Driver:
    path = os.environ.get("RANGEFINDER_FAKE_CUDA", "")
    if not path:
        pytest.skip("RANGEFINDER_FAKE_CUDA does not name the fake driver of a build with tests")
    driver = Driver(path)
    driver.set()
    reason = _native.open_for_counting("cuda:0").none_because
    if "no kernels" in reason:
        pytest.skip(reason)
    assert reason == ""
    return driver
