//! From pixels to the network's input. Training, testing and the commands share this one way.

use burn::tensor::{Device, Tensor};

/// Turns grey pixels (0 is background, 255 is ink) into a batch of inputs in `[0, 1]`.
///
/// `pixels` holds `n` images of `height` x `width`, row by row; the result is
/// `[n, 1, height, width]`. Background stays exactly zero, as the zeros of SAME padding are.
///
/// # Panics
/// If `pixels` does not hold `n * height * width` values. That is a mistake of the caller, never of the data.
pub fn to_input(pixels: &[u8], n: usize, height: usize, width: usize, device: &Device) -> Tensor<4> {
    assert_eq!(pixels.len(), n * height * width, "a batch of {n} images of {height}x{width}");
    to_inputs(&[pixels], n, height, width, device)
}

/// The same as [`to_input`] for images that lie in several places: `pixels` holds some of the `n` images in each
/// slice, such as one. They are gathered and scaled in one pass.
///
/// # Panics
/// If `pixels` do not hold `n * height * width` values together.
pub fn to_inputs(pixels: &[&[u8]], n: usize, height: usize, width: usize, device: &Device) -> Tensor<4> {
    let mut scaled = Vec::with_capacity(n * height * width);
    for pixels in pixels {
        scaled.extend(pixels.iter().map(|&pixel| f32::from(pixel) / 255.0));
    }
    ops::from_values(scaled, [n, 1, height, width], device)
}

#[cfg(test)]
#[cfg(feature = "ndarray")]
mod tests {
    use burn::tensor::TensorData;

    use super::*;
    use crate::device::{Backend, open};

    fn cpu() -> Device {
        open(Some(Backend::Ndarray)).unwrap().device
    }

    #[test]
    fn each_image_keeps_its_rows_and_the_ends_of_the_scale_are_exact() {
        let pixels = [0, 255, 51, 0, 0, 102, 255, 255, 0, 0, 0, 204];
        let input = to_input(&pixels, 2, 2, 3, &cpu()).into_data();
        let first: [[[f32; 3]; 2]; 1] = [[[0.0, 1.0, 51.0 / 255.0], [0.0, 0.0, 102.0 / 255.0]]];
        let second = [[[1.0, 1.0, 0.0], [0.0, 0.0, 204.0 / 255.0]]];
        assert_eq!(input, TensorData::from([first, second]));
    }

    #[test]
    fn images_in_several_places_are_one_batch() {
        let pixels: Vec<u8> = (0..=255).collect();
        let whole = to_input(&pixels, 4, 8, 8, &cpu()).into_data();
        let images = pixels.chunks(64).collect::<Vec<_>>();
        assert_eq!(to_inputs(&images, 4, 8, 8, &cpu().autodiff()).into_data(), whole);
    }

    #[test]
    #[should_panic(expected = "a batch of 2 images of 2x3")]
    fn a_batch_of_another_size_is_a_mistake() {
        to_input(&[0; 11], 2, 2, 3, &cpu());
    }
}
