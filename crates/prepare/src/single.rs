//! An image that shows one digit, as the network's input.

mod choose;

use crate::prepared::in_the_middle;
use crate::{Bounds, GreyImage, Prepared, digit, find_ink};

/// How far the longer side of a digit may be from MNIST's, as a share of the image's side: 2 of 28 pixels. MNIST's own
/// are off by 1 at most.
const SIZE_TOLERANCE: f32 = 2.01 / 28.0;
/// How far a centre of mass may be from MNIST's, as a share of the image's side: 1 of 28 pixels. MNIST's own are off by
/// half a pixel at most.
const CENTRE_TOLERANCE: f32 = 1.0 / 28.0;

/// The one digit that an image shows, as `[height, width]` pixels; none if the image has no ink.
///
/// An image that [is prepared](is_prepared) stays as it is.
pub fn single(image: &GreyImage, [height, width]: [usize; 2]) -> Option<Prepared> {
    if is_prepared(image, [height, width]) {
        let pixels = image.pixels().to_vec();
        let bounds = Bounds { top: 0, left: 0, height, width };
        return Some(Prepared { pixels, bounds, inverted: false });
    }
    let ink = find_ink(image)?;
    let part = choose::digit_of(&ink)?;
    let size = height.min(width);
    let square = digit::digit(&ink, &part, size);
    let pixels = in_the_middle(&square, size, [height, width]);
    Some(Prepared { pixels, bounds: ink.original(&part.bounds), inverted: !ink.is_light() })
}

/// Whether an image already is what the network takes, as MNIST's images are: of the network's size, the median of its
/// outermost pixels 0, the longer side of what is not 0 about 20 of 28 pixels, its centre of mass about in the middle.
///
/// All 70,000 images of MNIST are. A digit that was shifted, or drawn smaller or larger, is not.
pub fn is_prepared(image: &GreyImage, [height, width]: [usize; 2]) -> bool {
    if image.height() != height || image.width() != width || image.frame_median() > 0 {
        return false;
    }
    let Some(Extent { bounds, centre }) = extent(image) else { return false };
    let side = height.min(width) as f32;
    let long = bounds.height.max(bounds.width) as f32;
    let off = |centre: f32, length: usize| (centre - digit::centre(length)).abs();
    (long - side * digit::BOX).abs() <= SIZE_TOLERANCE * side
        && off(centre[0], height) <= CENTRE_TOLERANCE * side
        && off(centre[1], width) <= CENTRE_TOLERANCE * side
}

/// Where the pixels that are not 0 lie.
struct Extent {
    bounds: Bounds,
    /// `[row, column]` of the centre of mass, measured from the outer edge of the first pixels.
    centre: [f32; 2],
}

/// The extent of an image on a ground of 0; none if all is 0.
fn extent(image: &GreyImage) -> Option<Extent> {
    let mut bounds: Option<Bounds> = None;
    let (mut mass, mut row_mass, mut column_mass) = (0.0, 0.0, 0.0);
    for (at, &level) in image.pixels().iter().enumerate().filter(|(_, level)| **level > 0) {
        let pixel = Bounds { top: at / image.width(), left: at % image.width(), height: 1, width: 1 };
        bounds = Some(bounds.map_or(pixel, |bounds| bounds.union(&pixel)));
        let level = f32::from(level);
        mass += level;
        row_mass += level * (pixel.top as f32 + 0.5);
        column_mass += level * (pixel.left as f32 + 0.5);
    }
    Some(Extent { bounds: bounds?, centre: [row_mass / mass, column_mass / mass] })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An image of 28x28 with a bar of 20 by 4 pixels, its first pixel at this place.
    fn bar(top: usize, left: usize) -> GreyImage {
        let mut pixels = vec![0; 784];
        (top..top + 20).for_each(|row| pixels[row * 28 + left..][..4].fill(255));
        GreyImage::new(28, 28, pixels).unwrap()
    }

    #[test]
    fn an_image_like_those_of_mnist_stays_as_it_is() {
        let image = bar(4, 12);
        assert!(is_prepared(&image, [28, 28]) && !is_prepared(&image, [32, 32]));
        assert_eq!(single(&image, [28, 28]).map(|prepared| prepared.pixels), Some(image.pixels().to_vec()));
    }

    #[test]
    fn a_shifted_or_blank_image_is_not_prepared() {
        assert!(!is_prepared(&bar(7, 12), [28, 28]) && !is_prepared(&bar(4, 20), [28, 28]));
        assert!(!is_prepared(&GreyImage::new(28, 28, vec![0; 784]).unwrap(), [28, 28]));
        let shifted = single(&bar(7, 20), [28, 28]).unwrap();
        assert!(is_prepared(&GreyImage::new(28, 28, shifted.pixels).unwrap(), [28, 28]));
        assert_eq!(shifted.bounds, Bounds { top: 7, left: 20, height: 20, width: 4 });
    }
}
