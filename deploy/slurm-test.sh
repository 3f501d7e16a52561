#!/bin/bash
# Tests the runs of a job array when all of them are trained; see slurm-array.sh.
#
#   sbatch --dependency=afterok:JOB deploy/slurm-test.sh -p five

#SBATCH --job-name=mnist-cnn-test
#SBATCH --cpus-per-task=2
#SBATCH --time=00:10:00
# If a run fails, this job is not left waiting for ever.
#SBATCH --kill-on-invalid-dep=yes

export RAYON_NUM_THREADS=${SLURM_CPUS_PER_TASK:-1}
exec "${MNIST_CNN:-mnist-cnn}" test "$@"
