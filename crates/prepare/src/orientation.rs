//! Turns an image as its camera was held, and makes a large one smaller.

use crate::grey_image::GreyImage;

impl GreyImage {
    /// The image upright, if EXIF says that it is stored as `orientation`: 1 is upright already, 2 mirrored, 3 upside
    /// down, 4 upside down and mirrored, 5 to 8 lie on a side. Any other number means nothing and is taken for 1.
    #[must_use]
    pub fn oriented(self, orientation: u8) -> Self {
        let [height, width] = [self.height(), self.width()];
        let pixels = self.pixels();
        // Where the pixel of row y and column x comes from.
        let from: fn([usize; 2], [usize; 2]) -> [usize; 2] = match orientation {
            2 => |[y, x], [_, right]| [y, right - x],
            3 => |[y, x], [bottom, right]| [bottom - y, right - x],
            4 => |[y, x], [bottom, _]| [bottom - y, x],
            5 => |[y, x], _| [x, y],
            6 => |[y, x], [bottom, _]| [bottom - x, y],
            7 => |[y, x], [bottom, right]| [bottom - x, right - y],
            8 => |[y, x], [_, right]| [x, right - y],
            _ => return self,
        };
        let [new_height, new_width] = if orientation >= 5 { [width, height] } else { [height, width] };
        let last = [height - 1, width - 1];
        let mut turned = Vec::with_capacity(pixels.len());
        for y in 0..new_height {
            turned.extend((0..new_width).map(|x| {
                let [y, x] = from([y, x], last);
                pixels[y * width + x]
            }));
        }
        // As many pixels as before, so this is an image.
        Self::new(new_height, new_width, turned).unwrap_or(self)
    }

    /// The image with a `factor`-th of its height and width, rounded up: each pixel is the mean of the square of pixels
    /// that it stands for. The squares at the right and at the bottom may be smaller.
    #[must_use]
    pub fn reduced(self, factor: usize) -> Self {
        if factor <= 1 {
            return self;
        }
        let [height, width] = [self.height().div_ceil(factor), self.width().div_ceil(factor)];
        let mut reduced = Vec::with_capacity(height * width);
        let mut sums = vec![0_u64; width];
        for rows in self.pixels().chunks(factor.saturating_mul(self.width())) {
            sums.fill(0);
            for row in rows.chunks(self.width()) {
                for (sum, square) in sums.iter_mut().zip(row.chunks(factor)) {
                    *sum += square.iter().map(|pixel| u64::from(*pixel)).sum::<u64>();
                }
            }
            let high = rows.len() / self.width();
            for (x, sum) in sums.iter().enumerate() {
                let count = (high * factor.min(self.width() - x * factor)) as u64;
                reduced.push(((sum + count / 2) / count) as u8);
            }
        }
        Self::new(height, width, reduced).unwrap_or(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An upright image of 2 x 3 pixels.
    const UPRIGHT: [u8; 6] = [1, 2, 3, 4, 5, 6];

    #[test]
    fn each_orientation_is_turned_upright() {
        let stored: [(u8, usize, [u8; 6]); 8] = [
            (1, 2, [1, 2, 3, 4, 5, 6]),
            (2, 2, [3, 2, 1, 6, 5, 4]),
            (3, 2, [6, 5, 4, 3, 2, 1]),
            (4, 2, [4, 5, 6, 1, 2, 3]),
            // Row 0 is the upright image's left side, column 0 its top.
            (5, 3, [1, 4, 2, 5, 3, 6]),
            // Row 0 is the right side, column 0 the top.
            (6, 3, [3, 6, 2, 5, 1, 4]),
            // Row 0 is the right side, column 0 the bottom.
            (7, 3, [6, 3, 5, 2, 4, 1]),
            // Row 0 is the left side, column 0 the bottom.
            (8, 3, [4, 1, 5, 2, 6, 3]),
        ];
        for (orientation, height, pixels) in stored {
            let image = GreyImage::new(height, 6 / height, pixels.to_vec()).unwrap().oriented(orientation);
            assert_eq!((image.height(), image.pixels()), (2, &UPRIGHT[..]), "orientation {orientation}");
        }
    }

    #[test]
    fn an_orientation_that_means_nothing_changes_nothing() {
        let image = GreyImage::new(2, 3, UPRIGHT.to_vec()).unwrap();
        for orientation in [0, 9, 255] {
            assert_eq!(image.clone().oriented(orientation), image);
        }
    }

    #[test]
    fn a_reduced_pixel_is_the_mean_of_its_square() {
        let image = GreyImage::new(3, 3, vec![0, 4, 9, 8, 8, 11, 2, 3, 200]).unwrap();
        let reduced = image.clone().reduced(2);
        assert_eq!((reduced.height(), reduced.width(), reduced.pixels()), (2, 2, &[5, 10, 3, 200][..]));
        assert_eq!(image.clone().reduced(1), image);
        assert_eq!(image.reduced(usize::MAX).pixels(), [27]);
    }
}
