"""A peer of this program on one network, for `cargo xtask bench`.

Reads questions from standard input and answers each with a line of JSON, as `mnist-cnn bench --questions` does:
`parameters` with the network's trainable values and the losses of the training steps so far, `step TIMES` and
`infer BATCH TIMES` with {"ms": [...]}. PyTorch and TensorFlow also answer those of crates/kernels/examples/timing.rs.

usage: contender NAME NETWORK DATA_DIR THREADS
where NAME is pytorch, pytorch-channels-last, torch-compile, tensorflow, jax, onnxruntime, pytorch-gpu or
pytorch-gpu-channels-last, and NETWORK is a file with the answer of `mnist-cnn bench --questions` to `network`.
"""

import json
import sys
import time

import mnist
import network

# As `mnist-cnn bench` does on a GPU.
QUEUED = 10


def contender(name, layers, size, batches, threads):
    # Each framework is imported only by its own contender, because each has an environment of its own.
    if name == "onnxruntime":
        from onnx_runtime import OnnxRuntime
        return OnnxRuntime(layers, size, threads)
    if name == "tensorflow":
        from keras_layers import TensorFlow
        return TensorFlow(layers, batches, threads)
    if name == "jax":
        from jax_functions import Jax
        return Jax(layers, batches, threads)
    from pytorch import PyTorch
    return PyTorch(layers, batches, threads, name)


def milliseconds(work, times):
    measured = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        measured.append(1e3 * (time.perf_counter() - began))
    return measured


def steps(peer, times):
    """A GPU's steps are timed ten at a time, because it works on a queue of them in training."""
    if not peer.name.startswith("pytorch-gpu"):
        return milliseconds(peer.step, times)

    def group():
        for _ in range(QUEUED):
            peer.step()
        peer.wait()

    peer.wait()
    return [ms / QUEUED for ms in milliseconds(group, -(-times // QUEUED))]


def answer(peer, question, words, batches):
    if question == "parameters":
        return {"parameters": peer.parameters(), "losses": peer.losses()}
    if question == "step":
        return {"ms": steps(peer, int(words[0]))}
    if question == "infer":
        batch, times = map(int, words)
        pixels = batches.first(batch)
        peer.infer(pixels)  # the first allocates memory and compiles, so it is not timed
        return {"ms": milliseconds(lambda: peer.infer(pixels), times)}
    if peer.name == "tensorflow":
        import tensorflow_operators
        operators = tensorflow_operators.Operators(milliseconds)
    else:
        import pytorch_operators
        operators = pytorch_operators.Operators(peer, milliseconds)
    return {"ms": operators.answer(question, words)}


def main():
    name, path, directory, threads = sys.argv[1:]
    layers, size, warm_up = network.read(path)
    batches = mnist.Batches(directory, size)
    peer = contender(name, layers, size, batches, int(threads))
    peer.name = name
    if name != "onnxruntime":
        for _ in range(warm_up):
            peer.step()
    for line in sys.stdin:
        question, *words = line.split()
        print(json.dumps(answer(peer, question, words, batches)), flush=True)


if __name__ == "__main__":
    main()
