"""Computes test.json and a comparison again from predictions.csv, with functions of scikit-learn and scipy."""

import csv
import json
import warnings

import numpy as np
from scipy.stats import binomtest
from sklearn import metrics
from sklearn.calibration import calibration_curve
from sklearn.exceptions import UndefinedMetricWarning

from agreement import Agreement

BINS = 15
# scikit-learn's log_loss replaces smaller probabilities by this one.
CLIPPING = np.finfo(np.float64).eps


class Predictions:
    """predictions.csv: labels and predictions `[n]`, probabilities `[n, classes]`."""

    def __init__(self, run):
        with open(run / "predictions.csv", newline="") as file:
            header, *rows = csv.reader(file)
        self.header = header
        self.indices = [int(row[0]) for row in rows]
        self.labels = np.array([int(row[1]) for row in rows])
        self.predictions = np.array([int(row[2]) for row in rows])
        self.probabilities = np.array([[float(p) for p in row[3:]] for row in rows])

    @property
    def classes(self):
        return self.probabilities.shape[1]

    @property
    def right(self):
        return self.labels == self.predictions

    def losses(self):
        """Negative log-likelihood of each image, in nats."""
        with np.errstate(divide="ignore"):
            return -np.log(self.probabilities[np.arange(len(self.labels)), self.labels])


def check_run(run):
    agreement = Agreement(run)
    predictions = Predictions(run)
    with open(run / "test.json") as file:
        report = json.load(file)
    check_predictions(agreement, predictions)
    check_report(agreement, report, predictions)
    agreement.remarks.append(f"{len(predictions.labels)} images")
    validation = run / "validation.json"
    if validation.is_file():
        with open(validation) as file:
            check_counts(agreement, json.load(file)["evaluation"], "validation.json: ")
        agreement.remarks.append("validation.json against its confusion matrix")
    return agreement


def check_predictions(agreement, predictions):
    """Checks header, indices, predictions and probabilities of predictions.csv against each other."""
    columns = ["index", "label", "prediction"] + [f"probability_{c}" for c in range(predictions.classes)]
    agreement.same("predictions.csv: header", predictions.header, columns)
    agreement.same("predictions.csv: indices", predictions.indices, list(range(len(predictions.labels))))
    # numpy takes the first of equal probabilities, as the program says it does.
    first_best = predictions.probabilities.argmax(axis=1)
    agreement.same("predictions.csv: predictions", predictions.predictions.tolist(), first_best.tolist())
    off_one = np.abs(predictions.probabilities.sum(axis=1) - 1).max()
    agreement.number("predictions.csv: sums of probabilities, off one", off_one, 0)


def check_report(agreement, report, predictions):
    evaluation = report["evaluation"]
    labels, classes = predictions.labels, range(predictions.classes)
    matrix = metrics.confusion_matrix(labels, predictions.predictions, labels=classes)
    agreement.same("confusion", evaluation["confusion"], matrix.tolist())
    agreement.number("accuracy", evaluation["accuracy"], metrics.accuracy_score(labels, predictions.predictions))
    check_counts(agreement, evaluation, "")
    check_loss(agreement, evaluation["loss"], predictions)
    for entry in evaluation["top_k"]:
        agreement.number(f"top_k {entry['k']}", entry["accuracy"], top_k_accuracy(predictions, entry["k"]))
    ks = [entry["k"] for entry in evaluation["top_k"]]
    agreement.same("top_k's k", ks, list(range(1, min(5, predictions.classes) + 1)))
    check_calibration(agreement, evaluation["calibration"], predictions)
    check_worst(agreement, report["worst"], predictions)
    if "corruptions" in report:
        each = [corruption["accuracy"] for corruption in report["corruptions"]["each"]]
        agreement.number("corruptions' mean", report["corruptions"]["mean_accuracy"], np.mean(each))


def check_counts(agreement, evaluation, place):
    """Computes what follows from the confusion matrix again, from one label and prediction for each image."""
    matrix = np.array(evaluation["confusion"])
    classes = range(len(matrix))
    pairs = [(label, prediction) for label in classes for prediction in classes]
    labels, predictions = np.repeat(np.array(pairs), matrix.flatten(), axis=0).T
    n, correct = len(labels), int((labels == predictions).sum())
    agreement.same(f"{place}images", evaluation["pictures"], n)
    agreement.same(f"{place}correct", evaluation["correct"], correct)
    agreement.number(f"{place}accuracy", evaluation["accuracy"], metrics.accuracy_score(labels, predictions))
    interval = binomtest(correct, n).proportion_ci(confidence_level=0.95, method="wilson")
    agreement.same(f"{place}ends of accuracy_interval", len(evaluation["accuracy_interval"]), 2)
    for end, (found, expected) in enumerate(zip(evaluation["accuracy_interval"], interval)):
        agreement.number(f"{place}accuracy_interval {end}", found, expected)

    each = metrics.precision_recall_fscore_support(labels, predictions, labels=classes, zero_division=np.nan)
    agreement.same(f"{place}classes", len(evaluation["classes"]), len(matrix))
    for found, precision, recall, f1, support in zip(evaluation["classes"], *each):
        name = f"{place}class {found['name']}"
        agreement.number(f"{name}: precision", found["precision"], precision)
        agreement.number(f"{name}: recall", found["recall"], recall)
        agreement.number(f"{name}: f1", found["f1"], f1)
        agreement.same(f"{name}: support", found["support"], int(support))
    macro_f1 = metrics.f1_score(labels, predictions, labels=classes, average="macro", zero_division=np.nan)
    agreement.number(f"{place}macro_f1", evaluation["macro_f1"], macro_f1)


def check_loss(agreement, loss, predictions):
    agreement.number("loss", loss, predictions.losses().mean())
    if predictions.probabilities[np.arange(len(predictions.labels)), predictions.labels].min() > CLIPPING:
        by_sklearn = metrics.log_loss(
            predictions.labels, predictions.probabilities, labels=range(predictions.classes)
        )
        agreement.number("loss, by log_loss", loss, by_sklearn)


def top_k_accuracy(predictions, k):
    """Top-k accuracy by scikit-learn. Of equal probabilities it ranks the last class first, and the program the
    first class, so the classes are reversed."""
    last = predictions.classes - 1
    with warnings.catch_warnings():
        # It warns that k = the number of classes gives 100 %.
        warnings.simplefilter("ignore", category=UndefinedMetricWarning)
        return metrics.top_k_accuracy_score(
            last - predictions.labels, predictions.probabilities[:, ::-1], k=k, labels=range(predictions.classes)
        )


def check_calibration(agreement, calibration, predictions):
    confidence, right = predictions.probabilities.max(axis=1), predictions.right
    edges = np.linspace(0, 1, BINS + 1)
    bins = calibration["bins"]
    agreement.same("calibration: bins", len(bins), BINS)
    for i, found in enumerate(bins):
        agreement.number(f"bin {i}: low", found["low"], edges[i])
        agreement.number(f"bin {i}: high", found["high"], edges[i + 1])

    # The program's own edges differ from numpy's in the last bit. A bin is (low, high], so a confidence of 0
    # would fall below the first one.
    own_edges = np.array([found["low"] for found in bins] + [bins[-1]["high"]])
    bin_of_image = np.maximum(np.digitize(confidence, own_edges, right=True) - 1, 0)
    counts = np.bincount(bin_of_image, minlength=BINS)
    error = 0.0
    for i, found in enumerate(bins):
        inside = bin_of_image == i
        mean = [values[inside].mean() if counts[i] else np.nan for values in (confidence, right)]
        agreement.same(f"bin {i}: images", found["pictures"], int(counts[i]))
        agreement.number(f"bin {i}: confidence", found["confidence"], mean[0])
        agreement.number(f"bin {i}: accuracy", found["accuracy"], mean[1])
        error += counts[i] / len(confidence) * abs(mean[0] - mean[1]) if counts[i] else 0.0
    agreement.number("ece", calibration["ece"], error)

    # scikit-learn's bins are (low, high] as well (searchsorted on the inner edges).
    if np.abs(confidence[:, None] - edges[1:-1]).min() > 1e-12:
        shares, confidences = calibration_curve(right, confidence, n_bins=BINS, pos_label=True)
        weights = counts[counts > 0] / len(confidence)
        agreement.same("calibration_curve's bins", len(shares), len(weights))
        if len(shares) == len(weights):
            by_sklearn = (weights * np.abs(shares - confidences)).sum()
            agreement.number("ece, by calibration_curve", calibration["ece"], by_sklearn)


def check_worst(agreement, worst, predictions):
    losses = predictions.losses()
    wrong = np.flatnonzero(~predictions.right)
    by_loss = wrong[np.argsort(-losses[wrong], kind="stable")]
    agreement.same("worst: any", bool(worst), bool(len(wrong)))
    agreement.same("worst: indices", [entry["index"] for entry in worst], by_loss[: len(worst)].tolist())
    for entry in worst:
        i = entry["index"]
        agreement.same(f"worst {i}: label", entry["label"], int(predictions.labels[i]))
        agreement.same(f"worst {i}: prediction", entry["prediction"], int(predictions.predictions[i]))
        agreement.number(f"worst {i}: loss", entry["loss"], losses[i])
        agreement.same(f"worst {i}: probabilities", entry["probabilities"], predictions.probabilities[i].tolist())


def check_comparison(file, run_a, run_b):
    agreement = Agreement(file)
    with open(file) as text:
        found = json.load(text)
    compare(agreement, found, Predictions(run_a), Predictions(run_b))
    return agreement


def compare(agreement, found, a, b):
    agreement.same("labels of both", a.labels.tolist(), b.labels.tolist())
    agreement.same("images", found["pictures"], len(a.labels))
    counts = {
        "both_right": a.right & b.right,
        "only_a_right": a.right & ~b.right,
        "only_b_right": ~a.right & b.right,
        "both_wrong": ~a.right & ~b.right,
    }
    for name, images in counts.items():
        agreement.same(name, found[name], int(images.sum()))
    discordant = [int(counts[name].sum()) for name in ("only_a_right", "only_b_right")]
    expected = binomtest(discordant[0], sum(discordant), 0.5).pvalue if sum(discordant) else 1.0
    agreement.number("p_value", found["p_value"], expected)
    differ = np.flatnonzero(a.predictions != b.predictions)
    expected = [
        {"index": int(i), "label": int(a.labels[i]), "a": int(a.predictions[i]), "b": int(b.predictions[i])}
        for i in differ
    ]
    agreement.same("disagreements", found["disagreements"], expected)
    agreement.remarks.append(f"p = {found['p_value']:.3g} of {discordant[0]} to {discordant[1]}")
