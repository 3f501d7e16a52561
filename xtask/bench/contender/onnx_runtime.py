"""The network as an ONNX file, run by ONNX Runtime, which answers and does not train."""

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper


class Graph:
    """The nodes and constants of a graph that grows layer by layer."""

    def __init__(self):
        self.nodes = []
        self.constants = []
        self.values = 0
        self.last = "x"
        self.rng = np.random.default_rng(1)

    def constant(self, values):
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(values, np.float32), name))
        return name

    def weights(self, *shape):
        deviation = np.sqrt(2 / np.prod(shape[1:])) if len(shape) > 1 else 0.05
        self.values += int(np.prod(shape))
        return self.constant(self.rng.normal(0, deviation, shape))

    def add(self, operator, *inputs, **attributes):
        name = f"v{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, [self.last, *inputs], [name], **attributes))
        self.last = name

    def layer(self, layer):
        kind = layer["kind"]
        if kind == "conv":
            shape = (layer["filters"], layer["channels"] // layer["groups"], layer["kernel"], layer["kernel"])
            before, after = layer["pads"]
            self.add(
                "Conv", self.weights(*shape), self.weights(layer["filters"]),
                kernel_shape=[layer["kernel"]] * 2, strides=[layer["stride"]] * 2, group=layer["groups"],
                pads=[before, before, after, after],
            )
        elif kind == "norm":
            n = layer["channels"]
            scale, shift = self.weights(n), self.weights(n)
            self.add("BatchNormalization", scale, shift, self.constant(np.zeros(n)), self.constant(np.ones(n)))
        elif kind == "activation":
            # GELU is an operator of its own since opset 20, and exact unless it is told otherwise.
            self.add({"relu": "Relu", "gelu": "Gelu", "tanh": "Tanh", "sigmoid": "Sigmoid"}[layer["function"]])
        elif kind == "pool" and layer["function"] == "global-average":
            self.add("GlobalAveragePool")
        elif kind == "pool":
            operator = {"max": "MaxPool", "average": "AveragePool"}[layer["function"]]
            self.add(operator, kernel_shape=[layer["size"]] * 2, strides=[layer["size"]] * 2)
        elif kind == "dense":
            weight = self.weights(layer["outputs"], layer["inputs"])
            self.add("Gemm", weight, self.weights(layer["outputs"]), transB=1)
        elif kind == "flatten":
            self.add("Flatten")


class OnnxRuntime:
    def __init__(self, layers, size, threads):
        graph = Graph()
        for layer in layers:
            # Dropout does nothing at inference.
            graph.layer(layer)
        self.values = graph.values
        self.size = size
        float32 = TensorProto.FLOAT
        made = helper.make_graph(
            graph.nodes, "network",
            [helper.make_tensor_value_info("x", float32, ["n", 1, size, size])],
            [helper.make_tensor_value_info(graph.last, float32, ["n", 10])],
            graph.constants,
        )
        model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)
        onnx.checker.check_model(model)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        self.session = onnxruntime.InferenceSession(
            model.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )

    def parameters(self):
        return self.values

    def losses(self):
        return []

    def infer(self, pixels):
        x = pixels.reshape(-1, 1, self.size, self.size).astype(np.float32) / np.float32(255)
        self.session.run(None, {"x": x})
