//! An image that shows one digit, as the network's input.

mod choose;

use crate::{Bounds, GreyImage, Prepared, digit, find_ink};

/// The one digit that an image shows, as `[height, width]` pixels; none if the image has no ink.
///
/// An image that [is prepared](is_prepared) stays as it is.
pub fn single(image: &GreyImage, [height, width]: [usize; 2]) -> Option<Prepared> {
    if is_prepared(image, [height, width]) {
        let pixels = image.pixels().to_vec();
        let bounds = Bounds { top: 0, left: 0, height, width };
        return pixels.iter().any(|&pixel| pixel > 0).then_some(Prepared { pixels, bounds });
    }
    let ink = find_ink(image)?;
    let part = choose::digit_of(&ink)?;
    let size = height.min(width);
    let square = digit(&ink, &part, size);
    Some(Prepared { pixels: middle(&square, size, [height, width]), bounds: ink.original(&part.bounds) })
}

/// Whether an image already is what the network takes: of its size, and the median of its outermost pixels 0.
pub fn is_prepared(image: &GreyImage, [height, width]: [usize; 2]) -> bool {
    image.height() == height && image.width() == width && image.frame_median() == 0
}

/// A square in the middle of `[height, width]` pixels of paper.
fn middle(square: &[u8], size: usize, [height, width]: [usize; 2]) -> Vec<u8> {
    let mut pixels = vec![0; height * width];
    let (top, left) = ((height - size) / 2, (width - size) / 2);
    for (row, line) in square.chunks_exact(size).enumerate() {
        pixels[(top + row) * width + left..][..size].copy_from_slice(line);
    }
    pixels
}
