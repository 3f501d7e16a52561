//! Dividing training pictures by class: validation held out, or fewer to train on.

use rand::{Rng, RngExt};
use thiserror::Error;

use crate::sets::subset::{Subset, TrainSet, ValidationSet};

/// Why pictures cannot be divided so.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum SplitError {
    #[error(
        "a validation share of {fraction} of {available} pictures leaves {train} to train on and {validation} to validate; expected at least 1 of each"
    )]
    Empty { fraction: f64, available: usize, train: usize, validation: usize },
    #[error("data.train_limit = {wanted}: expected from 1 to {available}, the training pictures there are")]
    Limit { wanted: usize, available: usize },
}

impl TrainSet {
    /// Holds out the given share for validation, the same share of each class.
    ///
    /// Both sets keep the order of the file. Only the generator decides which picture goes where.
    ///
    /// # Errors
    /// If one of the two would be empty.
    pub fn split(self, fraction: f64, rng: &mut impl Rng) -> Result<(TrainSet, ValidationSet), SplitError> {
        let available = self.0.len();
        let validation = (fraction * available as f64).round() as usize;
        let train = available.saturating_sub(validation);
        if train == 0 || validation == 0 {
            return Err(SplitError::Empty { fraction, available, train, validation });
        }
        let (held_out, rest) = stratified(&self.0, validation, rng);
        Ok((TrainSet(rest), ValidationSet(held_out)))
    }

    /// Keeps `count` pictures, the same share of each class.
    ///
    /// # Errors
    /// If there are fewer.
    pub fn limit(self, count: usize, rng: &mut impl Rng) -> Result<TrainSet, SplitError> {
        let available = self.0.len();
        if count == 0 || count > available {
            return Err(SplitError::Limit { wanted: count, available });
        }
        Ok(TrainSet(stratified(&self.0, count, rng).0))
    }
}

/// Chooses `count` pictures, each class's share as near to its share of all as whole numbers
/// allow; gives the chosen and the rest.
fn stratified(subset: &Subset, count: usize, rng: &mut impl Rng) -> (Subset, Subset) {
    let quotas = quotas(&subset.class_counts(), count);
    let mut members: Vec<Vec<u32>> = vec![Vec::new(); subset.classes()];
    for (i, &index) in subset.indices.iter().enumerate() {
        members[usize::from(subset.label(i))].push(index);
    }
    let (mut chosen, mut rest) = (Vec::with_capacity(count), Vec::new());
    for (mut class, quota) in members.into_iter().zip(quotas) {
        shuffle(&mut class, rng);
        rest.extend_from_slice(&class[quota..]);
        class.truncate(quota);
        chosen.append(&mut class);
    }
    chosen.sort_unstable();
    rest.sort_unstable();
    let with = |indices| Subset { data: subset.data.clone(), indices };
    (with(chosen), with(rest))
}

/// Divides `count` among classes by their sizes, by the method of the largest remainder.
fn quotas(sizes: &[usize], count: usize) -> Vec<usize> {
    // The product of two counts needs 64 bits, on every platform.
    let all = sizes.iter().sum::<usize>().max(1) as u64;
    let share = |size: usize| size as u64 * count as u64;
    let mut quotas: Vec<usize> = sizes.iter().map(|&size| (share(size) / all) as usize).collect();
    let mut by_remainder: Vec<usize> = (0..sizes.len()).collect();
    by_remainder.sort_by_key(|&class| (all - share(sizes[class]) % all, class));
    let missing = count - quotas.iter().sum::<usize>();
    for &class in by_remainder.iter().take(missing) {
        quotas[class] += 1;
    }
    quotas
}

/// Fisher and Yates' shuffle (Durstenfeld 1964): every order is equally likely.
pub(crate) fn shuffle(values: &mut [u32], rng: &mut impl Rng) {
    for last in (1..values.len()).rev() {
        // 32 bits at a time on every platform: the order must not depend on the pointer's size.
        let other = rng.random_range(0..=last as u32) as usize;
        values.swap(last, other);
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand::rngs::ChaCha8Rng;

    use super::*;
    use crate::idx::{Images, Labels};

    /// Pictures of one pixel; class sizes 50, 30, 7 and 13 of 100.
    fn pictures() -> TrainSet {
        let labels: Vec<u8> = (0..100)
            .map(|i| [0, 1, 2, 3][usize::from(i >= 50) + usize::from(i >= 80) + usize::from(i >= 87)])
            .collect();
        let images = Images::new(100, 1, 1, (0..100).collect()).unwrap();
        TrainSet::from_images(images, Labels::new(labels, 5).unwrap(), 5).unwrap()
    }

    fn rng(seed: u64) -> ChaCha8Rng {
        ChaCha8Rng::seed_from_u64(seed)
    }

    #[test]
    fn the_split_is_exact_stratified_disjoint_and_complete() {
        let (train, validation) = pictures().split(0.2, &mut rng(1)).unwrap();
        assert_eq!(validation.subset().class_counts(), [10, 6, 1, 3, 0]);
        assert_eq!(train.subset().class_counts(), [40, 24, 6, 10, 0]);
        let mut all: Vec<u32> = [train.0.indices.clone(), validation.0.indices.clone()].concat();
        all.sort_unstable();
        assert_eq!(all, (0..100).collect::<Vec<u32>>());
        assert!(train.0.indices.is_sorted() && validation.0.indices.is_sorted());
    }

    #[test]
    fn every_count_is_met_exactly_and_no_class_is_off_by_more_than_one() {
        for count in 1..100 {
            let limited = pictures().limit(count, &mut rng(1)).unwrap();
            assert_eq!(limited.subset().len(), count);
            for (chosen, size) in limited.subset().class_counts().into_iter().zip([50, 30, 7, 13, 0]) {
                let exact = size as f64 * count as f64 / 100.0;
                assert!((chosen as f64 - exact).abs() < 1.0, "{chosen} of {size}, {count} in all");
            }
        }
    }

    #[test]
    fn only_the_generator_decides() {
        let split = |seed| pictures().split(0.3, &mut rng(seed)).unwrap().1.0.indices;
        assert_eq!(split(1), split(1));
        assert_ne!(split(1), split(2));
    }

    #[test]
    fn a_limit_keeps_the_classes_shares() {
        let limited = pictures().limit(10, &mut rng(1)).unwrap();
        assert_eq!(limited.subset().class_counts(), [5, 3, 1, 1, 0]);
        assert_eq!(pictures().limit(100, &mut rng(1)).unwrap().subset().len(), 100);
    }

    #[test]
    fn empty_parts_are_refused() {
        assert!(matches!(pictures().split(0.004, &mut rng(1)), Err(SplitError::Empty { validation: 0, .. })));
        assert!(matches!(pictures().split(0.999, &mut rng(1)), Err(SplitError::Empty { train: 0, .. })));
        for fraction in [0.0, -1.0, 1.0, 2.0, f64::NAN, f64::INFINITY] {
            assert!(pictures().split(fraction, &mut rng(1)).is_err(), "{fraction}");
        }
        assert!(matches!(pictures().limit(0, &mut rng(1)), Err(SplitError::Limit { .. })));
        assert!(matches!(pictures().limit(101, &mut rng(1)), Err(SplitError::Limit { available: 100, .. })));
    }

    #[test]
    fn a_shuffle_moves_and_keeps_every_value() {
        let mut values: Vec<u32> = (0..1000).collect();
        shuffle(&mut values, &mut rng(1));
        let stayed = values.iter().enumerate().filter(|(i, v)| *i == **v as usize).count();
        assert!(stayed < 10, "{stayed}");
        values.sort_unstable();
        assert_eq!(values, (0..1000).collect::<Vec<u32>>());
    }
}
