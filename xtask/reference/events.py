"""Event files, read by TensorBoard's own code and compared with metrics.jsonl."""

import json
import logging
import time
from datetime import datetime

import numpy as np
from tensorboard.backend.event_processing import event_accumulator, plugin_event_accumulator
from tensorboard.util import tb_logging, tensor_util

from agreement import Agreement

# Curve: the event of metrics.jsonl and its key.
CURVES = {
    "loss/train": ("step", "loss"),
    "accuracy/train": ("step", "accuracy"),
    "optimizer/learning_rate": ("step", "learning_rate"),
    "optimizer/gradient_norm": ("step", "gradient_norm"),
    "loss/train_epoch": ("epoch", "train_loss"),
    "accuracy/train_epoch": ("epoch", "train_accuracy"),
    "loss/validation": ("epoch", "validation_loss"),
    "accuracy/validation": ("epoch", "validation_accuracy"),
}
CONFIGURATION = "configuration"


def check(run, resumed):
    tb_logging.get_logger().setLevel(logging.ERROR)  # it would warn of each purge
    agreement = Agreement(f"{run}/tensorboard")
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    expected = {
        tag: [(line["step"], np.float32(line[key])) for line in lines if line["event"] == event]
        for tag, (event, key) in CURVES.items()
    }
    folder = str(run / "tensorboard")
    scalars = scalars_by_event_accumulator(folder)
    check_curves(agreement, "event_accumulator", scalars, expected)
    check_times(agreement, run, scalars)
    # TensorBoard's pages use another reader, which has another rule for resumed runs.
    pages = plugin_event_accumulator.EventAccumulator(folder, tensor_size_guidance={"scalars": 0})
    pages.Reload()
    check_curves(agreement, "plugin_event_accumulator", scalars_of_pages(pages), expected)
    check_configuration(agreement, run, pages)
    agreement.remarks.append(f"{len(expected)} curves, {sum(map(len, expected.values()))} points")
    if resumed:
        check_resumed(agreement, run, folder, scalars)
    return agreement


def scalars_by_event_accumulator(folder, purge=True):
    accumulator = event_accumulator.EventAccumulator(
        folder, size_guidance={event_accumulator.SCALARS: 0}, purge_orphaned_data=purge
    )
    accumulator.Reload()
    return {tag: accumulator.Scalars(tag) for tag in accumulator.Tags()["scalars"]}


class Point:
    def __init__(self, event):
        self.step = event.step
        self.value = tensor_util.make_ndarray(event.tensor_proto).item()


def scalars_of_pages(pages):
    return {tag: [Point(event) for event in pages.Tensors(tag)] for tag in tags_of(pages, "scalars")}


def tags_of(pages, plugin):
    return sorted(pages.PluginTagToContent(plugin)) if plugin in pages.ActivePlugins() else []


def check_curves(agreement, reader, found, expected):
    agreement.same(f"{reader}: curves", sorted(found), sorted(expected))
    for tag in found.keys() & expected.keys():
        points = [(event.step, np.float32(event.value)) for event in found[tag]]
        agreement.same(f"{reader}: {tag}: steps", [step for step, _ in points], [step for step, _ in expected[tag]])
        agreement.same(f"{reader}: {tag}: values", points, expected[tag])


def check_times(agreement, run, scalars):
    """Times are seconds since 1970. They rise with the steps, and none is before the run began."""
    started = json.loads((run / "run.json").read_text())["started"]
    began, now = datetime.fromisoformat(started.replace("Z", "+00:00")).timestamp(), time.time()
    for tag, points in scalars.items():
        times = [point.wall_time for point in points]
        agreement.same(f"{tag}: times in order", times, sorted(times))
        agreement.same(f"{tag}: times since the run began", [t for t in times if not began - 1 <= t <= now + 1], [])


def check_configuration(agreement, run, pages):
    tags = tags_of(pages, "text")
    agreement.same("texts", tags, [CONFIGURATION])
    if tags == [CONFIGURATION]:
        texts = [tensor_util.make_ndarray(event.tensor_proto).item().decode() for event in pages.Tensors(CONFIGURATION)]
        config = (run / "config.toml").read_text().strip()
        agreement.same("texts with config.toml", [config in text for text in texts], [True])


def check_resumed(agreement, run, folder, scalars):
    """Checks that points were dropped. Otherwise the comparison of the curves would say little."""
    files = len(list((run / "tensorboard").glob("*tfevents*")))
    agreement.same("several event files", files > 1, True)
    everything = scalars_by_event_accumulator(folder, purge=False)
    points = sum(map(len, scalars.values()))
    dropped = sum(map(len, everything.values())) - points
    agreement.same("points written twice", dropped > 0, True)
    agreement.remarks.append(f"{dropped} points of lost steps dropped from {files} files")
