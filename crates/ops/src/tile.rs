//! The inner loop of every dense kernel: a register tile of pixels by filters.

use crate::simd::Vector;

/// Vectors side by side in a tile.
pub(crate) const WIDE: usize = 2;

/// How a tile walks through its two operands, in values.
///
/// The sum goes over `segments * steps` terms; term `(i, j)` of row `p` is
/// `a[i * a_segment + j * a_step + p * a_row] * b[i * b_segment + j * b_step ..]`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Walk {
    pub segments: usize,
    pub steps: usize,
    pub a_segment: usize,
    pub a_step: usize,
    pub a_row: usize,
    pub b_segment: usize,
    pub b_step: usize,
}

impl Walk {
    /// Values of `a` and `b` from the first to the last that `rows` rows touch.
    fn reach(&self, rows: usize, lanes: usize) -> [usize; 2] {
        let [segment, step] = [self.segments, self.steps].map(|n| n.max(1) - 1);
        let a = segment * self.a_segment + step * self.a_step + (rows - 1) * self.a_row + 1;
        let b = segment * self.b_segment + step * self.b_step + WIDE * lanes;
        [a, b]
    }
}

/// Sums of one tile: a row a pixel, `WIDE` vectors of filters each.
pub(crate) type Sums<S, const ROWS: usize> = [[<S as pulp::Simd>::f32s; WIDE]; ROWS];

/// What is done with the sums of a tile.
pub(crate) trait Sink<S: Vector> {
    /// Takes the sums of the rows from `first` on.
    fn put(&mut self, simd: S, first: usize, sums: &[[S::f32s; WIDE]]);
}

/// Computes `rows` rows in tiles of nearly equal height, so that none is too low to keep the
/// multipliers busy.
#[inline(always)]
pub(crate) fn rows<S: Vector>(
    simd: S,
    rows: usize,
    walk: &Walk,
    a: &[f32],
    b: &[f32],
    sink: &mut impl Sink<S>,
) {
    let tiles = rows.div_ceil(S::SUMS / WIDE);
    let mut first = 0;
    for i in 0..tiles {
        let end = rows * (i + 1) / tiles;
        let a = &a[first * walk.a_row..];
        tile_of(simd, end - first, first, walk, a, b, sink);
        first = end;
    }
}

#[inline(always)]
fn tile_of<S: Vector>(
    simd: S,
    height: usize,
    first: usize,
    walk: &Walk,
    a: &[f32],
    b: &[f32],
    sink: &mut impl Sink<S>,
) {
    match height {
        1 => sink.put(simd, first, &tile::<S, 1>(simd, walk, a, b)),
        2 => sink.put(simd, first, &tile::<S, 2>(simd, walk, a, b)),
        3 => sink.put(simd, first, &tile::<S, 3>(simd, walk, a, b)),
        4 => sink.put(simd, first, &tile::<S, 4>(simd, walk, a, b)),
        5 if S::SUMS >= 12 => sink.put(simd, first, &tile::<S, 5>(simd, walk, a, b)),
        6 if S::SUMS >= 12 => sink.put(simd, first, &tile::<S, 6>(simd, walk, a, b)),
        7 if S::SUMS >= 24 => sink.put(simd, first, &tile::<S, 7>(simd, walk, a, b)),
        8 if S::SUMS >= 24 => sink.put(simd, first, &tile::<S, 8>(simd, walk, a, b)),
        9 if S::SUMS >= 24 => sink.put(simd, first, &tile::<S, 9>(simd, walk, a, b)),
        10 if S::SUMS >= 24 => sink.put(simd, first, &tile::<S, 10>(simd, walk, a, b)),
        11 if S::SUMS >= 24 => sink.put(simd, first, &tile::<S, 11>(simd, walk, a, b)),
        12 if S::SUMS >= 24 => sink.put(simd, first, &tile::<S, 12>(simd, walk, a, b)),
        _ => unreachable!("no tile has {height} rows"),
    }
}

/// One tile, its sums in registers from the first term to the last.
///
/// # Panics
/// If the walk leaves its operands.
#[inline(always)]
fn tile<S: Vector, const ROWS: usize>(simd: S, walk: &Walk, a: &[f32], b: &[f32]) -> Sums<S, ROWS> {
    let [a_reach, b_reach] = walk.reach(ROWS, S::LANES);
    assert!(a_reach <= a.len() && b_reach <= b.len(), "a tile stays inside its operands");
    let mut sums = [[simd.splat_f32s(0.0); WIDE]; ROWS];
    for segment in 0..walk.segments {
        // SAFETY: the largest offset into each operand was checked above.
        unsafe {
            let mut a = a.as_ptr().add(segment * walk.a_segment);
            let mut b = b.as_ptr().add(segment * walk.b_segment);
            for _ in 0..walk.steps {
                let filters = [simd.load(b), simd.load(b.add(S::LANES))];
                for (row, sums) in sums.iter_mut().enumerate() {
                    let pixel = simd.splat_f32s(*a.add(row * walk.a_row));
                    for (sum, filter) in sums.iter_mut().zip(filters) {
                        *sum = simd.multiply_add(pixel, filter, *sum);
                    }
                }
                a = a.wrapping_add(walk.a_step);
                b = b.wrapping_add(walk.b_step);
            }
        }
    }
    sums
}
