//! `data list`: what data sets there are, and whether their files are there.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use dataset::description::{self, Known};
use dataset::{Description, Name, Preparation, Split};
use serde::Serialize;

use crate::exit::print;
use crate::paths::{as_text, short};
use crate::ui::numbers::grouped;

/// One line of `--json`, and what the table shows.
#[derive(Debug, Serialize)]
struct Listed {
    name: Name,
    title: Option<String>,
    classes: Vec<String>,
    height: usize,
    width: usize,
    train_images: usize,
    test_images: usize,
    preparation: Option<Preparation>,
    licence: Option<String>,
    sources: Vec<String>,
    /// `null` if the images are part of the program.
    #[serde(serialize_with = "folder")]
    folder: Option<PathBuf>,
    files: Files,
    /// Why the data set cannot be used.
    error: Option<String>,
}

/// Whether the files are there. Their lengths are compared, and not their SHA-256s, which `data verify` does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Files {
    BuiltIn,
    Complete,
    Incomplete,
    Missing,
}

fn folder<S: serde::Serializer>(folder: &Option<PathBuf>, serializer: S) -> Result<S::Ok, S::Error> {
    match folder {
        None => serializer.serialize_none(),
        Some(folder) => as_text(folder, serializer),
    }
}

pub(super) fn run(json: bool, dir: &Path) -> anyhow::Result<()> {
    let all: Vec<Listed> = description::known(dir).into_iter().map(|known| listed(known, dir)).collect();
    if json {
        return print(&(serde_json::to_string_pretty(&all)? + "\n"));
    }
    print(&table(&all))
}

fn listed(known: Known, dir: &Path) -> Listed {
    let (name, folder) = (known.name, known.name.folder(dir));
    match known.description {
        Ok(data) => Listed {
            name,
            files: files(&data, &folder),
            folder: (!data.files.is_empty()).then_some(folder),
            title: Some(data.title),
            classes: data.classes,
            height: data.height,
            width: data.width,
            train_images: data.train_images,
            test_images: data.test_images,
            preparation: data.preparation,
            licence: data.licence,
            sources: data.sources,
            error: None,
        },
        Err(error) => Listed {
            name,
            title: None,
            classes: Vec::new(),
            height: 0,
            width: 0,
            train_images: 0,
            test_images: 0,
            preparation: None,
            licence: None,
            sources: Vec::new(),
            folder: Some(folder),
            files: Files::Incomplete,
            error: Some(error.to_string()),
        },
    }
}

fn files(data: &Description, folder: &Path) -> Files {
    let is_there = |file: &&dataset::catalog::DataFile| {
        fs::metadata(folder.join(&*file.name)).is_ok_and(|metadata| metadata.len() == file.bytes)
    };
    match data.files_of(&Split::ALL).filter(is_there).count() {
        _ if data.files.is_empty() => Files::BuiltIn,
        count if count == data.files.len() => Files::Complete,
        0 => Files::Missing,
        _ => Files::Incomplete,
    }
}

/// Two lines for each data set: its figures, and its title, licence and place.
fn table(all: &[Listed]) -> String {
    let width = all.iter().map(|data| data.name.key().len()).max().unwrap_or(0).max(4);
    let mut text = format!(
        "{:<width$}  {:>7}  {:>7}  {:>9}  {:>9}  files\n",
        "name", "size", "classes", "training", "test"
    );
    for data in all {
        let files = match data.files {
            _ if data.error.is_some() => "unusable",
            Files::BuiltIn => "built in",
            Files::Complete => "complete",
            Files::Incomplete => "incomplete",
            Files::Missing => "not there",
        };
        let [size, classes, train, test] = match data.error {
            Some(_) => [(); 4].map(|()| "-".to_owned()),
            None => [
                format!("{}x{}", data.height, data.width),
                data.classes.len().to_string(),
                grouped(data.train_images),
                grouped(data.test_images),
            ],
        };
        // An error names the file itself.
        let place = data.folder.as_deref().filter(|_| data.error.is_none()).map(short);
        let about = [data.title.clone(), data.licence.clone(), place, data.error.clone()];
        let about = about.into_iter().flatten().collect::<Vec<_>>().join("; ");
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "{:<width$}  {size:>7}  {classes:>7}  {train:>9}  {test:>9}  {files}\n  {about}",
            data.name.key()
        );
    }
    text
}
