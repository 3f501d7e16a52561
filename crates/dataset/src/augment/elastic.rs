//! Elastic deformation: a smooth random field says how far each pixel moves (Simard et al. 2003).
//!
//! Simard draws a displacement for each pixel and smooths the field with a Gaussian. Here the displacements are
//! drawn for the nodes of a coarse grid and interpolated by cubic B-splines, whose shape is nearly a
//! Gaussian's. That gives a field of the same kind for a small part of the arithmetic.

use rand::Rng;

use crate::augment::ranges::Augmentation;

/// A cubic B-spline's standard deviation is the distance of two nodes divided by the root of 3.
const NODES_APART: f64 = 1.732_050_807_568_877_2;

/// The smallest smoothness that is computed with. A smaller one would need more nodes than pixels.
const SMOOTHNESS: (f64, f64) = (0.02, 2.0);

/// The mean, over all places between two nodes, of the sum of the squares of the four weights there. A field
/// of independent nodes has this share of their variance along each axis.
const KEPT_VARIANCE: f64 = 151.0 / 315.0;

/// Where a row or a column lies among the nodes.
#[derive(Clone, Copy, Debug)]
struct Place {
    /// The first of the four nodes around it.
    node: usize,
    weights: [f32; 4],
}

/// The field of displacements for images of one size.
#[derive(Clone, Debug)]
pub(super) struct Elastic {
    rows: Vec<Place>,
    columns: Vec<Place>,
    /// Number of nodes in a row of them.
    nodes_across: usize,
    /// The largest displacement of a node along x and y, in pixels. All from its negative up have the same chance.
    largest: [f32; 2],
    /// The nodes' displacements along x and y, as they are drawn: from -1 to 1.
    nodes: [Vec<f32>; 2],
    /// The nodes' displacements in pixels, interpolated along the rows of nodes: `[nodes down, width]`.
    lines: [Vec<f32>; 2],
    /// The displacements along x and y of the pixels of a row, in pixels.
    row: [Vec<f32>; 2],
}

impl Elastic {
    pub(super) fn new(ranges: &Augmentation, height: usize, width: usize) -> Self {
        let (rows, nodes_down) = places(height, ranges.elastic_smoothness);
        let (columns, nodes_across) = places(width, ranges.elastic_smoothness);
        // A uniform distribution from -1 to 1 has a variance of 1/3, and both axes keep their share of it.
        let for_deviation = 3.0_f64.sqrt() / KEPT_VARIANCE;
        let largest = [width, height].map(|size| (ranges.elastic * size as f64 * for_deviation) as f32);
        let zeros = |n: usize| [vec![0.0; n], vec![0.0; n]];
        Self {
            nodes: zeros(nodes_down * nodes_across),
            lines: zeros(nodes_down * width),
            row: zeros(width),
            rows,
            columns,
            nodes_across,
            largest,
        }
    }

    /// Draws the field of an image.
    pub(super) fn draw(&mut self, rng: &mut impl Rng) {
        let [along_x, along_y] = &mut self.nodes;
        for (x, y) in along_x.iter_mut().zip(along_y) {
            // Half of 32 bits is fine enough for a displacement.
            let bits = rng.next_u32();
            let value = |bits: u32| f32::from(bits as u16 as i16) / f32::from(i16::MAX);
            (*x, *y) = (value(bits), value(bits >> 16));
        }
        let width = self.columns.len();
        for (axis, largest) in self.largest.into_iter().enumerate() {
            let lines = self.lines[axis].chunks_exact_mut(width);
            for (nodes, line) in self.nodes[axis].chunks_exact(self.nodes_across).zip(lines) {
                for (value, place) in line.iter_mut().zip(&self.columns) {
                    let [a, b, c, d] = place.weights;
                    if let [p, q, r, s] = nodes[place.node..place.node + 4] {
                        *value = largest * (((a * p + b * q) + c * r) + d * s);
                    }
                }
            }
        }
    }

    /// The displacements along x and y of the pixels of row `y`, in pixels.
    pub(super) fn row(&mut self, y: usize) -> [&[f32]; 2] {
        let Self { rows, columns, lines, row, .. } = self;
        let width = columns.len();
        let Place { node, weights: [a, b, c, d] } = rows[y];
        for (values, lines) in row.iter_mut().zip(lines) {
            let (p, rest) = lines[node * width..(node + 4) * width].split_at(width);
            let (q, rest) = rest.split_at(width);
            let (r, s) = rest.split_at(width);
            for ((((value, p), q), r), s) in values.iter_mut().zip(p).zip(q).zip(r).zip(s) {
                *value = ((a * p + b * q) + c * r) + d * s;
            }
        }
        let [along_x, along_y] = row;
        [along_x, along_y]
    }
}

/// The places of `size` rows or columns among the nodes, and the number of nodes.
fn places(size: usize, smoothness: f64) -> (Vec<Place>, usize) {
    let smoothness = smoothness.clamp(SMOOTHNESS.0, SMOOTHNESS.1);
    let apart = (smoothness * NODES_APART * size as f64).max(1.0);
    let place = |i: usize| {
        let place = i as f64 / apart;
        let node = place.floor();
        let (t, u) = (place - node, 1.0 - (place - node));
        let near = |t: f64| (4.0 - 6.0 * t * t + 3.0 * t * t * t) / 6.0;
        let weights = [u * u * u / 6.0, near(t), near(u), t * t * t / 6.0];
        Place { node: node as usize, weights: weights.map(|weight| weight as f32) }
    };
    let places: Vec<Place> = (0..size).map(place).collect();
    let nodes = places.last().map_or(0, |last| last.node + 4);
    (places, nodes)
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand::rngs::ChaCha8Rng;

    use super::*;

    fn field(height: usize, width: usize, elastic: f64, smoothness: f64, seed: u64) -> [Vec<f32>; 2] {
        let ranges = Augmentation { elastic, elastic_smoothness: smoothness, ..Augmentation::default() };
        let mut field = Elastic::new(&ranges, height, width);
        field.draw(&mut ChaCha8Rng::seed_from_u64(seed));
        let mut values = [Vec::new(), Vec::new()];
        for y in 0..height {
            for (values, row) in values.iter_mut().zip(field.row(y)) {
                values.extend_from_slice(row);
            }
        }
        values
    }

    /// The correlation of two places of the field at a distance, along x, over many fields.
    fn statistics(distance: usize) -> (f64, f64) {
        let (mut squares, mut products, mut n) = (0.0, 0.0, 0.0);
        for seed in 0..200 {
            for values in field(28, 56, 0.05, 0.14, seed) {
                for row in values.chunks_exact(56) {
                    for pair in row.windows(distance + 1) {
                        squares += f64::from(pair[0] * pair[0]);
                        products += f64::from(pair[0] * pair[distance]);
                        n += 1.0;
                    }
                }
            }
        }
        (squares / n, products / squares)
    }

    /// The field is compared with one that was smoothed by a Gaussian, whose correlation is known: it is a
    /// Gaussian of the root of 2 times its deviation.
    #[test]
    fn the_field_has_the_deviation_and_the_smoothness_that_were_asked_for() {
        // Along x the deviation is 0.05 * 56 pixels, along y 0.05 * 28.
        let expected = (2.8 * 2.8 + 1.4 * 1.4) / 2.0;
        for distance in [4, 8, 12] {
            let (variance, correlation) = statistics(distance);
            assert!((variance / expected - 1.0).abs() < 0.1, "{variance}, expected {expected}");
            let sigma = 0.14 * 56.0;
            let gaussian = (-(distance as f64).powi(2) / (4.0 * sigma * sigma)).exp();
            assert!((correlation - gaussian).abs() < 0.06, "{distance}: {correlation}, expected {gaussian}");
        }
    }

    #[test]
    fn weights_of_every_place_sum_to_one() {
        for (size, smoothness) in [(1, 0.14), (2, 0.02), (28, 0.14), (256, 0.02), (256, 2.0), (28, 0.0)] {
            let (places, nodes) = places(size, smoothness);
            assert_eq!(places.len(), size);
            for place in &places {
                assert!(place.node + 4 <= nodes);
                assert!((place.weights.iter().sum::<f32>() - 1.0).abs() < 1e-6, "{place:?}");
            }
        }
    }
}
