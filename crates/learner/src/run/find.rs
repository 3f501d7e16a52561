//! What a path holds: one run, or a folder of several; and which run is the latest.

use std::fs;
use std::io;
use std::path::Path;

use run_files::names;

use crate::run::error::RunDirError;
use crate::run::folder::io_error;
use crate::run::run_dir::RunDir;
use crate::run::seeds_dir::SeedsDir;
use crate::run::store::checkpoint;

/// One run, or a folder of several.
#[derive(Clone, Debug, PartialEq)]
pub enum RunOrSeeds {
    Run(RunDir),
    Seeds(SeedsDir),
}

impl RunOrSeeds {
    /// What is there already.
    ///
    /// # Errors
    /// If it is neither, or `seeds.json` cannot be used.
    pub fn open(path: &Path) -> Result<Self, RunDirError> {
        if SeedsDir::is_at(path) && !path.join(names::CONFIG).is_file() {
            SeedsDir::open(path).map(Self::Seeds)
        } else {
            RunDir::open(path).map(Self::Run)
        }
    }

    /// The run, where one run is wanted.
    ///
    /// # Errors
    /// If this is a folder of several runs.
    pub fn one_run(self) -> Result<RunDir, RunDirError> {
        let seeds = match self {
            Self::Run(run) => return Ok(run),
            Self::Seeds(seeds) => seeds,
        };
        let runs = seeds.runs();
        Err(RunDirError::Several {
            path: seeds.path().to_owned(),
            count: runs.len(),
            first: runs.first().map(|run| run.path().to_owned()),
        })
    }

    pub fn path(&self) -> &Path {
        match self {
            Self::Run(run) => run.path(),
            Self::Seeds(seeds) => seeds.path(),
        }
    }

    /// Writes a file into the folder, whole or not at all.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<(), RunDirError> {
        match self {
            Self::Run(run) => run.write(name, bytes),
            Self::Seeds(seeds) => seeds.write(name, bytes),
        }
    }

    fn started(&self) -> Option<String> {
        match self {
            Self::Run(run) => run.info().ok().map(|info| info.started),
            Self::Seeds(seeds) => Some(seeds.info().started.clone()),
        }
    }

    fn may_have_model(&self) -> bool {
        let may_have = |run: &RunDir| checkpoint::may_have_best(&run.checkpoints());
        match self {
            Self::Run(run) => may_have(run),
            Self::Seeds(seeds) => seeds.runs().iter().any(may_have),
        }
    }
}

/// The run or folder of several that began last below `runs`; with `with_model`, only those that have a model count.
///
/// # Errors
/// If the folder is there but cannot be read.
pub fn latest(runs: &Path, with_model: bool) -> Result<Option<RunOrSeeds>, RunDirError> {
    let entries = match fs::read_dir(runs) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        entries => entries.map_err(io_error(runs))?,
    };
    let found = entries
        .flatten()
        .filter_map(|entry| RunOrSeeds::open(&entry.path()).ok())
        .filter(|found| !with_model || found.may_have_model());
    // RFC 3339 in UTC sorts as text. A run that does not say when it began cannot be the latest.
    let dated = found.filter_map(|found| Some((found.started()?, found)));
    let last = dated.max_by(|(a_started, a), (b_started, b)| {
        a_started.cmp(b_started).then_with(|| a.path().cmp(b.path()))
    });
    Ok(last.map(|(_, found)| found))
}
