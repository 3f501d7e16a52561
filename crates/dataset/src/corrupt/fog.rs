//! Fog: a plasma fractal over the image, made by the diamond-square algorithm.
//!
//! Fournier, Fussell and Carpenter, "Computer rendering of stochastic models", 1982.

use rand::{Rng, RngExt};

use super::plane::Plane;

/// The density of the fog, in units of full ink.
const DENSITY: f32 = 3.0;
/// The randomness is divided by this from level to finer level. The benchmark divides both the range of
/// the random number and its factor by 1.4.
const DECAY: f32 = 1.4 * 1.4;
/// Pixels between the points of the coarse map.
const SPACING: usize = 8;
/// Points of the coarse map along either axis. They span 256 pixels, the size of the benchmark's cloud.
const COARSE: usize = 32;
/// Pixels of fog around the image, so that refining does not bring one edge into the other.
const MARGIN: usize = 2 * SPACING;

/// Adds fog, and lowers the contrast so that the brightest ink would be as bright as before under the
/// densest fog.
pub(super) fn fog(image: &Plane, rng: &mut impl Rng) -> Plane {
    let fog = plasma(image.height, image.width, rng);
    let brightest = image.values.iter().copied().fold(0.0, f32::max);
    let contrast = brightest / (brightest + DENSITY);
    image.tabulate(|row, column| (image.get(row, column) + DENSITY * fog.get(row, column)) * contrast)
}

/// A corner `[height, width]` of a cloud of 256x256 pixels, with values from 0 to 1.
///
/// The benchmark makes the whole cloud, scales its range to 0 to 1, and uses a corner. Here only the
/// corner is made in full, and of the rest of the cloud every eighth pixel along either axis. The range
/// of these is scaled to 0 to 1; it is slightly smaller than that of the whole cloud.
fn plasma(height: usize, width: usize, rng: &mut impl Rng) -> Plane {
    let mut coarse = blank(COARSE, COARSE);
    let mut randomness = 1.0;
    refine(&mut coarse, COARSE, &mut randomness, rng);

    let around = |size: usize| (size + 2 * MARGIN).next_multiple_of(SPACING);
    let mut fine = blank(around(height), around(width));
    for row in (0..fine.height).step_by(SPACING) {
        for column in (0..fine.width).step_by(SPACING) {
            let of_coarse = |place: usize| (place / SPACING + COARSE - MARGIN / SPACING) % COARSE;
            fine.values[row * fine.width + column] = coarse.get(of_coarse(row), of_coarse(column));
        }
    }
    refine(&mut fine, SPACING, &mut randomness, rng);

    let corner = blank(height, width).tabulate(|row, column| fine.get(row + MARGIN, column + MARGIN));
    let all = || coarse.values.iter().chain(&corner.values).copied();
    let (lowest, highest) = (all().fold(f32::INFINITY, f32::min), all().fold(f32::NEG_INFINITY, f32::max));
    corner.map(|value| (value - lowest) / (highest - lowest))
}

fn blank(height: usize, width: usize) -> Plane {
    Plane { height, width, values: vec![0.0; height * width] }
}

/// Fills in all points between those that are `step` apart, halving the step until it is 1.
///
/// Beyond an edge, the map continues at the opposite edge. Both its sizes must be multiples of `step`.
fn refine(map: &mut Plane, mut step: usize, randomness: &mut f32, rng: &mut impl Rng) {
    while step >= 2 {
        let half = step / 2;
        let mut random = || rng.random_range(-*randomness..*randomness);
        // The centre of each square becomes the mean of the four corners, and a random number.
        for row in (half..map.height).step_by(step) {
            for column in (half..map.width).step_by(step) {
                let (below, beside) = ((row + half) % map.height, (column + half) % map.width);
                let (above, left) = (row - half, column - half);
                let sum = map.get(above, left)
                    + map.get(above, beside)
                    + map.get(below, left)
                    + map.get(below, beside);
                map.values[row * map.width + column] = sum / 4.0 + random();
            }
        }
        // The centre of each diamond, which is the middle of a square's side, becomes the mean of the four
        // tips, and a random number.
        for row in (0..map.height).step_by(half) {
            let first = if row % step == 0 { half } else { 0 };
            for column in (first..map.width).step_by(step) {
                let (below, beside) = ((row + half) % map.height, (column + half) % map.width);
                let above = (row + map.height - half) % map.height;
                let left = (column + map.width - half) % map.width;
                let sum = map.get(above, column)
                    + map.get(below, column)
                    + map.get(row, left)
                    + map.get(row, beside);
                map.values[row * map.width + column] = sum / 4.0 + random();
            }
        }
        *randomness /= DECAY;
        step = half;
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand::rngs::ChaCha8Rng;

    use super::*;

    fn rng(seed: u64) -> ChaCha8Rng {
        ChaCha8Rng::seed_from_u64(seed)
    }

    /// A block of ink in the middle of 28x28.
    fn block() -> Plane {
        blank(28, 28).tabulate(|row, column| {
            f32::from(u8::from((12..16).contains(&row) && (12..16).contains(&column)))
        })
    }

    #[test]
    fn background_becomes_bright_and_ink_a_quarter_brighter_than_it() {
        let mut background = 0.0;
        for seed in 0..200 {
            let foggy = fog(&block(), &mut rng(seed));
            let without = fog(&blank(28, 28).map(|_| 1.0), &mut rng(seed)).map(|value| value - 0.25);
            for (i, ink) in block().values.into_iter().enumerate() {
                assert!((foggy.values[i] - without.values[i] - 0.25 * ink).abs() < 1e-5);
                assert!((-1e-5..=0.75 + 1e-5).contains(&without.values[i]), "{}", without.values[i]);
            }
            background += without.values.iter().sum::<f32>() / 784.0 / 200.0;
        }
        // The background is 0.75 of the corner's mean, which was 0.479 +- 0.014 in 150 whole clouds.
        assert!((background / 0.75 - 0.479).abs() < 0.05, "{background}");
    }

    #[test]
    fn a_blank_image_stays_blank() {
        // As in the benchmark, the contrast is 0 if there is no ink.
        assert_eq!(fog(&blank(28, 28), &mut rng(1)).to_pixels(), [0; 784]);
    }

    #[test]
    fn the_corner_varies_less_than_the_cloud_and_less_from_pixel_to_pixel() {
        let (mut ranges, mut steps) = (0.0, 0.0);
        for seed in 0..100 {
            let corner = plasma(28, 28, &mut rng(seed));
            let bounds = |fold: fn(f32, f32) -> f32, from| corner.values.iter().copied().fold(from, fold);
            ranges += (bounds(f32::max, 0.0) - bounds(f32::min, 1.0)) / 100.0;
            let beside = |i: usize| (corner.values[i] - corner.values[i + 1]).abs();
            steps += (0..783).filter(|i| i % 28 != 27).map(beside).sum::<f32>() / 756.0 / 100.0;
        }
        // 150 whole clouds, made like the benchmark's, gave 0.298 +- 0.009 and 0.0083 +- 0.0002.
        assert!((ranges - 0.298).abs() < 0.03, "{ranges}");
        assert!((steps - 0.0083).abs() < 0.0008, "{steps}");
    }

    #[test]
    fn refining_sets_every_point_once_from_its_four_neighbours() {
        // With hardly any randomness, a map of equal points stays equal only if every point is set.
        let mut map = blank(16, 32);
        for i in [0, 8, 16, 24] {
            (map.values[i], map.values[8 * 32 + i]) = (1.0, 1.0);
        }
        refine(&mut map, 8, &mut 1e-6, &mut rng(1));
        assert!(map.values.iter().all(|value| (value - 1.0).abs() < 1e-4), "{map:?}");
    }
}
