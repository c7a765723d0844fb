"""The same model with a symbolic batch: the leading dimension that inputs and outputs share becomes a name."""
import onnx

SYMBOL = "batch"


def _leading(info):
    """The first dimension of a tensor, or None."""
    if info.type.WhichOneof("value") != "tensor_type" or not info.type.tensor_type.HasField("shape"):
        return None
    dims = info.type.tensor_type.shape.dim
    return dims[0] if dims and dims[0].WhichOneof("value") == "dim_value" else None


def with_symbolic_batch(model):
    """A changed copy of `model`, or None when no input has a leading dimension that a number fixes."""
    model = onnx.ModelProto.FromString(model.SerializeToString())
    constant = {tensor.name for tensor in model.graph.initializer}
    leading = [dim for info in model.graph.input if info.name not in constant and (dim := _leading(info)) is not None]
    if not leading:
        return None
    extent = leading[0].dim_value
    leading += [dim for info in model.graph.output if (dim := _leading(info)) is not None]
    for dim in leading:
        if dim.dim_value == extent:
            dim.dim_param = SYMBOL
    del model.graph.value_info[:]  # what was said about values inside need not hold any more
    return model
