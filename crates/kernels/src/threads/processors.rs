//! Binding threads to processors.
//!
//! A thread that waits for work offers its processor to others all the time instead of sleeping. When two such
//! threads come to lie on one processor, the system may leave them there for many training steps, while another
//! processor is idle: a step of a small network then takes half as long again. See docs/performance.md.

use std::sync::OnceLock;

/// The processors that this process may use.
#[derive(Clone, Debug, Default)]
pub(crate) struct Processors(Vec<usize>);

/// Those that the kernels' threads were bound to.
static OF_THE_KERNELS: OnceLock<Processors> = OnceLock::new();

impl Processors {
    /// Those of the calling thread, or none where the system does not tell them or threads cannot be bound.
    pub(crate) fn of_this_thread() -> Self {
        Self(system::processors())
    }

    /// Those that the kernels' threads are bound to, or none if they are not. A thread that is bound cannot tell them any
    /// more.
    pub(crate) fn of_the_kernels() -> Self {
        OF_THE_KERNELS.get().cloned().unwrap_or_default()
    }

    /// Says that the kernels' threads are bound to these.
    pub(crate) fn become_the_kernels(self) {
        // Whoever comes second has not bound the threads.
        let _ = OF_THE_KERNELS.set(self);
    }

    /// Binds the calling thread, thread `i` of so many that compute, if each of them can have a processor to itself and
    /// no processor is left over. Otherwise the system knows better where a thread should run.
    pub(crate) fn bind(&self, i: usize, threads: usize) {
        if self.0.len() == threads {
            system::bind(self.0[i % threads]);
        }
    }
}

#[cfg(target_os = "linux")]
mod system {
    use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

    pub(super) fn processors() -> Vec<usize> {
        let Ok(set) = sched_getaffinity(None) else { return Vec::new() };
        (0..CpuSet::MAX_CPU).filter(|cpu| set.is_set(*cpu)).collect()
    }

    pub(super) fn bind(processor: usize) {
        let mut set = CpuSet::new();
        set.set(processor);
        // A system that refuses leaves the thread where it wants, which is only slower.
        let _ = sched_setaffinity(None, &set);
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    pub(super) fn processors() -> Vec<usize> {
        Vec::new()
    }

    pub(super) fn bind(_: usize) {}
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    type Bound = Result<Vec<usize>, rayon::ThreadPoolBuildError>;

    /// Binds a thread of a pool, and gives the processors that it has then.
    fn bound(processors: Processors, threads: usize, i: usize) -> Bound {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build()?;
        Ok(pool.install(|| {
            processors.bind(i, threads);
            Processors::of_this_thread().0
        }))
    }

    #[test]
    fn as_many_threads_as_processors_get_one_each() {
        let all = Processors::of_this_thread();
        for (i, processor) in all.0.iter().enumerate() {
            assert_eq!(bound(all.clone(), all.0.len(), i).unwrap(), [*processor]);
        }
    }

    #[test]
    fn more_or_fewer_threads_stay_free() {
        let all = Processors::of_this_thread();
        assert_eq!(bound(all.clone(), all.0.len() + 1, 0).unwrap(), all.0);
        assert_eq!(bound(Processors(Vec::new()), 2, 0).unwrap(), all.0);
    }
}
