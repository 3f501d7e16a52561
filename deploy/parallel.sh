#!/bin/bash
# Many runs on the machines of a class room, by GNU parallel over ssh: the seeds of a configuration, or a sweep's trials.
#
#   deploy/parallel.sh machines.txt 5 train --config configs/default.toml --seeds 5 -p five
#   deploy/parallel.sh machines.txt 20 sweep run sweeps/first --sweep configs/sweep.toml
#
# machines.txt has a line for each machine, as `ssh` takes it: `2/student@red` for two runs at a time on red; `:` is this
# machine. The current folder has to be on a file system that all of them share, under the same path. `machines.txt` may
# be changed meanwhile. What was interrupted goes on when the same command is given again.

set -euo pipefail
machines=$1
count=$2
shift 2

# A run whose machine fails is tried again, on another one if there is one.
exec parallel --sshloginfile "$machines" --workdir "$PWD" --retries 3 --halt soon,fail=1 --line-buffer --tagstring 'run {}' \
  --env MNIST_CNN --env RAYON_NUM_THREADS \
  "$(printf '%q ' "${MNIST_CNN:-mnist-cnn}" "$@")" --only '{}' ::: $(seq "$count")
