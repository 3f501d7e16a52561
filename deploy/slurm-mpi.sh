#!/bin/bash
# One run by several processes of Slurm, on one machine or on several. The program has to be built with `--features mpi`.
#
#   sbatch --ntasks=4 deploy/slurm-mpi.sh --config configs/default.toml --set train.shards=4 -p shared
#
# The same command again, after the job was ended, goes on from the newest checkpoint.

#SBATCH --job-name=mnist-cnn-mpi
#SBATCH --ntasks=4
#SBATCH --cpus-per-task=1
#SBATCH --time=01:00:00
# Two minutes before the time is up Slurm sends TERM, to the processes.
#SBATCH --signal=TERM@120
#SBATCH --open-mode=append

program=${MNIST_CNN:-mnist-cnn}
export RAYON_NUM_THREADS=${SLURM_CPUS_PER_TASK:-1}

# The folder is the word after -p.
folder=
for ((i = 1; i < $#; i++)); do
  if [ "${!i}" = -p ]; then
    next=$((i + 1))
    folder=${!next}
  fi
done
if [ -z "$folder" ]; then
  echo "name the run's folder with -p" >&2
  exit 2
fi
if [ -f "$folder/config.toml" ]; then
  exec srun --mpi=pmix "$program" train --resume -p "$folder"
fi
exec srun --mpi=pmix "$program" train "$@"
