#!/bin/bash
# Many runs as a job array of Slurm: the seeds of a configuration, or the trials of a sweep.
#
#   array=$(sbatch --parsable --array=1-5 deploy/slurm-array.sh train --config configs/default.toml --seeds 5 -p five)
#   sbatch --dependency=afterok:$array deploy/slurm-test.sh -p five
#   sbatch --array=1-20 deploy/slurm-array.sh sweep run sweeps/first --sweep configs/sweep.toml
#
# Each task trains the run of its number. The folder has to be on a file system that all machines share.

#SBATCH --job-name=mnist-cnn
#SBATCH --cpus-per-task=2
#SBATCH --time=01:00:00
# Two minutes before the time is up Slurm sends TERM, to this script alone.
#SBATCH --signal=B:TERM@120
# A machine that fails, or is needed for something else, gives its tasks back to the queue.
#SBATCH --requeue
#SBATCH --open-mode=append

program=${MNIST_CNN:-mnist-cnn}
task=$SLURM_ARRAY_TASK_ID

# The program uses as many threads as the task has processors.
export RAYON_NUM_THREADS=${SLURM_CPUS_PER_TASK:-1}

"$program" "$@" --only "$task" &
training=$!

# The program writes a checkpoint and ends with 143. Then the task goes back to the queue, and later goes on from there.
trap 'stopping=yes; kill -TERM "$training"' TERM
wait "$training"
# The signal interrupts `wait` before the program has ended.
while kill -0 "$training" 2>/dev/null; do
  wait "$training"
done
# The shell remembers how the program has ended.
wait "$training"
code=$?

again=no
if [ "${stopping:-no}" = yes ] && [ "$code" = 143 ]; then
  again=yes
fi
# Something has killed the program, such as a machine that is short of memory. It may be better off elsewhere.
if [ "$code" = 137 ] && [ "${SLURM_RESTART_COUNT:-0}" -lt 5 ]; then
  again=yes
fi
if [ "$again" = yes ]; then
  echo "task $task ended with $code and goes back to the queue"
  scontrol requeue "${SLURM_ARRAY_JOB_ID}_$task"
fi
exit "$code"
