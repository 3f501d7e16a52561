"""The layers of a network, from its configuration: every framework builds its model from this one list."""

import json


def read(path):
    """Layers, height (and width) of the images, and the number of training steps before the first timed one."""
    with open(path) as file:
        description = json.load(file)
    _, size, _ = description["input"]
    return layers(description["model"], size), size, description["warm_up"]


def layers(model, size):
    """A list of dictionaries, each with the key `kind` and what that kind needs."""
    listed = []
    channels = 1
    for unit in model["units"]:
        assert unit["residual"] == 0, "no row of the table has a shortcut"
        kernel, stride = unit["kernel_size"], unit["stride"]
        pads = same_padding(size, kernel, stride) if unit["padding"] == "same" else (0, 0)
        listed.append({
            "kind": "conv", "channels": channels, "filters": unit["filters"], "kernel": kernel,
            "stride": stride, "groups": unit["groups"], "pads": pads, "padding": unit["padding"],
        })
        channels = unit["filters"]
        size = (size + sum(pads) - kernel) // stride + 1
        for stage in unit["order"]:
            if stage == "normalization" and unit["normalization"] == "batch":
                listed.append({"kind": "norm", "channels": channels, "maps": True})
            if stage == "activation" and unit["activation"] != "none":
                listed.append({"kind": "activation", "function": unit["activation"]})
            if stage == "pool" and unit["pool"] != "none":
                listed.append({"kind": "pool", "function": unit["pool"], "size": unit["pool_size"]})
                size = 1 if unit["pool"] == "global-average" else size // unit["pool_size"]
        if unit["dropout"] > 0:
            listed.append({"kind": "dropout", "rate": unit["dropout"]})
    listed.append({"kind": "flatten"})
    inputs = channels * size * size
    for outputs in model["dense"]:
        if model["dropout"] > 0:
            listed.append({"kind": "dropout", "rate": model["dropout"]})
        listed.append({"kind": "dense", "inputs": inputs, "outputs": outputs})
        if model["dense_normalization"] == "batch":
            listed.append({"kind": "norm", "channels": outputs, "maps": False})
        if model["dense_activation"] != "none":
            listed.append({"kind": "activation", "function": model["dense_activation"]})
        inputs = outputs
    if model["dropout"] > 0:
        listed.append({"kind": "dropout", "rate": model["dropout"]})
    listed.append({"kind": "dense", "inputs": inputs, "outputs": 10})
    return listed


def same_padding(size, kernel, stride):
    """Zeros before and after; if their number is odd, one more comes after than before."""
    needed = (-(-size // stride) - 1) * stride + kernel
    total = max(needed - size, 0)
    return total // 2, total - total // 2
