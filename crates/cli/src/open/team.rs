//! Finds the processes that were started together with this one, to train one run.

use learner::exchange::{Alone, Exchange};

/// The processes that train a run together: those that `mpirun` or `srun` has started, if the program was built with MPI.
pub(crate) enum Team {
    Alone(Alone),
    #[cfg(feature = "mpi")]
    Several(learner::exchange::mpi::Mpi),
}

impl Team {
    pub(crate) fn join() -> Self {
        #[cfg(feature = "mpi")]
        if let Some(several) = learner::exchange::mpi::Mpi::join() {
            return Self::Several(several);
        }
        Self::Alone(Alone)
    }

    pub(crate) fn exchange(&self) -> &dyn Exchange {
        match self {
            Self::Alone(alone) => alone,
            #[cfg(feature = "mpi")]
            Self::Several(several) => several,
        }
    }

    /// Leaves in good order. A process that ends without this, as after an error, has the launcher end the others.
    pub(crate) fn finish(self) {
        match self {
            Self::Alone(Alone) => (),
            #[cfg(feature = "mpi")]
            Self::Several(several) => several.finish(),
        }
    }
}
