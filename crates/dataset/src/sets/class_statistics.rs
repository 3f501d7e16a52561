//! The mean image of each class, and how much the images of the class differ from it.

use crate::sets::subset::Subset;

/// Mean and standard deviation of a class's images, pixel by pixel.
#[derive(Clone, Debug, PartialEq)]
pub struct ClassStatistics {
    /// Number of images of this class.
    pub count: usize,
    /// The mean, `[height, width]`, from 0 (background) to 255 (ink). All 0 if the class is empty.
    pub mean: Vec<f64>,
    /// The standard deviation, `[height, width]`, from 0 to 127.5. It is large where the images differ.
    pub deviation: Vec<f64>,
}

impl Subset {
    /// Mean and standard deviation of each class, in the order of the classes.
    pub fn class_statistics(&self) -> Vec<ClassStatistics> {
        let size = self.height() * self.width();
        // The sums are whole numbers, so that they stay exact.
        let mut sums = vec![(0u64, vec![0u64; size], vec![0u64; size]); self.classes()];
        for i in 0..self.len() {
            let (count, sum, squares) = &mut sums[usize::from(self.label(i))];
            *count += 1;
            for ((sum, square), &pixel) in sum.iter_mut().zip(squares).zip(self.image(i)) {
                *sum += u64::from(pixel);
                *square += u64::from(pixel) * u64::from(pixel);
            }
        }
        sums.into_iter().map(|(count, sum, squares)| class(count, &sum, &squares)).collect()
    }
}

/// The statistics of one class from its number of images, and from the sum and the sum of squares of
/// each pixel.
fn class(count: u64, sum: &[u64], squares: &[u64]) -> ClassStatistics {
    let n = count.max(1);
    let mean = sum.iter().map(|&sum| sum as f64 / n as f64).collect();
    // n Σx² - (Σx)² is exact in 128 bits, whereas Σx²/n - mean² would lose digits.
    let deviation = |(&sum, &square): (&u64, &u64)| {
        let scaled = u128::from(n) * u128::from(square) - u128::from(sum) * u128::from(sum);
        (scaled as f64).sqrt() / n as f64
    };
    ClassStatistics {
        count: count as usize,
        mean,
        deviation: sum.iter().zip(squares).map(deviation).collect(),
    }
}

#[cfg(test)]
mod tests {
    use crate::idx::{Images, Labels};
    use crate::sets::TestSet;

    #[test]
    fn mean_and_deviation_are_those_worked_by_hand() {
        let images = Images::new(3, 1, 2, vec![0, 255, 255, 255, 7, 9]).unwrap();
        let set = TestSet::from_images(images, Labels::new(vec![0, 0, 2], 3).unwrap(), 3).unwrap();
        let classes = set.subset().class_statistics();
        assert_eq!((classes[0].count, &classes[0].mean[..]), (2, &[127.5, 255.0][..]));
        assert_eq!(classes[0].deviation, [127.5, 0.0]);
        assert_eq!((classes[1].count, &classes[1].mean[..]), (0, &[0.0, 0.0][..]));
        assert_eq!((&classes[2].mean[..], &classes[2].deviation[..]), (&[7.0, 9.0][..], &[0.0, 0.0][..]));
    }
}
