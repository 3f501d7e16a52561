"""Compares what the program wrote with scikit-learn, scipy, numpy and TensorBoard.

    check.py figures RUN...            test.json and validation.json
    check.py compare FILE A B          what `test --compare A B --json` printed
    check.py events RUN [--resumed]    the event files in RUN/tensorboard
    check.py exchange MODELS DATA      exported models, against ONNX Runtime and PyTorch; DATA are test images
    check.py changes FILE A B          that each figure of A and of the comparison, changed, is noticed

Exit code 1 if anything differs.
"""

import argparse
import sys
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs/export.md"


def check(arguments):
    # Each task has its own libraries, and not every environment has all of them.
    if arguments.task == "exchange":
        import exchange

        return exchange.check(arguments.models, PAGE, arguments.data)
    if arguments.task == "events":
        import events

        return [events.check(arguments.run, arguments.resumed)]
    import changes
    import figures

    if arguments.task == "figures":
        return [figures.check_run(run) for run in arguments.runs]
    if arguments.task == "compare":
        return [figures.check_comparison(arguments.file, *arguments.runs)]
    return [changes.check(arguments.file, *arguments.runs)]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    tasks = parser.add_subparsers(dest="task", required=True)
    task = tasks.add_parser("figures")
    task.add_argument("runs", nargs="+", type=Path)
    task = tasks.add_parser("events")
    task.add_argument("run", type=Path)
    task.add_argument("--resumed", action="store_true", help="the run must have lost steps and taken them again")
    task = tasks.add_parser("exchange")
    task.add_argument("models", type=Path)
    task.add_argument("data", type=Path)
    for name in ("compare", "changes"):
        task = tasks.add_parser(name)
        task.add_argument("file", type=Path)
        task.add_argument("runs", nargs=2, type=Path, metavar=("A", "B"))
    arguments = parser.parse_args()

    differ = False
    for agreement in check(arguments):
        agreement.tell()
        differ |= bool(agreement.differences)
    return 1 if differ else 0


if __name__ == "__main__":
    sys.exit(main())
