//! NumPy's format of one array: a header that describes it in Python's words, then its values.
//!
//! Format: NEP 1, and `numpy.lib.format` for its later versions.

use std::io::Read;

use crate::import::tables::table::Fault;

const MAGIC: &[u8] = b"\x93NUMPY";
/// NumPy itself reads no longer header unless it is told to trust the file.
const LONGEST_HEADER: usize = 10_000;
const MOST_DIMENSIONS: usize = 8;

/// What an array is, from its header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Array {
    pub values: Values,
    /// The sizes of its dimensions, of which the last one varies fastest.
    pub shape: Vec<u64>,
}

/// Whole numbers of 1, 2, 4 or 8 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Values {
    pub bytes: usize,
    signed: bool,
    big_endian: bool,
}

impl Values {
    /// The numbers with this description, as `<i8`.
    fn parse(description: &str) -> Option<Self> {
        let &[order, kind, size] = description.as_bytes() else { return None };
        let bytes = usize::from(size.checked_sub(b'0')?);
        let known = matches!((order, bytes), (b'|', 1) | (b'<' | b'>', 1 | 2 | 4 | 8));
        (known && matches!(kind, b'u' | b'i')).then_some(Self {
            bytes,
            signed: kind == b'i',
            big_endian: order == b'>',
        })
    }

    /// A number from its bytes, of which there are [`Values::bytes`].
    pub fn number(self, bytes: &[u8]) -> i128 {
        let mut wide = [0; 8];
        for (i, byte) in bytes.iter().take(8).enumerate() {
            wide[if self.big_endian { bytes.len() - 1 - i } else { i }] = *byte;
        }
        let number = u64::from_le_bytes(wide);
        let unused = 64 - 8 * bytes.len().clamp(1, 8) as u32;
        if self.signed { i128::from((number << unused) as i64 >> unused) } else { i128::from(number) }
    }
}

/// Reads the header of an array.
///
/// # Errors
/// If it is none, or describes other values than whole numbers in C's order.
pub fn read_header(file: &mut impl Read) -> Result<Array, Fault> {
    let mut begin = [0; 8];
    file.read_exact(&mut begin)?;
    if !begin.starts_with(MAGIC) {
        return Err(Fault::content("it is not in NumPy's format of an array"));
    }
    let length = match begin[6] {
        1 => {
            let mut length = [0; 2];
            file.read_exact(&mut length)?;
            usize::from(u16::from_le_bytes(length))
        }
        2 | 3 => {
            let mut length = [0; 4];
            file.read_exact(&mut length)?;
            u32::from_le_bytes(length) as usize
        }
        version => {
            return Err(Fault::content(format!(
                "found version {version} of NumPy's format, expected 1, 2 or 3"
            )));
        }
    };
    if length > LONGEST_HEADER {
        return Err(Fault::content(format!(
            "found a header of {length} bytes, expected at most {LONGEST_HEADER}"
        )));
    }
    let mut header = vec![0; length];
    file.read_exact(&mut header)?;
    let text = String::from_utf8_lossy(&header);
    parse(&text)
}

/// The array that a header describes: a Python dictionary with exactly three keys.
fn parse(header: &str) -> Result<Array, Fault> {
    let shown = || header.trim().chars().take(120).collect::<String>();
    let mut text = Text(header);
    let parsed = dictionary(&mut text).filter(|_| text.0.trim().is_empty());
    let Some((description, fortran, shape)) = parsed else {
        return Err(Fault::content(format!(
            "found the header {:?}, which is not one that NumPy writes",
            shown()
        )));
    };
    if fortran && shape.len() > 1 {
        return Err(Fault::content(
            "its array is in Fortran's order, expected C's order: save it again with np.ascontiguousarray",
        ));
    }
    let values = Values::parse(description).ok_or_else(|| {
        Fault::content(format!(
            "found values of type {description:?}, expected whole numbers as '|u1': save them again with \
             .astype('uint8'), pixels from 0 to 255"
        ))
    })?;
    Ok(Array { values, shape })
}

/// The description of the values, whether the order is Fortran's, and the sizes.
fn dictionary<'a>(text: &mut Text<'a>) -> Option<(&'a str, bool, Vec<u64>)> {
    let (mut description, mut fortran, mut shape) = (None, None, None);
    text.expect("{")?;
    while text.expect("}").is_none() {
        let key = text.quoted()?;
        text.expect(":")?;
        match key {
            "descr" if description.is_none() => description = Some(text.quoted()?),
            "fortran_order" if fortran.is_none() => {
                fortran = Some(text.expect("True").is_some());
                if fortran == Some(false) {
                    text.expect("False")?;
                }
            }
            "shape" if shape.is_none() => shape = Some(text.sizes()?),
            _ => return None,
        }
        if text.expect(",").is_none() {
            text.expect("}")?;
            break;
        }
    }
    Some((description?, fortran?, shape?))
}

/// What is left of a header.
struct Text<'a>(&'a str);

impl<'a> Text<'a> {
    fn expect(&mut self, token: &str) -> Option<()> {
        self.0 = self.0.trim_start().strip_prefix(token)?;
        Some(())
    }

    fn quoted(&mut self) -> Option<&'a str> {
        let rest = self.0.trim_start();
        let quote = rest.chars().next().filter(|quote| "'\"".contains(*quote))?;
        let (text, rest) = rest[1..].split_once(quote)?;
        self.0 = rest;
        Some(text)
    }

    fn sizes(&mut self) -> Option<Vec<u64>> {
        self.expect("(")?;
        let mut sizes = Vec::new();
        while self.expect(")").is_none() {
            let rest = self.0.trim_start();
            let end = rest.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(rest.len());
            sizes.push(rest[..end].parse().ok()?);
            self.0 = &rest[end..];
            // Python 2 wrote long numbers so.
            let _ = self.expect("L");
            if self.expect(",").is_none() {
                self.expect(")")?;
                break;
            }
            if sizes.len() > MOST_DIMENSIONS {
                return None;
            }
        }
        Some(sizes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_that_numpy_writes_are_read() {
        for (header, values, shape) in [
            (
                "{'descr': '|u1', 'fortran_order': False, 'shape': (60000, 28, 28), }   \n",
                (1, false, false),
                vec![60000, 28, 28],
            ),
            ("{'descr': '<i8', 'fortran_order': False, 'shape': (10,), }", (8, true, false), vec![10]),
            (
                "{\"shape\": (10L, 1L), \"fortran_order\": False, \"descr\": \">i4\"}",
                (4, true, true),
                vec![10, 1],
            ),
            ("{'descr': '<u2', 'fortran_order': True, 'shape': (3,)}", (2, false, false), vec![3]),
            ("{'descr': '|i1', 'fortran_order': False, 'shape': ()}", (1, true, false), vec![]),
        ] {
            let array = parse(header).unwrap();
            let found = (array.values.bytes, array.values.signed, array.values.big_endian);
            assert_eq!((found, array.shape), (values, shape), "{header}");
        }
    }

    #[test]
    fn other_headers_are_refused() {
        for (header, words) in [
            ("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 28, 28)}", "values of type \"<f4\""),
            ("{'descr': '|O', 'fortran_order': False, 'shape': (2,)}", "values of type \"|O\""),
            ("{'descr': '|u1', 'fortran_order': True, 'shape': (2, 28, 28)}", "Fortran's order"),
            (
                "{'descr': '|u1', 'fortran_order': False, 'shape': (2, 28, 28)} + x",
                "not one that NumPy writes",
            ),
            ("{'descr': '|u1', 'fortran_order': False}", "not one that NumPy writes"),
            (
                "{'descr': '|u1', 'descr': '|u1', 'fortran_order': False, 'shape': (2,)}",
                "not one that NumPy writes",
            ),
            ("{'descr': '|u1', 'fortran_order': False, 'shape': (-2, 28)}", "not one that NumPy writes"),
            (
                "{'descr': '|u1', 'fortran_order': False, 'shape': (99999999999999999999,)}",
                "not one that NumPy writes",
            ),
            ("{'descr': '|u1', 'fortran_order': Falsch, 'shape': (2,)}", "not one that NumPy writes"),
            ("", "not one that NumPy writes"),
        ] {
            let error = parse(header).unwrap_err().to_string();
            assert!(error.contains(words), "{words}: {error}");
        }
    }

    #[test]
    fn numbers_of_every_type_are_read() {
        let number = |description: &str, bytes: &[u8]| Values::parse(description).unwrap().number(bytes);
        assert_eq!(number("|u1", &[255]), 255);
        assert_eq!(number("|i1", &[255]), -1);
        assert_eq!(number("<i2", &[1, 2]), 513);
        assert_eq!(number(">i2", &[1, 2]), 258);
        assert_eq!(number("<i8", &[254, 255, 255, 255, 255, 255, 255, 255]), -2);
        assert_eq!(number("<u8", &[255; 8]), i128::from(u64::MAX));
        for wrong in ["", "u1", "|u2", "<u3", "<f8", "<u16", "=u1"] {
            assert_eq!(Values::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_header_is_read_within_bounds() {
        let file = |version: u8, length: &[u8], text: &str| {
            let mut file = [MAGIC, &[version, 0], length, text.as_bytes()].concat();
            file.extend([1, 2, 3]);
            read_header(&mut file.as_slice()).map_err(|fault| fault.to_string())
        };
        let text = "{'descr': '|u1', 'fortran_order': False, 'shape': (3,), }";
        assert_eq!(file(1, &[57, 0], text).unwrap().shape, [3]);
        assert_eq!(file(3, &[57, 0, 0, 0], text).unwrap().shape, [3]);
        assert!(file(2, &[255; 4], text).unwrap_err().contains("a header of 4294967295 bytes"));
        assert!(file(1, &[255, 1], text).unwrap_err().contains("cut short"));
        assert!(file(9, &[57, 0], text).unwrap_err().contains("version 9"));
    }
}
