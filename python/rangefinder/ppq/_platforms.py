"""PPQ's platforms as targets of ours, and where work is done."""

from __future__ import annotations

import warnings
from enum import Enum
from typing import Any

from .. import _api


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

#: Served by ONNX Runtime. PPL's own format is not written; its graphs run there.
_BY_DEFAULT = {TargetPlatform.ONNXRUNTIME, TargetPlatform.INT8, TargetPlatform.PPL_CUDA_INT8}
#: What their targets are called, where there is one.
_NAMES = {
    TargetPlatform.TRT_INT8: "tensorrt",
    TargetPlatform.OPENVINO_INT8: "openvino",
    TargetPlatform.NCNN_INT8: "ncnn",
    TargetPlatform.QNN_DSP_INT8: "qnn",
    TargetPlatform.RKNN_INT8: "rknn",
    TargetPlatform.MNN_INT8: "mnn",
}


def target_of(platform: Any) -> str:
    """The target of a TargetPlatform, ours or PPQ's. Throws NotImplementedError naming the platform."""
    name = getattr(platform, "name", platform)
    known = next((each for each in TargetPlatform if each.name == name), None)
    if known in _BY_DEFAULT:
        if known is TargetPlatform.PPL_CUDA_INT8:
            warnings.warn(
                "platform=PPL_CUDA_INT8: the model is written for ONNX Runtime (uint8 activations, int8 weights)",
                stacklevel=4,
            )
        return DEFAULT_TARGET
    targets = _api.targets()
    if known in _NAMES and _NAMES[known] in targets:
        return _NAMES[known]
    allowed = [each.name for each in _BY_DEFAULT] + [each.name for each, target in _NAMES.items() if target in targets]
    raise NotImplementedError(f"platform={name}; allowed: {', '.join(sorted(allowed))}")


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
