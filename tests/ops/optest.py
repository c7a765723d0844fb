"""Tests of single operators: Hone's inference and reference beside ONNX Runtime, or the ONNX reference evaluator where that
refuses.

    run("Relu", {}, [x])                      outputs as NumPy arrays; OpError when Hone refuses
    check("Relu", {}, [x])                    compares with the oracle (or with `expect`), and inference over symbolic,
                                              unknown and exact shapes with the real shape
    refused("Reshape", {}, [x, s], "text")    Hone must refuse, with that text in the message

Inputs are arrays (ml_dtypes for bfloat16, float8, int4; dtype object for strings) or None for absent ones; attributes are int,
float, str, lists of those, or arrays. The functions named test_* of cases_*.py are run by run.py."""
import ctypes
import warnings

import ml_dtypes
import numpy as np
import onnx
import onnx.reference
import onnxruntime
from onnx import TensorProto, helper

import op_library

LIBRARY = op_library.load()
OPSET = 28
EXACT, SAME_SYMBOLS, OWN_SYMBOLS, UNKNOWN_DIMS, UNKNOWN_RANKS = range(5)
ALL_DATA, SYMBOLIC_DATA, NO_DATA, HOST_DATA = range(4)
DATA_SHAPE = 1 << 7
PACKED_BITS = {TensorProto.INT4: 4, TensorProto.UINT4: 4, TensorProto.FLOAT4E2M1: 4, TensorProto.INT2: 2, TensorProto.UINT2: 2}
TOLERANCE = {"float16": (2e-3, 1e-3), "bfloat16": (1.6e-2, 1e-2), "float32": (1e-5, 1e-6), "float64": (1e-12, 1e-12)}
seen = set()  # operators with at least one case


class OpError(Exception):
    """Hone refused: `status` is its phrase, the text its messages."""

    def __init__(self, status, text):
        super().__init__(f"{status}: {text}")
        self.status = status


# ---- arrays and bytes ----

def dtype_number(array):
    return TensorProto.STRING if array.dtype == object else helper.np_dtype_to_tensor_dtype(array.dtype)


def to_bytes(array):
    number = dtype_number(array)
    if number == TensorProto.STRING:
        return b"".join(text.encode() + b"\0" for text in array.reshape(-1))
    raw = np.ascontiguousarray(array)
    if number not in PACKED_BITS:
        return raw.tobytes()
    bits = PACKED_BITS[number]
    codes = raw.reshape(-1).view(np.uint8) & ((1 << bits) - 1)
    codes = np.append(codes, np.zeros(-codes.size % (8 // bits), np.uint8)).reshape(-1, 8 // bits)
    return np.bitwise_or.reduce(codes << (np.arange(8 // bits, dtype=np.uint8) * bits), axis=1).astype(np.uint8).tobytes()


def from_bytes(number, shape, pointer):
    dtype = helper.tensor_dtype_to_np_dtype(number)
    count = int(np.prod(shape, dtype=np.int64))
    if number not in PACKED_BITS:
        return np.frombuffer(ctypes.string_at(pointer, count * dtype.itemsize), dtype).reshape(shape).copy()
    bits = PACKED_BITS[number]
    packed = np.frombuffer(ctypes.string_at(pointer, -(-count * bits // 8)), np.uint8)
    codes = (packed[:, None] >> (np.arange(8 // bits, dtype=np.uint8) * bits)).reshape(-1) & ((1 << bits) - 1)
    assert not codes[count:].any(), "the unused bits of the last byte are not 0"
    codes = codes[:count]
    if number in (TensorProto.INT4, TensorProto.INT2):
        return (codes.astype(np.int8) - ((codes >> (bits - 1)).astype(np.int8) << bits)).astype(dtype).reshape(shape)
    return codes.view(dtype).reshape(shape) if number == TensorProto.FLOAT4E2M1 else codes.astype(dtype).reshape(shape)


def _int64s(values):
    return (ctypes.c_int64 * max(1, len(values)))(*[int(v) for v in values])


# ---- one case in the library ----

class Case:
    def __init__(self, op, attributes, inputs, n_out):
        self.op, self.inputs, self.n_out = op, inputs, n_out
        self.handle = LIBRARY.case_begin(op.encode(), len(inputs), n_out)
        for name, value in attributes.items():
            self._attribute(name.encode(), value)
        for i, array in enumerate(inputs):
            if array is not None:
                LIBRARY.case_input(self.handle, i, dtype_number(array), array.ndim, _int64s(array.shape), to_bytes(array))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        LIBRARY.case_end(self.handle)

    def _attribute(self, name, value):
        if isinstance(value, np.ndarray):
            LIBRARY.attr_tensor(self.handle, name, dtype_number(value), value.ndim, _int64s(value.shape), to_bytes(value))
        elif isinstance(value, (bool, int, np.integer)):
            LIBRARY.attr_int(self.handle, name, int(value))
        elif isinstance(value, float):
            LIBRARY.attr_float(self.handle, name, value)
        elif isinstance(value, str):
            LIBRARY.attr_string(self.handle, name, value.encode(), len(value.encode()))
        elif value and isinstance(value[0], str):
            texts = (ctypes.c_char_p * len(value))(*[v.encode() for v in value])
            LIBRARY.attr_strings(self.handle, name, texts, len(value))
        elif value and isinstance(value[0], float):
            LIBRARY.attr_floats(self.handle, name, (ctypes.c_float * len(value))(*value), len(value))
        else:
            LIBRARY.attr_ints(self.handle, name, _int64s(value), len(value))

    def _checked(self, status):
        if status == -1000:
            raise AssertionError("an output has no constant size: " + self.inferred(0))
        if status == -1001:
            raise AssertionError("memory behind a tensor was written")
        if status != 0:
            texts = [LIBRARY.message_text(self.handle, i).decode() for i in range(LIBRARY.message_count(self.handle))]
            raise OpError(LIBRARY.status_name(status).decode(), "; ".join(texts))

    def infer(self, shapes=EXACT, data=ALL_DATA, symbolic=True):
        self._checked(LIBRARY.case_infer(self.handle, shapes, data, symbolic))

    def inferred(self, i):
        return LIBRARY.inferred_text(self.handle, i).decode()

    def run(self, left_out=-1, overwritten=-1):
        self._checked(LIBRARY.case_run(self.handle, left_out, overwritten))
        return [None if i == left_out else self._output(i) for i in range(self.n_out)]

    def _output(self, i):
        number, rank = LIBRARY.output_dtype(self.handle, i), LIBRARY.output_rank(self.handle, i)
        shape = tuple(LIBRARY.output_dims(self.handle, i)[:rank])
        if number != TensorProto.STRING:
            return from_bytes(number, shape, LIBRARY.output_data(self.handle, i))
        texts = [LIBRARY.output_string(self.handle, i, k).decode() for k in range(int(np.prod(shape)))]
        return np.array(texts, object).reshape(shape)


def run(op, attributes, inputs, n_out=1):
    """Outputs of Hone's reference over the shapes that inference gives as it runs at run time."""
    seen.add(op)
    with Case(op, attributes, inputs, n_out) as case:
        case.infer(symbolic=False)
        return case.run()


# ---- the oracle ----

def schema_of(op):
    """The newest schema of "Name" or "domain.Name" and its domain; None for an operator that the onnx package does not know."""
    domain, _, name = op.rpartition(".")
    try:
        return onnx.defs.get_schema(name, OPSET, domain), domain, name
    except onnx.defs.SchemaError:
        return None, domain, name


def model_of(op, attributes, inputs, n_out):
    schema, domain, op_type = schema_of(op)
    names = ["" if array is None else f"in{i}" for i, array in enumerate(inputs)]
    kept = {k: onnx.numpy_helper.from_array(v) if isinstance(v, np.ndarray) else v for k, v in attributes.items()}
    node = helper.make_node(op_type, names, [f"out{i}" for i in range(n_out)], domain=domain, **kept)
    values = [helper.make_tensor_value_info(name, dtype_number(array), array.shape)
              for name, array in zip(names, inputs) if name]
    outputs = [helper.make_empty_tensor_value_info(name) for name in node.output]
    opset = 21 if domain else max(schema.since_version, 21)  # the newest meaning, in the oldest opset that has it
    opsets = [helper.make_opsetid("", opset)]
    if domain:
        opsets.append(helper.make_opsetid(domain, schema.since_version - schema.deprecated if schema else 1))
    graph = helper.make_graph([node], "case", values, outputs)
    return helper.make_model(graph, opset_imports=opsets, ir_version=10 if opset < 23 else 11)


def _runtime_outputs(model, feeds):
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return session.run(None, feeds)


def _evaluator_outputs(model, feeds):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return onnx.reference.ReferenceEvaluator(model).run(None, feeds)


def _in_float32(op, attributes, inputs, n_out):
    """Outputs for narrow floats by way of float32."""
    narrow = next(array.dtype for array in inputs if array is not None and array.dtype.name in ("float16", "bfloat16"))
    wide = [array.astype(np.float32) if array is not None and array.dtype == narrow else array for array in inputs]
    outputs = oracle(op, attributes, wide, n_out)
    return [array.astype(narrow) if array.dtype == np.float32 else array for array in outputs]


def oracle(op, attributes, inputs, n_out, evaluator=False):
    """Outputs of ONNX Runtime; of the reference evaluator when that refuses the model or its types, or when asked for; of
    the same model in float32 when that cannot either."""
    model = model_of(op, attributes, inputs, n_out)
    feeds = {f"in{i}": array for i, array in enumerate(inputs) if array is not None}
    plain = all(array.dtype == object or array.dtype.isbuiltin == 1 for array in feeds.values())
    ways = [lambda: _runtime_outputs(model, feeds)] if plain and not evaluator else []
    ways.append(lambda: _evaluator_outputs(model, feeds))
    if any(array.dtype.name in ("float16", "bfloat16") for array in feeds.values()):
        ways.append(lambda: _in_float32(op, attributes, inputs, n_out))
    refusals = []
    for way in ways:
        try:
            return way()
        except Exception as error:  # whatever it is, the next one decides
            refusals.append(str(error)[:150])
    raise AssertionError(f"no oracle: {refusals}")


# ---- comparing ----

def compare(got, want, rtol=None, atol=None):
    for i, (a, b) in enumerate(zip(got, want, strict=True)):
        if b is None:
            continue
        b = np.asarray(b)
        if b.dtype.kind in "US":
            b = b.astype(object)
        assert a.shape == b.shape, f"output {i} has shape {a.shape}, not {b.shape}"
        assert a.dtype == b.dtype, f"output {i} is {a.dtype}, not {b.dtype}"
        if a.dtype == object or a.dtype.name.startswith(("int", "uint", "bool", "complex")):
            wrong = a != b
        else:
            default = TOLERANCE.get(a.dtype.name, (0, 0))
            r, t = default[0] if rtol is None else rtol, default[1] if atol is None else atol
            x, y = a.astype(np.float64), b.astype(np.float64)
            wrong = ~np.isclose(x, y, r, t, equal_nan=True)
        if wrong.any():
            at = tuple(int(k) for k in np.argwhere(wrong)[0])
            raise AssertionError(f"output {i} differs at {int(wrong.sum())} of {a.size} places, first {at}, "
                                 f"{a[at]!r} instead of {b[at]!r}")


def _check_inferred(case, outputs, shapes, data, known):
    """The last inference agrees with the real outputs; with `known` it must have found every size."""
    where = f"inference with shapes {shapes} and data {data}"
    for i, real in enumerate(outputs):
        text = f"{where}: output {i} is {case.inferred(i)}, really {real.dtype}{list(real.shape)}"
        number, rank = LIBRARY.inferred_dtype(case.handle, i), LIBRARY.inferred_rank(case.handle, i)
        assert number in (0, dtype_number(real)), text
        assert number != 0 or not known, text
        assert rank in (-1, real.ndim), text
        assert rank != -1 or not known, text
        for d in range(max(rank, 0)):
            value = ctypes.c_int64()
            state = LIBRARY.inferred_dim(case.handle, i, d, ctypes.byref(value))
            assert state != -1 and (state == 0 or value.value == real.shape[d]), text
            assert state != 0 or not known, text


def check_inference(op, attributes, inputs, outputs, known=True):
    """Inference in every state of knowledge. `known`: symbols for sizes and the data of host inputs must be
    enough to know every size."""
    sized = not LIBRARY.op_facts(op.encode()) & DATA_SHAPE
    for shapes in (EXACT, SAME_SYMBOLS, OWN_SYMBOLS, UNKNOWN_DIMS, UNKNOWN_RANKS):
        for data in (ALL_DATA, SYMBOLIC_DATA, NO_DATA, HOST_DATA):
            with Case(op, attributes, inputs, len(outputs)) as case:
                case.infer(shapes, data)
                needed = shapes == EXACT or (known and shapes == SAME_SYMBOLS)
                _check_inferred(case, outputs, shapes, data, sized and needed and data in (ALL_DATA, HOST_DATA))


def _check_elements(case, op, known):
    for symbolic in (0, 1):
        count = ctypes.c_int()
        wrong = LIBRARY.case_elements(case.handle, symbolic, ctypes.byref(count))
        assert wrong <= 0, f"{wrong} elements are wrong as {'symbols' if symbolic else 'numbers'}"
        if known and not symbolic:
            assert wrong == 0 and count.value > 0, "elements that are numbers must be known"


def _same(some, all_of_them):
    """The same bits, but for outputs that are missing."""
    return all(a is None or (a.tolist() == b.tolist() if a.dtype == object else a.tobytes() == b.tobytes())
               for a, b in zip(some, all_of_them))


def check(op, attributes, inputs, n_out=1, expect=None, rtol=None, atol=None, known=True, elements=False, evaluator=False):
    """Compares one call with the oracle (`evaluator`: not with ONNX Runtime) or with `expect`, then checks inference, the
    element function (`elements`: it must know the elements of this case), calls in which one output is not wanted, and
    calls in place where the operator promises that they work."""
    seen.add(op)
    with Case(op, attributes, inputs, n_out) as case:
        case.infer(symbolic=False)
        got = case.run()
        compare(got, oracle(op, attributes, inputs, n_out, evaluator) if expect is None else expect, rtol, atol)
        _check_elements(case, op, elements)
        case.infer(symbolic=False)
        for i in range(n_out if n_out > 1 else 0):
            assert _same(case.run(left_out=i), got), f"other results when output {i} is not wanted"
        for i in range(len(inputs)):
            if LIBRARY.may_overwrite(case.handle, i):
                assert _same(case.run(overwritten=i), got), f"other results when input {i} is overwritten"
    check_inference(op, attributes, inputs, got, known)
    return got


def refused(op, attributes, inputs, text="", n_out=1):
    """Hone must refuse, in inference or in the call, and say `text`."""
    seen.add(op)
    try:
        got = run(op, attributes, inputs, n_out)
    except OpError as error:
        assert text.lower() in str(error).lower(), f"refused with {error}"
        return
    raise AssertionError(f"not refused: gave {got}")


# ---- inputs ----

FLOATS = [np.float32, np.float64, np.float16, ml_dtypes.bfloat16]
SIGNED = [np.int8, np.int16, np.int32, np.int64]
UNSIGNED = [np.uint8, np.uint16, np.uint32, np.uint64]
SPECIAL = [np.nan, np.inf, -np.inf, 0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 1.5, 2.5, -2.5, 6.0, -3.0, 3.0]


def values(shape, dtype=np.float32, low=-4, high=4, seed=0):
    """Random numbers of any type; integers from [low, high] cut to the type's range."""
    random = np.random.default_rng([seed, *shape])
    kind = np.dtype(dtype)
    if kind == bool:
        return random.random(shape) < 0.5
    if kind.kind in "iu":
        info = np.iinfo(kind)
        return random.integers(max(low, info.min), min(high, info.max), shape, endpoint=True, dtype=kind)
    return random.uniform(low, high, shape).astype(kind)


def special(dtype=np.float32):
    return np.array(SPECIAL, np.float32).astype(dtype)
