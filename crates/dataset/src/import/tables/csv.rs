//! Images as lines of numbers: CSV files as Kaggle has them, with or without a line of names.
//!
//! The fields are numbers, so none of CSV's rules for quoted text is needed: a field may stand in quotes, and that is
//! all. A line is read into memory at most up to the length that the widest image can have.

use std::io::{BufRead, Read};

use crate::import::memory::Memory;
use crate::import::tables::table::{Fault, MOST_PIXELS_A_SIDE, Table, Unit};

/// A pixel with its separator and quotes, or its name, takes up to so many bytes.
const LONGEST_FIELD: usize = 24;
const LONGEST_LINE: usize = (MOST_PIXELS_A_SIDE * MOST_PIXELS_A_SIDE + 2) * LONGEST_FIELD;
const SEPARATORS: [u8; 4] = *b",;\t ";
/// What people call the column of labels, in lower case.
const LABEL_NAMES: [&str; 5] = ["label", "labels", "class", "target", "y"];
/// Columns that number the lines, in lower case. pandas leaves the name of its own empty.
const COUNTING_NAMES: [&str; 6] = ["", "id", "index", "unnamed: 0", "imageid", "image_id"];
/// After so many lines the memory is looked at again.
const LINES_BETWEEN_CHECKS: usize = 256;

/// Which columns hold what.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Columns {
    separator: u8,
    count: usize,
    label: usize,
    /// Columns that count the lines.
    passed_over: Vec<usize>,
    /// Height and width of the images.
    side: usize,
    has_names: bool,
}

/// Reads a file of images.
///
/// # Errors
/// If the file is no such table, with the line and the column that are wrong, or if its images do not fit into memory.
pub fn read(file: &mut dyn BufRead, memory: &Memory) -> Result<Table, Fault> {
    let mut lines = Lines { file, number: 0, bytes: Vec::new() };
    if !lines.next()? {
        return Err(Fault::content("it holds no line"));
    }
    let columns = Columns::of(lines.fields())?;
    let mut table = Table {
        height: columns.side,
        width: columns.side,
        pixels: Vec::new(),
        labels: Vec::new(),
        unit: Unit::Line(1 + u64::from(columns.has_names)),
    };
    if columns.has_names && !lines.next()? {
        return Err(Fault::content("it holds a line of names and no image"));
    }
    loop {
        if table.labels.len().is_multiple_of(LINES_BETWEEN_CHECKS) {
            let read = table.labels.len() + LINES_BETWEEN_CHECKS;
            memory.expect(read as u64, columns.side, columns.side)?;
        }
        add(&mut table, &columns, lines.fields(), lines.number)?;
        if !lines.next()? {
            return Ok(table);
        }
    }
}

/// The lines of a file, one at a time.
struct Lines<'a> {
    file: &'a mut dyn BufRead,
    number: u64,
    bytes: Vec<u8>,
}

impl Lines<'_> {
    /// Reads the next line; `false` at the end of the file. Only blank lines may follow the last image.
    fn next(&mut self) -> Result<bool, Fault> {
        let mut blank = None;
        loop {
            self.number += 1;
            self.bytes.clear();
            let read = (&mut *self.file).take(LONGEST_LINE as u64 + 1).read_until(b'\n', &mut self.bytes)?;
            if read == 0 {
                return Ok(false);
            }
            if self.bytes.len() > LONGEST_LINE {
                return Err(Fault::content(format!(
                    "line {} is longer than {LONGEST_LINE} bytes, expected the numbers of one image of at most \
                     {MOST_PIXELS_A_SIDE}x{MOST_PIXELS_A_SIDE}",
                    self.number
                )));
            }
            if !self.fields().is_empty() {
                break;
            }
            blank = blank.or(Some(self.number));
        }
        match blank {
            Some(blank) if self.number > blank => {
                Err(Fault::content(format!("line {blank} is empty, expected an image in each line")))
            }
            _ => Ok(true),
        }
    }

    /// The line without its end, without the mark that some programs begin a file with, and without the mark of a
    /// comment, behind which NumPy writes names.
    fn fields(&self) -> &[u8] {
        let line = self.bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&self.bytes);
        let line = if self.number == 1 { line.strip_prefix(b"#").unwrap_or(line) } else { line };
        let end = line.iter().rposition(|byte| !b"\r\n".contains(byte)).map_or(0, |last| last + 1);
        let line = &line[..end];
        if line.trim_ascii().is_empty() { &[] } else { line }
    }
}

/// The fields of a line, without spaces and quotes around them.
fn split(line: &[u8], separator: u8) -> impl Iterator<Item = &[u8]> {
    // Spaces between values may stand in front of the first one as well.
    let line = if separator == b' ' { line.trim_ascii() } else { line };
    line.split(move |byte| *byte == separator).map(move |field| {
        let field = if separator == b'\t' { field } else { field.trim_ascii() };
        field.strip_prefix(b"\"").and_then(|field| field.strip_suffix(b"\"")).unwrap_or(field)
    })
}

impl Columns {
    /// Tells the columns by the first line, which has names or the numbers of an image.
    fn of(line: &[u8]) -> Result<Self, Fault> {
        let times = |separator: &u8| line.iter().filter(|byte| *byte == separator).count();
        // Of separators that occur equally often the first counts, so it comes last.
        let separator = SEPARATORS.into_iter().rev().max_by_key(times).unwrap_or(b',');
        let count = split(line, separator).count();
        let has_names = split(line, separator).any(|field| !is_number(field));
        let names =
            || split(line, separator).map(|name| String::from_utf8_lossy(name).trim().to_ascii_lowercase());
        let (named, passed_over) = if has_names {
            let named = names().position(|name| LABEL_NAMES.contains(&name.as_str()));
            let counting = |(i, name): (usize, String)| COUNTING_NAMES.contains(&name.as_str()).then_some(i);
            (named, names().enumerate().filter_map(counting).collect())
        } else {
            (None, Vec::new())
        };
        let values = count - passed_over.len();
        if named.is_none() && side_of(values).is_some() {
            return Err(without_labels(count, values, has_names));
        }
        let side = side_of(values.saturating_sub(1)).ok_or_else(|| no_image(count))?;
        let first = (0..count).find(|column| !passed_over.contains(column)).unwrap_or(0);
        Ok(Self { separator, count, label: named.unwrap_or(first), passed_over, side, has_names })
    }
}

fn without_labels(count: usize, values: usize, has_names: bool) -> Fault {
    let side = values.isqrt();
    let kaggle = if has_names && side == 28 {
        "; Kaggle's test.csv is such a file, whose labels are not public: import train.csv alone"
    } else {
        ""
    };
    Fault::content(format!(
        "found {count} columns, which are the pixels of images of {side}x{side} without labels{kaggle}; expected {} \
         columns, with the label in the first or in one that is named `label`",
        values + 1
    ))
}

fn no_image(count: usize) -> Fault {
    Fault::content(format!(
        "found {count} columns in the first line, expected a label and the pixels of a square image in each line, as \
         785 columns for 28x28, up to {MOST_PIXELS_A_SIDE}x{MOST_PIXELS_A_SIDE}"
    ))
}

/// The side of a square image with so many pixels. An image of one pixel is none.
fn side_of(pixels: usize) -> Option<usize> {
    let side = pixels.isqrt();
    (side * side == pixels && (2..=MOST_PIXELS_A_SIDE).contains(&side)).then_some(side)
}

/// Whether a field of the first line is a value, right or wrong, and not a name.
fn is_number(field: &[u8]) -> bool {
    str::from_utf8(field).is_ok_and(|text| text.trim().parse::<f64>().is_ok())
}

/// Adds the image of a line.
fn add(table: &mut Table, columns: &Columns, line: &[u8], number: u64) -> Result<(), Fault> {
    let wrong = |column: usize, found: &[u8], expected: &str| {
        let found = String::from_utf8_lossy(&found[..found.len().min(20)]).into_owned();
        Fault::content(format!("line {number}, column {}: found {found:?}, expected {expected}", column + 1))
    };
    let mut found = 0;
    for (column, field) in split(line, columns.separator).enumerate() {
        found = column + 1;
        if column == columns.label {
            let label = digits(field)
                .ok_or_else(|| wrong(column, field, "a label, which is a whole number from 0"))?;
            table.labels.push(label);
        } else if column < columns.count && !columns.passed_over.contains(&column) {
            let pixel = digits(field).and_then(|pixel| u8::try_from(pixel).ok());
            let pixel = pixel
                .ok_or_else(|| wrong(column, field, "a pixel, which is a whole number from 0 to 255"))?;
            table.pixels.push(pixel);
        }
    }
    if found != columns.count {
        return Err(Fault::content(format!("line {number} has {found} columns, expected {}", columns.count)));
    }
    Ok(())
}

/// A whole number of at most nine digits.
fn digits(field: &[u8]) -> Option<u32> {
    if field.is_empty() || field.len() > 9 {
        return None;
    }
    field
        .iter()
        .try_fold(0, |number, digit| digit.is_ascii_digit().then(|| 10 * number + u32::from(digit - b'0')))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(text: &str) -> Result<Table, String> {
        read(&mut text.as_bytes(), &Memory::new(Some(1 << 30))).map_err(|fault| fault.to_string())
    }

    fn read_as(text: &str, labels: &[u32], first: u64) {
        let table = table(text).unwrap_or_else(|error| panic!("{text:?}: {error}"));
        assert_eq!((table.height, table.width), (2, 2), "{text:?}");
        assert_eq!(table.labels, labels, "{text:?}");
        let pixels: Vec<u8> = (0..labels.len()).flat_map(|_| [1, 2, 3, 255]).collect();
        assert_eq!((table.pixels, table.unit), (pixels, Unit::Line(first)), "{text:?}");
    }

    #[test]
    fn names_label_columns_and_separators_are_found() {
        read_as("7,1,2,3,255\n0,1,2,3,255\n", &[7, 0], 1);
        read_as("label,pixel0,pixel1,pixel2,pixel3\r\n7,1,2,3,255\r\n0,1,2,3,255", &[7, 0], 2);
        read_as("pixel1,pixel2,pixel3,pixel4,class\n1,2,3,255,7\n", &[7], 2);
        read_as("\u{feff}\"label\";\"1x1\";\"1x2\";\"2x1\";\"2x2\"\n\"7\";\"1\";2;3;255\n\n\n", &[7], 2);
        read_as("# label\t1x1\t1x2\t2x1\t2x2\n7\t1\t2\t3\t255\n", &[7], 2);
        read_as(" 7 1 2 3 255\n 8 1 2 3 255", &[7, 8], 1);
        read_as(",label,a,b,c,d\n0,7,1,2,3,255\n1,8,1,2,3,255\n", &[7, 8], 2);
        read_as("a,b,c,d,e\n7,1,2,3,255\n", &[7], 2);
    }

    #[test]
    fn what_is_wrong_is_named_with_line_and_column() {
        let rows = |columns: usize| vec!["0"; columns].join(",") + "\n";
        let names: String = (0..784).map(|i| format!("pixel{i},")).collect();
        for (text, words) in [
            ("", "it holds no line"),
            ("\n\n", "it holds no line"),
            ("label,a,b,c,d\n", "it holds a line of names and no image"),
            ("7,1,2,3,255\n7,1,2,3\n", "line 2 has 4 columns, expected 5"),
            ("7,1,2,3,255\n7,1,2,3,4,5\n", "line 2 has 6 columns, expected 5"),
            ("7,1,2,3,255\n\n7,1,2,3,4\n", "line 2 is empty"),
            (
                "7,1,2,3,0.5\n",
                "line 1, column 5: found \"0.5\", expected a pixel, which is a whole number from 0 to 255",
            ),
            ("7,1,-2,3,5\n", "line 1, column 3: found \"-2\""),
            ("7,1,256,3,5\n", "line 1, column 3: found \"256\""),
            ("label,a,b,c,d\n7,1,,3,5\n", "line 2, column 3: found \"\""),
            ("label,a,b,c,d\ncat,1,2,3,5\n", "line 2, column 1: found \"cat\", expected a label"),
            ("label,a,b,c,d\n1.0,1,2,3,5\n", "line 2, column 1: found \"1.0\""),
            ("ImageId,Label\n1,0\n", "found 2 columns in the first line, expected a label and the pixels"),
            ("1,2,3,4\n", "which are the pixels of images of 2x2 without labels; expected 5 columns"),
            (
                &rows(784),
                "found 784 columns, which are the pixels of images of 28x28 without labels; expected 785",
            ),
            (&format!("{}\n{}", &names[..names.len() - 1], rows(784)), "Kaggle's test.csv is such a file"),
            ("Dear all, here are the files\n", "found 6 columns"),
            (&"9".repeat(LONGEST_LINE + 1), "line 1 is longer than"),
        ] {
            let error = table(text).unwrap_err();
            assert!(error.contains(words), "{words}: {error}");
        }
    }

    #[test]
    fn memory_is_looked_at_while_lines_are_read() {
        let text = "7,1,2,3,255\n".repeat(10 * LINES_BETWEEN_CHECKS);
        let free = (64 << 20) + 3 * 132 * LINES_BETWEEN_CHECKS as u64;
        let fault = read(&mut text.as_bytes(), &Memory::new(Some(free))).unwrap_err();
        assert!(matches!(fault, Fault::Memory(_)), "{fault}");
    }
}
