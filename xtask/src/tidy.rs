//! The rules of ARCHITECTURE.md that a program can check.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::command::{output, say};

mod arithmetic;
mod arrows;
mod circles;
mod code;
mod files;
mod imports;

pub(crate) fn run(root: &Path) -> Result<()> {
    let mut problems = arrows::problems(root)?;
    let paths = tracked_rust_files(root)?;
    problems.extend(files::of_folders(&paths));
    let mut crates: BTreeMap<PathBuf, Vec<(PathBuf, String)>> = BTreeMap::new();
    for path in &paths {
        let text = fs::read_to_string(root.join(path)).with_context(|| path.display().to_string())?;
        problems.extend(files::of_file(path, &text));
        problems.extend(arithmetic::of_file(path, &text));
        if let Some(src) = source_folder(path) {
            crates.entry(src).or_default().push((path.clone(), text));
        }
    }
    for (src, files) in &crates {
        problems.extend(circles::circles(src, files));
    }
    for problem in &problems {
        say(problem);
    }
    if !problems.is_empty() {
        bail!("tidy found {} problems", problems.len());
    }
    say(&format!("tidy: {} files keep the rules", paths.len()));
    Ok(())
}

/// The folder `src` that a file lies in, at whatever depth.
fn source_folder(path: &Path) -> Option<PathBuf> {
    path.ancestors().find(|folder| folder.ends_with("src")).map(Path::to_owned)
}

fn tracked_rust_files(root: &Path) -> Result<Vec<PathBuf>> {
    let list = output(root, "git", &["ls-files", "--cached", "--others", "--exclude-standard", "*.rs"])?;
    Ok(list.lines().map(PathBuf::from).filter(|file| root.join(file).is_file()).collect())
}
