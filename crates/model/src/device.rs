//! Backends: which are compiled in, and opening a device on one of them.

use burn::tensor::Device;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Where the network runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Backend {
    /// burn-ndarray, on the CPU.
    Ndarray,
    /// burn-flex, on the CPU.
    Flex,
    /// burn-wgpu: Vulkan, Metal, DirectX 12.
    Wgpu,
}

impl Backend {
    /// The backends of this program, the fastest of each kind first.
    pub const COMPILED: &'static [Self] = &[
        #[cfg(feature = "wgpu")]
        Self::Wgpu,
        #[cfg(feature = "ndarray")]
        Self::Ndarray,
        #[cfg(feature = "flex")]
        Self::Flex,
    ];

    /// The name of the Cargo feature and of the command line's value.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ndarray => "ndarray",
            Self::Flex => "flex",
            Self::Wgpu => "wgpu",
        }
    }
}

/// A device ready for use, and what the user should know of it.
#[derive(Clone, Debug)]
pub struct Opened {
    pub device: Device,
    pub backend: Backend,
    /// What the work runs on, for people: "CPU" or the adapter's name.
    pub hardware: String,
    /// One line on why this device, where it may surprise.
    pub notice: Option<String>,
}

/// Why no device could be opened.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum DeviceError {
    #[error("the backend {} is not in this program, which has {}; build it with: cargo run -p cli --features {}", .0.name(), names(Backend::COMPILED), .0.name())]
    NotCompiled(Backend),
    #[error("no backend is in this program; build it with a feature: cargo run -p cli --features ndarray")]
    NoBackend,
    #[error(
        "no graphics adapter was found for the backend wgpu; install a Vulkan driver (Debian without a GPU: mesa-vulkan-drivers and libvulkan1), or use --backend ndarray"
    )]
    NoAdapter,
    #[error("the graphics adapter did not start: {0}")]
    Adapter(String),
}

fn names(backends: &[Backend]) -> String {
    backends.iter().map(|b| b.name()).collect::<Vec<_>>().join(", ")
}

/// Opens a device without autodiff.
///
/// Without a wish (`None`) a real GPU is taken where wgpu is compiled in and finds one, else
/// the fastest CPU backend. A software adapter such as Mesa's llvmpipe is used only on request.
///
/// # Errors
/// If the backend is not compiled in, or wgpu finds no adapter.
pub fn open(wish: Option<Backend>) -> Result<Opened, DeviceError> {
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

#[cfg(feature = "wgpu")]
use wgpu::{open_wgpu, real_gpu};

#[cfg(feature = "wgpu")]
#[path = "device_wgpu.rs"]
mod wgpu;
