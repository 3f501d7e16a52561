"""TensorFlow: Keras layers, and a training step in a `tf.function`."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np
import tensorflow as tf
from tensorflow import keras


def keras_layer(layer):
    """The Keras layer for a layer of `network.layers`."""
    kind, of = layer["kind"], keras.layers
    if kind == "conv":
        return of.Conv2D(
            layer["filters"], layer["kernel"], strides=layer["stride"], padding=layer["padding"],
            groups=layer["groups"],
        )
    if kind == "norm":
        return of.BatchNormalization()
    if kind == "activation":
        # Keras's own GELU is the approximation by tanh unless it is told otherwise.
        exact = lambda x: keras.activations.gelu(x, approximate=False)
        return of.Activation(exact if layer["function"] == "gelu" else layer["function"])
    if kind == "pool":
        size = layer["size"]
        return {
            "max": lambda: of.MaxPooling2D(size),
            "average": lambda: of.AveragePooling2D(size),
            "global-average": lambda: of.GlobalAveragePooling2D(keepdims=True),
        }[layer["function"]]()
    if kind == "dropout":
        return of.Dropout(layer["rate"])
    if kind == "dense":
        return of.Dense(layer["outputs"])
    return of.Flatten()


class TensorFlow:
    def __init__(self, layers, batches, threads):
        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(threads)
        keras.utils.set_random_seed(1)
        self.batches = batches
        self.each_loss = []
        model = keras.Sequential([keras.Input((batches.size, batches.size, 1)), *map(keras_layer, layers)])
        self.model = model
        optimizer = keras.optimizers.Adam(1e-3)
        optimizer.build(model.trainable_variables)

        def scaled(pixels):
            return tf.cast(pixels, tf.float32)[..., tf.newaxis] / 255.0

        @tf.function
        def train(pixels, labels):
            with tf.GradientTape() as tape:
                logits = model(scaled(pixels), training=True)
                losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
                loss = tf.reduce_mean(losses)
            gradients = tape.gradient(loss, model.trainable_variables)
            optimizer.apply_gradients(zip(gradients, model.trainable_variables))
            return loss

        @tf.function
        def logits(pixels):
            return model(scaled(pixels), training=False)

        self.train, self.logits = train, logits

    def parameters(self):
        return int(sum(np.prod(variable.shape) for variable in self.model.trainable_variables))

    def losses(self):
        return [float(loss) for loss in self.each_loss]

    def step(self):
        pixels, labels = self.batches.draw()
        self.each_loss.append(self.train(tf.constant(pixels), tf.constant(labels.astype(np.int32))))

    def infer(self, pixels):
        self.logits(tf.constant(pixels)).numpy()
