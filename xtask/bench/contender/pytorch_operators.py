"""Single operators in PyTorch: those that crates/kernels/examples/timing.rs times."""

import numpy as np
import torch


class Operators:
    """Answers `save`, `unit-backward` and `conv-*` with the lecture's network in the middle of training."""

    def __init__(self, peer, milliseconds):
        self.peer = peer
        self.milliseconds = milliseconds

    def answer(self, question, words):
        if question == "save":
            self.save(words[0])
            return []
        if question == "unit-backward":
            return self.unit_backward(int(words[1]))
        return self.convolution(question == "conv-backward", *map(int, words))

    def unit(self):
        """Maps before the second unit, its pooled output, and the gradient that reaches it."""
        peer = self.peer
        x = peer.batch(peer.batches.images[:128])
        y = torch.from_numpy(peer.batches.labels[:128].astype(np.int64))
        maps = peer.model[:3](x).detach().requires_grad_()
        pooled = peer.model[3:6](maps)
        loss = torch.nn.functional.cross_entropy(peer.model[6:](pooled), y)
        (gradient,) = torch.autograd.grad(loss, pooled, retain_graph=True)
        return maps, pooled, gradient

    def save(self, path):
        maps, _, gradient = self.unit()
        convolution = self.peer.model[3]
        tensors = [maps, convolution.weight, convolution.bias, gradient]
        values = [tensor.detach().contiguous().numpy().ravel() for tensor in tensors]
        np.concatenate(values).astype("<f4").tofile(path)

    def unit_backward(self, times):
        maps, pooled, gradient = self.unit()
        wanted = [maps, self.peer.model[3].weight, self.peer.model[3].bias]
        return self.milliseconds(
            lambda: torch.autograd.grad(pooled, wanted, gradient, retain_graph=True), times
        )

    def convolution(self, is_backward, n, channels, size, filters, kernel, stride, times):
        layer = torch.nn.Conv2d(channels, filters, kernel, stride=stride, padding=kernel // 2)
        x = torch.randn(n, channels, size, size)
        if self.peer.channels_last:
            layer = layer.to(memory_format=torch.channels_last)
            x = x.contiguous(memory_format=torch.channels_last)
        if not is_backward:
            with torch.inference_mode():
                layer(x)
                return self.milliseconds(lambda: layer(x), times)
        x.requires_grad_()
        y = layer(x)
        gradient = torch.randn_like(y)
        wanted = [x, layer.weight, layer.bias]
        work = lambda: torch.autograd.grad(y, wanted, gradient, retain_graph=True)
        work()
        return self.milliseconds(work, times)
