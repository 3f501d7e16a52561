"""JAX: the network as a function of its parameters, and a training step compiled by `jax.jit`."""

import os
import sys

import numpy as np

# XLA takes its threads from the cores that the process may use.
os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: int(sys.argv[4])])

import jax
import jax.numpy as jnp
from jax import lax


def initial(layers, rng):
    """Weights and biases of the layers that have them."""
    made = []
    for layer in layers:
        if layer["kind"] == "conv":
            shape = (layer["kernel"], layer["kernel"], layer["channels"] // layer["groups"], layer["filters"])
        elif layer["kind"] == "dense":
            shape = (layer["inputs"], layer["outputs"])
        else:
            continue
        deviation = np.sqrt(2 / np.prod(shape[:-1]))
        made.append((jnp.asarray(rng.normal(0, deviation, shape), jnp.float32), jnp.zeros(shape[-1])))
    return made


def forward(layers, parameters, x):
    """Logits `[n, 10]` of images `[n, height, width, 1]`."""
    parameters = iter(parameters)
    for layer in layers:
        if layer["kind"] == "conv":
            weight, bias = next(parameters)
            x = bias + lax.conv_general_dilated(
                x, weight, [layer["stride"]] * 2, [layer["pads"]] * 2,
                dimension_numbers=("NHWC", "HWIO", "NHWC"), feature_group_count=layer["groups"],
            )
        elif layer["kind"] == "dense":
            weight, bias = next(parameters)
            x = x @ weight + bias
        elif layer["kind"] == "activation":
            x = {"relu": jax.nn.relu, "tanh": jnp.tanh, "sigmoid": jax.nn.sigmoid}[layer["function"]](x)
        elif layer["kind"] == "pool" and layer["function"] == "max":
            window = (1, layer["size"], layer["size"], 1)
            x = lax.reduce_window(x, -jnp.inf, lax.max, window, window, "VALID")
        elif layer["kind"] == "flatten":
            x = x.reshape(len(x), -1)
        else:
            raise ValueError(f"JAX is compared on the lecture's network, which has no {layer}")
    return x


def scaled(pixels):
    return pixels[..., None].astype(jnp.float32) / 255


class Jax:
    def __init__(self, layers, batches, threads):
        self.batches = batches
        self.each_loss = []
        self.state = self.start(initial(layers, np.random.default_rng(1)))

        def loss_of(parameters, pixels, labels):
            logits = jax.nn.log_softmax(forward(layers, parameters, scaled(pixels)))
            return -jnp.take_along_axis(logits, labels[:, None], 1).mean()

        def train(state, pixels, labels):
            parameters, means, squares, steps = state
            loss, gradients = jax.value_and_grad(loss_of)(parameters, pixels, labels)
            steps = steps + 1
            means = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, means, gradients)
            squares = jax.tree.map(lambda s, g: 0.999 * s + 0.001 * g * g, squares, gradients)
            adam = lambda p, m, s: p - 1e-3 * (m / (1 - 0.9**steps)) / (
                jnp.sqrt(s / (1 - 0.999**steps)) + 1e-8
            )
            return (jax.tree.map(adam, parameters, means, squares), means, squares, steps), loss

        self.train = jax.jit(train, donate_argnums=0)
        self.logits = jax.jit(lambda parameters, pixels: forward(layers, parameters, scaled(pixels)))

    def start(self, parameters):
        zeros = lambda: jax.tree.map(jnp.zeros_like, parameters)
        return parameters, zeros(), zeros(), jnp.zeros(())

    def parameters(self):
        return sum(values.size for values in jax.tree.leaves(self.state[0]))

    def losses(self):
        return [float(loss) for loss in self.each_loss]

    def step(self):
        pixels, labels = self.batches.draw()
        self.state, loss = self.train(self.state, pixels, labels.astype(np.int32))
        self.each_loss.append(loss.block_until_ready())

    def infer(self, pixels):
        np.asarray(self.logits(self.state[0], pixels))
