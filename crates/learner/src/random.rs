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
    /// The changes of a training image in an epoch.
    Augmentation = 7,
    /// The values of a sweep's trial.
    Sweep = 8,
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
    generator(SEED, Stream::Corruption, corruption.number(), index as u64)
}

/// The generator for the augmentation of one image in an epoch. It depends on the image's position in its file, and so
/// neither on the order of the images nor on how many are trained on.
pub fn augmentation_generator(seed: u64, epoch: usize, index: usize) -> ChaCha8Rng {
    generator(seed, Stream::Augmentation, epoch as u64, index as u64)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use dataset::{Name, load};
    use rand::Rng;
    use sha2::{Digest, Sha256};

    use super::*;

    /// How the SHA-256 of the sample's first 20 test images begins when a test corrupts them.
    const CORRUPTED: [&str; 15] = [
        "shot-noise b630abc1",
        "impulse-noise 083689e6",
        "glass-blur b5bad54d",
        "motion-blur 822731a0",
        "shear 13cf12f7",
        "scale 7d03aa2b",
        "rotate 230e033d",
        "translate eeab7c16",
        "brightness 48a05a66",
        "stripe c093a0c2",
        "fog 106a1557",
        "spatter bdfd0aba",
        "dotted-line 1d59e237",
        "zigzag c80f679b",
        "canny-edges b1948528",
    ];

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

    /// `test --corruptions` of two versions compares only if the images are the same.
    #[test]
    fn corrupted_images_are_those_of_earlier_versions() {
        let images = load::load_test(Name::SAMPLE, Path::new("")).unwrap();
        let found = Corruption::ALL.map(|corruption| {
            let corrupted = images.corrupted(corruption, |index| corruption_generator(corruption, index));
            let bytes: Vec<u8> = (0..20).flat_map(|i| corrupted.subset().image(i).to_vec()).collect();
            let digest = Sha256::digest(&bytes);
            format!("{corruption} {:02x}{:02x}{:02x}{:02x}", digest[0], digest[1], digest[2], digest[3])
        });
        assert_eq!(found, CORRUPTED);
    }
}
