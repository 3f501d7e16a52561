//! Whether dropout's masks look random, and depend on nothing but what they should.

use kernels::{Dropout, Level, drop_values};

use crate::bits::equal_on_every_level;

/// Which of the values of `n` images are kept.
fn kept(dropout: Dropout, n: usize, len: usize) -> Vec<bool> {
    let mut values = vec![1.0; n * len];
    drop_values(Level::best(), &dropout, n, &mut values);
    let factor = (1.0 / (1.0 - dropout.probability)) as f32;
    assert!(values.iter().all(|&value| value == 0.0 || value == factor));
    values.iter().map(|&value| value != 0.0).collect()
}

/// By how many standard deviations the number of equal pairs differs from what chance gives to pairs that do
/// not depend on each other.
fn dependence(p: f64, pairs: impl Iterator<Item = (bool, bool)>) -> f64 {
    let (count, equal) =
        pairs.fold((0.0, 0.0), |(count, equal), (a, b)| (count + 1.0, equal + f64::from(u8::from(a == b))));
    let chance = p * p + (1.0 - p) * (1.0 - p);
    (equal - count * chance) / (count * chance * (1.0 - chance)).sqrt()
}

#[test]
fn the_share_that_is_kept_is_that_of_the_probability() {
    for probability in [0.01, 0.25, 0.4, 0.5, 0.9] {
        for key in 0..20 {
            let (n, len) = (32, 1000);
            let kept = kept(Dropout { key, probability, first_image: 0 }, n, len);
            let count = kept.iter().filter(|&&kept| kept).count() as f64;
            let total = (n * len) as f64;
            let deviation = (total * probability * (1.0 - probability)).sqrt();
            let distance = (count - total * (1.0 - probability)).abs() / deviation;
            assert!(distance < 4.5, "{distance} deviations with {probability} and key {key}");
        }
    }
}

#[test]
fn neighbours_images_keys_and_channels_do_not_depend_on_each_other() {
    let (n, len) = (64, 2048);
    for probability in [0.25, 0.5] {
        let dropout = |key| Dropout { key, probability, first_image: 0 };
        for key in [0, 1, 0x1234_5678_9abc_def0] {
            let here = kept(dropout(key), n, len);
            // Neighbours, other distances that maps and vectors have, and other images.
            for distance in [1, 2, 3, 4, 7, 8, 16, 32, 64, 128, 896, 1024, len, 2 * len, 16 * len] {
                let pairs = here.iter().copied().zip(here.iter().copied().skip(distance));
                let found = dependence(probability, pairs);
                assert!(found.abs() < 4.5, "{found} deviations at distance {distance}, key {key}");
            }
            for other in [key + 1, key + 2, key ^ (1 << 32), key ^ (1 << 63), !key] {
                let there = kept(dropout(other), n, len);
                let found = dependence(probability, here.iter().copied().zip(there));
                assert!(found.abs() < 4.5, "{found} deviations between keys {key} and {other}");
            }
        }
    }
}

#[test]
fn a_part_of_a_batch_has_the_masks_of_the_whole() {
    let dropout = |first_image| Dropout { key: 3, probability: 0.5, first_image };
    let whole = kept(dropout(0), 10, 77);
    assert_eq!(whole[..4 * 77], kept(dropout(0), 4, 77));
    assert_eq!(whole[4 * 77..], kept(dropout(4), 6, 77));
    assert_ne!(whole[..77], whole[77..2 * 77]);
}

#[test]
fn bits_do_not_depend_on_level_and_threads() {
    equal_on_every_level(|level| {
        let mut values: Vec<f32> = (0..9 * 101).map(|i| i as f32).collect();
        drop_values(level, &Dropout { key: 5, probability: 0.4, first_image: 1 }, 9, &mut values);
        values
    });
}
