"""Searches for a configuration with Optuna: new trials learn from earlier ones, and hopeless ones end early.

    pip install optuna
    python deploy/optuna_search.py searches/first 20

The journal is a file, so any number of these processes share a search, also on machines that share the folder.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import optuna
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend

FOLDER, TRIALS, MORE = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]


def accuracies(run):
    """The accuracy on the validation images after each epoch so far."""
    file = run / "metrics.jsonl"
    # The last line may not be whole yet.
    lines = file.read_text().split("\n")[:-1] if file.exists() else []
    events = [json.loads(line) for line in lines]
    return [event["validation_accuracy"] for event in events if event["event"] == "epoch"]


def objective(trial):
    rate = trial.suggest_float("train.learning_rate", 3e-4, 3e-2, log=True)
    size = trial.suggest_categorical("train.batch_size", [32, 64, 128, 256])
    dropout = trial.suggest_float("model.dropout", 0.0, 0.6)
    sets = [f"train.learning_rate={rate}", f"train.batch_size={size}", f"model.dropout={dropout}"]
    run = FOLDER / f"trial-{trial.number}"
    program = os.environ.get("MNIST_CNN", "mnist-cnn")
    words = [program, "train", "-p", str(run), *MORE, *(word for key in sets for word in ("--set", key))]
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as training:
        while True:
            ended = training.poll() is not None
            for epoch, accuracy in enumerate(accuracies(run)):
                trial.report(accuracy, epoch)
            if ended:
                break
            if trial.should_prune():
                training.terminate()  # it writes a checkpoint and ends
                raise optuna.TrialPruned
            time.sleep(0.2)
    if training.returncode != 0:
        raise RuntimeError(f"{' '.join(words)} ended with {training.returncode}")
    return max(accuracies(run))


FOLDER.mkdir(parents=True, exist_ok=True)
study = optuna.create_study(
    study_name="search", direction="maximize", load_if_exists=True,
    storage=JournalStorage(JournalFileBackend(str(FOLDER / "journal.log"))),
    pruner=optuna.pruners.MedianPruner(n_startup_trials=5),
)
study.optimize(objective, n_trials=TRIALS, catch=RuntimeError)
print(f"Best: trial {study.best_trial.number}, {100 * study.best_value:.2f} % on validation, {study.best_params}")
