"""Training batches of MNIST, gathered on the host in the same way for every framework."""

import numpy as np

BATCH = 128


class Batches:
    """Draws random batches of training images and labels."""

    def __init__(self, directory, size):
        images = np.fromfile(f"{directory}/mnist/train-images-idx3-ubyte", np.uint8)[16:].reshape(-1, 28, 28)
        labels = np.fromfile(f"{directory}/mnist/train-labels-idx1-ubyte", np.uint8)[8:]
        if size != 28:
            # Nearest neighbour, as `mnist-cnn bench --image-size`; a part of the images keeps the memory small.
            at = np.arange(size) * 28 // size
            images = np.ascontiguousarray(images[:12_800, at][:, :, at])
        self.images = images
        self.labels = labels[: len(images)]
        self.size = size
        self.rng = np.random.default_rng(1)

    def draw(self):
        """Pixels `[128, size, size]` in 0..=255 and labels `[128]`."""
        chosen = self.rng.integers(0, len(self.images), BATCH)
        return self.images[chosen], self.labels[chosen]

    def first(self, count):
        """Pixels of so many training images `[count, size, size]` in 0..=255, the first of the file."""
        return self.images[np.arange(count) % len(self.images)]
