//! Changes of grey values: brightness, stripes and spatter.

use rand::{Rng, RngExt};

use super::plane::Plane;

/// What is added to each pixel; the range from background to full ink is 1.
const BRIGHTNESS: f32 = 0.5;
/// How many columns are inverted at either side.
const STRIPE: usize = 7;
/// The grey of the blots; the range from background to full ink is 1.
const MUD: f32 = 63.0 / 255.0;
/// Mud that is thinner than this is not drawn.
const THINNEST_MUD: f32 = 0.8;

/// Adds half of the range to each pixel, up to full ink.
pub(super) fn brightness(image: &Plane) -> Plane {
    image.map(|ink| (ink + BRIGHTNESS).min(1.0))
}

/// Inverts seven columns at the left and seven at the right: 0 to 6 and 21 to 27 of 28.
pub(super) fn stripe(image: &Plane) -> Plane {
    let inverted = |column: usize| column < STRIPE || column + STRIPE >= image.width;
    image.tabulate(|row, column| match image.get(row, column) {
        ink if inverted(column) => 1.0 - ink,
        ink => ink,
    })
}

/// Mud on the image: dark grey blots that hide the ink and the background below them.
///
/// Mud lies where smoothed noise is above its mean. The benchmark draws normally distributed noise. This
/// draws uniform noise around 0, which is nearly normal once it is smoothed, and only its sign matters.
pub(super) fn spatter(image: &Plane, rng: &mut impl Rng) -> Plane {
    let liquid = image.map(|_| rng.random_range(-1.0..1.0)).gaussian(1.0);
    let covered = liquid.map(|liquid| if liquid > 0.0 { 1.0 } else { 0.0 });
    let mud = covered.gaussian(1.5);
    image.tabulate(|row, column| match mud.get(row, column) {
        mud if mud >= THINNEST_MUD => image.get(row, column) * (1.0 - mud) + MUD * mud,
        _ => image.get(row, column),
    })
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand::rngs::ChaCha8Rng;

    use super::*;

    /// 28x28 pixels, each level at least three times.
    fn levels() -> Vec<u8> {
        (0..784).map(|i| (i % 256) as u8).collect()
    }

    #[test]
    fn brightness_adds_half_the_range_and_stops_at_full_ink() {
        let bright = brightness(&Plane::from_pixels(&levels(), 28, 28)).to_pixels();
        for (after, before) in bright.into_iter().zip(levels()) {
            let exact = (f64::from(before) + 127.5).min(255.0);
            assert!((f64::from(after) - exact).abs() <= 0.5, "{before} became {after}");
        }
    }

    #[test]
    fn stripe_inverts_exactly_seven_columns_at_either_side() {
        let striped = stripe(&Plane::from_pixels(&levels(), 28, 28)).to_pixels();
        for (i, (after, before)) in striped.into_iter().zip(levels()).enumerate() {
            let column = i % 28;
            let inverted = column <= 6 || column >= 21;
            assert_eq!(after, if inverted { 255 - before } else { before }, "column {column}");
        }
        let narrow = stripe(&Plane::from_pixels(&[0; 12], 2, 6)).to_pixels();
        assert_eq!(narrow, [255; 12]);
    }

    #[test]
    fn spatter_covers_part_of_full_ink_and_of_background_with_dark_grey() {
        for level in [0, 255] {
            let mut shares = Vec::new();
            for seed in 0..50 {
                let even = Plane::from_pixels(&[level; 784], 28, 28);
                let pixels = spatter(&even, &mut ChaCha8Rng::seed_from_u64(seed)).to_pixels();
                let covered: Vec<u8> = pixels.into_iter().filter(|&pixel| pixel != level).collect();
                // Mud of the least thickness hides four fifths of what is below it.
                let grey = if level == 0 { 50..=63 } else { 63..=102 };
                assert!(covered.iter().all(|pixel| grey.contains(pixel)), "{covered:?}");
                shares.push(covered.len() as f64 / 784.0);
            }
            let mean = shares.iter().sum::<f64>() / 50.0;
            assert!((0.05..0.25).contains(&mean), "{mean}");
        }
    }
}
