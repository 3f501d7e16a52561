"""PyTorch, its models and training step written as PyTorch's own MNIST example writes them."""

import numpy as np
import torch
from torch import nn


def module(layer):
    """The modules of a layer of `network.layers`."""
    kind = layer["kind"]
    if kind == "conv":
        before, after = layer["pads"]
        convolution = nn.Conv2d(
            layer["channels"], layer["filters"], layer["kernel"], stride=layer["stride"],
            groups=layer["groups"], padding=before if before == after else 0,
        )
        # The padding of nn.Conv2d is the same on both sides.
        return [convolution] if before == after else [nn.ZeroPad2d((before, after, before, after)), convolution]
    if kind == "norm":
        return [nn.BatchNorm2d(layer["channels"]) if layer["maps"] else nn.BatchNorm1d(layer["channels"])]
    if kind == "activation":
        return [{"relu": nn.ReLU, "gelu": nn.GELU, "tanh": nn.Tanh, "sigmoid": nn.Sigmoid}[layer["function"]]()]
    if kind == "pool":
        size = layer["size"]
        return [{
            "max": lambda: nn.MaxPool2d(size),
            "average": lambda: nn.AvgPool2d(size),
            "global-average": lambda: nn.AdaptiveAvgPool2d(1),
        }[layer["function"]]()]
    if kind == "dropout":
        return [nn.Dropout(layer["rate"])]
    if kind == "dense":
        return [nn.Linear(layer["inputs"], layer["outputs"])]
    return [nn.Flatten()]


class PyTorch:
    """Eager, with tensors in channels_last, or compiled; on the CPU or on a GPU."""

    def __init__(self, layers, batches, threads, name):
        torch.set_num_threads(threads)
        torch.manual_seed(1)
        self.channels_last = name.endswith("channels-last")
        self.device = "cuda" if "gpu" in name else "cpu"
        self.model = nn.Sequential(*[part for layer in layers for part in module(layer)]).to(self.device)
        if self.channels_last:
            self.model = self.model.to(memory_format=torch.channels_last)
        self.run = torch.compile(self.model) if name == "torch-compile" else self.model
        self.batches = batches
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=1e-3)
        self.each_loss = []

    def parameters(self):
        return sum(parameter.numel() for parameter in self.model.parameters())

    def losses(self):
        return [loss.item() for loss in self.each_loss]

    def batch(self, pixels):
        # Bytes travel to a GPU faster than numbers.
        x = torch.from_numpy(pixels).to(self.device).unsqueeze(1).float().div_(255)
        return x.contiguous(memory_format=torch.channels_last) if self.channels_last else x

    def step(self):
        self.model.train()
        pixels, labels = self.batches.draw()
        x = self.batch(pixels)
        y = torch.from_numpy(labels.astype(np.int64)).to(self.device)
        self.optimizer.zero_grad()
        loss = nn.functional.cross_entropy(self.run(x), y)
        loss.backward()
        self.optimizer.step()
        self.each_loss.append(loss.detach())

    def infer(self, pixels):
        self.model.eval()
        with torch.inference_mode():
            self.run(self.batch(pixels)).cpu().numpy()

    def wait(self):
        """Until a GPU has done everything that it was given."""
        if self.device == "cuda":
            torch.cuda.synchronize()
