//! The wgpu device. A process opens it once, because Burn never forgets an adapter.

use std::sync::OnceLock;

use burn::tensor::wgpu::WgpuInitError;
use burn::tensor::wgpu::wgpu::DeviceType;
use burn::tensor::{Device, DeviceKind};

use super::backend::{Backend, DeviceError, Opened};

struct Adapter {
    device: Device,
    name: String,
    is_software: bool,
}

fn adapter() -> &'static Result<Adapter, DeviceError> {
    static ADAPTER: OnceLock<Result<Adapter, DeviceError>> = OnceLock::new();
    ADAPTER.get_or_init(|| {
        let options = Device::wgpu_options().device_kind(DeviceKind::DefaultDevice);
        match options.init_with_setup() {
            Ok((device, setup)) => {
                let info = setup.adapter.get_info();
                let is_software = info.device_type == DeviceType::Cpu;
                Ok(Adapter { device, name: info.name, is_software })
            }
            Err(WgpuInitError::AdapterUnavailable { .. }) => Err(DeviceError::NoAdapter),
            Err(error) => Err(DeviceError::Adapter(error.to_string())),
        }
    })
}

/// Whether wgpu finds an adapter that is hardware, not a program on the CPU.
pub(super) fn real_gpu() -> bool {
    adapter().as_ref().is_ok_and(|adapter| !adapter.is_software)
}

/// Opens the adapter that wgpu prefers, with a notice if it is software.
///
/// # Errors
/// If there is no adapter, or it does not start.
pub(super) fn open_wgpu() -> Result<Opened, DeviceError> {
    let adapter = adapter().as_ref().map_err(Clone::clone)?;
    let notice = adapter.is_software.then(|| {
        format!(
            "{} is a software adapter: it gives the right results, slowly; a CPU backend is faster",
            adapter.name
        )
    });
    Ok(Opened {
        device: adapter.device.clone(),
        backend: Backend::Wgpu,
        hardware: adapter.name.clone(),
        notice,
    })
}
