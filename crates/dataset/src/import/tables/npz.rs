//! NumPy's archive of arrays, as Keras offers MNIST: a zip file with an array for the images and one for the labels of
//! each part.

use std::io::{ErrorKind, Read, Seek};

use zip::ZipArchive;
use zip::result::ZipError;

use crate::import::memory::Memory;
use crate::import::tables::npy::{self, Array};
use crate::import::tables::table::{Fault, MOST_IN_A_PACKED_BYTE, Table, Unit, expect_sizes};

/// What the arrays of a part are called: by Keras, and by MedMNIST.
const TRAIN: [[&str; 2]; 2] = [["x_train", "y_train"], ["train_images", "train_labels"]];
const TEST: [[&str; 2]; 2] = [["x_test", "y_test"], ["test_images", "test_labels"]];
/// Numbers are read in pieces of so many.
const PIECE: usize = 8192;

/// The training images and the test images, if there are some.
pub struct Parts {
    pub train: Table,
    pub test: Option<Table>,
}

/// Whether a zip file is an archive of arrays.
pub fn is_npz(file: impl Read + Seek) -> bool {
    ZipArchive::new(file).is_ok_and(|archive| names(&archive).iter().any(|name| name.ends_with(".npy")))
}

/// Reads an archive.
///
/// # Errors
/// If it has no such arrays, or they are not images and labels, with the array's name.
pub fn read(file: impl Read + Seek, memory: &mut Memory) -> Result<Parts, Fault> {
    let mut archive = ZipArchive::new(file).map_err(broken)?;
    let names = names(&archive);
    let find = |pairs: [[&'static str; 2]; 2]| {
        pairs.into_iter().find(|pair| pair.iter().any(|name| names.contains(&format!("{name}.npy"))))
    };
    let Some(train) = find(TRAIN) else {
        let mut found: Vec<&str> = names.iter().take(8).map(|name| name.trim_end_matches(".npy")).collect();
        found.sort_unstable();
        return Err(Fault::content(format!(
            "found the arrays {}, expected x_train, y_train, x_test and y_test, as in Keras's mnist.npz",
            found.join(", ")
        )));
    };
    let train = part(&mut archive, train, memory)?;
    let test = find(TEST).map(|pair| part(&mut archive, pair, memory)).transpose()?;
    Ok(Parts { train, test })
}

/// The names of the files, apart from those that are no text.
fn names(archive: &ZipArchive<impl Read + Seek>) -> Vec<String> {
    archive.file_names().flatten().map(|name| name.into_owned()).collect()
}

fn broken(error: ZipError) -> Fault {
    Fault::content(format!("it is not a zip file that can be read: {error}"))
}

/// Reads the images and the labels of a part.
fn part(
    archive: &mut ZipArchive<impl Read + Seek>,
    [images, labels]: [&str; 2],
    memory: &mut Memory,
) -> Result<Table, Fault> {
    let mut sizes = [0; 3];
    let pixels =
        read_array(archive, images, "a pixel from 0 to 255", |array| match array.shape.as_slice() {
            &[count, height, width] => {
                let [h, w] = expect_sizes(count, height, width)?;
                sizes = [count as usize, h, w];
                Ok(memory.expect(count, h, w)?)
            }
            shape => Err(Fault::content(format!(
                "found an array of {}, expected images x height x width",
                shown(shape)
            ))),
        })?;
    let [count, height, width] = sizes;
    let expected = "a label, which is a whole number from 0";
    let labels = read_array(archive, labels, expected, |array| match array.shape.as_slice() {
        // A column of labels is as good as a row.
        &[found] | &[found, 1] if found == count as u64 => Ok(()),
        shape => Err(Fault::content(format!("found an array of {}, expected {count} labels", shown(shape)))),
    })?;
    memory.take(count as u64, height, width);
    Ok(Table { height, width, pixels, labels, unit: Unit::Image })
}

fn shown(shape: &[u64]) -> String {
    shape.iter().map(u64::to_string).collect::<Vec<_>>().join(" x ")
}

/// Reads an array of numbers that fit into a type, once `check` has found its sizes good.
fn read_array<T: TryFrom<i128>>(
    archive: &mut ZipArchive<impl Read + Seek>,
    name: &str,
    expected: &str,
    check: impl FnOnce(&Array) -> Result<(), Fault>,
) -> Result<Vec<T>, Fault> {
    let about = |fault: Fault| match fault {
        Fault::Content(reason) => Fault::Content(format!("{name}: {reason}")),
        fault => fault,
    };
    let mut file = archive.by_name(&format!("{name}.npy")).map_err(|error| about(broken(error)))?;
    let most = file.compressed_size().saturating_mul(MOST_IN_A_PACKED_BYTE);
    let array = npy::read_header(&mut file).map_err(about)?;
    check(&array).map_err(about)?;
    let values = read_values(&mut file, &array, most, expected).map_err(about)?;
    // At its end the archive's checksum is compared, too.
    match file.read(&mut [0]) {
        Ok(0) => Ok(values),
        Ok(_) => Err(about(Fault::content(format!("found more values than {}", shown(&array.shape))))),
        Err(error) => Err(about(error.into())),
    }
}

/// Reads the values of an array whose sizes were checked. The file holds at most `most` bytes.
fn read_values<T: TryFrom<i128>>(
    file: &mut impl Read,
    array: &Array,
    most: u64,
    expected: &str,
) -> Result<Vec<T>, Fault> {
    let count: u64 = array.shape.iter().product();
    let size = array.values.bytes;
    let cut = || Fault::content(format!("found fewer values than {}", shown(&array.shape)));
    // A header can announce anything, and memory is taken for what is there.
    if count > most / size as u64 {
        return Err(cut());
    }
    let mut values = Vec::with_capacity(count as usize);
    let mut piece = vec![0; PIECE * size];
    while (values.len() as u64) < count {
        let wanted = (count - values.len() as u64).min(PIECE as u64) as usize;
        file.read_exact(&mut piece[..wanted * size]).map_err(|error| match error.kind() {
            ErrorKind::UnexpectedEof => cut(),
            _ => error.into(),
        })?;
        for bytes in piece[..wanted * size].chunks_exact(size) {
            let number = array.values.number(bytes);
            let value = T::try_from(number).map_err(|_| {
                Fault::content(format!("found {number} at position {}, expected {expected}", values.len()))
            })?;
            values.push(value);
        }
    }
    Ok(values)
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write};

    use zip::write::SimpleFileOptions;
    use zip::{CompressionMethod, ZipWriter};

    use super::*;

    fn npy(description: &str, shape: &str, values: &[u8]) -> Vec<u8> {
        let header = format!("{{'descr': '{description}', 'fortran_order': False, 'shape': ({shape}), }}\n");
        let length = (header.len() as u16).to_le_bytes();
        [b"\x93NUMPY\x01\0", length.as_slice(), header.as_bytes(), values].concat()
    }

    fn npz(method: CompressionMethod, arrays: &[(&str, Vec<u8>)]) -> Vec<u8> {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, array) in arrays {
            let options = SimpleFileOptions::default().compression_method(method);
            zip.start_file(format!("{name}.npy"), options).unwrap();
            zip.write_all(array).unwrap();
        }
        zip.finish().unwrap().into_inner()
    }

    fn parts(bytes: &[u8]) -> Result<Parts, String> {
        let mut memory = Memory::new(Some(1 << 30));
        read(Cursor::new(bytes), &mut memory).map_err(|fault| fault.to_string())
    }

    #[test]
    fn kerass_and_medmnists_archives_are_read_stored_and_packed() {
        let keras = [
            ("x_train", npy("|u1", "2, 1, 3", &[1, 2, 3, 4, 5, 6])),
            ("y_train", npy("<i8", "2,", &[7_i64.to_le_bytes(), 8_i64.to_le_bytes()].concat())),
            ("x_test", npy(">i2", "1, 1, 3", &[0, 9, 0, 8, 0, 255])),
            ("y_test", npy("|u1", "1, 1", &[7])),
        ];
        let mut medmnist = keras.clone();
        for (array, name) in
            medmnist.iter_mut().zip(["train_images", "train_labels", "test_images", "test_labels"])
        {
            array.0 = name;
        }
        for method in [CompressionMethod::Stored, CompressionMethod::Deflated] {
            for arrays in [&keras, &medmnist] {
                let bytes = npz(method, arrays);
                assert!(is_npz(Cursor::new(&bytes)));
                let Parts { train, test } = parts(&bytes).unwrap();
                assert_eq!((train.height, train.width, train.labels), (1, 3, vec![7, 8]));
                assert_eq!(train.pixels, [1, 2, 3, 4, 5, 6]);
                let test = test.unwrap();
                assert_eq!((test.pixels, test.labels), (vec![9, 8, 255], vec![7]));
            }
        }
        assert!(parts(&npz(CompressionMethod::Stored, &keras[..2])).unwrap().test.is_none());
    }

    #[test]
    fn what_is_wrong_is_named_with_its_array() {
        let images = || ("x_train", npy("|u1", "2, 1, 3", &[0; 6]));
        let labels = || ("y_train", npy("|u1", "2,", &[0, 1]));
        for (arrays, words) in [
            (vec![("arr_0", npy("|u1", "2,", &[0, 1]))], "found the arrays arr_0, expected x_train, y_train"),
            (vec![images()], "y_train: it is not a zip file that can be read"),
            (
                vec![("x_train", npy("<f4", "2, 1, 3", &[0; 24])), labels()],
                "x_train: found values of type \"<f4\"",
            ),
            (
                vec![("x_train", npy("|u1", "2, 1, 3, 3", &[0; 18])), labels()],
                "found an array of 2 x 1 x 3 x 3, expected",
            ),
            (vec![("x_train", npy("|u1", "0, 28, 28", &[])), labels()], "found 0 images"),
            (
                vec![("x_train", npy("|u1", "2, 1, 3", &[0; 5])), labels()],
                "x_train: found fewer values than 2 x 1 x 3",
            ),
            (
                vec![("x_train", npy("|u1", "2, 1, 3", &[0; 7])), labels()],
                "x_train: found more values than 2 x 1 x 3",
            ),
            (
                vec![("x_train", npy("<i2", "1, 1, 2", &[1, 0, 0, 1])), labels()],
                "x_train: found 256 at position 1",
            ),
            (vec![("x_train", npy("|u1", "4000000000, 256, 256", &[])), labels()], "MB of memory"),
            (vec![("x_train", npy("|u1", "10000, 256, 256", &[])), labels()], "x_train: found fewer values"),
            (
                vec![images(), ("y_train", npy("|u1", "3,", &[0; 3]))],
                "y_train: found an array of 3, expected 2 labels",
            ),
            (
                vec![images(), ("y_train", npy("|i1", "2,", &[255, 0]))],
                "y_train: found -1 at position 0, expected a label",
            ),
        ] {
            let error = parts(&npz(CompressionMethod::Stored, &arrays)).err().unwrap();
            assert!(error.contains(words), "{words}: {error}");
        }
        assert!(parts(b"PK\x03\x04").err().unwrap().contains("not a zip file"));
    }

    #[test]
    fn a_bomb_is_stopped_before_it_is_unpacked() {
        let mut array = npy("|u1", "1, 28, 28", &[]);
        array.resize(array.len() + (32 << 20), 0);
        let labels = ("y_train", npy("|u1", "1,", &[0]));
        let bytes = npz(CompressionMethod::Deflated, &[("x_train", array), labels]);
        assert!(bytes.len() < 100_000);
        assert!(parts(&bytes).err().unwrap().contains("found more values than 1 x 28 x 28"));
    }
}
