//! An image as a whole, as the network's input.

use crate::{
    Bounds, GreyImage, Prepared,
    sample::{self, Plane},
};

/// A whole image as `[height, width]` pixels: its aspect is kept, it lies in the middle, and what stays free takes the
/// median of the image's outermost pixels. Smaller by area averaging, larger by bilinear interpolation.
///
/// Light stays light and dark stays dark.
pub fn resize(image: &GreyImage, [height, width]: [usize; 2]) -> Prepared {
    let scale = (height as f64 / image.height() as f64).min(width as f64 / image.width() as f64);
    let side =
        |length: usize, limit: usize| ((length as f64 * scale).round() as usize).clamp(1, limit.max(1));
    let (to_height, to_width) = (side(image.height(), height), side(image.width(), width));
    let plane = sample::scale(image.pixels(), image.height(), image.width(), to_height, to_width);
    let pixels = padded(&plane, image.frame_median(), [height, width]);
    let bounds = Bounds { top: 0, left: 0, height: image.height(), width: image.width() };
    Prepared { pixels, bounds, inverted: false }
}

/// A plane in the middle of `[height, width]` pixels of one colour.
fn padded(plane: &Plane, colour: u8, [height, width]: [usize; 2]) -> Vec<u8> {
    let mut pixels = vec![colour; height * width];
    let (top, left) = ((height - plane.height) / 2, (width - plane.width) / 2);
    for (row, line) in plane.values.chunks_exact(plane.width).enumerate() {
        let out = &mut pixels[(top + row) * width + left..][..plane.width];
        out.iter_mut().zip(line).for_each(|(out, &value)| *out = value.round().clamp(0.0, 255.0) as u8);
    }
    pixels
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_aspect_is_kept_and_the_rest_takes_the_frames_colour() {
        let image = GreyImage::new(2, 4, vec![200, 200, 200, 200, 200, 200, 10, 10]).unwrap();
        let prepared = resize(&image, [4, 4]);
        assert_eq!(prepared.pixels[..4], [200; 4]);
        assert_eq!(prepared.pixels[4..8], [200; 4]);
        assert_eq!(prepared.pixels[8..12], [200, 200, 10, 10]);
        assert_eq!(prepared.pixels[12..], [200; 4]);
        assert_eq!(prepared.bounds, Bounds { top: 0, left: 0, height: 2, width: 4 });
        assert_eq!(resize(&image, [1, 2]).pixels, [200, 105]);
    }

    #[test]
    fn an_image_of_the_right_size_stays_as_it_is() {
        let image = GreyImage::new(3, 2, vec![1, 2, 3, 4, 5, 250]).unwrap();
        assert_eq!(resize(&image, [3, 2]).pixels, image.pixels());
    }

    #[test]
    fn a_larger_image_lies_between_the_pixels_of_the_small_one() {
        let image = GreyImage::new(1, 2, vec![0, 100]).unwrap();
        assert_eq!(resize(&image, [2, 4]).pixels, [0, 25, 75, 100, 0, 25, 75, 100]);
        assert_eq!(resize(&GreyImage::new(1, 1, vec![9]).unwrap(), [3, 3]).pixels, [9; 9]);
    }
}
