//! What stands at the places that a person names: class folders, or tables.

use std::path::{Path, PathBuf};

use crate::import::error::ImportError;
use folders::{Folders, Shape};
use sniff::Kind;

pub(crate) mod folders;
pub(crate) mod listing;
pub(crate) mod sniff;
#[cfg(test)]
mod tests;

/// So many files are named in a message.
const NAMED: usize = 6;

/// What there is to import.
pub(crate) enum Source {
    Folders(Folders),
    Tables(Tables),
}

/// Tables for each part.
pub(crate) struct Tables {
    pub(crate) train: TableFile,
    pub(crate) test: Option<TableFile>,
    /// EMNIST's list of the character that each label stands for.
    pub(crate) mapping: Option<PathBuf>,
    pub(crate) notes: Vec<String>,
}

/// The file, or the pair of files, of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TableFile {
    Idx {
        images: PathBuf,
        labels: PathBuf,
    },
    Csv(PathBuf),
    /// It may hold both parts.
    Npz(PathBuf),
}

/// Looks at the places of the images, and at those of the test images if there are any.
pub(crate) fn find(from: &[PathBuf], test: &[PathBuf]) -> Result<Source, ImportError> {
    let places = gather(from)?;
    let test_places = if test.is_empty() { None } else { Some(gather(test)?) };
    match (places, test_places) {
        (Gathered::Folders(folders), None) => Ok(Source::Folders(folders)),
        (Gathered::Folders(mut folders), Some(Gathered::Folders(mut test))) => {
            if folders.test.is_some() {
                return Err(twice(from));
            }
            if test.test.is_some() {
                return Err(ImportError::Request(format!(
                    "{} has folders for training and for testing; expected class folders: name the one of them that \
                     has the test images",
                    shown(&paths(&test))
                )));
            }
            folders.test = Some(test.train);
            folders.beside.append(&mut test.beside);
            folders.notes.append(&mut test.notes);
            Ok(Source::Folders(folders))
        }
        (Gathered::Files(files), test) => {
            let test = match test {
                None => None,
                Some(Gathered::Files(files)) => Some(files),
                Some(Gathered::Folders(_)) => return Err(mixed()),
            };
            tables(files, test, from).map(Source::Tables)
        }
        (Gathered::Folders(_), Some(Gathered::Files(_))) => Err(mixed()),
    }
}

/// The first files of class folders.
fn paths(folders: &Folders) -> Vec<PathBuf> {
    folders
        .train
        .values()
        .flatten()
        .take(1)
        .filter_map(|file| Some(file.parent()?.parent()?.to_owned()))
        .collect()
}

fn mixed() -> ImportError {
    ImportError::Request(
        "found class folders for one part and a table for the other; expected both of one kind, because only then their \
         labels mean the same"
            .to_owned(),
    )
}

fn twice(from: &[PathBuf]) -> ImportError {
    ImportError::Request(format!(
        "{} has test images of its own, and --test names others; expected one of both",
        shown(from)
    ))
}

enum Gathered {
    Folders(Folders),
    Files(Files),
}

/// Files, and whether a person has named each of them, or the folder that they are in.
#[derive(Default)]
struct Files {
    paths: Vec<PathBuf>,
    folder: Option<PathBuf>,
}

/// What stands at all these places together.
fn gather(places: &[PathBuf]) -> Result<Gathered, ImportError> {
    let mut all: Option<Folders> = None;
    let mut files = Files::default();
    for place in places {
        if !std::fs::metadata(place).map_err(ImportError::io(place))?.is_dir() {
            files.paths.push(place.clone());
            continue;
        }
        match folders::look(place)? {
            Shape::Folders(found) => {
                let all = all.get_or_insert_with(Folders::default);
                join(&mut all.train, found.train);
                if let Some(test) = found.test {
                    join(all.test.get_or_insert_default(), test);
                }
                all.beside.extend(found.beside);
                all.notes.extend(found.notes);
            }
            Shape::Files(found) if found.is_empty() => {
                return Err(ImportError::source(
                    place,
                    "the folder is empty, expected one folder for each class",
                ));
            }
            Shape::Files(found) => {
                files.paths.extend(found);
                files.folder = Some(place.clone());
            }
        }
    }
    match all {
        Some(folders) if files.paths.is_empty() => Ok(Gathered::Folders(folders)),
        Some(_) => Err(ImportError::Request(format!(
            "found class folders, and {} beside them; expected places of one kind",
            shown(&files.paths)
        ))),
        None => Ok(Gathered::Files(files)),
    }
}

fn join(all: &mut folders::Classes, more: folders::Classes) {
    for (name, mut files) in more {
        all.entry(name).or_default().append(&mut files);
    }
}

/// The files of a part, by what they are.
#[derive(Default)]
struct Sorted {
    images: Vec<PathBuf>,
    labels: Vec<PathBuf>,
    csv: Vec<PathBuf>,
    npz: Vec<PathBuf>,
}

impl Sorted {
    fn all(&self) -> Vec<PathBuf> {
        [&self.images, &self.labels, &self.csv, &self.npz].into_iter().flatten().cloned().collect()
    }

    /// The one table that the files make.
    fn table(self, what: &str) -> Result<TableFile, ImportError> {
        match [&self.images, &self.labels, &self.csv, &self.npz].map(Vec::as_slice) {
            [[images], [labels], [], []] => {
                Ok(TableFile::Idx { images: images.clone(), labels: labels.clone() })
            }
            [[], [], [csv], []] => Ok(TableFile::Csv(csv.clone())),
            [[], [], [], [npz]] => Ok(TableFile::Npz(npz.clone())),
            [images, labels, csv, npz] => Err(ImportError::Request(format!(
                "found {} IDX files of images, {} of labels, {} CSV files and {} npz files for {what} ({}); expected one \
                 IDX file of images with one of labels, or one CSV file, or one npz file: name just these",
                images.len(),
                labels.len(),
                csv.len(),
                npz.len(),
                shown(&self.all())
            ))),
        }
    }
}

/// The tables among files. Without files of their own, those are for testing that have it in their names.
fn tables(files: Files, test: Option<Files>, from: &[PathBuf]) -> Result<Tables, ImportError> {
    let mut notes = Vec::new();
    let mut mapping = None;
    let [mut train, mut by_name] = sort(files, &mut mapping, &mut notes, true)?;
    if train.all().is_empty() {
        train = std::mem::take(&mut by_name);
    }
    let test = match test {
        Some(_) if !by_name.all().is_empty() => return Err(twice(from)),
        Some(files) => sort(files, &mut mapping, &mut notes, false)?[0].take(),
        None => by_name,
    };
    let train = train.table("training")?;
    let test = if test.all().is_empty() { None } else { Some(test.table("testing")?) };
    Ok(Tables { train, test, mapping, notes })
}

impl Sorted {
    fn take(&mut self) -> Self {
        std::mem::take(self)
    }
}

/// Sorts files by what they are; the second group is for testing.
fn sort(
    files: Files,
    mapping: &mut Option<PathBuf>,
    notes: &mut Vec<String>,
    by_name: bool,
) -> Result<[Sorted; 2], ImportError> {
    let mut sorted = [Sorted::default(), Sorted::default()];
    let (mut images, mut failed) = (0, None);
    for path in files.paths {
        let [train, test] = &mut sorted;
        let part = if by_name && is_for_testing(&path) { test } else { train };
        match sniff::kind(&path) {
            Ok(Kind::IdxImages) => part.images.push(path),
            Ok(Kind::IdxLabels) => part.labels.push(path),
            Ok(Kind::Csv) => part.csv.push(path),
            Ok(Kind::Npz) => part.npz.push(path),
            Ok(Kind::Mapping) => *mapping = Some(path),
            Ok(Kind::Image) => images += 1,
            // In a folder there may be a page that explains the files.
            Err(error) if files.folder.is_some() => {
                notes.push(format!("not used: {error}"));
                failed = failed.or(Some(error));
            }
            Err(error) => return Err(error),
        }
    }
    let found = sorted.iter().map(|part| part.all().len()).sum::<usize>();
    if found > 0 && (found > 1 || failed.is_none()) {
        return Ok(sorted);
    }
    let place = files.folder.unwrap_or_default();
    match failed {
        _ if images > 0 => {
            let reason =
                format!("{images} images that are in no class folder, expected one folder for each class");
            Err(if place.as_os_str().is_empty() {
                ImportError::Request(format!("found {reason}; name the folder that holds the class folders"))
            } else {
                ImportError::source(place, format!("found {reason}"))
            })
        }
        Some(error) if found == 0 => Err(error),
        _ if found > 0 => Ok(sorted),
        _ => Err(ImportError::Request("found no images and no tables".to_owned())),
    }
}

/// Whether the name of a file says that it is for testing, as `t10k-images-idx3-ubyte` and `mnist_test.csv`.
fn is_for_testing(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    name.contains("test") || name.contains("t10k")
}

/// The first of these paths.
fn shown(paths: &[PathBuf]) -> String {
    let mut names: Vec<String> = paths.iter().take(NAMED).map(|path| path.display().to_string()).collect();
    if paths.len() > NAMED {
        names.push(format!("{} more", paths.len() - NAMED));
    }
    names.join(", ")
}
