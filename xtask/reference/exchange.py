"""Exported models, run by ONNX Runtime, PyTorch and Keras, against the program's own logits.

The code that loads them is the code of docs/export.md, as it stands there.
"""

import csv
import gzip
import os
import re
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from safetensors.torch import save_file

from agreement import Agreement

# Keras asks for this when it is imported, by the code of the page.
os.environ["KERAS_BACKEND"] = "torch"

IMAGES = 1000
BATCHES = (1, 7, 128)
TOLERANCE = 1e-4
# The probabilities of predictions.csv are computed in double precision.
TOLERANCE_OF_PROBABILITIES = 1e-5


def check(folder, page, data):
    """`folder` has a folder for each model; that of the lecture's network is `default`."""
    page = re.findall("```python\n(.*?)```", page.read_text(), re.DOTALL)
    runtime, lecture, general, keras = (compile(block, f"docs/export.md, block {i}", "exec") for i, block in enumerate(page, 1))
    pixels = read_images(data)[:IMAGES]
    torch.set_num_threads(1)
    for model in sorted(path for path in folder.iterdir() if path.is_dir()):
        agreement = Agreement(model.name)
        before = Path.cwd()
        os.chdir(model)
        try:
            if model.name == "default":
                exec(runtime, {})
                names = {}
                exec(lecture, names)
                check_pytorch(agreement, "the lecture's network", names["network"], pixels)
                exec(keras, names)
                check_keras(agreement, names["network"], pixels)
            check_onnx(agreement, pixels)
            names = {}
            exec(general, names)
            check_pytorch(agreement, "network", names["network"], pixels)
            save_file(names["network"].state_dict(), "back.safetensors")
        finally:
            os.chdir(before)
        yield agreement


def read_images(data):
    """`[n, 1, height, width]`, from an IDX file, packed or not."""
    packed = data.read_bytes()
    raw = gzip.decompress(packed) if packed[:2] == b"\x1f\x8b" else packed
    n, height, width = np.frombuffer(raw, ">u4", 3, 4)
    return np.frombuffer(raw, np.uint8, offset=16).reshape(n, 1, height, width)


def check_onnx(agreement, pixels):
    logits, probabilities = our_logits(), our_probabilities()
    for file, images in (("m.onnx", pixels.astype(np.float32) / np.float32(255)), ("bytes.onnx", pixels)):
        model = onnx.load(file)
        onnx.checker.check_model(model, full_check=True)
        agreement.same(f"{file}: opset", [entry.version for entry in model.opset_import], [17])
        agreement.same(f"{file}: IR version", model.ir_version, 8)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1  # several wait for each other longer than such small networks take
        session = onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
        free = [session.get_inputs()[0].shape[0], *(output.shape[0] for output in session.get_outputs())]
        agreement.same(f"{file}: free dimensions", free, ["n"] * 3)
        for batch in BATCHES:
            parts = [images[i : i + batch] for i in range(0, len(images), batch)]
            found = [session.run(["logits", "probabilities"], {"images": part}) for part in parts]
            ours = [np.concatenate(output) for output in zip(*found)]
            close(agreement, f"{file}: logits in batches of {batch}", ours[0], logits, TOLERANCE)
            name = f"{file}: probabilities in batches of {batch}"
            close(agreement, name, ours[1], probabilities, TOLERANCE_OF_PROBABILITIES)
        try:
            session.run(None, {"images": np.moveaxis(images[:1], 1, 3)})
            agreement.same(f"{file}: images with the channels last", "taken", "refused")
        except Exception:
            agreement.same(f"{file}: images with the channels last", "refused", "refused")


def check_pytorch(agreement, name, network, pixels):
    images = torch.from_numpy(pixels.astype(np.float32) / np.float32(255))
    network.eval()
    for batch in BATCHES:
        with torch.no_grad():
            found = torch.cat([network(part) for part in images.split(batch)]).numpy()
        close(agreement, f"{name}: logits in batches of {batch}", found, our_logits(), TOLERANCE)


def check_keras(agreement, network, pixels):
    images = np.moveaxis(pixels, 1, 3).astype(np.float32) / np.float32(255)
    for batch in BATCHES:
        found = network.predict(images, batch_size=batch, verbose=0)
        close(agreement, f"Keras: logits in batches of {batch}", found, our_logits(), TOLERANCE)


def our_logits():
    return table("logits.csv", "logit_")


def our_probabilities():
    return table(next(Path("tested").glob("predictions*.csv")), "probability_")


def table(file, column):
    with open(file, newline="") as text:
        rows = list(csv.DictReader(text))[:IMAGES]
    columns = [name for name in rows[0] if name.startswith(column)]
    return np.array([[float(row[name]) for name in columns] for row in rows])


def close(agreement, name, found, expected, tolerance):
    agreement.compared += expected.size
    if found.shape != expected.shape:
        agreement.differences.append(f"{name}: found {found.shape}, expected {expected.shape}")
        return
    gap = np.abs(found - expected).max()
    agreement.largest = max(agreement.largest, gap)
    if not gap <= tolerance:
        agreement.differences.append(f"{name}: differ by {gap}")
