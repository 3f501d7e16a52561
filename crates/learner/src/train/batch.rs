//! The images of a step: those of the training set, augmented if it says so, as the network's input.

use burn::tensor::{Device, Tensor};
use dataset::TrainSet;
use dataset::augment::{Augmenter, outlier};
use model::input;
use rand::rngs::ChaCha8Rng;
use rayon::prelude::*;

/// The training images `[n, 1, height, width]` at these positions as a tensor, and their labels `[n]`. The last images
/// are of no class, and have no label, if the set's augmentation wants such images.
///
/// If the set is augmented, each image is changed by the numbers of the generator that `random` returns for its position in
/// the file.
pub(super) fn batch(
    train: &TrainSet,
    positions: &[u32],
    random: impl Fn(usize) -> ChaCha8Rng + Sync,
    device: &Device,
) -> (Tensor<4>, Vec<u8>) {
    let images = train.subset();
    let (n, height, width) = (positions.len(), images.height(), images.width());
    let known = n - ((n as f64 * train.augmentation().outliers) as usize).min(n / 2);
    let labels = positions[..known].iter().map(|&position| images.label(position as usize)).collect();
    if train.augmentation().is_off() {
        let pixels: Vec<&[u8]> = positions.iter().map(|&position| images.image(position as usize)).collect();
        return (input::to_inputs(&pixels, n, height, width, device), labels);
    }
    let mut pixels = vec![0; n * height * width];
    let of_images = pixels.par_chunks_mut(height * width).zip(positions).enumerate();
    of_images.for_each_init(
        || (Augmenter::new(train.augmentation(), height, width), vec![0; height * width]),
        |(augmenter, of_no_class), (i, (pixels, &position))| {
            let position = position as usize;
            let mut rng = random(images.index(position));
            if i < known {
                let label = images.label(position);
                return augmenter.augment(images.image(position), Some(label), &mut rng, pixels);
            }
            // At most half of the images are of no class, so there is one before this.
            let pair = [position, positions[i - 1] as usize].map(|position| images.image(position));
            outlier(pair, [height, width], &mut rng, of_no_class);
            // Otherwise the network would tell them by their sharp edges, and take sharp digits for them.
            augmenter.augment(of_no_class, None, &mut rng, pixels);
        },
    );
    (input::to_input(&pixels, n, height, width, device), labels)
}

#[cfg(test)]
#[cfg(feature = "ndarray")]
mod tests {
    use std::path::Path;

    use dataset::{Augmentation, Name, load};
    use model::device::{Backend, open};

    use super::*;
    use crate::random::augmentation_generator;

    /// The pixels of a batch as bits, image by image, and its labels.
    fn bits(augmentation: &Augmentation, positions: &[u32], epoch: usize) -> (Vec<Vec<u32>>, Vec<u8>) {
        let train = load::load_train(Name::SAMPLE, Path::new("")).unwrap().augmented(augmentation.clone());
        let device = open(Some(Backend::Ndarray)).unwrap().device;
        let random = |index| augmentation_generator(1, epoch, index);
        let (images, labels) = batch(&train, positions, random, &device);
        assert_eq!(images.dims(), [positions.len(), 1, 28, 28]);
        let values: Vec<f32> = images.into_data().try_to_vec().unwrap();
        (
            values.chunks(784).map(|image| image.iter().map(|value| value.to_bits()).collect()).collect(),
            labels,
        )
    }

    fn turned() -> Augmentation {
        Augmentation { rotation: 30.0, elastic: 0.05, ..Augmentation::default() }
    }

    #[test]
    fn an_image_is_changed_alike_in_every_order_and_by_any_number_of_threads() {
        let positions: Vec<u32> = (0..64).map(|i| i * 7).collect();
        let (images, labels) = bits(&turned(), &positions, 1);
        let backwards: Vec<u32> = positions.iter().rev().copied().collect();
        for threads in [1, 2, 5] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let (mut other, mut other_labels) = pool.install(|| bits(&turned(), &backwards, 1));
            other.reverse();
            other_labels.reverse();
            assert_eq!((&other, &other_labels), (&images, &labels), "{threads}");
        }
    }

    #[test]
    fn each_epoch_and_each_position_has_changes_of_its_own() {
        let (first, _) = bits(&turned(), &[5, 6], 1);
        let (second, _) = bits(&turned(), &[5, 6], 2);
        assert!(first[0] != second[0] && first[1] != second[1]);
        let off = bits(&Augmentation::default(), &[5, 6], 1).0;
        assert!(first[0] != off[0] && first[1] != off[1]);
        // The same pixels at two positions: a line of ink, which is turned by different angles.
        let draw = |index| augmentation_generator(1, 1, index);
        assert_ne!(rand::Rng::next_u64(&mut draw(5)), rand::Rng::next_u64(&mut draw(6)));
    }

    #[test]
    fn without_augmentation_images_enter_as_they_are() {
        let train = load::load_train(Name::SAMPLE, Path::new("")).unwrap();
        let (images, labels) = bits(&Augmentation::default(), &[3], 1);
        let expected: Vec<u32> =
            train.subset().image(3).iter().map(|&pixel| (f32::from(pixel) / 255.0).to_bits()).collect();
        assert_eq!((images, labels), (vec![expected], vec![train.subset().label(3)]));
    }

    #[test]
    fn the_last_images_may_be_of_no_class_and_have_no_label() {
        let positions: Vec<u32> = (0..9).collect();
        let with = Augmentation { outliers: 0.25, ..Augmentation::default() };
        let (images, labels) = bits(&with, &positions, 1);
        let (plain, all_labels) = bits(&Augmentation::default(), &positions, 1);
        assert_eq!((images.len(), labels.as_slice()), (9, &all_labels[..7]));
        assert_eq!(images[..7], plain[..7]);
        assert!(images[7] != plain[7] && images[8] != plain[8]);
        // They are drawn anew in each epoch, and alike in each process.
        assert_ne!(bits(&with, &positions, 2).0[7..], images[7..]);
        assert_eq!(bits(&with, &positions, 1).0, images);
        assert_eq!(bits(&with, &positions[..1], 1).1.len(), 1);
    }
}
