//! From pixels to network input, in one place for training, testing and serving.

use burn::tensor::{Device, Tensor, TensorData};

/// Turns grey pixels (0 is background, 255 is ink) into a batch of maps in `[0, 1]`.
///
/// `pixels` holds `n` pictures of `height` x `width`, row by row; the result is
/// `[n, 1, height, width]`. Background stays exactly zero, as the zeros of SAME padding are.
///
/// # Panics
/// If `pixels` does not hold `n * height * width` values: a caller's mistake, never data's.
pub fn to_input(pixels: &[u8], n: usize, height: usize, width: usize, device: &Device) -> Tensor<4> {
    assert_eq!(pixels.len(), n * height * width, "a batch of {n} pictures of {height}x{width}");
    let scaled: Vec<f32> = pixels.iter().map(|&p| f32::from(p) / 255.0).collect();
    Tensor::from_data(TensorData::new(scaled, [n, 1, height, width]), device)
}
