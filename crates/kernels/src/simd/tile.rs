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

/// Computes `rows` rows of sums and gives them to `sink`. `start` says where in `a` each row starts.
///
/// The rows are cut into tiles of nearly equal height, because a low tile cannot keep the multipliers busy.
#[inline(always)]
pub(crate) fn sum_rows<S: Vector>(
    simd: S,
    rows: usize,
    start: impl Fn(usize) -> usize,
    walk: &Walk,
    [a, b]: [&[f32]; 2],
    sink: &mut impl Sink<S>,
) {
    let tiles = rows.div_ceil(S::SUMS / WIDE);
    let mut first = 0;
    for i in 0..tiles {
        let end = rows * (i + 1) / tiles;
        sum_tile(simd, first..end, &start, walk, [a, b], sink);
        first = end;
    }
}

#[inline(always)]
fn sum_tile<S: Vector>(
    simd: S,
    rows: std::ops::Range<usize>,
    start: &impl Fn(usize) -> usize,
    walk: &Walk,
    operands: [&[f32]; 2],
    sink: &mut impl Sink<S>,
) {
    let first = rows.start;
    macro_rules! tile {
        ($height:literal) => {
            sink.put(simd, first, &tile(simd, starts::<$height>(first, start), walk, operands))
        };
    }
    match rows.len() {
        1 => tile!(1),
        2 => tile!(2),
        3 => tile!(3),
        4 => tile!(4),
        5 if S::SUMS >= 12 => tile!(5),
        6 if S::SUMS >= 12 => tile!(6),
        7 if S::SUMS >= 24 => tile!(7),
        8 if S::SUMS >= 24 => tile!(8),
        9 if S::SUMS >= 24 => tile!(9),
        10 if S::SUMS >= 24 => tile!(10),
        11 if S::SUMS >= 24 => tile!(11),
        12 if S::SUMS >= 24 => tile!(12),
        height => unreachable!("no tile has {height} rows"),
    }
}

#[inline(always)]
fn starts<const ROWS: usize>(first: usize, start: &impl Fn(usize) -> usize) -> [usize; ROWS] {
    std::array::from_fn(|row| start(first + row))
}

/// Computes one tile. Its sums stay in registers from the first term to the last.
///
/// # Panics
/// If the walk leaves its operands.
#[inline(always)]
fn tile<S: Vector, const ROWS: usize>(
    simd: S,
    starts: [usize; ROWS],
    walk: &Walk,
    [a, b]: [&[f32]; 2],
) -> Sums<S, ROWS> {
    let [a_reach, b_reach] = walk.reach(S::LANES);
    let last = starts.iter().fold(0, |last: usize, start| last.max(*start));
    assert!(last + a_reach <= a.len() && b_reach <= b.len(), "a tile stays inside its operands");
    let mut sums = [[simd.splat_f32s(0.0); WIDE]; ROWS];
    for repeat in 0..walk.repeats {
        let (a, b) = (a[repeat * walk.a_repeat..].as_ptr(), b[repeat * walk.b_repeat..].as_ptr());
        for segment in 0..walk.segments {
            let mut a = a.wrapping_add(segment * walk.a_segment);
            let mut b = b.wrapping_add(segment * walk.b_segment);
            for _ in 0..walk.steps {
                // SAFETY: the largest offset into each operand was checked above.
                unsafe {
                    let filters = [simd.load(b), simd.load(b.add(S::LANES))];
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
    sums
}
