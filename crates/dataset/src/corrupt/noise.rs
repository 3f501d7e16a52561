//! Noise, which changes each pixel independently of the others.

use rand::{Rng, RngExt};

use super::plane::Plane;

/// Grains of ink in a pixel of full ink, on average. The fewer there are, the stronger is the noise.
const GRAINS: f64 = 3.0;
/// The fraction of the pixels that impulses replace.
const IMPULSES: f64 = 0.17;

/// Poisson noise: a pixel of ink `x` has `GRAINS * x` grains on average, and three or more grains are
/// full ink. Background stays background.
pub(super) fn shot(image: &Plane, rng: &mut impl Rng) -> Plane {
    image.map(|ink| match ink {
        0.0 => 0.0,
        _ => (f64::from(poisson_up_to_3(GRAINS * f64::from(ink), rng)) / GRAINS) as f32,
    })
}

/// Draws a number from the Poisson distribution by inversion, and returns 3 if it is larger than 3.
fn poisson_up_to_3(mean: f64, rng: &mut impl Rng) -> u8 {
    let none = (-mean).exp();
    let one = none * mean;
    let two = one * mean / 2.0;
    let drawn: f64 = rng.random();
    [none, none + one, none + one + two].map(|at_most| u8::from(drawn >= at_most)).iter().sum()
}

/// Salt and pepper: pixels become background or full ink, with equal chances.
pub(super) fn impulse(image: &Plane, rng: &mut impl Rng) -> Plane {
    image.map(|ink| match rng.random_bool(IMPULSES) {
        true if rng.random() => 1.0,
        true => 0.0,
        false => ink,
    })
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand::rngs::ChaCha8Rng;

    use super::*;

    /// An image of 200x200 pixels of one grey, with noise.
    fn noisy(level: u8, noise: impl Fn(&Plane, &mut ChaCha8Rng) -> Plane) -> Vec<u8> {
        let even = Plane::from_pixels(&[level; 40_000], 200, 200);
        noise(&even, &mut ChaCha8Rng::seed_from_u64(1)).to_pixels()
    }

    fn share(pixels: &[u8], level: u8) -> f64 {
        pixels.iter().filter(|&&pixel| pixel == level).count() as f64 / pixels.len() as f64
    }

    #[test]
    fn shot_noise_has_the_probabilities_of_poissons_distribution() {
        // Mean 1 at a third of the ink, mean 3 at all of it; e^-1 = 0.3679, e^-3 = 0.0498.
        for (level, expected) in
            [(85, [0.3679, 0.3679, 0.1839, 0.0803]), (255, [0.0498, 0.1494, 0.2240, 0.5768])]
        {
            let pixels = noisy(level, shot);
            for (grains, expected) in [0, 85, 170, 255].into_iter().zip(expected) {
                let found = share(&pixels, grains);
                assert!((found - expected).abs() < 0.01, "{level}, {grains}: {found}, not {expected}");
            }
        }
    }

    #[test]
    fn shot_noise_leaves_the_background() {
        assert!(noisy(0, shot).iter().all(|&pixel| pixel == 0));
    }

    #[test]
    fn impulses_replace_seventeen_percent_half_by_ink_and_half_by_background() {
        let pixels = noisy(100, impulse);
        assert!((share(&pixels, 0) - 0.085).abs() < 0.005, "{}", share(&pixels, 0));
        assert!((share(&pixels, 255) - 0.085).abs() < 0.005, "{}", share(&pixels, 255));
        assert!((share(&pixels, 100) - 0.83).abs() < 0.005, "{}", share(&pixels, 100));
    }
}
