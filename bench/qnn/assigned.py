#!/usr/bin/env python3
"""What Qualcomm's QNN makes of a model: the check of the targets `qnn` and `qnn-16`.

    assigned.py MODEL [SAMPLE.npy]    prints which nodes ONNX Runtime gives to QNN and which stay on the CPU, and with a sample for
                                      the model's only input how far QNN's result is from that of QuantizeLinear and DequantizeLinear

Needs PyPI's onnxruntime-qnn, whose HTP back end also runs on x86-64. Models must have fixed shapes: the provider takes no others.
"""

import collections
import sys
from pathlib import Path

import numpy as np
import onnxruntime
import onnxruntime_qnn

PROVIDER = "QNNExecutionProvider"


def open_session(path):
    library = Path(onnxruntime_qnn.get_library_path())
    onnxruntime.register_execution_provider_library(PROVIDER, str(library))
    devices = [device for device in onnxruntime.get_ep_devices() if device.ep_name == PROVIDER]
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.add_session_config_entry("session.record_ep_graph_assignment_info", "1")
    options.add_provider_for_devices(devices, {"backend_path": str(library.with_name("libQnnHtp.so"))})
    return onnxruntime.InferenceSession(path, options)


def open_plain(path):
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def main():
    path = sys.argv[1]
    session = open_session(path)
    kinds = collections.defaultdict(collections.Counter)
    for part in session.get_provider_graph_assignment_info():
        kinds[part.ep_name].update(node.op_type for node in part.get_nodes())
    for provider, counts in kinds.items():
        print(provider, dict(counts))
    if len(sys.argv) < 3:
        return
    sample = {session.get_inputs()[0].name: np.load(sys.argv[2])}
    for output, found, expected in zip(session.get_outputs(), session.run(None, sample), open_plain(path).run(None, sample)):
        print(f"{output.name}: {np.abs(found - expected).max():.6g} of {np.abs(expected).max():.6g}")


if __name__ == "__main__":
    sys.exit(main())
