"""Times PyTorch or ONNX Runtime on the network of configs/default.toml, for `cargo xtask bench`.

Reads questions from standard input, `step TIMES` or `infer BATCH TIMES`, and prints for each
a line of JSON, as `mnist-cnn bench --questions` does: {"ms": [...]}. PyTorch also takes those
of crates/kernels/examples/timing.rs.

usage: contender.py (pytorch|pytorch-channels-last|onnxruntime) DATA_DIR THREADS
"""

import json
import sys
import time

import numpy as np

WARM_UP = 200  # as in `mnist-cnn bench`: weights and gradients from the middle of the first epoch
BATCH = 128


def mnist(directory):
    """Training images `[60000, 28, 28]` and labels `[60000]`."""
    images = np.fromfile(f"{directory}/mnist/train-images-idx3-ubyte", np.uint8)[16:]
    labels = np.fromfile(f"{directory}/mnist/train-labels-idx1-ubyte", np.uint8)[8:]
    return images.reshape(-1, 28, 28), labels


class PyTorch:
    """The network and its training step, as PyTorch's own MNIST example writes them."""

    def __init__(self, directory, threads, channels_last):
        import torch
        from torch import nn

        torch.set_num_threads(threads)
        torch.manual_seed(1)
        self.torch = torch
        self.channels_last = channels_last
        self.model = nn.Sequential(
            nn.Conv2d(1, 32, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(32, 64, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
            nn.Flatten(), nn.Linear(3136, 10),
        )
        if channels_last:
            self.model = self.model.to(memory_format=torch.channels_last)
        self.images, self.labels = mnist(directory)
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=1e-3)
        self.rng = np.random.default_rng(1)
        for _ in range(WARM_UP):
            self.step()

    def batch(self, pixels):
        x = self.torch.from_numpy(pixels).unsqueeze(1).float().div_(255)
        return x.contiguous(memory_format=self.torch.channels_last) if self.channels_last else x

    def step(self):
        chosen = self.rng.integers(0, len(self.images), BATCH)
        x = self.batch(self.images[chosen])
        y = self.torch.from_numpy(self.labels[chosen].astype(np.int64))
        self.optimizer.zero_grad()
        loss = self.torch.nn.functional.cross_entropy(self.model(x), y)
        loss.backward()
        self.optimizer.step()

    def unit(self):
        """The feature maps before the second unit, its pooled output, and the gradient that reaches it."""
        torch = self.torch
        x = self.batch(self.images[:BATCH])
        y = torch.from_numpy(self.labels[:BATCH].astype(np.int64))
        maps = self.model[:3](x).detach().requires_grad_()
        pooled = self.model[3:6](maps)
        loss = torch.nn.functional.cross_entropy(self.model[6:](pooled), y)
        (gradient,) = torch.autograd.grad(loss, pooled, retain_graph=True)
        return maps, pooled, gradient

    def save(self, path):
        maps, _, gradient = self.unit()
        convolution = self.model[3]
        tensors = [maps, convolution.weight, convolution.bias, gradient]
        values = [tensor.detach().contiguous().numpy().ravel() for tensor in tensors]
        np.concatenate(values).astype("<f4").tofile(path)

    def unit_backward(self, times):
        maps, pooled, gradient = self.unit()
        wanted = [maps, self.model[3].weight, self.model[3].bias]
        return milliseconds(
            lambda: self.torch.autograd.grad(pooled, wanted, gradient, retain_graph=True), times
        )

    def convolution(self, is_backward, n, channels, size, filters, kernel, stride, times):
        torch = self.torch
        layer = torch.nn.Conv2d(channels, filters, kernel, stride=stride, padding=kernel // 2)
        x = torch.randn(n, channels, size, size)
        if self.channels_last:
            layer = layer.to(memory_format=torch.channels_last)
            x = x.contiguous(memory_format=torch.channels_last)
        if not is_backward:
            with torch.inference_mode():
                layer(x)
                return milliseconds(lambda: layer(x), times)
        x.requires_grad_()
        y = layer(x)
        gradient = torch.randn_like(y)
        wanted = [x, layer.weight, layer.bias]
        work = lambda: torch.autograd.grad(y, wanted, gradient, retain_graph=True)
        work()
        return milliseconds(work, times)

    def infer(self, pixels):
        with self.torch.inference_mode():
            self.model(self.batch(pixels)).numpy()


class OnnxRuntime:
    """The same network as an ONNX file, run by ONNX Runtime, which does not train."""

    def __init__(self, directory, threads):
        import onnx
        import onnxruntime
        from onnx import TensorProto, helper, numpy_helper

        rng = np.random.default_rng(1)
        shapes = {
            "w1": (32, 1, 5, 5), "b1": (32,), "w2": (64, 32, 5, 5), "b2": (64,), "w3": (3136, 10), "b3": (10,),
        }
        constants = [
            numpy_helper.from_array(rng.normal(0, 0.05, shape).astype(np.float32), name)
            for name, shape in shapes.items()
        ]
        node = helper.make_node
        nodes = []
        previous = "x"
        for i in ("1", "2"):
            nodes += [
                node("Conv", [previous, "w" + i, "b" + i], ["c" + i], kernel_shape=[5, 5], pads=[2, 2, 2, 2]),
                node("Relu", ["c" + i], ["r" + i]),
                node("MaxPool", ["r" + i], ["p" + i], kernel_shape=[2, 2], strides=[2, 2]),
            ]
            previous = "p" + i
        nodes += [node("Flatten", ["p2"], ["f"]), node("Gemm", ["f", "w3", "b3"], ["y"])]
        graph = helper.make_graph(
            nodes, "lecture",
            [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 1, 28, 28])],
            [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 10])],
            constants,
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
        onnx.checker.check_model(model)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        self.session = onnxruntime.InferenceSession(
            model.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )

    def infer(self, pixels):
        x = pixels.reshape(-1, 1, 28, 28).astype(np.float32) / np.float32(255)
        self.session.run(None, {"x": x})


def milliseconds(work, times):
    measured = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        measured.append(1e3 * (time.perf_counter() - began))
    return measured


def main():
    name, directory, threads = sys.argv[1], sys.argv[2], int(sys.argv[3])
    if name == "onnxruntime":
        contender = OnnxRuntime(directory, threads)
    else:
        contender = PyTorch(directory, threads, name == "pytorch-channels-last")
    for line in sys.stdin:
        question, *numbers = line.split()
        if question == "step":
            ms = milliseconds(contender.step, int(numbers[0]))
        elif question == "save":
            contender.save(numbers[0])
            ms = []
        elif question == "unit-backward":
            ms = contender.unit_backward(int(numbers[1]))
        elif question in ("conv-forward", "conv-backward"):
            ms = contender.convolution(question == "conv-backward", *map(int, numbers))
        else:
            batch, times = map(int, numbers)
            pixels = (np.arange(batch * 784, dtype=np.int64) * 37 % 256).astype(np.uint8).reshape(batch, 28, 28)
            contender.infer(pixels)
            ms = milliseconds(lambda: contender.infer(pixels), times)
        print(json.dumps({"ms": ms}), flush=True)


if __name__ == "__main__":
    main()
