//! The circumstances of a run, which `run.json` contains: program, backend, machine and data.

use std::path::Path;
use std::thread::available_parallelism;

use model::device::Opened;
use run_files::RunInfo;

use crate::config::Config;
use crate::numerics;
use crate::run::data::checksums;
use crate::run::folder::now;

/// The circumstances of a run that begins now, with images from this data directory.
pub(crate) fn circumstances(config: &Config, opened: &Opened, data_dir: Option<&Path>) -> RunInfo {
    RunInfo {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        backend: opened.backend.name().to_owned(),
        numerics: numerics::of(opened),
        hardware: hardware(opened),
        platform: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
        threads: available_parallelism().map_or(1, |n| n.get()),
        dataset: config.data().dataset.to_string(),
        data_sha256: checksums(config.description()),
        data_dir: text_of(data_dir),
        seed: config.train().seed,
        init: None,
        imported: None,
        started: now(),
        resumed: Vec::new(),
    }
}

/// A path as a file of the run names it; `None` if the path is not text. Replacing what is not text would
/// make it the path of something else.
pub(crate) fn text_of(path: Option<&Path>) -> Option<String> {
    path?.to_str().map(str::to_owned)
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
