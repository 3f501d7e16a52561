//! The inner loop of every dense sum of products, which computes a tile of pixels by filters in registers.

use crate::simd::vector::Vector;

/// How many vectors stand side by side in a tile.
pub(crate) const WIDE: usize = 2;

/// How a tile walks through its two operands. All distances count values.
///
/// The sum goes over `repeats * segments * steps` terms; term `(h, i, j)` of a row that starts at
/// `p` is `a[p + h * a_repeat + i * a_segment + j * a_step] * b[h * b_repeat + i * b_segment + j *
/// b_step ..]`.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Walk {
    pub repeats: usize,
    pub segments: usize,
    pub steps: usize,
    pub a_repeat: usize,
    pub a_segment: usize,
    pub a_step: usize,
    pub b_repeat: usize,
    pub b_segment: usize,
    pub b_step: usize,
}

impl Walk {
    /// How many values the walk spans: of `a`, counted from the start of a row, and of `b`.
    fn reach(&self, lanes: usize) -> [usize; 2] {
        let [repeat, segment, step] = [self.repeats, self.segments, self.steps].map(|n| n.max(1) - 1);
        let a = repeat * self.a_repeat + segment * self.a_segment + step * self.a_step + 1;
        let b = repeat * self.b_repeat + segment * self.b_segment + step * self.b_step + WIDE * lanes;
        [a, b]
    }
}

/// Sums of one tile: for each pixel a row of `WIDE` vectors of filters.
pub(crate) type Sums<S, const ROWS: usize> = [[<S as pulp::Simd>::f32s; WIDE]; ROWS];

/// Takes over the sums of tiles.
pub(crate) trait Sink<S: Vector> {
    /// Takes the sums of the rows that begin with row `first`.
    fn put(&mut self, simd: S, first: usize, sums: &[[S::f32s; WIDE]]);
}

/// No tile has more rows.
const HIGHEST: usize = 12;

/// Computes `rows` rows of sums and gives them to `sink`. `start` says where in `a` each row starts.
///
/// The rows are cut into tiles of nearly equal height, because a low tile cannot keep the multipliers busy.
#[inline(always)]
pub(crate) fn sum_rows<S: Vector>(
    simd: S,
    rows: usize,
    start: impl Fn(usize) -> usize,
    walk: &Walk,
    operands: [&[f32]; 2],
    sink: &mut impl Sink<S>,
) {
    sum_tiles::<S, WIDE>(simd, rows, start, walk, operands, sink);
}

/// The same where only `used` columns of the block exist. If they fit into one vector, it is the only one that is
/// computed, and the sums of the others are zero.
#[inline(always)]
pub(crate) fn sum_used_rows<S: Vector>(
    simd: S,
    [rows, used]: [usize; 2],
    start: impl Fn(usize) -> usize,
    walk: &Walk,
    operands: [&[f32]; 2],
    sink: &mut impl Sink<S>,
) {
    if used <= S::LANES {
        sum_tiles::<S, 1>(simd, rows, start, walk, operands, sink);
    } else {
        sum_tiles::<S, WIDE>(simd, rows, start, walk, operands, sink);
    }
}

/// How many rows a tile has at most if it is `VECTORS` wide.
const fn highest<S: Vector, const VECTORS: usize>() -> usize {
    if S::SUMS / VECTORS < HIGHEST { S::SUMS / VECTORS } else { HIGHEST }
}

#[inline(always)]
fn sum_tiles<S: Vector, const VECTORS: usize>(
    simd: S,
    rows: usize,
    start: impl Fn(usize) -> usize,
    walk: &Walk,
    operands: [&[f32]; 2],
    sink: &mut impl Sink<S>,
) {
    let tiles = rows.div_ceil(highest::<S, VECTORS>());
    let mut first = 0;
    for i in 0..tiles {
        let end = rows * (i + 1) / tiles;
        sum_tile::<S, VECTORS>(simd, first..end, &start, walk, operands, sink);
        first = end;
    }
}

#[inline(always)]
fn sum_tile<S: Vector, const VECTORS: usize>(
    simd: S,
    rows: std::ops::Range<usize>,
    start: &impl Fn(usize) -> usize,
    walk: &Walk,
    operands: [&[f32]; 2],
    sink: &mut impl Sink<S>,
) {
    let first = rows.start;
    macro_rules! tile {
        ($height:literal) => {{
            let starts = starts::<$height>(first, start);
            sink.put(simd, first, &tile::<S, $height, VECTORS>(simd, starts, walk, operands))
        }};
    }
    // What is higher than a tile can be is not compiled.
    let highest = const { highest::<S, VECTORS>() };
    match rows.len() {
        1 => tile!(1),
        2 => tile!(2),
        3 => tile!(3),
        4 => tile!(4),
        5 if highest >= 5 => tile!(5),
        6 if highest >= 6 => tile!(6),
        7 if highest >= 7 => tile!(7),
        8 if highest >= 8 => tile!(8),
        9 if highest >= 9 => tile!(9),
        10 if highest >= 10 => tile!(10),
        11 if highest >= 11 => tile!(11),
        12 if highest >= 12 => tile!(12),
        height => unreachable!("no tile has {height} rows"),
    }
}

#[inline(always)]
fn starts<const ROWS: usize>(first: usize, start: &impl Fn(usize) -> usize) -> [usize; ROWS] {
    std::array::from_fn(|row| start(first + row))
}

/// Computes one tile of `VECTORS` vectors side by side. Its sums stay in registers from the first term to the last.
///
/// # Panics
/// If the walk leaves its operands.
#[inline(always)]
fn tile<S: Vector, const ROWS: usize, const VECTORS: usize>(
    simd: S,
    starts: [usize; ROWS],
    walk: &Walk,
    [a, b]: [&[f32]; 2],
) -> Sums<S, ROWS> {
    let [a_reach, b_reach] = walk.reach(S::LANES);
    let last = starts.iter().fold(0, |last: usize, start| last.max(*start));
    assert!(last + a_reach <= a.len() && b_reach <= b.len(), "a tile stays inside its operands");
    let zero = simd.splat_f32s(0.0);
    let mut sums = [[zero; VECTORS]; ROWS];
    for repeat in 0..walk.repeats {
        let (a, b) = (a[repeat * walk.a_repeat..].as_ptr(), b[repeat * walk.b_repeat..].as_ptr());
        for segment in 0..walk.segments {
            let mut a = a.wrapping_add(segment * walk.a_segment);
            let mut b = b.wrapping_add(segment * walk.b_segment);
            for _ in 0..walk.steps {
                // SAFETY: the largest offset into each operand was checked above.
                unsafe {
                    let mut filters = [zero; VECTORS];
                    for (i, filter) in filters.iter_mut().enumerate() {
                        *filter = simd.load(b.add(i * S::LANES));
                    }
                    for (sums, start) in sums.iter_mut().zip(&starts) {
                        let pixel = simd.splat_f32s(*a.add(*start));
                        for (sum, filter) in sums.iter_mut().zip(filters) {
                            *sum = simd.multiply_add(pixel, filter, *sum);
                        }
                    }
                }
                a = a.wrapping_add(walk.a_step);
                b = b.wrapping_add(walk.b_step);
            }
        }
    }
    let mut wide = [[zero; WIDE]; ROWS];
    for (wide, sums) in wide.iter_mut().zip(sums) {
        wide[..VECTORS].copy_from_slice(&sums);
    }
    wide
}
