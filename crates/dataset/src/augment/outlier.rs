//! Images of no class, which teach a network to be unsure of what it does not know (Hendrycks, Mazeika and Dietterich,
//! "Deep Anomaly Detection with Outlier Exposure", 2019): scribbles, and images made of two others.

use rand::Rng;

use crate::augment::draw::{symmetric, unit};
use crate::augment::pen;

/// Into how many straight pieces a curve is cut.
const PIECES: usize = 8;
/// Strokes of a scribble at most.
const MOST_STROKES: usize = 4;

/// Makes an image `[height, width]` of no class: half of the time a scribble, else a mixture of two images of classes,
/// the halves of both or one on top of the other. The same numbers of the generator give the same bytes.
///
/// # Panics
/// If an image does not have exactly `height * width` values.
pub fn outlier(images: [&[u8]; 2], [height, width]: [usize; 2], rng: &mut impl Rng, outlier: &mut [u8]) {
    let lengths = [images[0].len(), images[1].len(), outlier.len()];
    assert_eq!(lengths, [height * width; 3], "images of {height} x {width} pixels");
    let kind = unit(rng);
    if kind < 0.5 {
        scribble([height, width], rng, outlier);
        return;
    }
    let places = outlier.iter_mut().zip(images[0]).zip(images[1]).enumerate();
    for (i, ((pixel, first), second)) in places {
        *pixel = if kind < 0.66 {
            if i / width < height / 2 { *first } else { *second }
        } else if kind < 0.83 {
            if i % width < width / 2 { *first } else { *second }
        } else {
            *first.max(second)
        };
    }
}

/// Draws one to four curves and angles with a pen of a random width into the middle of an image.
fn scribble([height, width]: [usize; 2], rng: &mut impl Rng, image: &mut [u8]) {
    image.fill(0);
    let side = height.min(width) as f64;
    let radius = side * (0.029 + 0.032 * unit(rng));
    let strokes = 1 + (unit(rng) * MOST_STROKES as f64) as usize;
    for _ in 0..strokes {
        let is_curved = unit(rng) < 0.5;
        let mut point = || [width, height].map(|size| size as f64 * (0.5 + 0.36 * symmetric(rng)));
        let [a, b, c] = [point(), point(), point()];
        if !is_curved {
            pen::line(a, b, radius, width, image);
            pen::line(b, c, radius, width, image);
            continue;
        }
        // A quadratic Bezier curve.
        let at = |i: usize| {
            let t = i as f64 / PIECES as f64;
            [0, 1]
                .map(|axis| (1.0 - t) * (1.0 - t) * a[axis] + 2.0 * t * (1.0 - t) * b[axis] + t * t * c[axis])
        };
        for i in 0..PIECES {
            pen::line(at(i), at(i + 1), radius, width, image);
        }
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand::rngs::ChaCha8Rng;

    use super::*;

    const HEIGHT: usize = 28;
    const WIDTH: usize = 20;

    fn drawn(seed: u64) -> Vec<u8> {
        let mut image = vec![7; HEIGHT * WIDTH];
        let images = [[90; HEIGHT * WIDTH], [200; HEIGHT * WIDTH]];
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        outlier([&images[0], &images[1]], [HEIGHT, WIDTH], &mut rng, &mut image);
        image
    }

    #[test]
    fn half_are_scribbles_and_the_others_have_parts_of_both_images() {
        let [mut scribbles, mut halves, mut sums] = [0; 3];
        for seed in 0..400 {
            let image = drawn(seed);
            assert_eq!(image, drawn(seed));
            let has = |value: u8| image.contains(&value);
            match (has(90), has(200), has(0)) {
                (true, true, false) => halves += 1,
                (false, true, false) => sums += 1,
                _ => {
                    scribbles += 1;
                    // A pen's ink, and paper around it.
                    assert!(has(0) && image.iter().any(|ink| *ink > 200), "{seed}");
                }
            }
        }
        assert!((160..240).contains(&scribbles) && halves > 90 && sums > 40, "{scribbles} {halves} {sums}");
    }

    #[test]
    fn images_of_any_size_are_drawn() {
        for [height, width] in [[1, 1], [1, 9], [9, 1], [256, 31]] {
            for seed in 0..20 {
                let mut image = vec![7; height * width];
                let other = vec![1; height * width];
                let mut rng = ChaCha8Rng::seed_from_u64(seed);
                outlier([&other, &other], [height, width], &mut rng, &mut image);
                assert!(height * width > 100 || image.iter().all(|value| *value != 7), "{height}x{width}");
            }
        }
    }
}
