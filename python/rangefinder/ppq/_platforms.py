"""PPQ's platforms as targets of ours, and where work is done."""

from __future__ import annotations

import warnings
from enum import Enum
from typing import Any


class TargetPlatform(Enum):
    """PPQ's platforms with their numbers."""

    MNN_INT8 = 100
    TRT_INT8 = 101
    NCNN_INT8 = 102
    OPENVINO_INT8 = 103
    TENGINE_INT8 = 104
    TRT_FP8 = 105
    ASC_INT8 = 106
    PPL_CUDA_INT8 = 201
    PPL_CUDA_INT4 = 202
    PPL_CUDA_FP16 = 203
    PPL_CUDA_MIX = 204
    PPL_DSP_INT8 = 301
    SNPE_INT8 = 302
    PPL_DSP_TI_INT8 = 303
    QNN_DSP_INT8 = 304
    HOST_INT8 = 401
    NXP_INT8 = 501
    FPGA_INT8 = 502
    RKNN_INT8 = 601
    METAX_INT8_C = 701
    METAX_INT8_T = 702
    HEXAGON_INT8 = 801
    GRAPHCORE_FP8 = 901
    FP32 = 0
    FP16 = 1
    BF16 = 2
    FP8 = 3
    INT8 = 4
    SOI = -1
    UNSPECIFIED = -2
    BOUNDARY = -3
    ONNX = -4
    CAFFE = -5
    NATIVE = -6
    ONNXRUNTIME = -7
    EXTENSION = -10086


DEFAULT_TARGET = "ort-cpu"

#: Platforms and the targets that write for them (docs/targets.md).
_TARGETS = {
    TargetPlatform.ONNXRUNTIME: DEFAULT_TARGET,
    TargetPlatform.INT8: DEFAULT_TARGET,
    TargetPlatform.TRT_INT8: "tensorrt",
    TargetPlatform.OPENVINO_INT8: "openvino",
    TargetPlatform.PPL_CUDA_INT8: "ppl-cuda",
    TargetPlatform.NCNN_INT8: "ncnn",
    TargetPlatform.MNN_INT8: "mnn",
    TargetPlatform.QNN_DSP_INT8: "qnn",
    TargetPlatform.SNPE_INT8: "qnn",
    TargetPlatform.PPL_DSP_INT8: "qnn",
    TargetPlatform.FPGA_INT8: "int8-power-of-2",
    TargetPlatform.METAX_INT8_C: "int8-symmetric",
    TargetPlatform.EXTENSION: "int8-symmetric",
}


def target_of(platform: Any) -> str:
    """The target of a TargetPlatform, ours or PPQ's. Throws NotImplementedError naming the platform."""
    name = getattr(platform, "name", platform)
    known = next((each for each in TargetPlatform if each.name == name), None)
    if known in _TARGETS:
        return _TARGETS[known]
    raise NotImplementedError(f"platform={name}; allowed: {', '.join(sorted(each.name for each in _TARGETS))}")


def note_device(device: str) -> None:
    """Calibration runs on the CPU, whatever PPQ would do."""
    if not str(device).startswith(("cpu", "executor")):
        warnings.warn(f"device='{device}': the work is done on the CPU", stacklevel=4)


class ENABLE_CUDA_KERNEL:
    """PPQ compiles kernels for its observers here; ours need none."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, *_: Any) -> None:
        return None


class DISABLE_CUDA_KERNEL(ENABLE_CUDA_KERNEL):
    """The same nothing."""
