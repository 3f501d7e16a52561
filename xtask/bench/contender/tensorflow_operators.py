"""Single operators in TensorFlow: those that crates/kernels/examples/timing.rs times.

Backward passes are computed eagerly from a tape that is kept, because a `tf.function` of a gradient would compute the
forward pass again.
"""

import numpy as np
import tensorflow as tf

# Maps before the second unit, its filters, their biases, and the gradient of its output, as PyTorch saves them.
UNIT = [(128, 32, 14, 14), (64, 32, 5, 5), (64,), (128, 64, 7, 7)]


class Operators:
    """Answers `unit-backward` and `conv-*`."""

    def __init__(self, milliseconds):
        self.milliseconds = milliseconds

    def answer(self, question, words):
        if question == "unit-backward":
            return self.unit_backward(words[0], int(words[1]))
        return self.convolution(question == "conv-backward", *map(int, words))

    def unit_backward(self, path, times):
        values = np.fromfile(path, "<f4")
        ends = np.cumsum([np.prod(shape) for shape in UNIT])
        parts = np.split(values, ends[:-1])
        maps, weight, bias, gradient = (part.reshape(shape) for part, shape in zip(parts, UNIT))
        # Channels last, and filters [rows, columns, channels, filters].
        maps, gradient = (tf.constant(tensor.transpose(0, 2, 3, 1)) for tensor in (maps, gradient))
        wanted = [maps, tf.constant(weight.transpose(2, 3, 1, 0)), tf.constant(bias)]
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(wanted)
            convolved = tf.nn.relu(tf.nn.bias_add(tf.nn.conv2d(*wanted[:2], 1, "SAME"), wanted[2]))
            pooled = tf.nn.max_pool2d(convolved, 2, 2, "VALID")
        return self.backward(tape, pooled, wanted, gradient, times)

    def convolution(self, is_backward, n, channels, size, filters, kernel, stride, times):
        x = tf.random.normal([n, size, size, channels])
        wanted = [x, tf.random.normal([kernel, kernel, channels, filters]), tf.random.normal([filters])]

        def layer(x, weight, bias):
            return tf.nn.bias_add(tf.nn.conv2d(x, weight, stride, "SAME"), bias)

        if not is_backward:
            function = tf.function(layer)
            function(*wanted)
            return self.milliseconds(lambda: function(*wanted).numpy(), times)
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(wanted)
            y = layer(*wanted)
        return self.backward(tape, y, wanted, tf.random.normal(y.shape), times)

    def backward(self, tape, y, wanted, gradient, times):
        def work():
            # A tensor is computed when its values are asked for.
            return [tensor.numpy() for tensor in tape.gradient(y, wanted, gradient)]

        work()
        return self.milliseconds(work, times)
