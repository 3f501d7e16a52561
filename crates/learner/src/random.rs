//! Random numbers. Each purpose, epoch and step of a run has a counter-based generator of its own.
//!
//! No generator state has to be saved: the numbers that step 17 of epoch 3 draws depend only on the seed,
//! the purpose, the epoch and the step. So a resumed run draws the same numbers, and so does every backend.

use dataset::Corruption;
use rand::SeedableRng;
use rand::rngs::ChaCha8Rng;

/// The purpose of random numbers. Different purposes draw different numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// The choice of the training images that are held out for validation.
    Split = 1,
    /// The choice of the images that `data.train_limit` keeps.
    Limit = 2,
    /// The initial weights.
    Weights = 3,
    /// The order of the images in an epoch.
    Shuffle = 4,
    /// The dropout masks of a step.
    Dropout = 5,
    /// The corruption of a test image.
    Corruption = 6,
}

/// The generator for one purpose in one step of a run.
///
/// The four arguments are the key of ChaCha8 (Bernstein 2008), whose counter says how many numbers were
/// drawn.
pub fn generator(seed: u64, stream: Stream, epoch: u64, step: u64) -> ChaCha8Rng {
    let mut key = [0; 32];
    for (part, value) in key.chunks_exact_mut(8).zip([seed, stream as u64, epoch, step]) {
        part.copy_from_slice(&value.to_le_bytes());
    }
    ChaCha8Rng::from_seed(key)
}

/// The generator for the corruption of one image. It depends only on the corruption and the image's index,
/// so every network is tested on the same corrupted images.
pub fn corruption_generator(corruption: Corruption, index: usize) -> ChaCha8Rng {
    const SEED: u64 = 0;
    generator(SEED, Stream::Corruption, corruption as u64, index as u64)
}

#[cfg(test)]
mod tests {
    use rand::Rng;

    use super::*;

    #[test]
    fn each_purpose_epoch_and_step_has_its_own_numbers_and_always_the_same() {
        let draw = |seed, stream, epoch, step| generator(seed, stream, epoch, step).next_u64();
        let here = draw(1, Stream::Shuffle, 2, 3);
        assert_eq!(here, draw(1, Stream::Shuffle, 2, 3));
        for other in [
            draw(2, Stream::Shuffle, 2, 3),
            draw(1, Stream::Dropout, 2, 3),
            draw(1, Stream::Shuffle, 3, 3),
            draw(1, Stream::Shuffle, 2, 4),
        ] {
            assert_ne!(here, other);
        }
    }
}
