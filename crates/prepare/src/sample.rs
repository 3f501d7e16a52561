//! New sizes: each new pixel is the mean of what it covers, or lies between its neighbours.

use crate::GreyImage;

/// A plane of values, `[height, width]`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Plane {
    pub(crate) height: usize,
    pub(crate) width: usize,
    pub(crate) values: Vec<f32>,
}

impl Plane {
    /// Light becomes dark.
    pub(crate) fn invert(&mut self) {
        self.values.iter_mut().for_each(|value| *value = 255.0 - *value);
    }

    /// Rows become columns.
    pub(crate) fn transposed(&self) -> Self {
        let (height, width) = (self.height, self.width);
        let values = (0..width).flat_map(|column| (0..height).map(move |row| (row, column)));
        let values = values.map(|(row, column)| self.values[row * width + column]).collect();
        Self { height: width, width: height, values }
    }

    /// Each value averaged with its neighbours, by weights of 1, 2, 1 in both directions.
    pub(crate) fn smooth(&self) -> Self {
        let (height, width) = (self.height, self.width);
        let blend = |before: f32, value: f32, after: f32| 0.25 * (before + 2.0 * value + after);
        let mut rows = Vec::with_capacity(height * width);
        for line in self.values.chunks_exact(width) {
            rows.extend(
                (0..width)
                    .map(|at| blend(line[at.saturating_sub(1)], line[at], line[(at + 1).min(width - 1)])),
            );
        }
        let mut values = Vec::with_capacity(height * width);
        for row in 0..height {
            let line = |row: usize| &rows[row * width..][..width];
            let (above, here, below) =
                (line(row.saturating_sub(1)), line(row), line((row + 1).min(height - 1)));
            values.extend((0..width).map(|at| blend(above[at], here[at], below[at])));
        }
        Self { height, width, values }
    }
}

/// An image by area averaging, `factor` times smaller in height and width.
pub(crate) fn reduce(image: &GreyImage, factor: f32) -> Plane {
    let to = |length: usize| ((length as f32 / factor).round() as usize).max(1);
    average(image.pixels(), image.height(), image.width(), to(image.height()), to(image.width()))
}

/// `[height, width]` pixels as a plane of `[to_height, to_width]`: smaller by area averaging, larger by bilinear
/// interpolation.
pub(crate) fn scale(pixels: &[u8], height: usize, width: usize, to_height: usize, to_width: usize) -> Plane {
    if to_height > height || to_width > width {
        bilinear(pixels, height, width, to_height, to_width)
    } else {
        average(pixels, height, width, to_height, to_width)
    }
}

/// `[height, width]` pixels as a plane of `[to_height, to_width]`, by area averaging. Sizes may also grow: then a new
/// pixel takes the value under it.
pub(crate) fn average(
    pixels: &[u8],
    height: usize,
    width: usize,
    to_height: usize,
    to_width: usize,
) -> Plane {
    let rows = shares(height, to_height);
    let columns = shares(width, to_width);
    let mut values = Vec::with_capacity(to_height * to_width);
    let mut line = vec![0.0f32; width];
    for row in &rows {
        line.fill(0.0);
        for &(source, share) in row {
            let pixels = &pixels[source * width..][..width];
            line.iter_mut().zip(pixels).for_each(|(sum, &pixel)| *sum += f32::from(pixel) * share);
        }
        values.extend(
            columns.iter().map(|column| column.iter().map(|&(at, share)| line[at] * share).sum::<f32>()),
        );
    }
    Plane { height: to_height, width: to_width, values }
}

/// `[height, width]` pixels as a plane of `[to_height, to_width]`, by bilinear interpolation between the centres of
/// pixels; outside the outermost centres their values go on.
pub(crate) fn bilinear(
    pixels: &[u8],
    height: usize,
    width: usize,
    to_height: usize,
    to_width: usize,
) -> Plane {
    let rows = neighbours(height, to_height);
    let columns = neighbours(width, to_width);
    let mut values = Vec::with_capacity(to_height * to_width);
    for &(above, below, down) in &rows {
        for &(left, right, across) in &columns {
            let at = |row: usize, column: usize| f32::from(pixels[row * width + column]);
            let upper = at(above, left) * (1.0 - across) + at(above, right) * across;
            let lower = at(below, left) * (1.0 - across) + at(below, right) * across;
            values.push(upper * (1.0 - down) + lower * down);
        }
    }
    Plane { height: to_height, width: to_width, values }
}

/// For each of `to` pixels the two pixels of `from` between which its centre lies, and the share of the second.
fn neighbours(from: usize, to: usize) -> Vec<(usize, usize, f32)> {
    let step = from as f32 / to as f32;
    let between = |index: usize| {
        let centre = ((index as f32 + 0.5) * step - 0.5).clamp(0.0, (from - 1) as f32);
        let first = centre as usize;
        (first, (first + 1).min(from - 1), centre - first as f32)
    };
    (0..to).map(between).collect()
}

/// For each of `to` pixels the pixels of `from` that it covers, each with its share; the shares of one add up to 1.
fn shares(from: usize, to: usize) -> Vec<Vec<(usize, f32)>> {
    let step = from as f64 / to as f64;
    let covered = |index: usize| {
        let (start, end) = (index as f64 * step, (index + 1) as f64 * step);
        let last = (end.ceil() as usize).min(from);
        (start as usize..last)
            .map(|at| (at, ((end.min(at as f64 + 1.0) - start.max(at as f64)) / step) as f32))
            .filter(|&(_, share)| share > 1e-6)
            .collect()
    };
    (0..to).map(covered).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_pixel_is_the_mean_of_what_it_covers() {
        let plane = average(&[0, 30, 60, 90, 120, 150], 2, 3, 1, 2);
        assert_eq!((plane.height, plane.width), (1, 2));
        // Columns 0 and half of 1, then half of 1 and 2, over both rows.
        let expected =
            [(0.0 + 90.0 + 0.5 * (30.0 + 120.0)) / 3.0, (60.0 + 150.0 + 0.5 * (30.0 + 120.0)) / 3.0];
        for (value, expected) in plane.values.iter().zip(expected) {
            assert!((value - expected).abs() < 1e-3, "{value} {expected}");
        }
        assert_eq!(average(&[7], 1, 1, 2, 3).values, [7.0; 6]);
    }
}
