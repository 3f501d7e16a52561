//! An image as numbers from 0 (background) to 1 (full ink), and the Gaussian filter.

/// Grey values `[height, width]`, row by row.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Plane {
    pub(super) height: usize,
    pub(super) width: usize,
    pub(super) values: Vec<f32>,
}

impl Plane {
    /// # Panics
    /// If there are not exactly `height * width` pixels.
    pub(super) fn from_pixels(pixels: &[u8], height: usize, width: usize) -> Self {
        assert_eq!(pixels.len(), height * width, "expected {height} x {width} pixels");
        let values = pixels.iter().map(|&pixel| f32::from(pixel) / 255.0).collect();
        Self { height, width, values }
    }

    /// Rounds values to the nearest of 256 levels. Values below 0 become 0, and values above 1 become 255.
    pub(super) fn to_pixels(&self) -> Vec<u8> {
        self.values.iter().map(|value| (value * 255.0).round().clamp(0.0, 255.0) as u8).collect()
    }

    /// A plane of the same size, whose values are computed from their row and column.
    pub(super) fn tabulate(&self, mut value: impl FnMut(usize, usize) -> f32) -> Self {
        let mut values = Vec::with_capacity(self.values.len());
        for row in 0..self.height {
            values.extend((0..self.width).map(|column| value(row, column)));
        }
        Self { values, ..*self }
    }

    /// A plane of the same size, whose values are computed from the values here.
    pub(super) fn map(&self, value: impl FnMut(f32) -> f32) -> Self {
        Self { values: self.values.iter().copied().map(value).collect(), ..*self }
    }

    pub(super) fn row(&self, row: usize) -> &[f32] {
        &self.values[row * self.width..(row + 1) * self.width]
    }

    pub(super) fn get(&self, row: usize, column: usize) -> f32 {
        self.values[row * self.width + column]
    }

    /// The value at a place, which is 0 outside of the image.
    pub(super) fn get_or_background(&self, row: isize, column: isize) -> f32 {
        match (usize::try_from(row), usize::try_from(column)) {
            (Ok(row), Ok(column)) if row < self.height && column < self.width => self.get(row, column),
            _ => 0.0,
        }
    }

    /// The value at a place, or the nearest one if the place is outside of the image.
    pub(super) fn get_or_nearest(&self, row: isize, column: isize) -> f32 {
        self.get(nearest(row, self.height), nearest(column, self.width))
    }

    /// Applies a Gaussian filter of standard deviation `sigma` pixels along rows and columns.
    pub(super) fn gaussian(&self, sigma: f64) -> Self {
        self.gaussian_along_columns(sigma).gaussian_along_rows(sigma)
    }

    /// Applies a Gaussian filter up and down only. Beyond the edge, the outermost values are repeated.
    pub(super) fn gaussian_along_columns(&self, sigma: f64) -> Self {
        let (radius, weights) = gaussian_weights(sigma);
        let mut filtered = self.map(|_| 0.0);
        for row in 0..self.height {
            let sums = &mut filtered.values[row * self.width..(row + 1) * self.width];
            for (i, weight) in weights.iter().enumerate() {
                let from = nearest((row + i) as isize - radius as isize, self.height);
                for (sum, value) in sums.iter_mut().zip(self.row(from)) {
                    *sum += weight * value;
                }
            }
        }
        filtered
    }

    /// Applies a Gaussian filter to the left and right only. Beyond the edge, the outermost values are
    /// repeated.
    fn gaussian_along_rows(&self, sigma: f64) -> Self {
        let (radius, weights) = gaussian_weights(sigma);
        let mut filtered = self.map(|_| 0.0);
        let mut widened = Vec::with_capacity(self.width + 2 * radius);
        for row in 0..self.height {
            let columns = -(radius as isize)..(self.width + radius) as isize;
            widened.clear();
            widened.extend(columns.map(|column| self.row(row)[nearest(column, self.width)]));
            let sums = &mut filtered.values[row * self.width..(row + 1) * self.width];
            for (i, weight) in weights.iter().enumerate() {
                for (sum, value) in sums.iter_mut().zip(&widened[i..]) {
                    *sum += weight * value;
                }
            }
        }
        filtered
    }
}

/// The nearest position in `0..size`.
fn nearest(position: isize, size: usize) -> usize {
    position.clamp(0, size as isize - 1) as usize
}

/// The radius of a Gaussian filter and its `2 * radius + 1` weights, whose sum is 1. Like SciPy's, the
/// filter ends at four standard deviations.
fn gaussian_weights(sigma: f64) -> (usize, Vec<f32>) {
    let radius = (4.0 * sigma + 0.5) as usize;
    let distance = |i: usize| i as f64 - radius as f64;
    (radius, normalized((0..=2 * radius).map(|i| gaussian(distance(i), sigma))))
}

/// The height of the bell curve at a distance, without its constant factor.
pub(super) fn gaussian(distance: f64, sigma: f64) -> f64 {
    (-distance * distance / (2.0 * sigma * sigma)).exp()
}

/// The weights, divided by their sum.
pub(super) fn normalized(weights: impl Iterator<Item = f64> + Clone) -> Vec<f32> {
    let sum: f64 = weights.clone().sum();
    weights.map(|weight| (weight / sum) as f32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pixels_come_back_as_they_went_in() {
        let pixels: Vec<u8> = (0..=255).collect();
        assert_eq!(Plane::from_pixels(&pixels, 16, 16).to_pixels(), pixels);
    }

    #[test]
    fn values_are_rounded_to_the_nearest_level_and_cut_off() {
        let values = vec![-0.1, 0.49 / 255.0, 0.51 / 255.0, 254.4 / 255.0, 254.6 / 255.0, 1.1];
        assert_eq!(Plane { height: 2, width: 3, values }.to_pixels(), [0, 0, 1, 254, 255, 255]);
    }

    #[test]
    fn a_point_becomes_the_bell_curve_in_both_directions() {
        let mut pixels = vec![0; 21 * 21];
        pixels[10 * 21 + 10] = 255;
        let filtered = Plane::from_pixels(&pixels, 21, 21).gaussian(1.5);
        // The density of a normal distribution in two dimensions.
        let density = |squared: f64| (-squared / 4.5).exp() / (2.0 * std::f64::consts::PI * 2.25);
        for (row, column, squared) in [(10, 10, 0.0), (10, 12, 4.0), (7, 10, 9.0), (9, 12, 5.0)] {
            let found = f64::from(filtered.get(row, column));
            assert!((found - density(squared)).abs() < 1e-4, "{row} {column}: {found}");
        }
    }

    #[test]
    fn along_columns_ink_spreads_to_other_rows_and_not_to_other_columns() {
        let mut pixels = vec![0; 9 * 9];
        pixels[4 * 9 + 4] = 255;
        let filtered = Plane::from_pixels(&pixels, 9, 9).gaussian_along_columns(0.7);
        assert!(filtered.get(3, 4) > 0.1);
        assert_eq!(filtered.get(4, 3), 0.0);
    }

    #[test]
    fn an_even_plane_stays_even_up_to_the_edges() {
        for (height, width) in [(1, 1), (2, 3), (28, 28)] {
            let filtered = Plane::from_pixels(&vec![255; height * width], height, width).gaussian(1.5);
            assert!(filtered.values.iter().all(|value| (value - 1.0).abs() < 1e-6), "{filtered:?}");
        }
    }
}
