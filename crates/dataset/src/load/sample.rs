//! 1,200 of MNIST's digits inside the program, which need no network and no files.
//!
//! They are the first hundred of each class of the training file and the first twenty of each class of
//! the test file. The classes take turns: 0, 1, ... 9, 0, 1, ... `cargo xtask sample` makes the files
//! again.

use crate::idx::{IdxError, Images, Labels, parse_images, parse_labels};
use crate::load::error::LoadError;
use crate::sets::subset::Subset;
use crate::split::Split;
use crate::verify::content::gunzip;

/// Training images of each class.
pub const TRAIN_PER_CLASS: usize = 100;
/// Test images of each class.
pub const TEST_PER_CLASS: usize = 20;

const TRAIN_IMAGES: &[u8] = include_bytes!("../../sample/train-images-idx3-ubyte.gz");
const TRAIN_LABELS: &[u8] = include_bytes!("../../sample/train-labels-idx1-ubyte.gz");
const TEST_IMAGES: &[u8] = include_bytes!("../../sample/t10k-images-idx3-ubyte.gz");
const TEST_LABELS: &[u8] = include_bytes!("../../sample/t10k-labels-idx1-ubyte.gz");

/// All images and labels of the file with this split; as with other data sets, validation images are in
/// the training file.
pub(super) fn load(split: Split) -> Result<(Images, Labels), LoadError> {
    let (images, labels, per_class) = match split {
        Split::Train | Split::Validation => (TRAIN_IMAGES, TRAIN_LABELS, TRAIN_PER_CLASS),
        Split::Test => (TEST_IMAGES, TEST_LABELS, TEST_PER_CLASS),
    };
    let count = 10 * per_class as u64;
    // The headers of the IDX files have 16 and 8 bytes.
    let images =
        gunzip(images, 16 + count * 28 * 28).map_err(|error| LoadError::Sample(error.to_string()))?;
    let labels = gunzip(labels, 8 + count).map_err(|error| LoadError::Sample(error.to_string()))?;
    let idx = |error: IdxError| LoadError::Sample(error.to_string());
    Ok((parse_images(&images).map_err(idx)?, parse_labels(&labels, 10).map_err(idx)?))
}

/// The positions of the first `per_class` images of each class, with the classes in turn: the first image
/// of each class, then the second of each, and so on.
///
/// `None` if a class has fewer images.
pub fn balanced(images: &Subset, per_class: usize) -> Option<Vec<usize>> {
    let mut members = vec![Vec::new(); images.classes()];
    for i in 0..images.len() {
        members[usize::from(images.label(i))].push(i);
    }
    (0..per_class).flat_map(|n| members.iter().map(move |class| class.get(n).copied())).collect()
}
