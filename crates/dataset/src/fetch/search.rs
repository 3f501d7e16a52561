//! A folder of files as people have them: packed or not, under other names, or in folders below it.
//!
//! Names only say where to look first. What a file is, its content decides.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::catalog::{DataFile, Entry};
use crate::verify::content::{gunzip_head, read_bounded, read_offered};
use crate::verify::kind::{HEAD, Kind, describe};
use crate::verify::obstacle::obstacle;

/// How many levels of folders below the named one are looked into.
const LEVELS: usize = 2;
/// How many files and folders are looked at. A home directory has more, and would take minutes.
const MOST: usize = 10_000;
/// How many lines a folder may add to an error.
const LINES: usize = 6;

/// What a folder holds, of which every file has been looked at but none read to its end.
pub(crate) struct Folder {
    found: Vec<Found>,
    /// What could not be looked at, in words.
    unreadable: Vec<String>,
    /// Whether there was more than [`MOST`].
    cut_off: bool,
}

/// A file below the folder.
struct Found {
    path: PathBuf,
    /// The path as it is shown, from the folder on.
    shown: String,
    /// What the content is, unpacked if it is packed with gzip.
    kind: Kind,
}

/// A file that a place does not have.
pub(crate) struct Absent {
    pub(crate) file: &'static DataFile,
    /// What was found instead, a line for each thing that seemed to be the file.
    pub(crate) instead: Vec<String>,
}

impl Folder {
    /// Looks at what is below the folder at `root`.
    ///
    /// # Errors
    /// In words, if there is no such folder.
    pub(crate) fn look_into(root: &Path) -> Result<Self, String> {
        if let Ok(metadata) = fs::metadata(root)
            && !metadata.is_dir()
        {
            return Err(no_folder(root, metadata.len()));
        }
        if let Some(obstacle) = obstacle(root) {
            return Err(obstacle.to_string());
        }
        if let Err(error) = fs::read_dir(root) {
            return Err(match error.kind() {
                io::ErrorKind::NotFound => "there is no such folder".to_owned(),
                _ => format!("cannot be read: {error}"),
            });
        }
        let mut folder = Self { found: Vec::new(), unreadable: Vec::new(), cut_off: false };
        folder.walk(root);
        Ok(folder)
    }

    /// Goes through the folders level by level. Links are followed; those in a circle end with the levels.
    fn walk(&mut self, root: &Path) {
        let mut looked_at = 0;
        let mut folders = vec![root.to_owned()];
        for _ in 0..=LEVELS {
            let mut below = Vec::new();
            for folder in folders {
                for path in self.entries(root, &folder) {
                    if looked_at == MOST {
                        self.cut_off = true;
                        return;
                    }
                    looked_at += 1;
                    match fs::metadata(&path) {
                        Ok(metadata) if metadata.is_dir() => below.push(path),
                        Ok(metadata) if metadata.is_file() => self.look_at(root, path, metadata.len()),
                        // Nothing else can hold a data set: a device, or a link to nothing.
                        _ => {}
                    }
                }
            }
            folders = below;
        }
    }

    /// What is in a folder, in the order of names, so that every search goes the same way.
    fn entries(&mut self, root: &Path, folder: &Path) -> Vec<PathBuf> {
        match fs::read_dir(folder) {
            Ok(entries) => {
                let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
                paths.sort();
                paths
            }
            Err(error) => {
                self.unreadable.push(format!("{}: cannot be read: {error}", shown(root, folder)));
                Vec::new()
            }
        }
    }

    fn look_at(&mut self, root: &Path, path: PathBuf, length: u64) {
        let shown = shown(root, &path);
        match read_bounded(&path, HEAD as u64) {
            Ok(head) => {
                let mut kind = describe(&head, length);
                if kind == Kind::Gzip {
                    // Of the content's length no more is known than that it is not empty.
                    let content = gunzip_head(&head);
                    kind = if content.is_empty() { Kind::Gzip } else { describe(&content, u64::MAX) };
                }
                self.found.push(Found { path, shown, kind });
            }
            Err(error) => self.unreadable.push(format!("{shown}: cannot be read: {error}")),
        }
    }

    /// The content of a file, not packed.
    ///
    /// # Errors
    /// If no file has it.
    pub(crate) fn take(&self, file: &'static DataFile) -> Result<Vec<u8>, Absent> {
        let mut likely: Vec<(usize, &Found)> =
            self.found.iter().filter_map(|found| Some((rank(found, file)?, found))).collect();
        likely.sort_by_key(|(rank, _)| *rank);
        let mut instead = Vec::new();
        for (_, found) in likely {
            match read_offered(&found.path, file) {
                Ok(Ok(content)) => return Ok(content),
                Ok(Err(mismatch)) => instead.push(format!("{}: {mismatch}", found.shown)),
                Err(error) => instead.push(format!("{}: cannot be read: {error}", found.shown)),
            }
        }
        Err(Absent { file, instead })
    }

    /// Why the folder does not have these files: a line that names them, and one for each thing that is there
    /// in their place.
    pub(crate) fn explain(&self, absent: &[Absent]) -> String {
        // Four names are more than a line, and whoever shows the error has them.
        let what = match absent {
            [_, _, _, _, ..] => format!("{} files are not there", absent.len()),
            few => {
                let names = few.iter().map(|absent| &*absent.file.name).collect::<Vec<_>>().join(", ");
                format!("no file is {names}")
            }
        };
        let mut lines: Vec<String> = Vec::new();
        for line in absent.iter().flat_map(|absent| &absent.instead).chain(&self.unreadable) {
            if !lines.contains(line) {
                lines.push(line.clone());
            }
        }
        lines.extend(self.others(absent));
        let more = lines.len().saturating_sub(LINES);
        lines.truncate(LINES);
        if more > 0 {
            lines.push(format!("and {more} more"));
        }
        if self.cut_off {
            lines.push(format!("only the first {MOST} files and folders were looked at"));
        }
        let lines: String = lines.iter().map(|line| format!("\n    {line}")).collect();
        format!("{what}, by name or by content{lines}")
    }

    /// Files of other formats, which a person may have taken for the right ones: each format once.
    fn others(&self, absent: &[Absent]) -> Vec<String> {
        let mut kinds: Vec<(&Kind, &str, usize)> = Vec::new();
        for found in &self.found {
            let is_likely = absent.iter().any(|absent| rank(found, absent.file).is_some());
            if is_likely || found.kind == Kind::Unknown || is_of_a_catalog(found) {
                continue;
            }
            match kinds.iter_mut().find(|(kind, ..)| *kind == &found.kind) {
                Some((.., count)) => *count += 1,
                None => kinds.push((&found.kind, &found.shown, 0)),
            }
        }
        let line = |(kind, first, more): (&Kind, &str, usize)| match more {
            0 => format!("{first}: it is {kind}"),
            more => format!("{first}, and {more} more like it: it is {kind}"),
        };
        kinds.into_iter().map(line).collect()
    }
}

/// How likely the file is the one that is looked for: the lower the likelier. `None` if neither its name nor
/// its header speaks for it.
fn rank(found: &Found, file: &DataFile) -> Option<usize> {
    let name = found.path.file_name()?.to_string_lossy();
    if name == file.name {
        return Some(0);
    }
    if name.strip_suffix(".gz") == Some(&*file.name) {
        return Some(1);
    }
    // Copies of the files are called `train-images.idx3-ubyte` or `train_images_idx3_ubyte (1).gz`.
    let plain = name.to_lowercase().replace(['.', '_', ' '], "-");
    let stem = file.name.split("-idx").next().unwrap_or(&file.name);
    if plain.starts_with(stem) {
        return Some(2);
    }
    (found.kind == Kind::of(file)).then_some(3)
}

/// Whether the file may be one of the catalog's that is not looked for.
fn is_of_a_catalog(found: &Found) -> bool {
    Entry::ALL.into_iter().flat_map(Entry::files).any(|file| rank(found, file).is_some())
}

/// What is in a folder's place.
fn no_folder(path: &Path, length: u64) -> String {
    let kind = read_bounded(path, HEAD as u64).map_or(Kind::Unknown, |head| describe(&head, length));
    match kind {
        Kind::Unknown => "it is a file, expected the folder that the files are in".to_owned(),
        kind => format!("it is {kind}; expected the folder that the files are in"),
    }
}

/// The path from the folder `root` on.
fn shown(root: &Path, path: &Path) -> String {
    path.strip_prefix(root).unwrap_or(path).display().to_string()
}
