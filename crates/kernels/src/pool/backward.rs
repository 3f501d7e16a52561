//! Gradients of the pooled convolution: they visit the winners alone.
//!
//! Behind a 2x2 max-pool at most a quarter of the convolution's outputs has a gradient, behind
//! ReLU about half of that. The gradient of a filter is the sum, over its winners, of what each
//! looked at; the gradient of the input adds, at each winner, the filter that won there.

use crate::geometry::Geometry;
use crate::pool_forward::Pooled;
use crate::rows::Rows;
use crate::scratch;
use crate::simd::{Kernel, Level, Vector};
use crate::sums::{Gradients, Partials};
use crate::threads::pieces;
use crate::winners::Winners;

/// Gradients of [`crate::kernels::conv2d_max_pool2d`], given those of its pooled maps and who
/// won in them, both `[n, pooled height, pooled width, filters]`.
///
/// # Panics
/// If a length does not fit the geometry.
pub fn conv2d_max_pool2d_backward(
    level: Level,
    shape: &Pooled,
    pictures: &[f32],
    weight: &[f32],
    winners: &[u8],
    gradients: &[f32],
    want_input: bool,
) -> Gradients {
    let g = &shape.conv;
    let n = pictures.len() / g.input_len();
    assert_eq!(pictures.len(), n * g.input_len(), "whole pictures");
    assert_eq!(weight.len(), g.filters * g.filter_len(), "weights fit");
    assert_eq!([winners.len(), gradients.len()], [n * shape.output_len(); 2], "a gradient a pooled value");
    let rows = Rows::new(level, g);
    let mut input = vec![0.0; if want_input { pictures.len() } else { 0 }];
    let partials = Partials::new(g, n, rows.padded);
    let (count, per_piece, partial) = (partials.pieces, partials.pictures, partials.len());
    let packed_len = if want_input { rows.len(g) } else { 0 };
    let (weight, bias) = scratch::with([count * partial, packed_len], |[sums, packed]| {
        if want_input {
            rows.pack(g, weight, packed);
        }
        let packed = &*packed;
        let (per_input, per_map) = (per_piece * g.input_len(), per_piece * shape.output_len());
        pieces((&mut *sums, partial), (&mut input, per_input), |i, sums, input| {
            sums.fill(0.0);
            let (weight, bias) = partials.split(sums);
            let piece = Piece {
                shape,
                rows,
                pictures: &pictures[i * per_input..],
                winners: &winners[i * per_map..],
                gradients: &gradients[i * per_map..],
                count: per_piece.min(n - i * per_piece),
                packed,
                weight,
                bias,
                input,
            };
            piece.run(level);
        });
        partials.add_up(g, sums)
    });
    Gradients { input: want_input.then_some(input), weight, bias }
}

/// The gradients of some pictures.
struct Piece<'a> {
    shape: &'a Pooled,
    rows: Rows,
    pictures: &'a [f32],
    winners: &'a [u8],
    gradients: &'a [f32],
    count: usize,
    /// From [`Rows::pack`]; empty where no gradient of the input is wanted.
    packed: &'a [f32],
    /// `[filters, kernel, padded row]`
    weight: &'a mut [f32],
    bias: &'a mut [f32],
    input: &'a mut [f32],
}

impl Piece<'_> {
    fn run(self, level: Level) {
        let g = &self.shape.conv;
        // A kernel row in whole vectors may reach beyond the last padded row.
        let padded_len = g.padded_len() + self.rows.padded;
        let input_len = if self.packed.is_empty() { 0 } else { padded_len };
        let [a, b, c, d, e, f] = Winners::lengths(self.shape);
        let lengths = [padded_len, input_len, a, b, c, d, e, f];
        scratch::with(lengths, |[padded, input, a, b, c, d, e, f]| {
            let mut winners = Winners::new(self.shape, [a, b, c, d, e, f]);
            for image in 0..self.count {
                let picture = &self.pictures[image * g.input_len()..][..g.input_len()];
                let pooled = image * self.shape.output_len()..(image + 1) * self.shape.output_len();
                let (won, gradients) = (&self.winners[pooled.clone()], &self.gradients[pooled]);
                winners.list_by_filter(won, gradients, self.bias);
                g.pad(picture, 0, padded);
                level.run(WeightGradient {
                    g,
                    rows: self.rows,
                    winners: &winners,
                    padded,
                    weight: self.weight,
                });
                if !self.packed.is_empty() {
                    input.fill(0.0);
                    winners.list_by_pixel(self.shape, won);
                    level.run(InputGradient {
                        shape: self.shape,
                        rows: self.rows,
                        winners: &winners,
                        gradients,
                        packed: self.packed,
                        input,
                    });
                    g.unpad(input, &mut self.input[image * g.input_len()..][..g.input_len()]);
                }
            }
        });
    }
}

/// Adds to each filter what its winners looked at, times their gradients.
struct WeightGradient<'a> {
    g: &'a Geometry,
    rows: Rows,
    winners: &'a Winners<'a>,
    padded: &'a [f32],
    weight: &'a mut [f32],
}

impl Kernel for WeightGradient<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Vector>(self, simd: S) {
        let Rows { lanes, vectors, padded: row, .. } = self.rows;
        let (kernel, padded_row) = (self.g.kernel, self.g.padded_row());
        for (filter, weight) in self.weight.chunks_exact_mut(kernel * row).enumerate() {
            let winners = self.winners.of_filter(filter);
            let mut stream = Stream { winners, padded: self.padded, padded_row, weight, row };
            // Short rows are summed several at a time: one sum alone would wait for itself.
            match (kernel, vectors) {
                (5, 1) => stream.add::<S, 5, 1>(simd, 0, 0),
                (5, 2) => stream.add::<S, 5, 2>(simd, 0, 0),
                (3, 1) => stream.add::<S, 3, 1>(simd, 0, 0),
                (3, 2) => stream.add::<S, 3, 2>(simd, 0, 0),
                (3, 3) => stream.add::<S, 3, 3>(simd, 0, 0),
                (3, 4) => stream.add::<S, 3, 4>(simd, 0, 0),
                _ => {
                    for ky in 0..kernel {
                        for (first, count) in self.rows.chunks() {
                            let at = first * lanes;
                            match count {
                                1 => stream.add::<S, 1, 1>(simd, ky, at),
                                2 => stream.add::<S, 1, 2>(simd, ky, at),
                                3 => stream.add::<S, 1, 3>(simd, ky, at),
                                4 => stream.add::<S, 1, 4>(simd, ky, at),
                                5 => stream.add::<S, 1, 5>(simd, ky, at),
                                6 => stream.add::<S, 1, 6>(simd, ky, at),
                                7 => stream.add::<S, 1, 7>(simd, ky, at),
                                8 => stream.add::<S, 1, 8>(simd, ky, at),
                                9 => stream.add::<S, 1, 9>(simd, ky, at),
                                10 => stream.add::<S, 1, 10>(simd, ky, at),
                                11 => stream.add::<S, 1, 11>(simd, ky, at),
                                _ => stream.add::<S, 1, 12>(simd, ky, at),
                            }
                        }
                    }
                }
            }
        }
    }
}

/// The winners of one filter, streaming past its sums.
struct Stream<'a> {
    winners: (&'a [u32], &'a [f32]),
    padded: &'a [f32],
    padded_row: usize,
    weight: &'a mut [f32],
    row: usize,
}

impl Stream<'_> {
    /// Adds to `WIDTH` vectors, from value `first` on, of `HEIGHT` kernel rows from `ky` on.
    #[inline(always)]
    fn add<S: Vector, const HEIGHT: usize, const WIDTH: usize>(&mut self, simd: S, ky: usize, first: usize) {
        let (places, gradients) = self.winners;
        let reach = (ky + HEIGHT - 1) * self.padded_row + first + WIDTH * S::LANES;
        let last = places.iter().copied().max().unwrap_or(0) as usize;
        assert!(last + reach <= self.padded.len(), "every winner looked into the padded picture");
        assert!((ky + HEIGHT - 1) * self.row + first + WIDTH * S::LANES <= self.weight.len());
        // SAFETY: the farthest winner and the last vector were checked above.
        unsafe {
            let weight = self.weight.as_mut_ptr().add(ky * self.row + first);
            let padded = self.padded.as_ptr().add(ky * self.padded_row + first);
            let mut sums = [[simd.splat_f32s(0.0); WIDTH]; HEIGHT];
            for (y, sums) in sums.iter_mut().enumerate() {
                for (x, sum) in sums.iter_mut().enumerate() {
                    *sum = simd.load(weight.add(y * self.row + x * S::LANES));
                }
            }
            for (&place, &gradient) in places.iter().zip(gradients) {
                let seen = padded.add(place as usize);
                let gradient = simd.splat_f32s(gradient);
                for (y, sums) in sums.iter_mut().enumerate() {
                    for (x, sum) in sums.iter_mut().enumerate() {
                        let seen = simd.load(seen.add(y * self.padded_row + x * S::LANES));
                        *sum = simd.multiply_add(gradient, seen, *sum);
                    }
                }
            }
            for (y, sums) in sums.iter().enumerate() {
                for (x, sum) in sums.iter().enumerate() {
                    simd.store(weight.add(y * self.row + x * S::LANES), *sum);
                }
            }
        }
    }
}

/// Adds, at each pixel that won, the filters that it won for, times their gradients.
struct InputGradient<'a> {
    shape: &'a Pooled,
    rows: Rows,
    winners: &'a Winners<'a>,
    /// `[pooled height, pooled width, filters]`
    gradients: &'a [f32],
    packed: &'a [f32],
    /// The gradient of the padded picture.
    input: &'a mut [f32],
}

impl Kernel for InputGradient<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Vector>(mut self, simd: S) {
        let g = &self.shape.conv;
        let mut packed = self.packed;
        for ky in 0..g.kernel {
            for (first, count) in self.rows.chunks() {
                let (filters, others) = packed.split_at(g.filters * count * S::LANES);
                packed = others;
                let at = ky * g.padded_row() + first * S::LANES;
                match count {
                    1 => self.add::<S, 1>(simd, filters, at),
                    2 => self.add::<S, 2>(simd, filters, at),
                    3 => self.add::<S, 3>(simd, filters, at),
                    4 => self.add::<S, 4>(simd, filters, at),
                    5 => self.add::<S, 5>(simd, filters, at),
                    6 => self.add::<S, 6>(simd, filters, at),
                    7 => self.add::<S, 7>(simd, filters, at),
                    8 => self.add::<S, 8>(simd, filters, at),
                    9 => self.add::<S, 9>(simd, filters, at),
                    10 => self.add::<S, 10>(simd, filters, at),
                    11 => self.add::<S, 11>(simd, filters, at),
                    _ => self.add::<S, 12>(simd, filters, at),
                }
            }
        }
    }
}

impl InputGradient<'_> {
    /// Adds `WIDTH` vectors of each filter, `at` values behind each pixel that it won.
    #[inline(always)]
    fn add<S: Vector, const WIDTH: usize>(&mut self, simd: S, filters: &[f32], at: usize) {
        let filter_count = self.shape.conv.filters;
        let width = WIDTH * S::LANES;
        assert_eq!(filters.len(), filter_count * width);
        let mut pixel = 0;
        let gradients = self.gradients.chunks_exact(filter_count);
        for (corner, gradients) in self.winners.corners().iter().zip(gradients) {
            for offset in self.winners.window(self.shape) {
                let winners = self.winners.of_pixel(pixel);
                pixel += 1;
                if winners.is_empty() {
                    continue;
                }
                let target = &mut self.input[(corner + offset) as usize + at..][..width];
                let mut sums = [simd.splat_f32s(0.0); WIDTH];
                for &filter in winners {
                    // SAFETY: `Winners` lists filters of this convolution, each of which has a
                    // gradient, and `WIDTH` vectors of `filters`.
                    unsafe {
                        let gradient = simd.splat_f32s(*gradients.get_unchecked(filter as usize));
                        let filter = filters.as_ptr().add(filter as usize * width);
                        for (i, sum) in sums.iter_mut().enumerate() {
                            *sum = simd.multiply_add(gradient, simd.load(filter.add(i * S::LANES)), *sum);
                        }
                    }
                }
                for (i, sum) in sums.iter().enumerate() {
                    let target = target[i * S::LANES..].as_mut_ptr();
                    // SAFETY: the target holds `WIDTH` vectors.
                    unsafe { simd.store(target, simd.add_f32s(*sum, simd.load(target))) };
                }
            }
        }
    }
}
