//! Opening a device: on the backend that is wished for, or on the fastest one that there is.

mod backend;
#[cfg(feature = "wgpu")]
mod wgpu;

#[cfg(any(feature = "ndarray", feature = "flex"))]
use burn::tensor::Device;

pub use backend::{Backend, DeviceError, Opened};
pub use ops::compute_on_this_thread;
#[cfg(feature = "wgpu")]
use wgpu::{open_wgpu, real_gpu};

/// Opens a device without autodiff.
///
/// Without a wish (`None`) a real GPU is taken if wgpu is compiled in and finds one, and otherwise
/// the fastest CPU backend. A software adapter such as Mesa's llvmpipe is used only on request.
///
/// # Errors
/// If the environment names vector instructions that this processor does not have, if the backend is not
/// compiled in, or if wgpu finds no adapter.
pub fn open(wish: Option<Backend>) -> Result<Opened, DeviceError> {
    ops::Level::from_environment()?;
    match wish {
        Some(backend) if !Backend::COMPILED.contains(&backend) => Err(DeviceError::NotCompiled(backend)),
        Some(Backend::Wgpu) => open_wgpu(),
        Some(backend) => open_cpu(backend),
        None => open_fastest(),
    }
}

fn open_fastest() -> Result<Opened, DeviceError> {
    let cpu = Backend::COMPILED.iter().copied().find(|b| *b != Backend::Wgpu);
    let has_wgpu = Backend::COMPILED.contains(&Backend::Wgpu);
    match cpu {
        _ if has_wgpu && real_gpu() => open_wgpu(),
        Some(backend) => {
            let mut opened = open_cpu(backend)?;
            opened.notice =
                has_wgpu.then(|| format!("no GPU was found; running on {} (CPU)", backend.name()));
            Ok(opened)
        }
        None if has_wgpu => open_wgpu(),
        None => Err(DeviceError::NoBackend),
    }
}

#[cfg(not(any(feature = "ndarray", feature = "flex")))]
fn open_cpu(backend: Backend) -> Result<Opened, DeviceError> {
    Err(DeviceError::NotCompiled(backend))
}

#[cfg(any(feature = "ndarray", feature = "flex"))]
fn open_cpu(backend: Backend) -> Result<Opened, DeviceError> {
    #[allow(deprecated, reason = "Burn deprecates its ndarray backend; this release still has it")]
    let device = match backend {
        #[cfg(feature = "ndarray")]
        Backend::Ndarray => Device::ndarray(),
        #[cfg(feature = "flex")]
        Backend::Flex => Device::flex(),
        other => return Err(DeviceError::NotCompiled(other)),
    };
    Ok(Opened { device, backend, hardware: "CPU".into(), notice: None })
}

#[cfg(not(feature = "wgpu"))]
fn open_wgpu() -> Result<Opened, DeviceError> {
    Err(DeviceError::NotCompiled(Backend::Wgpu))
}

#[cfg(not(feature = "wgpu"))]
fn real_gpu() -> bool {
    false
}
