//! Every random number of a run, from a counter-based generator keyed by its place.
//!
//! There is no generator state to save: what epoch 3, step 17 draws depends on the seed and
//! on these numbers alone, so a resumed run draws the same, and so does every backend.

use dataset::Corruption;
use rand::SeedableRng;
use rand::rngs::ChaCha8Rng;

/// What the numbers are for; each purpose has numbers of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// Which training images are held out for validation.
    Split = 1,
    /// Which images `data.train_limit` keeps.
    Limit = 2,
    /// The first weights.
    Weights = 3,
    /// The order of the images in an epoch.
    Shuffle = 4,
    /// Dropout masks of a step.
    Dropout = 5,
    /// What corrupts an image.
    Corruption = 6,
}

/// The generator for one purpose at one place of a run.
///
/// The four numbers are the key of ChaCha8 (Bernstein 2008); the index of a drawn number is
/// its counter.
pub fn generator(seed: u64, stream: Stream, epoch: u64, step: u64) -> ChaCha8Rng {
    let mut key = [0; 32];
    for (part, value) in key.chunks_exact_mut(8).zip([seed, stream as u64, epoch, step]) {
        part.copy_from_slice(&value.to_le_bytes());
    }
    ChaCha8Rng::from_seed(key)
}

/// The generator that corrupts one image. It depends on the corruption and the image alone, so every
/// network is tested on the same corrupted images.
pub fn corruption_generator(corruption: Corruption, index: usize) -> ChaCha8Rng {
    const SEED: u64 = 0;
    generator(SEED, Stream::Corruption, corruption as u64, index as u64)
}

#[cfg(test)]
mod tests {
    use rand::Rng;

    use super::*;

    #[test]
    fn each_place_has_its_own_numbers_and_always_the_same() {
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
