//! Opens the device that a command computes on.

use model::device::{self, Backend, DeviceError, Opened};

/// Opens the device of a backend, or the fastest there is. On a CPU, the calling thread becomes one of those that
/// compute: it is the main thread, which waits for nothing else and lives as long as the process. On a GPU it stays
/// free, because the threads of the GPU's driver would be bound to the same processor.
///
/// # Errors
/// As [`device::open`].
pub(crate) fn open(wish: Option<Backend>) -> Result<Opened, DeviceError> {
    let opened = device::open(wish)?;
    if opened.backend != Backend::Wgpu {
        device::compute_on_this_thread();
    }
    Ok(opened)
}
