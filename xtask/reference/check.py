"""Compares what the program wrote with scikit-learn, scipy, numpy and TensorBoard.

    check.py figures RUN...            test.json and validation.json
    check.py compare FILE A B          what `test --compare A B --json` printed
    check.py events RUN [--resumed]    the event files in RUN/tensorboard
    check.py changes FILE A B          whether a change of any number of A or of the comparison is noticed

Exit code 1 if anything differs.
"""

import argparse
import sys
from pathlib import Path

import changes
import events
import figures


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    tasks = parser.add_subparsers(dest="task", required=True)
    task = tasks.add_parser("figures")
    task.add_argument("runs", nargs="+", type=Path)
    task = tasks.add_parser("events")
    task.add_argument("run", type=Path)
    task.add_argument("--resumed", action="store_true", help="the run must have lost steps and taken them again")
    for name in ("compare", "changes"):
        task = tasks.add_parser(name)
        task.add_argument("file", type=Path)
        task.add_argument("runs", nargs=2, type=Path, metavar=("A", "B"))
    arguments = parser.parse_args()

    if arguments.task == "figures":
        agreements = [figures.check_run(run) for run in arguments.runs]
    elif arguments.task == "events":
        agreements = [events.check(arguments.run, arguments.resumed)]
    elif arguments.task == "compare":
        agreements = [figures.check_comparison(arguments.file, *arguments.runs)]
    else:
        agreements = [changes.check(arguments.file, *arguments.runs)]
    for agreement in agreements:
        agreement.tell()
    return 1 if any(agreement.differences for agreement in agreements) else 0


if __name__ == "__main__":
    sys.exit(main())
