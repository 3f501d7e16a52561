//! Affine maps around the image's centre: shear, scale, rotate, translate.

use rand::{Rng, RngExt};

use super::plane::Plane;

/// By how many radians upright lines lean.
const SHEAR: f64 = 0.4;
/// By what factor the image shrinks.
const SHRINKAGE: f64 = 1.0 / 0.7;
/// By how many radians the image is turned.
const ROTATION: f64 = 0.4;
/// By how many pixels the image moves along either axis.
const TRANSLATION: isize = 3;

/// Makes the image lean to one side, which also makes it 1.09 times as high.
///
/// In the benchmark's shear, which is that of scikit-image at the time, an upright line of the result
/// comes from a leaning line of the same length in the image. The leaning line is lower by the cosine of
/// the angle, and so the result is higher than the image.
pub(super) fn shear(image: &Plane, rng: &mut impl Rng) -> Plane {
    let (sin, cos) = (either_sign(rng) * SHEAR).sin_cos();
    warp(image, [[1.0, -sin], [0.0, cos]])
}

/// Makes the image smaller.
pub(super) fn scale(image: &Plane) -> Plane {
    warp(image, [[SHRINKAGE, 0.0], [0.0, SHRINKAGE]])
}

/// Turns the image clockwise or the other way.
pub(super) fn rotate(image: &Plane, rng: &mut impl Rng) -> Plane {
    let (sin, cos) = (either_sign(rng) * ROTATION).sin_cos();
    warp(image, [[cos, -sin], [sin, cos]])
}

/// Moves the image along one of the four diagonals. Ink that leaves the image is lost.
pub(super) fn translate(image: &Plane, rng: &mut impl Rng) -> Plane {
    let mut step = || if rng.random() { TRANSLATION } else { -TRANSLATION };
    let (right, down) = (step(), step());
    image.tabulate(|row, column| image.get_or_background(row as isize - down, column as isize - right))
}

fn either_sign(rng: &mut impl Rng) -> f64 {
    if rng.random() { 1.0 } else { -1.0 }
}

/// Maps the image by a matrix around its centre. The new pixel at `(x, y)`, counted from the centre, is
/// the value of the image at `from * (x, y)`, interpolated between four pixels. Outside of the image
/// there is background.
fn warp(image: &Plane, from: [[f64; 2]; 2]) -> Plane {
    let centre = |size: usize| (size as f64 - 1.0) / 2.0;
    let (middle_x, middle_y) = (centre(image.width), centre(image.height));
    image.tabulate(|row, column| {
        let (x, y) = (column as f64 - middle_x, row as f64 - middle_y);
        let [x, y] = from.map(|[along_x, along_y]| along_x * x + along_y * y);
        bilinear(image, y + middle_y, x + middle_x)
    })
}

/// The value at a place between pixels: the mean of the four around it, weighted by their nearness.
fn bilinear(image: &Plane, row: f64, column: f64) -> f32 {
    let (top, left) = (row.floor(), column.floor());
    let (below, beside) = ((row - top) as f32, (column - left) as f32);
    let (top, left) = (top as isize, left as isize);
    let at = |down, right| image.get_or_background(top + down, left + right);
    let upper = at(0, 0) * (1.0 - beside) + at(0, 1) * beside;
    let lower = at(1, 0) * (1.0 - beside) + at(1, 1) * beside;
    upper * (1.0 - below) + lower * below
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand::rngs::ChaCha8Rng;

    use super::*;

    fn rng(seed: u64) -> ChaCha8Rng {
        ChaCha8Rng::seed_from_u64(seed)
    }

    /// An upright bar of 14x4 pixels in the middle of 28x28.
    fn bar() -> Plane {
        let blank = Plane::from_pixels(&[0; 784], 28, 28);
        blank
            .tabulate(|row, column| f32::from(u8::from((7..21).contains(&row) && (12..16).contains(&column))))
    }

    /// The mass, the centre `(x, y)`, and the central second moments `xx, xy, yy`.
    fn moments(plane: &Plane) -> (f64, [f64; 2], [f64; 3]) {
        let mean = |of: &dyn Fn(f64, f64) -> f64| -> f64 {
            let place = |i: usize| ((i % plane.width) as f64, (i / plane.width) as f64);
            plane.values.iter().enumerate().map(|(i, ink)| f64::from(*ink) * of(place(i).0, place(i).1)).sum()
        };
        let mass = mean(&|_, _| 1.0);
        let (x0, y0) = (mean(&|x, _| x) / mass, mean(&|_, y| y) / mass);
        let xx = mean(&|x, _| (x - x0) * (x - x0)) / mass;
        let xy = mean(&|x, y| (x - x0) * (y - y0)) / mass;
        let yy = mean(&|_, y| (y - y0) * (y - y0)) / mass;
        (mass, [x0, y0], [xx, xy, yy])
    }

    #[track_caller]
    fn assert_near(found: f64, expected: f64, tolerance: f64) {
        assert!((found - expected).abs() <= tolerance, "{found}, expected {expected} +- {tolerance}");
    }

    /// The bar as 20 generators map it.
    fn drawn(map: impl Fn(&Plane, &mut ChaCha8Rng) -> Plane) -> impl Iterator<Item = Plane> {
        (0..20).map(move |seed| map(&bar(), &mut rng(seed)))
    }

    #[test]
    fn translation_moves_the_centre_of_mass_by_three_pixels_to_all_four_sides() {
        let mut seen = Vec::new();
        for moved in drawn(translate) {
            let (mass, [x, y], second) = moments(&moved);
            assert_eq!((mass, second), (moments(&bar()).0, moments(&bar()).2));
            assert_eq!([(x - 13.5).abs(), (y - 13.5).abs()], [3.0, 3.0]);
            seen.push((x > 13.5, y > 13.5));
        }
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), 4);
    }

    #[test]
    fn rotation_keeps_the_mass_and_turns_the_principal_axis_by_two_fifths_of_a_radian() {
        let mut turns = Vec::new();
        for turned in drawn(rotate) {
            let (mass, centre, [xx, xy, yy]) = moments(&turned);
            assert_near(mass, 56.0, 0.5);
            assert_near(centre[0], 13.5, 1e-4);
            assert_near(centre[1], 13.5, 1e-4);
            // The angle between the long axis and an upright line.
            let angle = 0.5 * (2.0 * xy).atan2(yy - xx);
            assert_near(angle.abs(), 0.4, 0.01);
            turns.push(angle > 0.0);
        }
        assert!(turns.contains(&true) && turns.contains(&false));
    }

    #[test]
    fn scale_shrinks_lengths_by_its_factor_and_the_mass_by_its_square() {
        let (mass, centre, [xx, _, yy]) = moments(&scale(&bar()));
        let (whole, _, [_, _, before]) = moments(&bar());
        assert_near(mass / whole, 0.49, 0.02);
        assert_near(centre[0], 13.5, 1e-4);
        assert_near((yy / before).sqrt(), 0.7, 0.02);
        assert!(xx < yy);
    }

    #[test]
    fn shear_moves_rows_in_proportion_to_their_height() {
        let mut sides = Vec::new();
        for leaning in drawn(shear) {
            let centre = |row: usize| {
                let weighted: f64 =
                    leaning.row(row).iter().enumerate().map(|(x, ink)| x as f64 * f64::from(*ink)).sum();
                weighted / leaning.row(row).iter().map(|ink| f64::from(*ink)).sum::<f64>()
            };
            // The bar moves by sin(0.4) = 0.3894 pixels from row to row.
            let side = (centre(14) - centre(13)).signum();
            for row in 7..21 {
                assert_near(centre(row) - 13.5, side * 0.3894 * (row as f64 - 13.5), 1e-3);
            }
            // The bar is higher by 1 / cos(0.4) = 1.0857 and as wide as before along a row.
            assert_near(moments(&leaning).0, 56.0 * 1.0857, 0.5);
            sides.push(side > 0.0);
        }
        assert!(sides.contains(&true) && sides.contains(&false));
    }

    #[test]
    fn a_image_stays_as_it_is_under_the_identity() {
        assert_eq!(warp(&bar(), [[1.0, 0.0], [0.0, 1.0]]), bar());
    }

    #[test]
    fn between_four_pixels_is_their_weighted_mean() {
        let four = Plane::from_pixels(&[0, 255, 51, 102], 2, 2);
        assert_near(f64::from(bilinear(&four, 0.25, 0.5)), 0.75 * 0.5 + 0.25 * 0.3, 1e-6);
        assert_near(f64::from(bilinear(&four, -0.5, 1.0)), 0.5, 1e-6);
        assert_near(f64::from(bilinear(&four, 1.5, 1.5)), 0.25 * 0.4, 1e-6);
    }
}
