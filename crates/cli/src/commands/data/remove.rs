//! `data remove`: removes a data set of one's own.

use std::path::Path;

use dataset::Name;
use dataset::description::{self, RemoveError, Removed};
use learner::checks::memory::size;

use crate::exit::{print, usage};
use crate::paths::short;

pub(super) fn run(name: Name, dir: &Path) -> anyhow::Result<()> {
    let Removed { folder, files, others } = description::remove(name, dir).map_err(|error| match error {
        RemoveError::Catalog(_) => usage(error.to_string()),
        RemoveError::Description(error) => dataset::Error::from(error).into(),
        RemoveError::Io { .. } => error.into(),
    })?;
    let folder = short(&folder);
    let bytes = files.iter().map(|(_, bytes)| bytes).sum();
    let kept = match others {
        0 => String::new(),
        1 => format!("; one other thing stays in {folder}"),
        others => format!("; {others} other things stay in {folder}"),
    };
    print(&format!("removed {name}: {} files of {folder}, {}{kept}\n", files.len(), size(bytes)))
}
