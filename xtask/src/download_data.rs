//! Downloads a data set, with the same code as `data download`.

use std::path::Path;

use anyhow::Result;
use dataset::Name;
use dataset::fetch::{self, Which};
use dataset::progress_bar;

use crate::command::say;

pub(crate) fn run(name: Name, from: Option<&Path>, dir: &Path) -> Result<()> {
    let folder = fetch::download(name, Which::All, dir, from, false, &mut progress_bar::sink())?;
    say(&format!("{} is in {}, verified", name.title(), folder.display()));
    Ok(())
}
