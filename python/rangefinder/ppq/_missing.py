"""Names of PPQ that are not there: to import one says so, instead of that there is no such name."""

from __future__ import annotations

from typing import NoReturn

_PASSES = {
    "ActivationEqualizationPass",
    "AdaroundPass",
    "BiasCorrectionPass",
    "ChannelwiseSplitPass",
    "GRUSplitPass",
    "HorizontalLayerSplitPass",
    "LayerwiseEqualizationPass",
    "LearnedStepSizePass",
    "MishFusionPass",
    "ParameterBakingPass",
    "ParameterQuantizePass",
    "PassiveParameterQuantizePass",
    "QuantAlignmentPass",
    "QuantizationOptimizationPipeline",
    "QuantizeFusionPass",
    "QuantizeSimplifyPass",
    "RoundTuningPass",
    "SSDEqualizationPass",
    "SwishFusionPass",
}
_FUNCTIONS = {
    "dispatch_graph",
    "format_graph",
    "load_caffe_graph",
    "load_native_graph",
    "manop",
    "parameter_analyse",
    "quantize_caffe_model",
    "register_network_exporter",
    "register_network_parser",
    "register_network_quantizer",
    "register_operation_handler",
    "variable_analyse",
}
_CLASSES = {
    "BaseGraphExecutor",
    "BaseQuantizer",
    "GraphFormatter",
    "OperationQuantizationConfig",
    "PPLCUDAQuantizer",
    "PPL_DSP_Quantizer",
    "QuantizationPolicy",
    "QuantizationProperty",
    "RoundingPolicy",
    "SearchableGraph",
    "TensorRTQuantizer",
    "TorchQuantizeDelegator",
    "TrainableGraph",
}

_ADVICE = {
    "BiasCorrectionPass": "; setting.bias_correct = True corrects biases",
    "dispatch_graph": "; setting.dispatching_table chooses what stays float",
}


def refuse(module: str, name: str) -> NoReturn:
    """For a module's __getattr__(): throws NotImplementedError for a name of PPQ's, AttributeError for others."""
    if name in _PASSES | _FUNCTIONS | _CLASSES:
        raise NotImplementedError(f"{name}: not done by {module}{_ADVICE.get(name, '')}")
    raise AttributeError(f"module '{module}' has no attribute '{name}'")
