//! What the processes that train one network together tell each other.

pub mod agreement;
#[cfg(feature = "mpi")]
pub mod mpi;
use burn::tensor::Device;

/// The processes that train one network. Each calls the same methods in the same order.
///
/// There are no errors: a process that is lost ends all of them.
pub trait Exchange: std::fmt::Debug {
    /// The number of this process. Process 0 writes the run.
    fn rank(&self) -> usize;

    /// How many processes there are: a power of two.
    fn size(&self) -> usize;

    /// What all processes bring, one behind another in the order of their numbers. Each brings as many numbers.
    fn all_gather(&self, own: &[f32]) -> Vec<f32>;

    /// Bytes of process 0, which the others get.
    fn broadcast(&self, bytes: Vec<u8>) -> Vec<u8>;
}

/// Where a network is trained: on which device, and together with which processes.
#[derive(Clone, Copy, Debug)]
pub struct Placement<'a> {
    pub device: &'a Device,
    pub exchange: &'a dyn Exchange,
}

/// A process that trains alone.
#[derive(Clone, Copy, Debug, Default)]
pub struct Alone;

impl Exchange for Alone {
    fn rank(&self) -> usize {
        0
    }

    fn size(&self) -> usize {
        1
    }

    fn all_gather(&self, own: &[f32]) -> Vec<f32> {
        own.to_vec()
    }

    fn broadcast(&self, bytes: Vec<u8>) -> Vec<u8> {
        bytes
    }
}

/// Whether any process says so.
pub(crate) fn any(exchange: &dyn Exchange, said: bool) -> bool {
    // A process alone need not allocate for each step.
    if exchange.size() == 1 { said } else { exchange.all_gather(&[f32::from(u8::from(said))]).contains(&1.0) }
}
