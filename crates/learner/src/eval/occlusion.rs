//! Occlusion: how far the logits fall when a patch of the image is covered. This shows where in the image the
//! network finds its evidence for each class.

use burn::tensor::Device;
use model::{Cnn, input};

use crate::eval::predict::batch_size;

/// Number of images in a forward pass. An image of 28x28 pixels needs 785 (itself, and one for each place of
/// the patch), so it takes two passes.
const BATCH_SIZE: usize = 393;
/// The most places of the patch. On an image with more pixels, a larger patch moves by several pixels.
const MOST_PLACES: usize = 1024;

/// The falls of an image's logits, for each class and each place of the patch.
#[derive(Clone, Debug, PartialEq)]
pub struct Occlusion {
    /// Number of pixels of the image.
    pixels: usize,
    /// Side of the patch, in pixels.
    patch: usize,
    /// The logits of the image without a patch, `[classes]`.
    logits: Vec<f32>,
    /// `[classes, height, width]`
    falls: Vec<f32>,
}

impl Occlusion {
    /// The logits of the image without a patch, `[classes]`.
    pub fn logits(&self) -> &[f32] {
        &self.logits
    }

    /// Side of the patch, in pixels: an odd number.
    pub fn patch(&self) -> usize {
        self.patch
    }

    /// The falls of one class's logit, `[height, width]`. The value at row `y` and column `x` belongs to the
    /// patch whose centre is there. If it is above zero, the covered pixels were evidence for the class; if
    /// it is below zero, they were evidence against it.
    ///
    /// # Panics
    /// If `class` is not below the number of classes.
    pub fn falls(&self, class: usize) -> &[f32] {
        &self.falls[class * self.pixels..(class + 1) * self.pixels]
    }
}

/// Covers an image `[height, width]` with a patch that is centred on each pixel in turn, and runs the network
/// on each covered image. `model` must be on `device`, without autodiff.
///
/// The patch has `patch` x `patch` pixels; an even `patch` is taken for the next odd number. The part of a
/// patch that lies beyond the image's border is cut off. On an image of more than 1,024 pixels the patch moves by several
/// pixels and is as many times larger, and the pixels between two places have the value of one of them.
///
/// The method is that of Zeiler and Fergus 2014, *Visualizing and Understanding Convolutional Networks*,
/// section 4.2, with two differences. Their patch is grey. This one is background (zero), because grey would
/// add ink to places that had none. They plot the probability of the label. These values are logits, because
/// the probability of a class that the network is sure of hardly changes.
///
/// # Panics
/// If `image` does not hold `height * width` pixels. This is a mistake of the caller and not of the data.
pub fn occlude(
    model: &Cnn,
    image: &[u8],
    [height, width]: [usize; 2],
    patch: usize,
    device: &Device,
) -> Occlusion {
    let pixels = height * width;
    assert_eq!(image.len(), pixels, "an image of {height}x{width}");
    let step = (1..).find(|step| height.div_ceil(*step) * width.div_ceil(*step) <= MOST_PLACES).unwrap_or(1);
    let [rows, columns] = [height, width].map(|side| side.div_ceil(step));
    let reach = patch * step / 2;
    // The image without a patch, then one image for each place of the patch, row by row.
    let places = (0..rows * columns).map(|place| Some([place / columns, place % columns]));
    let all: Vec<Option<[usize; 2]>> = std::iter::once(None).chain(places).collect();
    let mut logits_of_all = Vec::new();
    for part in all.chunks(batch_size(&model.memory(), BATCH_SIZE)) {
        let mut batch = Vec::with_capacity(part.len() * pixels);
        for place in part {
            match place {
                None => batch.extend_from_slice(image),
                Some(place) => batch.extend(covered(image, width, place.map(|i| i * step + step / 2), reach)),
            }
        }
        let images = input::to_input(&batch, part.len(), height, width, device);
        logits_of_all.extend(model.forward(images).into_data().iter::<f32>());
    }
    // [1 + rows * columns, classes] -> [classes], [classes, height, width]
    let classes = logits_of_all.len() / all.len();
    let (whole, covered) = logits_of_all.split_at(classes);
    let place = |pixel: usize| pixel / width / step * columns + pixel % width / step;
    let falls = (0..classes).flat_map(|class| {
        (0..pixels).map(move |pixel| whole[class] - covered[place(pixel) * classes + class])
    });
    Occlusion { pixels, patch: 2 * reach + 1, logits: whole.to_vec(), falls: falls.collect() }
}

/// The image, in which the pixels within `reach` rows and columns of the centre are background.
fn covered(image: &[u8], width: usize, [y, x]: [usize; 2], reach: usize) -> impl Iterator<Item = u8> + '_ {
    image.iter().enumerate().map(move |(i, &pixel)| {
        let is_covered = (i / width).abs_diff(y) <= reach && (i % width).abs_diff(x) <= reach;
        if is_covered { 0 } else { pixel }
    })
}

#[cfg(test)]
mod tests {
    use model::device::{self, Backend};
    use network::config::UnitConfig;
    use network::{Architecture, ModelConfig, NamedTensors};

    use super::*;
    use crate::random::{Stream, generator};

    fn cpu() -> Device {
        let backend = Backend::COMPILED.iter().find(|backend| **backend != Backend::Wgpu);
        device::open(backend.copied()).unwrap().device
    }

    fn architecture(units: Vec<UnitConfig>, [height, width]: [usize; 2]) -> Architecture {
        let config = ModelConfig { units, ..ModelConfig::default() };
        Architecture::new(&config, [1, height, width], 3).unwrap()
    }

    fn with_first_weights(architecture: &Architecture) -> (Cnn, NamedTensors) {
        let weights = architecture.initial_tensors(&mut generator(1, Stream::Weights, 0, 0));
        (Cnn::new(architecture, &weights, &cpu()).unwrap(), weights)
    }

    /// Without hidden layers, a logit is a weighted sum of the pixels, and its fall is the sum over the
    /// patch.
    #[test]
    fn a_linear_networks_falls_are_the_patchs_share_of_the_sum() {
        let [height, width] = [5, 7];
        let (model, weights) = with_first_weights(&architecture(Vec::new(), [height, width]));
        let (_, weight) = weights.get("head.weight").unwrap();
        let image: Vec<u8> = (0..height * width).map(|i| (i * 37 % 256) as u8).collect();
        let found = occlude(&model, &image, [height, width], 3, &cpu());
        for class in 0..3 {
            for (i, &fall) in found.falls(class).iter().enumerate() {
                let [y, x] = [i / width, i % width];
                let mut by_hand = 0.0;
                for row in y.saturating_sub(1)..(y + 2).min(height) {
                    for column in x.saturating_sub(1)..(x + 2).min(width) {
                        let pixel = row * width + column;
                        by_hand += f32::from(image[pixel]) / 255.0 * weight[pixel * 3 + class];
                    }
                }
                assert!((fall - by_hand).abs() < 1e-5, "class {class} at {y}, {x}: {fall}, {by_hand}");
            }
        }
        assert!(found.falls(0).iter().any(|fall| fall.abs() > 0.1));
    }

    #[test]
    fn covering_background_changes_nothing_and_covering_ink_does() {
        let (model, _) = with_first_weights(&architecture(vec![UnitConfig::default()], [28, 28]));
        let mut image = vec![0; 28 * 28];
        image[10 * 28 + 20] = 255;
        let found = occlude(&model, &image, [28, 28], 5, &cpu());
        assert_eq!(found.logits().len(), 3);
        for class in 0..3 {
            for (i, fall) in found.falls(class).iter().enumerate() {
                let sees_ink = (8..=12).contains(&(i / 28)) && (18..=22).contains(&(i % 28));
                assert_eq!(*fall != 0.0, sees_ink, "class {class} at {i}: {fall}");
            }
        }
    }

    #[test]
    fn on_a_large_image_a_larger_patch_moves_by_several_pixels() {
        let [height, width] = [80, 39];
        let (model, weights) = with_first_weights(&architecture(Vec::new(), [height, width]));
        let (_, weight) = weights.get("head.weight").unwrap();
        let image = vec![255; height * width];
        let found = occlude(&model, &image, [height, width], 3, &cpu());
        assert_eq!((found.patch(), found.falls(2).len()), (7, height * width));
        // The place in the last column and in row 20 of 40: its centre is at row 41 and behind the last column.
        let mut by_hand = 0.0;
        for (row, column) in (38..45).flat_map(|row| (36..39).map(move |column| (row, column))) {
            by_hand += weight[(row * width + column) * 3 + 2];
        }
        for pixel in [40 * width + 38, 41 * width + 38] {
            let fall = found.falls(2)[pixel];
            assert!((fall - by_hand).abs() < 1e-4, "{fall}, {by_hand}");
        }
    }

    #[test]
    fn the_logits_are_those_of_the_image_and_an_even_patch_is_the_next_odd_one() {
        let (model, _) = with_first_weights(&architecture(vec![UnitConfig::default()], [9, 6]));
        let image: Vec<u8> = (0..54).map(|i| i * 4).collect();
        let found = occlude(&model, &image, [9, 6], 4, &cpu());
        let images = input::to_input(&image, 1, 9, 6, &cpu());
        assert_eq!(found.logits(), model.forward(images).into_data().as_slice::<f32>().unwrap());
        assert_eq!(found, occlude(&model, &image, [9, 6], 5, &cpu()));
        assert_ne!(found, occlude(&model, &image, [9, 6], 3, &cpu()));
    }
}
