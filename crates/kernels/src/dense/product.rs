//! A product of matrices whose first one may be mostly zeros, as images and their pixels are.
//!
//! A term whose factor is zero adds nothing, so a tile skips the steps at which all of its rows are zero. The sums
//! have the same bits as with all terms, unless a value of the other matrix is infinite or NaN: the product of zero
//! and such a value counts only where a row beside it is not zero.

use crate::filters::packing::Packing;
use crate::memory::scratch;
use crate::simd::store::StoreRows;
use crate::simd::tile::{self, Sink, Sums, WIDE, Walk};
use crate::simd::vector::Vector;

/// The first matrix: a row of the product takes the values at `row * row_distance + step * step_distance`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Factors<'a> {
    pub values: &'a [f32],
    pub rows: usize,
    pub row_distance: usize,
    pub step_distance: usize,
}

/// No tile has more rows.
pub(crate) const HIGHEST: usize = 12;

/// Multiplies some rows with packed columns, adds a bias, and writes `[rows, packing.filters]`. `steps` is memory
/// for `packing.row` numbers, and `gathered` for [`HIGHEST`] times as many values.
///
/// # Panics
/// If a row leaves its values, or the packed columns are not as long as their packing says.
#[inline(always)]
pub(crate) fn multiply<S: Vector>(
    simd: S,
    factors: Factors<'_>,
    packing: &Packing,
    packed: &[f32],
    bias: Option<&[f32]>,
    [steps, gathered]: [&mut [f32]; 2],
    out: &mut [f32],
) {
    let steps = scratch::as_indices(steps);
    let tiles = factors.rows.div_ceil(S::SUMS / WIDE);
    let mut first = 0;
    for i in 0..tiles {
        let end = factors.rows * (i + 1) / tiles;
        let used = list(factors, first..end, &mut steps[..packing.row]);
        let tile_out = &mut out[first * packing.filters..];
        // A list costs more than counting where few steps are left out. But values that lie far apart would be fetched
        // anew for each block.
        if factors.step_distance == 1 && used * 8 >= packing.row * 7 {
            whole(simd, factors, first..end, packing, packed, bias, tile_out);
        } else {
            listed(simd, factors, first..end, packing, packed, bias, &steps[..used], gathered, tile_out);
        }
        first = end;
    }
}

/// How many steps are looked at together. Their values of a tile stay in the first-level cache.
const TOGETHER: usize = 64;

/// Lists the steps at which a row of the tile is not zero, in their order, and returns how many there are.
#[inline(always)]
fn list(factors: Factors<'_>, rows: std::ops::Range<usize>, steps: &mut [u32]) -> usize {
    let Factors { values, row_distance, step_distance, .. } = factors;
    let mut used = 0;
    for first in (0..steps.len()).step_by(TOGETHER) {
        let count = TOGETHER.min(steps.len() - first);
        let mut bits = [0; TOGETHER];
        if step_distance == 1 {
            // A row at a time, so that vectors of steps are read.
            for row in rows.clone() {
                let values = &values[row * row_distance + first..][..count];
                bits.iter_mut().zip(values).for_each(|(bits, value)| *bits |= value.to_bits());
            }
        } else {
            for (step, bits) in bits[..count].iter_mut().enumerate() {
                let values = &values[(first + step) * step_distance..];
                rows.clone().for_each(|row| *bits |= values[row * row_distance].to_bits());
            }
        }
        for (step, bits) in bits[..count].iter().enumerate() {
            steps[used] = (first + step) as u32;
            // Without the sign, so that -0 is zero.
            used += usize::from(bits << 1 != 0);
        }
    }
    used
}

/// Copies the tile's values at the listed steps: `[steps, HEIGHT]`. A tile of fewer rows gets the last one several times.
///
/// # Panics
/// If a row leaves its values.
#[inline(always)]
fn gather<const HEIGHT: usize>(
    factors: Factors<'_>,
    rows: std::ops::Range<usize>,
    steps: &[u32],
    gathered: &mut [[f32; HEIGHT]],
) {
    let Factors { values, row_distance, step_distance, .. } = factors;
    let last_step = steps.last().map_or(0, |step| *step as usize);
    assert!(
        steps.is_empty() || (rows.end - 1) * row_distance + last_step * step_distance < values.len(),
        "a row stays inside its values"
    );
    for (gathered, steps) in gathered.chunks_mut(TOGETHER).zip(steps.chunks(TOGETHER)) {
        for row in 0..HEIGHT {
            let start = (rows.start + row).min(rows.end - 1) * row_distance;
            for (target, step) in gathered.iter_mut().zip(steps) {
                // SAFETY: the last row and the last step, which is the largest, were checked above.
                target[row] = unsafe { *values.get_unchecked(start + *step as usize * step_distance) };
            }
        }
    }
}

/// Where the sums of a block go.
#[inline(always)]
fn store<'a>(
    packing: &Packing,
    block: usize,
    bias: Option<&'a [f32]>,
    out: &'a mut [f32],
) -> StoreRows<'a, impl Fn(usize) -> usize> {
    let (first, filters) = (block * packing.block, packing.filters);
    let used = packing.block.min(filters - first);
    let bias = bias.map(|bias| &bias[first..first + used]);
    StoreRows { out: &mut out[first..], place: move |row| row * filters, used, bias }
}

/// Computes a tile for each block, with all steps.
#[inline(always)]
fn whole<S: Vector>(
    simd: S,
    factors: Factors<'_>,
    rows: std::ops::Range<usize>,
    packing: &Packing,
    packed: &[f32],
    bias: Option<&[f32]>,
    out: &mut [f32],
) {
    let walk = Walk {
        repeats: 1,
        segments: 1,
        steps: packing.row,
        a_step: factors.step_distance,
        b_step: packing.block,
        ..Walk::default()
    };
    for (i, columns) in packed.chunks_exact(packing.block_len()).enumerate() {
        let mut store = store(packing, i, bias, out);
        let start = |row| (rows.start + row) * factors.row_distance;
        let used = packing.filters - i * packing.block;
        tile::sum_used_rows(simd, [rows.len(), used], start, &walk, [factors.values, columns], &mut store);
    }
}

/// Computes a tile for each block, with the listed steps. Its values are gathered before, so that a step's stand side
/// by side: with rows that each begin somewhere else, the compiler runs out of registers.
#[allow(clippy::too_many_arguments, reason = "a tile's two operands, its list and its place")]
#[inline(always)]
fn listed<S: Vector>(
    simd: S,
    factors: Factors<'_>,
    rows: std::ops::Range<usize>,
    packing: &Packing,
    packed: &[f32],
    bias: Option<&[f32]>,
    steps: &[u32],
    gathered: &mut [f32],
    out: &mut [f32],
) {
    macro_rules! tiles {
        ($height:literal) => {{
            let (gathered, _) = gathered.as_chunks_mut::<$height>();
            gather(factors, rows.clone(), steps, gathered);
            assert!(steps.len() <= gathered.len().min(packing.row), "a tile stays inside its operands");
            for (i, columns) in packed.chunks_exact(packing.block_len()).enumerate() {
                // SAFETY: a block has `packing.row` steps, and each listed one is below that.
                let sums = unsafe { listed_tile(simd, steps, gathered, packing.block, columns) };
                store(packing, i, bias, out).put(simd, 0, &sums[..rows.len()]);
            }
        }};
    }
    // A tile of few rows is computed as a whole one, so that one height is enough.
    match S::SUMS / WIDE {
        ..=4 => tiles!(4),
        5..=6 => tiles!(6),
        _ => tiles!(12),
    }
}

/// The sums of one tile over the listed steps, in their order.
///
/// # Safety
/// The columns have a block for each listed step.
#[inline(always)]
unsafe fn listed_tile<S: Vector, const ROWS: usize>(
    simd: S,
    steps: &[u32],
    gathered: &[[f32; ROWS]],
    block: usize,
    columns: &[f32],
) -> Sums<S, ROWS> {
    let mut sums = [[simd.splat_f32s(0.0); WIDE]; ROWS];
    for (step, factors) in steps.iter().zip(gathered) {
        // SAFETY: the caller vouches for the block.
        let filters = unsafe {
            let b = columns.as_ptr().add(*step as usize * block);
            [simd.load(b), simd.load(b.add(S::LANES))]
        };
        for (sums, factor) in sums.iter_mut().zip(factors) {
            let factor = simd.splat_f32s(*factor);
            for (sum, filter) in sums.iter_mut().zip(filters) {
                *sum = simd.multiply_add(factor, filter, *sum);
            }
        }
    }
    sums
}
