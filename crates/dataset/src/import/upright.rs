//! Whether handwriting lies on its side, as in EMNIST's files, which hold each image transposed.

use crate::import::tables::Table;

/// With fewer images the share is left to chance.
const FEWEST: usize = 200;
/// The share of images that are taller than wide, below which handwriting seems to lie on its side. Of MNIST's training
/// images 89 % are taller than wide by this measure; transposed, 11 %.
const LEAST_SHARE: f64 = 0.3;

/// Whether most images are wider than tall, although handwritten digits and letters are taller than wide. Of other
/// images this says nothing, so it is no more than a reason to look at them.
pub(crate) fn lies_on_its_side(table: &Table) -> bool {
    table.labels.len() >= FEWEST && taller_share(table).is_some_and(|share| share < LEAST_SHARE)
}

/// The share of images whose ink is spread more from top to bottom than from left to right, of those for which it is
/// not equal.
fn taller_share(table: &Table) -> Option<f64> {
    let (mut taller, mut all) = (0_u32, 0_u32);
    for image in table.pixels.chunks_exact(table.height * table.width) {
        let [vertical, horizontal] = spreads(image, table.width);
        taller += u32::from(vertical > horizontal);
        all += u32::from(vertical != horizontal);
    }
    (all > 0).then(|| f64::from(taller) / f64::from(all))
}

/// The variances of the ink's rows and columns.
fn spreads(image: &[u8], width: usize) -> [f64; 2] {
    let mut sums = [[0.0; 2]; 2];
    let mut mass = 0.0;
    for (i, pixel) in image.iter().enumerate().filter(|(_, pixel)| **pixel > 0) {
        let pixel = f64::from(*pixel);
        mass += pixel;
        for (sums, at) in sums.iter_mut().zip([i / width, i % width]) {
            sums[0] += pixel * at as f64;
            sums[1] += pixel * (at * at) as f64;
        }
    }
    if mass == 0.0 {
        return [0.0; 2];
    }
    sums.map(|[first, second]| second / mass - (first / mass).powi(2))
}

/// Turns rows into columns in each image.
pub(crate) fn transpose(table: &mut Table) {
    let (height, width) = (table.height, table.width);
    let mut turned = vec![0; height * width];
    for image in table.pixels.chunks_exact_mut(height * width) {
        for (i, pixel) in image.iter().enumerate() {
            turned[i % width * height + i / width] = *pixel;
        }
        image.copy_from_slice(&turned);
    }
    (table.height, table.width) = (width, height);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Name;
    use crate::import::tables::Unit;
    use crate::load::load_train;

    /// The sample's training images.
    fn sample() -> Table {
        let train = load_train(Name::SAMPLE, std::path::Path::new("")).unwrap();
        let images = train.subset();
        let pixels = (0..images.len()).flat_map(|i| images.image(i).to_vec()).collect();
        let labels = (0..images.len()).map(|i| u32::from(images.label(i))).collect();
        Table { height: 28, width: 28, pixels, labels, unit: Unit::Image }
    }

    #[test]
    fn a_table_is_transposed_and_back() {
        let table = |height, width, pixels: &[u8]| Table {
            height,
            width,
            pixels: pixels.to_vec(),
            labels: vec![0, 1],
            unit: Unit::Image,
        };
        let before = table(2, 3, &[1, 2, 3, 4, 5, 6, 11, 12, 13, 14, 15, 16]);
        let mut turned = before.clone();
        transpose(&mut turned);
        assert_eq!(turned, table(3, 2, &[1, 4, 2, 5, 3, 6, 11, 14, 12, 15, 13, 16]));
        transpose(&mut turned);
        assert_eq!(turned, before);
    }

    #[test]
    fn digits_that_lie_on_their_side_are_told_from_upright_ones() {
        let mut digits = sample();
        let upright = taller_share(&digits).unwrap();
        assert!(upright > 0.8 && !lies_on_its_side(&digits), "{upright}");
        transpose(&mut digits);
        let lying = taller_share(&digits).unwrap();
        assert!((lying + upright - 1.0).abs() < 1e-9 && lies_on_its_side(&digits), "{lying}");
    }

    #[test]
    fn blank_and_few_images_are_not_judged() {
        let mut digits = sample();
        transpose(&mut digits);
        digits.labels.truncate(FEWEST - 1);
        assert!(!lies_on_its_side(&digits));
        let mut blank = sample();
        blank.pixels.fill(0);
        assert!(!lies_on_its_side(&blank));
    }
}
