//! Blur as by frosted glass, and by a moving hand.

use rand::{Rng, RngExt};

use super::plane::{Plane, gaussian, normalized};

/// Standard deviation in pixels of the Gaussian before and after the exchanges.
const GLASS_SIGMA: f64 = 0.7;
/// How many times every pixel gets its turn to be exchanged.
const GLASS_PASSES: usize = 2;
/// ImageMagick's radius of the blur: the line has twice as many places, and one more.
const MOTION_RADIUS: usize = 10;
/// Standard deviation in pixels of the Gaussian along the line.
const MOTION_SIGMA: f64 = 3.0;

/// Frosted glass: smooths the image, exchanges neighbours at random, and smooths again.
///
/// The benchmark's call of scikit-image takes the columns for colours, and so it smooths up and down
/// only. This does the same, so that the images are as hard to read.
pub(super) fn glass(image: &Plane, rng: &mut impl Rng) -> Plane {
    let mut glass = image.gaussian_along_columns(GLASS_SIGMA);
    for _ in 0..GLASS_PASSES {
        exchange_neighbours(&mut glass, rng);
    }
    glass.gaussian_along_columns(GLASS_SIGMA)
}

/// Goes from the last pixel to the first, and exchanges each with a probability of one half. Its
/// partner is one of the four pixels that are at most one row above and one column to the left, among
/// which is the pixel itself. As in the benchmark, pixels of the first two rows and columns are only
/// partners.
fn exchange_neighbours(glass: &mut Plane, rng: &mut impl Rng) {
    for row in (2..glass.height).rev() {
        for column in (2..glass.width).rev() {
            if rng.random() {
                let (up, left): (bool, bool) = rng.random();
                let here = row * glass.width + column;
                glass.values.swap(here, here - usize::from(up) * glass.width - usize::from(left));
            }
        }
    }
}

/// A moving hand: each pixel becomes the mean of the pixels along a line that begins at it, with the
/// weights of half a Gaussian. The line points to the right, by at most 45 degrees up or down.
///
/// This follows `MotionBlurImage` of ImageMagick, which the benchmark calls. The line has
/// `2 * MOTION_RADIUS + 1` places, and the pixel with the nearest row and column is taken for each.
/// Beyond the edge, the outermost pixels are repeated.
pub(super) fn motion(image: &Plane, rng: &mut impl Rng) -> Plane {
    let angle = rng.random_range(-45.0_f64..45.0).to_radians();
    let weights = normalized((0..=2 * MOTION_RADIUS).map(|i| gaussian(i as f64, MOTION_SIGMA)));
    let along = |i: usize, component: f64| (i as f64 * component - 0.5).ceil() as isize;
    let mut blurred = image.map(|_| 0.0);
    for (i, weight) in weights.iter().enumerate() {
        let (down, right) = (along(i, angle.sin()), along(i, angle.cos()));
        let shifted =
            image.tabulate(|row, column| image.get_or_nearest(row as isize + down, column as isize + right));
        for (sum, value) in blurred.values.iter_mut().zip(&shifted.values) {
            *sum += weight * value;
        }
    }
    blurred
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand::rngs::ChaCha8Rng;

    use super::*;

    fn rng(seed: u64) -> ChaCha8Rng {
        ChaCha8Rng::seed_from_u64(seed)
    }

    /// A block of 4x4 pixels of ink in the middle of 28x28.
    fn block() -> Plane {
        let blank = Plane::from_pixels(&[0; 784], 28, 28);
        blank.tabulate(|row, column| {
            f32::from(u8::from((12..16).contains(&row) && (12..16).contains(&column)))
        })
    }

    fn mass(plane: &Plane) -> f32 {
        plane.values.iter().sum()
    }

    fn maximum(plane: &Plane) -> f32 {
        plane.values.iter().copied().fold(0.0, f32::max)
    }

    #[test]
    fn blur_keeps_the_ink_and_lowers_its_maximum() {
        for seed in 0..20 {
            for blurred in [glass(&block(), &mut rng(seed)), motion(&block(), &mut rng(seed))] {
                assert!((mass(&blurred) - 16.0).abs() < 1e-3, "{}", mass(&blurred));
                assert!(maximum(&blurred) < 0.99, "{}", maximum(&blurred));
            }
        }
    }

    #[test]
    fn glass_scatters_ink_by_few_pixels() {
        let mut farthest = 0;
        for seed in 0..20 {
            let glass = glass(&block(), &mut rng(seed));
            for row in 0..28 {
                for column in (0..28).filter(|&column| glass.get(row, column) > 0.05) {
                    assert!((5..=22).contains(&row) && (5..=22).contains(&column), "{row} {column}");
                    farthest = farthest.max(column.abs_diff(14));
                }
            }
        }
        assert!(farthest > 2, "columns mix only where pixels are exchanged");
    }

    #[test]
    fn exchanges_move_pixels_and_lose_none() {
        let numbered = Plane::from_pixels(&(0..=255).collect::<Vec<u8>>(), 16, 16);
        let mut exchanged = numbered.clone();
        exchange_neighbours(&mut exchanged, &mut rng(1));
        let mut pixels = exchanged.to_pixels();
        // A pixel stays if no exchange moves it: half of the turns exchange nothing, and a quarter of the
        // exchanges are with the pixel itself.
        let stayed = pixels.iter().zip(0..=255).filter(|(found, before)| **found == *before).count();
        assert!((40..190).contains(&stayed), "{stayed}");
        pixels.sort_unstable();
        assert_eq!(pixels, numbered.to_pixels());
    }

    #[test]
    fn motion_smears_to_the_left_with_the_weights_of_half_a_gaussian() {
        let point = block().tabulate(|row, column| f32::from(u8::from((row, column) == (14, 25))));
        for seed in 0..20 {
            let smeared = motion(&point, &mut rng(seed));
            // The weight at distance 0: 1 over the sum of exp(-i^2 / 18), which is 4.26.
            assert!((smeared.get(14, 25) - 1.0 / 4.26).abs() < 1e-3, "{}", smeared.get(14, 25));
            assert!(smeared.row(14)[26..].iter().all(|&ink| ink == 0.0), "to the right");
            let left: f32 = (0..28).map(|row| smeared.row(row)[..25].iter().sum::<f32>()).sum();
            assert!(left > 0.6, "{left}");
        }
    }
}
