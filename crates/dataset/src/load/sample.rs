//! 1,200 of MNIST's digits inside the program: no network, no files.
//!
//! The first hundred of each class of the training file and the first twenty of the test
//! file, class by class in turn. `cargo xtask sample` makes the files again.

use std::path::PathBuf;

use crate::catalog::Part;
use crate::idx::{Images, Labels, parse_images, parse_labels};
use crate::load::LoadError;
use crate::sets::subset::Subset;
use crate::verify::gunzip;

/// Pictures of each class in the training part.
pub const TRAIN_PER_CLASS: usize = 100;
/// Pictures of each class in the test part.
pub const TEST_PER_CLASS: usize = 20;

const TRAIN_IMAGES: &[u8] = include_bytes!("../../sample/train-images-idx3-ubyte.gz");
const TRAIN_LABELS: &[u8] = include_bytes!("../../sample/train-labels-idx1-ubyte.gz");
const TEST_IMAGES: &[u8] = include_bytes!("../../sample/t10k-images-idx3-ubyte.gz");
const TEST_LABELS: &[u8] = include_bytes!("../../sample/t10k-labels-idx1-ubyte.gz");

pub(crate) fn load(part: Part) -> Result<(Images, Labels), LoadError> {
    let (images, labels, per_class) = match part {
        Part::Train => (TRAIN_IMAGES, TRAIN_LABELS, TRAIN_PER_CLASS),
        Part::Test => (TEST_IMAGES, TEST_LABELS, TEST_PER_CLASS),
    };
    let count = 10 * per_class as u64;
    let path = PathBuf::from("the built-in sample");
    let mismatch = |reason| LoadError::Mismatch { path: path.clone(), reason };
    let idx = |reason| LoadError::Idx { path: path.clone(), reason };
    let images = gunzip(images, 16 + count * 28 * 28).map_err(mismatch)?;
    let labels = gunzip(labels, 8 + count).map_err(mismatch)?;
    Ok((parse_images(&images).map_err(idx)?, parse_labels(&labels, 10).map_err(idx)?))
}

/// The positions of the first `per_class` pictures of each class: 0, 1, ... 9, 0, 1, ...
///
/// `None` if a class has fewer.
pub fn balanced(pictures: &Subset, per_class: usize) -> Option<Vec<usize>> {
    let mut members = vec![Vec::new(); pictures.classes()];
    for i in 0..pictures.len() {
        members[usize::from(pictures.label(i))].push(i);
    }
    (0..per_class).flat_map(|n| members.iter().map(move |class| class.get(n).copied())).collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::catalog::Name;
    use crate::load::{load_test, load_train};

    #[test]
    fn the_sample_is_balanced_and_small() {
        let train = load_train(Name::Sample, Path::new("nowhere")).unwrap();
        let test = load_test(Name::Sample, Path::new("nowhere")).unwrap();
        assert_eq!(train.subset().class_counts(), [100; 10]);
        assert_eq!(test.subset().class_counts(), [20; 10]);
        let bytes: usize =
            [TRAIN_IMAGES, TRAIN_LABELS, TEST_IMAGES, TEST_LABELS].iter().map(|f| f.len()).sum();
        assert!(bytes < 400_000, "{bytes}");
    }

    #[test]
    fn the_sample_holds_pictures_of_ink() {
        let train = load_train(Name::Sample, Path::new("nowhere")).unwrap();
        for i in 0..train.subset().len() {
            let ink = train.subset().image(i).iter().filter(|p| **p > 127).count();
            assert!((10..400).contains(&ink), "picture {i}: {ink} pixels");
        }
    }
}
