//! Dividing a training set: holding images out for validation, or keeping fewer to train on.

use rand::Rng;
use thiserror::Error;

use crate::sets::shuffle::shuffle;
use crate::sets::subset::Subset;
use crate::sets::{TrainSet, ValidationSet};

/// Why a training set cannot be divided as asked.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum SplitError {
    #[error(
        "a validation share of {fraction} of {available} images leaves {train} to train on and \
         {validation} to validate; expected at least 1 of each"
    )]
    Empty { fraction: f64, available: usize, train: usize, validation: usize },
    #[error(
        "{train} of {available} images to train on leave {} to validate; expected at least 1 of each",
        available.saturating_sub(*train)
    )]
    EmptyAt { available: usize, train: usize },
    #[error("{wanted} training images are wanted, expected from 1 to {available}, which are all there are")]
    Limit { wanted: usize, available: usize },
}

impl TrainSet {
    /// Holds out the given fraction of the images for validation, the same fraction of each class.
    ///
    /// Both sets keep the order of the file. Only the generator decides which set an image goes to.
    ///
    /// # Errors
    /// If one of the two sets would be empty.
    pub fn split(self, fraction: f64, rng: &mut impl Rng) -> Result<(TrainSet, ValidationSet), SplitError> {
        let available = self.subset.len();
        let validation = (fraction * available as f64).round() as usize;
        let train = available.saturating_sub(validation);
        if train == 0 || validation == 0 {
            return Err(SplitError::Empty { fraction, available, train, validation });
        }
        let (held_out, rest) = stratified(&self.subset, validation, rng);
        Ok((TrainSet::new(rest, self.augmentation), ValidationSet(held_out)))
    }

    /// Keeps the first `train` images and holds out the rest for validation, without a random choice. This
    /// is for data whose validation images are known already and stand last.
    ///
    /// # Errors
    /// If one of the two sets would be empty.
    pub fn split_at(self, train: usize) -> Result<(TrainSet, ValidationSet), SplitError> {
        let available = self.subset.len();
        if train == 0 || train >= available {
            return Err(SplitError::EmptyAt { available, train });
        }
        let Self { subset: Subset { data, mut indices }, augmentation } = self;
        let held_out = indices.split_off(train);
        let rest = Subset { data: data.clone(), indices };
        Ok((TrainSet::new(rest, augmentation), ValidationSet(Subset { data, indices: held_out })))
    }

    /// Keeps `count` images, the same fraction of each class.
    ///
    /// # Errors
    /// If `count` is 0, or there are fewer images.
    pub fn limit(self, count: usize, rng: &mut impl Rng) -> Result<TrainSet, SplitError> {
        let available = self.subset.len();
        if count == 0 || count > available {
            return Err(SplitError::Limit { wanted: count, available });
        }
        let (kept, _rest) = stratified(&self.subset, count, rng);
        Ok(TrainSet::new(kept, self.augmentation))
    }
}

/// Chooses `count` images at random, so that each class's share of them is as near to its share of all
/// images as whole numbers allow. Returns the chosen images and the rest, both in the order of the file.
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

/// Divides `count` among classes in proportion to their sizes, by the method of the largest remainder.
fn quotas(sizes: &[usize], count: usize) -> Vec<usize> {
    // The product of two counts needs 64 bits, and `usize` has only 32 on some platforms.
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

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand::rngs::ChaCha8Rng;

    use super::*;
    use crate::idx::{Images, Labels};

    /// 100 images of one pixel each, with 50, 30, 7 and 13 of the first four classes and none of the fifth.
    fn images() -> TrainSet {
        let labels: Vec<u8> = (0..100)
            .map(|i| [0, 1, 2, 3][usize::from(i >= 50) + usize::from(i >= 80) + usize::from(i >= 87)])
            .collect();
        let pixels = Images::new(100, 1, 1, (0..100).collect()).unwrap();
        TrainSet::from_images(pixels, Labels::new(labels, 5).unwrap(), 5).unwrap()
    }

    fn rng(seed: u64) -> ChaCha8Rng {
        ChaCha8Rng::seed_from_u64(seed)
    }

    #[test]
    fn the_split_is_exact_stratified_disjoint_and_complete() {
        let (train, validation) = images().split(0.2, &mut rng(1)).unwrap();
        assert_eq!(validation.subset().class_counts(), [10, 6, 1, 3, 0]);
        assert_eq!(train.subset().class_counts(), [40, 24, 6, 10, 0]);
        let mut all: Vec<u32> = [train.subset.indices.clone(), validation.0.indices.clone()].concat();
        all.sort_unstable();
        assert_eq!(all, (0..100).collect::<Vec<u32>>());
        assert!(train.subset.indices.is_sorted() && validation.0.indices.is_sorted());
    }

    #[test]
    fn every_count_is_met_exactly_and_no_class_is_off_by_more_than_one() {
        for count in 1..100 {
            let limited = images().limit(count, &mut rng(1)).unwrap();
            assert_eq!(limited.subset().len(), count);
            for (chosen, size) in limited.subset().class_counts().into_iter().zip([50, 30, 7, 13, 0]) {
                let exact = size as f64 * count as f64 / 100.0;
                assert!((chosen as f64 - exact).abs() < 1.0, "{chosen} of {size}, {count} in all");
            }
        }
    }

    #[test]
    fn only_the_generator_decides() {
        let split = |seed| images().split(0.3, &mut rng(seed)).unwrap().1.0.indices;
        assert_eq!(split(1), split(1));
        assert_ne!(split(1), split(2));
    }

    #[test]
    fn split_at_trains_on_the_first_images_and_validates_on_the_rest() {
        let (train, validation) = images().split_at(83).unwrap();
        assert_eq!(train.subset.indices, (0..83).collect::<Vec<u32>>());
        assert_eq!(validation.0.indices, (83..100).collect::<Vec<u32>>());
        assert_eq!(validation.subset().image(0), [83]);
    }

    #[test]
    fn a_limit_keeps_the_classes_shares() {
        let limited = images().limit(10, &mut rng(1)).unwrap();
        assert_eq!(limited.subset().class_counts(), [5, 3, 1, 1, 0]);
        assert_eq!(images().limit(100, &mut rng(1)).unwrap().subset().len(), 100);
    }

    #[test]
    fn empty_parts_are_refused() {
        assert!(matches!(images().split(0.004, &mut rng(1)), Err(SplitError::Empty { validation: 0, .. })));
        assert!(matches!(images().split(0.999, &mut rng(1)), Err(SplitError::Empty { train: 0, .. })));
        for fraction in [0.0, -1.0, 1.0, 2.0, f64::NAN, f64::INFINITY] {
            assert!(images().split(fraction, &mut rng(1)).is_err(), "{fraction}");
        }
        for train in [0, 100, 101] {
            let error = images().split_at(train).unwrap_err();
            assert_eq!(error, SplitError::EmptyAt { available: 100, train });
        }
        assert!(matches!(images().limit(0, &mut rng(1)), Err(SplitError::Limit { .. })));
        assert!(matches!(images().limit(101, &mut rng(1)), Err(SplitError::Limit { available: 100, .. })));
    }
}
