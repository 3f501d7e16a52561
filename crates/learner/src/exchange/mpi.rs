//! The exchange by MPI, the interface that clusters have for programs of several processes.

use std::fmt;

use mpi::Threading;
use mpi::environment::Universe;
use mpi::topology::SimpleCommunicator;
use mpi::traits::{Communicator, CommunicatorCollectives, Root};

use crate::exchange::Exchange;

/// What the launchers `mpirun` and `srun --mpi` tell each process about its number.
const RANK_VARIABLES: [&str; 3] = ["OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK"];

/// The processes that `mpirun` or `srun` has started together.
///
/// If this is dropped, as after an error, MPI is not told that the process is through, and the launcher ends the
/// others. [`Mpi::finish`] tells it.
pub struct Mpi {
    world: SimpleCommunicator,
    universe: Option<Universe>,
}

impl Mpi {
    /// Joins the other processes. `None` if this process was started without them.
    pub fn join() -> Option<Self> {
        if !RANK_VARIABLES.iter().any(|name| std::env::var_os(name).is_some()) {
            return None;
        }
        // The kernels have threads, and one of all threads asks MPI.
        let (universe, _threading) = mpi::initialize_with_threading(Threading::Serialized)?;
        Some(Self { world: universe.world(), universe: Some(universe) })
    }

    /// Leaves when all have done their work.
    pub fn finish(mut self) {
        drop(self.universe.take());
    }
}

impl Drop for Mpi {
    fn drop(&mut self) {
        // To say goodbye would be to wait for the others, who wait for this process.
        std::mem::forget(self.universe.take());
    }
}

impl fmt::Debug for Mpi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mpi").field("rank", &self.rank()).field("size", &self.size()).finish_non_exhaustive()
    }
}

impl Exchange for Mpi {
    fn rank(&self) -> usize {
        self.world.rank().unsigned_abs() as usize
    }

    fn size(&self) -> usize {
        self.world.size().unsigned_abs() as usize
    }

    fn all_gather(&self, own: &[f32]) -> Vec<f32> {
        let mut all = vec![0.0; own.len() * self.size()];
        self.world.all_gather_into(own, &mut all[..]);
        all
    }

    fn broadcast(&self, bytes: Vec<u8>) -> Vec<u8> {
        let first = self.world.process_at_rank(0);
        let mut len = bytes.len() as u64;
        first.broadcast_into(&mut len);
        let mut bytes = bytes;
        // The others bring nothing. A message of MPI has fewer than 2^31 parts; no snapshot is that large.
        bytes.resize(usize::try_from(len).unwrap_or(usize::MAX), 0);
        // MPI refuses a message of nothing.
        if !bytes.is_empty() {
            first.broadcast_into(&mut bytes[..]);
        }
        bytes
    }
}
