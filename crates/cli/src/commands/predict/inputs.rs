//! Finds the images that the command line names: files, folders, standard input.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::natural;
use crate::exit::usage;

/// Where an image comes from.
#[derive(Debug, PartialEq)]
pub(super) enum Source {
    Stdin,
    File(PathBuf),
    /// Something that the command line names and that cannot be listed.
    Unlisted(String),
}

/// One image, or what may be one.
#[derive(Debug)]
pub(super) struct Input {
    pub(super) source: Source,
    /// The name under which it is answered.
    pub(super) name: String,
    /// The number of the folder that it was found in. What was not found but named has to be an image.
    pub(super) folder: Option<usize>,
}

/// A folder of the command line, and what it turned out to hold.
#[derive(Debug)]
pub(super) struct Folder {
    pub(super) path: PathBuf,
    pub(super) images: usize,
    pub(super) passed_over: usize,
}

#[derive(Debug)]
pub(super) struct Inputs {
    pub(super) found: Vec<Input>,
    pub(super) folders: Vec<Folder>,
}

/// The images in the order of the command line, those of a folder in natural order.
///
/// # Errors
/// If standard input is named twice.
pub(super) fn find(arguments: &[PathBuf]) -> anyhow::Result<Inputs> {
    let mut inputs = Inputs { found: Vec::new(), folders: Vec::new() };
    for argument in arguments {
        if argument.as_os_str() == "-" {
            if inputs.found.iter().any(|input| input.source == Source::Stdin) {
                return Err(usage("- is given twice, but standard input can be read once".into()));
            }
            inputs.found.push(Input { source: Source::Stdin, name: "-".into(), folder: None });
        } else if argument.is_dir() {
            let number = inputs.folders.len();
            inputs.folders.push(Folder { path: argument.clone(), images: 0, passed_over: 0 });
            list(argument, number, &mut inputs.found);
        } else {
            let source =
                unexpanded(argument).map_or_else(|| Source::File(argument.clone()), Source::Unlisted);
            inputs.found.push(Input { source, name: argument.display().to_string(), folder: None });
        }
    }
    Ok(inputs)
}

/// What to say about a pattern that no shell replaced by files, as in 'photos/*.png'.
fn unexpanded(argument: &Path) -> Option<String> {
    let is_pattern = argument.to_string_lossy().contains(['*', '?', '[']);
    (is_pattern && argument.symlink_metadata().is_err()).then(|| {
        "no file has this name; if it is a pattern, leave the quotes away, or name the folder".to_owned()
    })
}

/// The files of a folder and the folders in it. Hidden ones are passed over, and links to folders, which may lead in a
/// circle.
fn list(folder: &Path, number: usize, found: &mut Vec<Input>) {
    let entries = match entries(folder) {
        Ok(entries) => entries,
        Err(error) => {
            let source = Source::Unlisted(format!("the folder cannot be listed: {error}"));
            // It was not passed over, so it counts as a name of the command line.
            found.push(Input { source, name: folder.display().to_string(), folder: None });
            return;
        }
    };
    for (path, kind) in entries {
        if kind.is_dir() {
            list(&path, number, found);
        // A link counts as what it leads to. A pipe or a device would be waited for.
        } else if kind.is_file() || path.is_file() {
            let name = path.display().to_string();
            found.push(Input { source: Source::File(path), name, folder: Some(number) });
        }
    }
}

fn entries(folder: &Path) -> io::Result<Vec<(PathBuf, fs::FileType)>> {
    let mut entries = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if !entry.file_name().as_encoded_bytes().starts_with(b".") {
            entries.push((entry.path(), entry.file_type()?));
        }
    }
    entries.sort_by(|(a, _), (b, _)| {
        let [a, b] = [a, b].map(|path| path.file_name().unwrap_or_default().to_string_lossy());
        natural::compare(&a, &b)
    });
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_listed_in_natural_order_without_hidden_files() {
        let folder = tempfile::TempDir::new().unwrap();
        fs::create_dir_all(folder.path().join("b/.git")).unwrap();
        for name in ["10.png", "9.png", ".DS_Store", "b/2.png", "b/.git/x.png", "c.png"] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        let inputs = find(&[folder.path().to_owned()]).unwrap();
        let below = |input: &Input| input.name.rsplit('/').next().unwrap_or_default().to_owned();
        assert_eq!(inputs.found.iter().map(below).collect::<Vec<_>>(), ["9.png", "10.png", "2.png", "c.png"]);
        assert!(inputs.found.iter().all(|input| input.folder == Some(0)));
    }

    #[cfg(unix)]
    #[test]
    fn a_link_that_leads_in_a_circle_is_not_followed() {
        let folder = tempfile::TempDir::new().unwrap();
        std::os::unix::fs::symlink(folder.path(), folder.path().join("again")).unwrap();
        assert!(find(&[folder.path().to_owned()]).unwrap().found.is_empty());
    }

    #[test]
    fn standard_input_can_be_named_once() {
        let names = |names: &[&str]| find(&names.iter().map(PathBuf::from).collect::<Vec<_>>());
        assert_eq!(names(&["-", "x.png"]).unwrap().found[0].source, Source::Stdin);
        assert!(names(&["-", "-"]).is_err());
        assert!(matches!(names(&["no/*.png"]).unwrap().found[0].source, Source::Unlisted(_)));
    }
}
