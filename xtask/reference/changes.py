"""Checks that a wrong number would be noticed: changes each one, and repeats the comparison."""

import copy
import json

from agreement import Agreement
from figures import Predictions, check_report, compare


def check(file, run_a, run_b):
    a, b = Predictions(run_a), Predictions(run_b)
    with open(run_a / "test.json") as text:
        report = json.load(text)
    with open(file) as text:
        comparison = json.load(text)
    agreement = Agreement(f"changed numbers of {run_a}")
    parts = {key: report[key] for key in ("evaluation", "worst")}
    try_each(agreement, parts, lambda ours, changed: check_report(ours, changed, a))
    numbers_only = {key: value for key, value in comparison.items() if key not in ("a", "b", "dataset")}
    try_each(agreement, numbers_only, lambda ours, changed: compare(ours, changed, a, b))
    agreement.remarks.append("to agree means that a change was noticed")
    return agreement


def try_each(agreement, numbers, compare_again):
    for path, value in leaves(numbers):
        changed = copy.deepcopy(numbers)
        place = changed
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] = other(value)
        ours = Agreement("")
        try:
            compare_again(ours, changed)
            noticed = bool(ours.differences)
        except (IndexError, ValueError):
            noticed = True  # so wrong that nothing can be computed
        agreement.same(".".join(map(str, path)), noticed, True)


def leaves(value, path=()):
    """All numbers and nulls, each with the keys that lead there."""
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
    if entries is not None:
        for key, inner in entries:
            yield from leaves(inner, (*path, key))
    elif not isinstance(value, str):
        yield path, value


def other(value):
    if value is None:
        return 0.0
    return value + 1 if isinstance(value, int) else value + 1e-6
