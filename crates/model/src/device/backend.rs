//! The backends by name, a device on one of them, and why there is none.

use burn::tensor::Device;
use ops::{Level, UnknownLevel};
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

/// A device ready for use, and what the user should know about it.
#[derive(Clone, Debug)]
pub struct Opened {
    pub device: Device,
    pub backend: Backend,
    /// What the work runs on, in words for people: "CPU" or the adapter's name.
    pub hardware: String,
    /// One line that says why this device was taken, where the choice may surprise.
    pub notice: Option<String>,
}

impl Opened {
    /// The vector instructions that the kernels compute with; `None` on a GPU, which has its own.
    pub fn level(&self) -> Option<Level> {
        (self.backend != Backend::Wgpu).then(Level::best)
    }
}

/// Why no device could be opened.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum DeviceError {
    #[error(
        "the backend {} is not in this program, which has {}; it comes with the Cargo feature `{}`", .0.name(), names(Backend::COMPILED), .0.name()
    )]
    NotCompiled(Backend),
    #[error(
        "no backend is in this program; each of ndarray, flex and wgpu comes with the Cargo feature of its name"
    )]
    NoBackend,
    #[error(
        "no graphics adapter was found for the backend wgpu; it needs a Vulkan driver (Debian without a GPU: mesa-vulkan-drivers and libvulkan1), and the other backends need none"
    )]
    NoAdapter,
    #[error("the graphics adapter did not start: {0}")]
    Adapter(String),
    #[error(transparent)]
    Level(#[from] UnknownLevel),
}

fn names(backends: &[Backend]) -> String {
    backends.iter().map(|b| b.name()).collect::<Vec<_>>().join(", ")
}
