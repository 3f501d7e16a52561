//! Sums over a batch whose bits do not depend on the number of threads.

use rayon::prelude::*;

use crate::geometry::Geometry;
use crate::scratch;

/// Pieces that a batch is cut into: enough for the cores of a laptop. The number depends on
/// sizes alone, never on threads, and the pieces are added up in order.
const PIECES: usize = 16;
/// Pieces where a piece's sums are many, and adding them up takes long itself.
const FEWER_PIECES: usize = 8;
/// So many.
const MANY: usize = 1 << 17;

/// Gradients of a convolution's operands.
#[derive(Clone, Debug, PartialEq)]
pub struct Gradients {
    /// `[n, height, width, channels]`, if it was asked for.
    pub input: Option<Vec<f32>>,
    /// `[filters, channels, kernel, kernel]`
    pub weight: Vec<f32>,
    /// `[filters]`
    pub bias: Vec<f32>,
}

/// How the gradients of weights and biases are summed, piece by piece.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Partials {
    pub pieces: usize,
    /// Pictures a piece; the last may have fewer.
    pub pictures: usize,
    filters: usize,
    /// Values of one filter: `[kernel, row]`.
    filter: usize,
    row: usize,
}

impl Partials {
    /// For `n` pictures and kernel rows that are filled up to `row` values.
    pub(crate) fn new(g: &Geometry, n: usize, row: usize) -> Self {
        let pieces = if g.filters * g.kernel * row < MANY { PIECES } else { FEWER_PIECES };
        let pictures = n.div_ceil(pieces).max(1);
        Self { pieces: n.div_ceil(pictures), pictures, filters: g.filters, filter: g.kernel * row, row }
    }

    /// Values of a piece: weights `[filters, kernel, row]`, then biases `[filters]`.
    pub(crate) fn len(&self) -> usize {
        self.filters * (self.filter + 1)
    }

    /// The weights and biases of one piece.
    pub(crate) fn split<'a>(&self, piece: &'a mut [f32]) -> (&'a mut [f32], &'a mut [f32]) {
        piece.split_at_mut(self.filters * self.filter)
    }

    /// Adds the pieces in order: weights `[filters, channels, kernel, kernel]` and biases.
    pub(crate) fn add_up(&self, g: &Geometry, pieces: &[f32]) -> (Vec<f32>, Vec<f32>) {
        let mut weight = vec![0.0; g.filters * g.filter_len()];
        weight.par_chunks_exact_mut(g.filter_len()).enumerate().for_each(|(filter, target)| {
            scratch::with([self.filter], |[sum]| {
                sum.fill(0.0);
                for piece in pieces.chunks_exact(self.len()) {
                    for (sum, value) in sum.iter_mut().zip(&piece[filter * self.filter..]) {
                        *sum += value;
                    }
                }
                // [kernel row, (kernel column, channel)] -> [channel, kernel row, kernel column]
                for (i, value) in target.iter_mut().enumerate() {
                    let (channel, ky, kx) =
                        (i / (g.kernel * g.kernel), i / g.kernel % g.kernel, i % g.kernel);
                    *value = sum[ky * self.row + kx * g.channels + channel];
                }
            });
        });
        let mut bias = vec![0.0; g.filters];
        for piece in pieces.chunks_exact(self.len()) {
            for (sum, value) in bias.iter_mut().zip(&piece[self.filters * self.filter..]) {
                *sum += value;
            }
        }
        (weight, bias)
    }
}
