//! From the numbers in a table's labels to classes with names.

use std::collections::BTreeMap;
use std::path::Path;

use crate::description::MOST_CLASSES;
use crate::import::error::ImportError;
use crate::import::labelled::{Labelled, Places};
use crate::import::tables::{Table, Unit};

/// The classes' names by their numbers in the file, as EMNIST's mapping files have them.
pub(crate) type Mapping = BTreeMap<u32, String>;

/// Reads a mapping file: in each line a label and the code points of one or two characters, of which the first counts.
pub(crate) fn parse_mapping(text: &str) -> Result<Mapping, String> {
    let mut mapping = Mapping::new();
    for (line, words) in text.lines().enumerate().filter(|(_, words)| !words.trim().is_empty()) {
        let mut numbers = words.split_whitespace().map(|word| word.parse::<u32>().ok());
        let character = |code: u32| char::from_u32(code).filter(|c| !c.is_control() && !c.is_whitespace());
        match (numbers.next().flatten(), numbers.next().flatten().and_then(character)) {
            (Some(label), Some(character)) if mapping.insert(label, character.to_string()).is_none() => {}
            _ => {
                return Err(format!(
                    "line {}: found {:?}, expected a label that occurs once and the code of a character, as `1 65`",
                    line + 1,
                    words.trim()
                ));
            }
        }
    }
    Ok(mapping)
}

/// The first label and the names of the classes of a training table. Each label from the first to the greatest is a
/// class.
pub(crate) fn classes(
    path: &Path,
    table: &Table,
    first_label: Option<u32>,
    mapping: Option<&Mapping>,
) -> Result<(u32, Vec<String>), ImportError> {
    let (Some(&least), Some(&greatest)) = (table.labels.iter().min(), table.labels.iter().max()) else {
        return Err(ImportError::source(path, "it holds no image"));
    };
    let at = |label| place_of(table, label);
    if first_label.is_none() && least > 0 {
        return Err(ImportError::source(
            path,
            format!(
                "labels are {least} to {greatest}, expected to begin at 0 (label {least} is that of {}); type \
                 --first-label {least}, or class 0 would have no image",
                at(least)
            ),
        ));
    }
    let first = first_label.unwrap_or(0);
    if least < first {
        return Err(ImportError::source(
            path,
            format!("found label {least}, that of {}, expected none below --first-label {first}", at(least)),
        ));
    }
    let count = (greatest - first) as usize + 1;
    if count > MOST_CLASSES {
        return Err(ImportError::source(
            path,
            format!(
                "found label {greatest}, that of {}, expected at most {MOST_CLASSES} classes",
                at(greatest)
            ),
        ));
    }
    let mut names = Vec::new();
    for label in first..=greatest {
        names.push(match mapping {
            None => label.to_string(),
            Some(mapping) => mapping.get(&label).cloned().ok_or_else(|| {
                ImportError::source(
                    path,
                    format!("found label {label}, which the mapping file does not name"),
                )
            })?,
        });
    }
    Ok((first, names))
}

/// The images of a table with their classes, of which there are so many from the label `first` on.
pub(crate) fn labelled(
    path: &Path,
    table: Table,
    first: u32,
    classes: &[String],
) -> Result<Labelled, ImportError> {
    let mut labels = Vec::with_capacity(table.labels.len());
    for label in &table.labels {
        let class = label.checked_sub(first).filter(|class| (*class as usize) < classes.len());
        let class = class.and_then(|class| u8::try_from(class).ok()).ok_or_else(|| {
            ImportError::source(
                path,
                format!(
                    "found label {label}, that of {}, which no training image has; expected {first} to {}",
                    place_of(&table, *label),
                    first as usize + classes.len() - 1
                ),
            )
        })?;
        labels.push(class);
    }
    let places = Places::Table { path: path.to_owned(), unit: table.unit };
    Ok(Labelled { pixels: table.pixels, labels, places })
}

/// The first image with this label.
fn place_of(table: &Table, label: u32) -> String {
    let i = table.labels.iter().position(|found| *found == label).unwrap_or(0);
    match table.unit {
        Unit::Image => format!("the image at position {i}"),
        Unit::Line(first) => format!("line {}", first + i as u64),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(labels: &[u32]) -> Table {
        let pixels = vec![0; labels.len()];
        Table { height: 1, width: 1, pixels, labels: labels.to_vec(), unit: Unit::Image }
    }

    fn told(labels: &[u32], first: Option<u32>) -> Result<(u32, String), String> {
        let found = classes(Path::new("l"), &table(labels), first, None);
        found.map(|(first, names)| (first, names.join(" "))).map_err(|error| error.to_string())
    }

    #[test]
    fn labels_from_1_are_refused_with_the_flag_to_type() {
        let letters: Vec<u32> = (0..260).map(|i| 1 + i % 26).collect();
        let error = told(&letters, None).unwrap_err();
        assert_eq!(
            error,
            "l: labels are 1 to 26, expected to begin at 0 (label 1 is that of the image at position 0); type \
             --first-label 1, or class 0 would have no image"
        );
        let (first, names) = told(&letters, Some(1)).unwrap();
        assert!(first == 1 && names.starts_with("1 2 3") && names.ends_with("25 26"), "{names}");
    }

    #[test]
    fn labels_that_are_no_class_are_named() {
        assert_eq!(told(&[0, 3, 1], None), Ok((0, "0 1 2 3".to_owned())));
        assert!(told(&[2, 1, 0], Some(1)).unwrap_err().contains("label 0, that of the image at position 2"));
        assert!(
            told(&[0, 256], None)
                .unwrap_err()
                .contains("label 256, that of the image at position 1, expected at most")
        );
        assert!(told(&[u32::MAX, 0], None).is_err());
        let classes = ["5".to_owned(), "6".to_owned()];
        let good = labelled(Path::new("t"), table(&[6, 5]), 5, &classes).unwrap();
        assert_eq!(good.labels, [1, 0]);
        for wrong in [4, 7] {
            let error = labelled(Path::new("t"), table(&[5, wrong]), 5, &classes).unwrap_err().to_string();
            assert!(
                error.contains(&format!("label {wrong}, that of the image at position 1, which no training")),
                "{error}"
            );
        }
    }

    #[test]
    fn a_mapping_file_names_the_classes() {
        let mapping = parse_mapping("1 65 97\r\n2 66 98\n\n").unwrap();
        let (_, names) = classes(Path::new("l"), &table(&[1, 2]), Some(1), Some(&mapping)).unwrap();
        assert_eq!(names, ["A", "B"]);
        assert!(classes(Path::new("l"), &table(&[1, 3]), Some(1), Some(&mapping)).is_err());
        for wrong in ["1", "a 65", "1 65\n1 66", "1 10", "1 4294967295"] {
            assert!(parse_mapping(wrong).unwrap_err().starts_with("line "), "{wrong}");
        }
    }
}
