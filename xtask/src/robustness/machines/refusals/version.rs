//! A process of another version of the program is refused. The other version is the last commit, built under another number.

use std::fs;
use std::path::Path;

use anyhow::{Result, ensure};

use crate::command::build_program;
use crate::earlier::unpack;
use crate::robustness::machines::lab::{Lab, SMALL, as_sets};
use crate::robustness::machines::refusals::refused;

pub(crate) fn run(lab: &Lab, root: &Path) -> Result<()> {
    let folder = lab.folder.join("other-version");
    fs::create_dir_all(&folder)?;
    unpack(root, "HEAD", &folder)?;
    let manifest = folder.join("Cargo.toml");
    let own = format!("version = \"{}\"", env!("CARGO_PKG_VERSION"));
    let text = fs::read_to_string(&manifest)?;
    ensure!(text.contains(&own), "{}: expected {own}", manifest.display());
    fs::write(&manifest, text.replacen(&own, "version = \"9.9.9\"", 1))?;
    // Not --locked, because the lock file names the number as well. The next build overwrites the file that cargo names.
    let target = root.join("target").display().to_string();
    let built = build_program(&folder, &format!("--offline --features mpi --target-dir {target}"))?;
    let other = folder.join("mnist-cnn");
    fs::copy(built, &other)?;

    let mut command = lab.launcher();
    for (program, between) in [(lab.with_mpi(), None), (&other, Some(":"))] {
        command.args(between).args(["-np", "1"]).arg(program).args(["train", "-p", "version"]);
        command.args(as_sets(&SMALL));
    }
    refused("another version", command, "process 1 has another version than process 0: 9.9.9")
}
