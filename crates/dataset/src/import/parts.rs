//! The parts of a data set: a share of the images split off for testing, and images that stand in both parts or twice
//! in one.

use std::collections::HashMap;

use sha2::{Digest, Sha256};

use crate::import::labelled::Labelled;

/// So many images are named that stand in both parts.
const NAMED: usize = 5;

/// Some images of a source, in their order.
pub(crate) struct Part<'a> {
    pub(crate) from: &'a Labelled,
    pub(crate) order: Vec<u32>,
    fingerprints: Vec<u128>,
}

/// Images that are equal byte for byte once they are prepared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Duplicates {
    /// Test images that are training images, too.
    pub in_both: usize,
    /// The first of them: where the test image came from, and where the training image.
    pub named: Vec<[String; 2]>,
    /// Training images that stand there once more.
    pub within_train: usize,
    /// Test images that stand there once more.
    pub within_test: usize,
    /// Equal images of different classes, in whichever part.
    pub other_class: usize,
}

/// A number that equal images share, and others do not: half of the SHA-256 of the seed and the pixels.
fn fingerprints(from: &Labelled, pixels: usize, seed: u64) -> Vec<u128> {
    let fingerprint = |i| {
        let digest =
            Sha256::new().chain_update(seed.to_le_bytes()).chain_update(from.image(i, pixels)).finalize();
        digest.iter().take(16).fold(0, |number, byte| number << 8 | u128::from(*byte))
    };
    (0..from.len()).map(fingerprint).collect()
}

impl<'a> Part<'a> {
    /// All images of a source, which have so many pixels each.
    pub(crate) fn whole(from: &'a Labelled, pixels: usize) -> Self {
        Self { from, order: (0..from.len() as u32).collect(), fingerprints: fingerprints(from, pixels, 0) }
    }

    /// Splits a fraction of each class off for testing: at least one image of each class that has two different ones,
    /// and never all. Equal images stay together, so that no test image is a training image as well.
    ///
    /// Only the seed and the pixels decide, by the order of their digests. So most images stay in their part when more
    /// are added to the source.
    pub(crate) fn split(from: &'a Labelled, pixels: usize, fraction: f64, seed: u64) -> [Self; 2] {
        let draws = fingerprints(from, pixels, seed);
        // The first image of those that are equal decides the class in which all of them are counted.
        let mut groups: HashMap<u128, (u8, usize)> = HashMap::new();
        for (draw, label) in draws.iter().zip(&from.labels) {
            groups.entry(*draw).or_insert((*label, 0)).1 += 1;
        }
        let mut classes: HashMap<u8, Vec<(u128, usize)>> = HashMap::new();
        for (draw, (label, count)) in groups {
            classes.entry(label).or_default().push((draw, count));
        }
        let mut chosen = HashMap::new();
        for mut class in classes.into_values() {
            class.sort_unstable();
            let all: usize = class.iter().map(|(_, count)| count).sum();
            let wanted = ((fraction * all as f64).round() as usize).max(1);
            let mut taken = 0;
            let most = class.len() - 1;
            for (draw, count) in class.into_iter().take(most) {
                if taken >= wanted {
                    break;
                }
                taken += count;
                chosen.insert(draw, ());
            }
        }
        [false, true].map(|is_test| {
            let mine = |i: &u32| chosen.contains_key(&draws[*i as usize]) == is_test;
            let order: Vec<u32> = (0..from.len() as u32).filter(mine).collect();
            let fingerprints = order.iter().map(|i| draws[*i as usize]).collect();
            Self { from, order, fingerprints }
        })
    }

    pub(crate) fn len(&self) -> usize {
        self.order.len()
    }

    fn label(&self, i: usize) -> u8 {
        self.from.labels[self.order[i] as usize]
    }

    fn place(&self, i: usize) -> String {
        self.from.place(self.order[i] as usize)
    }
}

/// Compares all images of both parts.
pub(crate) fn duplicates(train: &Part<'_>, test: &Part<'_>) -> Duplicates {
    let mut found = Duplicates::default();
    let mut seen: HashMap<u128, usize> = HashMap::new();
    for (i, fingerprint) in train.fingerprints.iter().enumerate() {
        if let Some(first) = seen.get(fingerprint) {
            found.within_train += 1;
            found.other_class += usize::from(train.label(*first) != train.label(i));
        } else {
            seen.insert(*fingerprint, i);
        }
    }
    let mut seen_in_test: HashMap<u128, usize> = HashMap::new();
    for (i, fingerprint) in test.fingerprints.iter().enumerate() {
        if let Some(first) = seen_in_test.get(fingerprint) {
            found.within_test += 1;
            found.other_class += usize::from(test.label(*first) != test.label(i));
        } else {
            seen_in_test.insert(*fingerprint, i);
        }
        if let Some(first) = seen.get(fingerprint) {
            found.in_both += 1;
            found.other_class += usize::from(train.label(*first) != test.label(i));
            if found.named.len() < NAMED {
                found.named.push([test.place(i), train.place(*first)]);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::labelled::Places;
    use crate::import::tables::Unit;

    /// Images of one pixel each.
    fn images(pixels: &[u8], labels: &[u8]) -> Labelled {
        let places = Places::Table { path: "x".into(), unit: Unit::Line(2) };
        Labelled { pixels: pixels.to_vec(), labels: labels.to_vec(), places }
    }

    #[test]
    fn a_share_of_each_class_is_split_off_by_the_seed_alone() {
        let pixels: Vec<u8> = (0..200).collect();
        let labels: Vec<u8> =
            (0..200).map(|i| u8::from(i >= 100) + u8::from(i >= 197) + u8::from(i == 199)).collect();
        let all = images(&pixels, &labels);
        let [train, test] = Part::split(&all, 1, 0.2, 7);
        assert_eq!(all.counts(&test.order, 4), [20, 19, 1, 0]);
        assert_eq!(all.counts(&train.order, 4), [80, 78, 1, 1]);
        let again = Part::split(&all, 1, 0.2, 7);
        assert_eq!(test.order, again[1].order);
        assert_ne!(test.order, Part::split(&all, 1, 0.2, 8)[1].order);
        assert_eq!(duplicates(&train, &test), Duplicates::default());
    }

    #[test]
    fn no_class_loses_all_its_images() {
        let all = images(&[1, 2, 3, 4], &[0, 0, 1, 1]);
        let [train, test] = Part::split(&all, 1, 0.99, 1);
        assert_eq!((all.counts(&train.order, 2), all.counts(&test.order, 2)), (vec![1, 1], vec![1, 1]));
    }

    #[test]
    fn equal_images_stay_together() {
        let pixels: Vec<u8> = (0..200).map(|i| i / 10).collect();
        let labels: Vec<u8> = (0..200).map(|i| i / 100).collect();
        let all = images(&pixels, &labels);
        let [train, test] = Part::split(&all, 1, 0.3, 1);
        let found = duplicates(&train, &test);
        assert_eq!((found.in_both, found.within_train, found.within_test), (0, 126, 54));
        // Both of these are the same image, so none can be spared.
        let two = images(&[5, 5, 6, 7], &[0, 0, 1, 1]);
        assert_eq!(two.counts(&Part::split(&two, 1, 0.5, 1)[1].order, 2), [0, 1]);
    }

    #[test]
    fn images_in_both_parts_are_counted_and_named() {
        let train = images(&[1, 2, 2, 3], &[0, 0, 1, 1]);
        let test = images(&[2, 9, 9, 3], &[0, 0, 0, 0]);
        let found = duplicates(&Part::whole(&train, 1), &Part::whole(&test, 1));
        assert_eq!((found.in_both, found.within_train, found.within_test, found.other_class), (2, 1, 1, 2));
        assert_eq!(found.named[0], ["line 2 of x", "line 3 of x"]);
    }
}
