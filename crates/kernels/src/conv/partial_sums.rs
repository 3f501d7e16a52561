//! Sums over a batch whose bits do not depend on the number of threads.

use crate::conv::shape::ConvShape;
use crate::memory::scratch;
use crate::threads::parallel::*;

/// How many pieces a batch is cut into: enough for the cores of a laptop. The number depends on sizes alone,
/// never on threads, and the pieces are added up in order, so every sum has its terms in the same order.
const PIECES: usize = 16;
/// How many pieces where a piece has many sums, because adding those up takes long too.
const FEWER_PIECES: usize = 8;
/// From how many sums on a piece has many.
const MANY_SUMS: usize = 1 << 17;

/// How many pieces a batch is cut into where each piece has so many sums. They are counted without what fills them up
/// to whole vectors.
pub(crate) fn pieces_of(sums: usize) -> usize {
    if sums < MANY_SUMS { PIECES } else { FEWER_PIECES }
}

/// Adds pieces of `len` sums up in order, into the first one.
pub(crate) fn add_pieces(pieces: &mut [f32], len: usize) {
    const CHUNK: usize = 1 << 12;
    let (first, others) = pieces.split_at_mut(len);
    first.par_chunks_mut(CHUNK).enumerate().for_each(|(i, sums)| {
        for piece in others.chunks_exact(len) {
            for (sum, value) in sums.iter_mut().zip(&piece[i * CHUNK..]) {
                *sum += value;
            }
        }
    });
}

/// The sums of each piece of a batch, from which the gradients of weights and biases are added up.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PartialSums {
    pub pieces: usize,
    /// Images of a piece. The last piece may have fewer.
    pub images: usize,
    filters: usize,
    /// Values of one filter: `[kernel, row]`.
    filter: usize,
    row: usize,
}

impl PartialSums {
    /// The sums for `n` images, with kernel rows that are filled up to `row` values.
    pub(crate) fn new(conv: &ConvShape, n: usize, row: usize) -> Self {
        let images = n.div_ceil(pieces_of(conv.filters * conv.filter_len())).max(1);
        Self { pieces: n.div_ceil(images), images, filters: conv.filters, filter: conv.kernel * row, row }
    }

    /// Values of a piece: weights `[filters, kernel, row]`, then biases `[filters]`.
    pub(crate) fn len(&self) -> usize {
        self.filters * (self.filter + 1)
    }

    /// One piece's sums of the weights, and those of the biases.
    pub(crate) fn split<'a>(&self, piece: &'a mut [f32]) -> [&'a mut [f32]; 2] {
        piece.split_at_mut(self.filters * self.filter).into()
    }

    /// Adds the pieces up in order, into `weight` `[filters, channels, kernel, kernel]` and `bias`
    /// `[filters]`.
    pub(crate) fn add_up(&self, conv: &ConvShape, pieces: &[f32], weight: &mut [f32], bias: &mut [f32]) {
        weight.par_chunks_exact_mut(conv.filter_len()).enumerate().for_each(|(filter, target)| {
            scratch::with([self.filter], |[sum]| {
                sum.fill(0.0);
                for piece in pieces.chunks_exact(self.len()) {
                    for (sum, value) in sum.iter_mut().zip(&piece[filter * self.filter..]) {
                        *sum += value;
                    }
                }
                // [kernel row, (kernel column, channel)] -> [channel, kernel row, kernel column]
                let mut rows = target.chunks_exact_mut(conv.kernel);
                for channel in 0..conv.filter_len() / (conv.kernel * conv.kernel) {
                    for (ky, target) in rows.by_ref().take(conv.kernel).enumerate() {
                        let values = sum[ky * self.row + channel..].iter().step_by(conv.channels);
                        for (target, value) in target.iter_mut().zip(values) {
                            *target = *value;
                        }
                    }
                }
            });
        });
        bias.fill(0.0);
        for piece in pieces.chunks_exact(self.len()) {
            for (sum, value) in bias.iter_mut().zip(&piece[self.filters * self.filter..]) {
                *sum += value;
            }
        }
    }
}
