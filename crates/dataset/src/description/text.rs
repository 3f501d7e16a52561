//! `dataset.toml`: a description as text.

use std::borrow::Cow;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::catalog::{DataFile, Role};
use crate::description::error::{DescriptionError, in_text};
use crate::description::fields::{Description, FILE, Preparation};
use crate::fetch::partial::store;
use crate::split::Split;
use crate::verify::content::read_bounded;

/// The number of this format.
const FORMAT: i64 = 1;
/// The greatest length of the file, in bytes. A description with all that it may have is shorter.
const LONGEST: u64 = 4 << 20;

/// The file's keys.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    format: i64,
    title: String,
    classes: Vec<String>,
    height: u32,
    width: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    preparation: Option<Preparation>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    licence: Option<String>,
    #[serde(default)]
    sources: Vec<String>,
    train: Part,
    test: Part,
}

/// `[train]` and `[test]`: how many images there are, and their two files.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Part {
    count: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    images: Option<File>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    labels: Option<File>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    name: String,
    bytes: u64,
    sha256: String,
}

/// The one key that a text of every format has.
#[derive(Deserialize)]
struct Format {
    format: Option<i64>,
}

impl Description {
    /// Reads a description from a text. `path` names the text in errors.
    ///
    /// # Errors
    /// If the text is no TOML, has a key that is unknown or lacks one, is of a newer format, or if its values are no
    /// description.
    pub fn parse(path: &Path, text: &str) -> Result<Self, DescriptionError> {
        if let Ok(Format { format: Some(found) }) = toml::from_str(text)
            && found != FORMAT
        {
            return Err(match found > FORMAT {
                true => DescriptionError::Newer { path: path.to_owned(), found },
                false => {
                    DescriptionError::invalid(path, format!("found format = {found}, expected {FORMAT}"))
                }
            });
        }
        let text: Text = toml::from_str(text).map_err(|reason| in_text(path, text, &reason))?;
        let description = Self::from_text(text);
        description.check().map_err(|problem| DescriptionError::invalid(path, problem))?;
        Ok(description)
    }

    /// Reads the description from a file, of which no more is read than a description may have.
    ///
    /// # Errors
    /// As [`Self::parse`], and if the file cannot be read.
    pub fn read(path: &Path) -> Result<Self, DescriptionError> {
        let bytes = read_bounded(path, LONGEST)
            .map_err(|reason| DescriptionError::Io { path: path.to_owned(), reason })?;
        if bytes.len() as u64 > LONGEST {
            return Err(DescriptionError::invalid(path, format!("expected at most {LONGEST} bytes")));
        }
        let text = String::from_utf8(bytes);
        let text = text.map_err(|_| DescriptionError::invalid(path, "expected a text in UTF-8"))?;
        Self::parse(path, &text)
    }

    /// Writes the description into a data set's folder, which is made if it is missing. The file appears whole or
    /// not at all.
    ///
    /// # Errors
    /// If [`Self::check`] refuses the description, or the file cannot be written.
    pub fn write(&self, folder: &Path) -> io::Result<PathBuf> {
        let path = folder.join(FILE);
        self.check().map_err(io::Error::other)?;
        store(&path, self.to_toml().map_err(io::Error::other)?.as_bytes())?;
        Ok(path)
    }

    /// The text from which [`Self::parse`] makes the description again.
    ///
    /// # Errors
    /// If TOML cannot express a value.
    pub fn to_toml(&self) -> Result<String, toml::ser::Error> {
        let part = |split, count: usize| {
            let file = |role| {
                self.file(split, role).map(|file| File {
                    name: file.name.to_string(),
                    bytes: file.bytes,
                    sha256: file.sha256.to_string(),
                })
            };
            Part { count: count as u32, images: file(Role::Images), labels: file(Role::Labels) }
        };
        toml::to_string(&Text {
            format: FORMAT,
            title: self.title.clone(),
            classes: self.classes.clone(),
            height: self.height as u32,
            width: self.width as u32,
            preparation: self.preparation,
            licence: self.licence.clone(),
            sources: self.sources.clone(),
            train: part(Split::Train, self.train_images),
            test: part(Split::Test, self.test_images),
        })
    }

    fn from_text(text: Text) -> Self {
        let image_size = [text.height, text.width];
        let mut files = Vec::new();
        let counts = [(Split::Train, text.train), (Split::Test, text.test)].map(|(split, part)| {
            for (role, file) in [(Role::Images, part.images), (Role::Labels, part.labels)] {
                files.extend(file.map(|File { name, bytes, sha256 }| {
                    let (name, sha256) = (Cow::Owned(name), Cow::Owned(sha256));
                    DataFile { split, role, name, bytes, sha256, image_size, packed_bytes: 0 }
                }));
            }
            part.count as usize
        });
        Self {
            title: text.title,
            classes: text.classes,
            height: text.height as usize,
            width: text.width as usize,
            preparation: text.preparation,
            licence: text.licence,
            sources: text.sources,
            train_images: counts[0],
            test_images: counts[1],
            files,
        }
    }
}

/// Whether the folder holds a description.
pub(super) fn is_in(folder: &Path) -> bool {
    fs::metadata(folder.join(FILE)).is_ok_and(|metadata| metadata.is_file())
}
