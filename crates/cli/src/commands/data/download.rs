//! `data download`: brings the files of a data set in the catalog.

use std::path::Path;

use dataset::Split;
use dataset::catalog::Entry;
use dataset::fetch;

use crate::exit::print;
use crate::paths::short;
use crate::ui::download_bar;

pub(super) fn run(entry: Entry, from: Option<&Path>, force: bool, dir: &Path) -> anyhow::Result<()> {
    if entry.files().is_empty() {
        return print(&format!("{} is part of the program; there is nothing to download\n", entry.title()));
    }
    let mut progress = download_bar::listener();
    let place = fetch::download(entry.name(), &Split::ALL, dir, from, force, &mut progress)
        .map_err(dataset::Error::from)?;
    print(&format!("{} is in {}, verified\n", entry.title(), short(&place)))
}
