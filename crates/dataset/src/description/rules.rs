//! What holds for every description: a wrong one could name files elsewhere, or ask for any amount of memory.

use std::collections::HashSet;

use crate::catalog::{DataFile, Role};
use crate::description::fields::{Description, FILE};
use crate::split::Split;

/// The greatest number of classes, because a label is a byte.
pub const MOST_CLASSES: usize = 256;
/// The greatest height and width of an image, in pixels.
pub const LARGEST_SIDE: usize = 256;
/// The greatest number of characters of a class's name.
pub const LONGEST_CLASS: usize = 100;
/// The greatest number of characters of the title, the licence, a source and a file's name.
pub const LONGEST_TEXT: usize = 1000;
/// The greatest number of sources.
const MOST_SOURCES: usize = 256;

impl Description {
    /// Checks that the description can be one.
    ///
    /// # Errors
    /// In words: which value was found, and what was expected.
    pub fn check(&self) -> Result<(), String> {
        text("title", &self.title, LONGEST_TEXT)?;
        if let Some(licence) = &self.licence {
            text("licence", licence, LONGEST_TEXT)?;
        }
        if self.sources.len() > MOST_SOURCES {
            return Err(format!("found {} sources, expected at most {MOST_SOURCES}", self.sources.len()));
        }
        self.sources.iter().try_for_each(|source| text("sources", source, LONGEST_TEXT))?;
        self.check_classes()?;
        for (key, side) in [("height", self.height), ("width", self.width)] {
            if !(1..=LARGEST_SIDE).contains(&side) {
                return Err(format!("{key} = {side}: expected 1 to {LARGEST_SIDE} pixels"));
            }
        }
        if self.train_images == 0 {
            return Err("found no training images, expected at least one".to_owned());
        }
        let largest = u32::MAX as usize;
        if self.train_images > largest || self.test_images > largest {
            return Err(format!("found more than {largest} images, which no IDX file can hold"));
        }
        self.check_files()
    }

    fn check_classes(&self) -> Result<(), String> {
        let count = self.classes.len();
        if !(1..=MOST_CLASSES).contains(&count) {
            return Err(format!("found {count} classes, expected 1 to {MOST_CLASSES}"));
        }
        let mut seen = HashSet::new();
        for class in &self.classes {
            text("classes", class, LONGEST_CLASS)?;
            if !seen.insert(class) {
                return Err(format!("classes: found {class:?} twice, expected names that differ"));
            }
        }
        Ok(())
    }

    fn check_files(&self) -> Result<(), String> {
        if self.files.is_empty() {
            return Ok(());
        }
        let mut seen = HashSet::new();
        for split in [Split::Train, Split::Test] {
            for role in [Role::Images, Role::Labels] {
                let found = self.files.iter().filter(|file| (file.split, file.role) == (split, role)).count();
                let file = self.file(split, role).filter(|_| found == 1 && self.files.len() == 4);
                let file = file.ok_or("expected four files: images and labels of train and of test")?;
                self.check_file(file)?;
                if !seen.insert(file.name.to_ascii_lowercase()) {
                    return Err(format!(
                        "found the file name {} twice, expected names that differ",
                        file.name
                    ));
                }
            }
        }
        Ok(())
    }

    fn check_file(&self, file: &DataFile) -> Result<(), String> {
        let DataFile { split, role, name, bytes, sha256, image_size, .. } = file;
        if !is_plain(name) {
            return Err(format!(
                "found the file name {name:?}, expected one of letters, digits, `-`, `_` and `.`, without a folder and \
                 without `.` at its ends"
            ));
        }
        if image_size.map(|side| side as usize) != [self.height, self.width] {
            return Err(format!(
                "found {name} with images of another size than {}x{}",
                self.height, self.width
            ));
        }
        let count = if *split == Split::Test { self.test_images } else { self.train_images } as u64;
        let expected = match role {
            Role::Images => 16 + count * (self.height * self.width) as u64,
            Role::Labels => 8 + count,
        };
        if *bytes != expected {
            return Err(format!("{name}: found bytes = {bytes}, expected {expected} for {count} images"));
        }
        if sha256.len() != 64 || !sha256.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
            return Err(format!(
                "{name}: found sha256 = {sha256:?}, expected 64 hexadecimal digits in lower case"
            ));
        }
        Ok(())
    }
}

/// Checks a text that is shown in a line: what is not printable could change a terminal.
fn text(key: &str, text: &str, longest: usize) -> Result<(), String> {
    if text.is_empty() || text.trim() != text {
        return Err(format!("{key}: found {text:?}, expected a text without spaces at its ends"));
    }
    if text.chars().any(is_invisible) {
        return Err(format!("{key}: found {text:?}, expected a text in one line without control characters"));
    }
    match text.chars().count() {
        length if length > longest => {
            Err(format!("{key}: found {length} characters, expected at most {longest}"))
        }
        _ => Ok(()),
    }
}

/// Whether the character takes no place of its own, or changes the direction of writing.
fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// Whether the name is that of a file in the data set's own folder, beside its description.
fn is_plain(name: &str) -> bool {
    let is_taken = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let is_one = !name.is_empty() && name.len() <= 100 && name.chars().all(is_taken);
    is_one && !name.starts_with('.') && !name.ends_with('.') && !name.eq_ignore_ascii_case(FILE)
}
