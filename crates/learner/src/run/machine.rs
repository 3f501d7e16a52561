//! The circumstances of a run, which `run.json` contains: program, backend, machine and data.

use std::thread::available_parallelism;

use model::device::Opened;
use run_files::RunInfo;

use crate::config::Config;
use crate::run::data::checksums;
use crate::run::folder::now;

/// The circumstances of a run that begins now.
pub(crate) fn circumstances(config: &Config, opened: &Opened) -> RunInfo {
    RunInfo {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        backend: opened.backend.name().to_owned(),
        hardware: hardware(opened),
        platform: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
        threads: available_parallelism().map_or(1, |n| n.get()),
        dataset: config.data().dataset.to_string(),
        data_sha256: checksums(config.data().dataset),
        seed: config.train().seed,
        started: now(),
        resumed: Vec::new(),
    }
}

/// The name of the graphics adapter or, on a CPU, of the processor if the system provides it.
pub fn hardware(opened: &Opened) -> String {
    let cpuinfo = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = cpuinfo.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    match name {
        Some((_, name)) if opened.hardware == "CPU" => name.trim().to_owned(),
        _ => opened.hardware.clone(),
    }
}
