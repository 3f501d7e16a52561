//! Tests what augmentation does to whole images.

use rand::SeedableRng;
use rand::rngs::ChaCha8Rng;

use super::map::{Map, rotation};
use super::resample::Resampling;
use super::*;
use crate::load::load_train;
use crate::{Name, Subset};

fn digits() -> Subset {
    load_train(Name::SAMPLE, std::path::Path::new("")).unwrap().subset().clone()
}

/// All changes, each so strong that it shows.
fn strong() -> Augmentation {
    Augmentation {
        rotation: 30.0,
        shift: 0.1,
        zoom: 0.2,
        shear: 0.3,
        elastic: 0.04,
        elastic_smoothness: 0.14,
        stroke_width: 0.05,
        erase: 0.1,
        flip: true,
        outliers: 0.0,
        continental: 0.0,
    }
}

/// Each change by itself.
fn single() -> Vec<Augmentation> {
    let off = Augmentation::default;
    let all = strong();
    vec![
        Augmentation { rotation: all.rotation, ..off() },
        Augmentation { shift: all.shift, ..off() },
        Augmentation { zoom: all.zoom, ..off() },
        Augmentation { shear: all.shear, ..off() },
        Augmentation { elastic: all.elastic, ..off() },
        Augmentation { stroke_width: all.stroke_width, ..off() },
        Augmentation { erase: all.erase, ..off() },
        Augmentation { flip: true, ..off() },
    ]
}

fn augmented(ranges: &Augmentation, pixels: &[u8], height: usize, width: usize, seed: u64) -> Vec<u8> {
    let mut result = vec![7; pixels.len()];
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    Augmenter::new(ranges, height, width).augment(pixels, Some(1), &mut rng, &mut result);
    result
}

/// An image whose pixels all differ from their neighbours.
fn pattern(height: usize, width: usize) -> Vec<u8> {
    (0..height * width).map(|i| (i * 37 % 251) as u8).collect()
}

#[test]
fn without_a_range_every_image_stays_bit_for_bit() {
    let off = Augmentation { elastic_smoothness: 0.5, ..Augmentation::default() };
    assert!(off.is_off());
    for (height, width) in [(1, 1), (1, 7), (5, 3), (28, 28), (256, 256)] {
        let pixels = pattern(height, width);
        assert_eq!(augmented(&off, &pixels, height, width, 1), pixels);
        // The resampling itself leaves them too.
        let mut resampled = vec![7; pixels.len()];
        let identity = Map { matrix: [[1.0, 0.0], [0.0, 1.0]], offset: [0.0; 2] };
        Resampling::new(height, width).apply(&pixels, &identity, None, &mut resampled);
        assert_eq!(resampled, pixels);
    }
}

#[test]
fn every_single_range_changes_digits_and_says_so() {
    let digits = digits();
    for ranges in single() {
        assert!(!ranges.is_off());
        let changed = (0..100).filter(|&i| augmented(&ranges, digits.image(i), 28, 28, 3) != digits.image(i));
        // One seed may mirror no image or erase next to nothing.
        let others =
            (0..20).filter(|&seed| augmented(&ranges, digits.image(0), 28, 28, seed) != digits.image(0));
        assert!(changed.count() + others.count() > 5, "{ranges:?}");
    }
}

/// Keeps the bytes for good: a run that is resumed by a later version has to see the same images.
#[test]
fn the_bytes_are_those_of_earlier_versions() {
    use sha2::{Digest, Sha256};
    let digits = digits();
    let mut all = Sha256::new();
    for i in 0..50 {
        all.update(augmented(&strong(), digits.image(i), 28, 28, i as u64));
    }
    let digest: Vec<String> = all.finalize().iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(digest.concat(), "afd21b63acb8");
}

#[test]
fn an_augmenter_remembers_nothing_of_other_images() {
    let digits = digits();
    let mut augmenter = Augmenter::new(&strong(), 28, 28);
    let mut result = vec![0; 784];
    for i in (0..30).rev() {
        augmenter.augment(digits.image(i), Some(1), &mut ChaCha8Rng::seed_from_u64(i as u64), &mut result);
        assert_eq!(result, augmented(&strong(), digits.image(i), 28, 28, i as u64));
    }
    assert_ne!(
        augmented(&strong(), digits.image(0), 28, 28, 0),
        augmented(&strong(), digits.image(0), 28, 28, 1)
    );
}

#[test]
fn a_range_leaves_the_numbers_of_the_others_as_they_were() {
    let digits = digits();
    let turned = Augmentation { rotation: 30.0, ..Augmentation::default() };
    let both = Augmentation { erase: 0.2, ..turned };
    let (turned, both) =
        (augmented(&turned, digits.image(3), 28, 28, 5), augmented(&both, digits.image(3), 28, 28, 5));
    // Where nothing was erased, the two are equal.
    let differ = turned.iter().zip(&both).filter(|(turned, both)| turned != both).count();
    assert!((1..160).contains(&differ), "{differ}");
}

#[test]
fn no_size_and_no_range_makes_it_panic() {
    let sane = strong();
    let wild = [f64::NAN, f64::INFINITY, -1.0, 1.0, 1e300].map(|value| Augmentation {
        rotation: value,
        shift: value,
        zoom: value,
        shear: value,
        outliers: value,
        continental: value,
        elastic: value,
        elastic_smoothness: value,
        stroke_width: value,
        erase: value,
        flip: true,
    });
    for (height, width) in [(1, 1), (1, 256), (256, 1), (2, 3), (28, 28), (256, 256)] {
        for ranges in single().iter().chain(&wild).chain([&sane]) {
            for (seed, label) in [(0, Some(1)), (1, Some(7)), (2, None)] {
                let (pixels, mut rng) = (pattern(height, width), ChaCha8Rng::seed_from_u64(seed));
                let mut result = vec![0; pixels.len()];
                Augmenter::new(ranges, height, width).augment(&pixels, label, &mut rng, &mut result);
            }
        }
    }
    Augmenter::new(&sane, 0, 0).augment(&[], Some(1), &mut ChaCha8Rng::seed_from_u64(0), &mut []);
}

#[test]
fn a_quarter_turn_moves_every_pixel_to_its_exact_place() {
    for size in [1, 2, 5, 28, 31] {
        let pixels = pattern(size, size);
        let map = Map::around_centre(rotation(90.0), [0.0; 2], size, size);
        let mut turned = vec![0; pixels.len()];
        Resampling::new(size, size).apply(&pixels, &map, None, &mut turned);
        for y in 0..size {
            for x in 0..size {
                assert_eq!(turned[y * size + x], pixels[x * size + (size - 1 - y)], "{size} {y} {x}");
            }
        }
    }
}

/// The value between four pixels in double precision, with background outside.
fn interpolated(pixels: &[u8], height: usize, width: usize, [x, y]: [f64; 2]) -> f64 {
    let value = |row: f64, column: f64| {
        let is_inside = row >= 0.0 && column >= 0.0 && row < height as f64 && column < width as f64;
        if is_inside { f64::from(pixels[row as usize * width + column as usize]) } else { 0.0 }
    };
    let (left, top) = (x.floor(), y.floor());
    let (u, v) = (x - left, y - top);
    let upper = value(top, left) * (1.0 - u) + value(top, left + 1.0) * u;
    let lower = value(top + 1.0, left) * (1.0 - u) + value(top + 1.0, left + 1.0) * u;
    upper * (1.0 - v) + lower * v
}

#[test]
fn any_map_mixes_the_pixels_as_double_precision_does() {
    let (height, width) = (28, 20);
    // Neighbours differ by little, so that a 256th of a pixel is less than two levels.
    let pixels: Vec<u8> = (0..height * width).map(|i| (i / width * 5 + i % width * 4) as u8).collect();
    for (degrees, moved) in
        [(15.0, [0.0, 0.0]), (-50.0, [1.3, -2.7]), (0.0, [0.5, 0.25]), (200.0, [9.0, 30.0])]
    {
        let map = Map::around_centre(rotation(degrees), moved, height, width);
        let mut found = vec![0; pixels.len()];
        Resampling::new(height, width).apply(&pixels, &map, None, &mut found);
        for (i, found) in found.into_iter().enumerate() {
            let (x, y) = ((i % width) as f64, (i / width) as f64);
            let place = [0, 1].map(|a| {
                f64::from(map.matrix[a][0]) * x + f64::from(map.matrix[a][1]) * y + f64::from(map.offset[a])
            });
            let expected = interpolated(&pixels, height, width, place);
            assert!(
                (f64::from(found) - expected).abs() <= 2.0,
                "{degrees} {i}: {found}, expected {expected}"
            );
        }
    }
}

/// The centre of an image's ink, in pixels from the image's centre.
fn centre(pixels: &[u8], width: usize) -> [f64; 2] {
    let (mut sum, mut x, mut y) = (0.0, 0.0, 0.0);
    for (i, &pixel) in pixels.iter().enumerate() {
        let ink = f64::from(pixel);
        (sum, x, y) = (sum + ink, x + ink * (i % width) as f64, y + ink * (i / width) as f64);
    }
    let middle = (width as f64 - 1.0) / 2.0;
    [x / sum - middle, y / sum - middle]
}

/// A blot of ink in the middle, far from every edge.
fn blot() -> Vec<u8> {
    (0..40 * 40)
        .map(|i| if (i / 40_usize).abs_diff(20) < 4 && (i % 40_usize).abs_diff(20) < 4 { 255 } else { 0 })
        .collect()
}

#[test]
fn shifts_fill_their_range_and_have_no_direction() {
    let ranges = Augmentation { shift: 0.2, ..Augmentation::default() };
    let [x0, y0] = centre(&blot(), 40);
    let (mut sum, mut most) = ([0.0; 2], 0.0_f64);
    for seed in 0..1000 {
        let [x, y] = centre(&augmented(&ranges, &blot(), 40, 40, seed), 40);
        let moved = [x - x0, y - y0];
        sum = [sum[0] + moved[0], sum[1] + moved[1]];
        most = moved.iter().fold(most, |most, moved| most.max(moved.abs()));
    }
    assert!(most > 7.8 && most < 8.01, "{most}");
    // The mean of 1,000 has a standard deviation of 0.15.
    assert!(sum.iter().all(|sum| (sum / 1000.0).abs() < 0.6), "{sum:?}");
}

#[test]
fn the_other_changes_keep_the_middle_where_it_is() {
    for ranges in single().into_iter().filter(|ranges| ranges.shift == 0.0 && ranges.erase == 0.0) {
        let mut sum = [0.0; 2];
        for seed in 0..300 {
            let [x, y] = centre(&augmented(&ranges, &blot(), 40, 40, seed), 40);
            sum = [sum[0] + x, sum[1] + y];
        }
        let [x0, y0] = centre(&blot(), 40);
        // Mirroring moves the blot, which lies half a pixel off the centre, in half of the images.
        let expected = if ranges.flip { [0.0, y0] } else { [x0, y0] };
        for (sum, expected) in sum.iter().zip(expected) {
            assert!((sum / 300.0 - expected).abs() < 0.4, "{ranges:?}: {sum}");
        }
    }
}

#[test]
fn zoom_changes_each_side_within_its_range() {
    let ranges = Augmentation { zoom: 0.25, ..Augmentation::default() };
    let side = |pixels: &[u8]| pixels[20 * 40..21 * 40].iter().map(|&p| f64::from(p)).sum::<f64>() / 255.0;
    let sides: Vec<f64> = (0..500).map(|seed| side(&augmented(&ranges, &blot(), 40, 40, seed))).collect();
    let (least, most) =
        (sides.iter().copied().fold(99.0, f64::min), sides.iter().copied().fold(0.0, f64::max));
    assert!(least > 5.1 && least < 5.4 && most > 8.6 && most < 8.8, "{least} {most}");
}

#[test]
fn half_of_the_images_are_mirrored() {
    let ranges = Augmentation { flip: true, ..Augmentation::default() };
    let pixels = pattern(4, 6);
    let mirrored: Vec<u8> = pixels.chunks(6).flat_map(|row| row.iter().rev().copied()).collect();
    let results: Vec<Vec<u8>> = (0..200).map(|seed| augmented(&ranges, &pixels, 4, 6, seed)).collect();
    assert!(results.iter().all(|result| *result == pixels || *result == mirrored));
    let count = results.iter().filter(|result| **result == mirrored).count();
    assert!((70..130).contains(&count), "{count}");
}

#[test]
fn erasing_covers_at_most_its_share() {
    let ranges = Augmentation { erase: 0.2, ..Augmentation::default() };
    let pixels = vec![255; 40 * 40];
    let shares: Vec<f64> = (0..500)
        .map(|seed| {
            augmented(&ranges, &pixels, 40, 40, seed).iter().filter(|p| **p != 255).count() as f64 / 1600.0
        })
        .collect();
    let (mean, most) = (shares.iter().sum::<f64>() / 500.0, shares.iter().copied().fold(0.0, f64::max));
    assert!((mean - 0.1).abs() < 0.01 && most > 0.19 && most < 0.215, "{mean} {most}");
}
