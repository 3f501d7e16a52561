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
        let steps = &steps[..used];
        let tile_out = &mut out[first * packing.filters..];
        if factors.step_distance > 1 {
            // Values so far apart would be fetched anew for each block.
            let tile = gather(factors, first..end, steps, gathered);
            listed::<S, true>(simd, tile, 0..end - first, packing, packed, bias, steps, tile_out);
        } else if used * 8 < packing.row * 7 {
            listed::<S, false>(simd, factors, first..end, packing, packed, bias, steps, tile_out);
        } else {
            // A list costs more than counting where few steps are left out.
            whole(simd, factors, first..end, packing, packed, bias, tile_out);
        }
        first = end;
    }
}

/// Lists the steps at which a row of the tile is not zero, in their order, and returns how many there are.
#[inline(always)]
fn list(factors: Factors<'_>, rows: std::ops::Range<usize>, steps: &mut [u32]) -> usize {
    let Factors { values, row_distance, step_distance, .. } = factors;
    let mut used = 0;
    for step in 0..steps.len() {
        let mut bits = 0;
        for row in rows.clone() {
            bits |= values[row * row_distance + step * step_distance].to_bits();
        }
        steps[used] = step as u32;
        // Without the sign, so that -0 is zero.
        used += usize::from(bits << 1 != 0);
    }
    used
}

/// Copies the tile's values at the listed steps: `[steps, HIGHEST]`.
#[inline(always)]
fn gather<'a>(
    factors: Factors<'_>,
    rows: std::ops::Range<usize>,
    steps: &[u32],
    gathered: &'a mut [f32],
) -> Factors<'a> {
    let Factors { values, row_distance, step_distance, .. } = factors;
    for (target, step) in gathered.chunks_exact_mut(HIGHEST).zip(steps) {
        let from = &values[*step as usize * step_distance..];
        for (value, row) in target.iter_mut().zip(rows.clone()) {
            *value = from[row * row_distance];
        }
    }
    Factors { values: gathered, rows: rows.len(), row_distance: 1, step_distance: HIGHEST }
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
        tile::sum_rows(simd, rows.len(), start, &walk, [factors.values, columns], &mut store);
    }
}

/// Computes a tile for each block, with the listed steps. If the factors are gathered, they have no others.
#[allow(clippy::too_many_arguments, reason = "a tile's two operands, its list and its place")]
#[inline(always)]
fn listed<S: Vector, const IS_GATHERED: bool>(
    simd: S,
    factors: Factors<'_>,
    rows: std::ops::Range<usize>,
    packing: &Packing,
    packed: &[f32],
    bias: Option<&[f32]>,
    steps: &[u32],
    out: &mut [f32],
) {
    let height = rows.len();
    let last = factors.values.len().saturating_sub(1);
    // A tile of few rows computes the last row several times, so that one height is enough.
    let starts: [usize; HIGHEST] =
        std::array::from_fn(|row| rows.start.saturating_add(row.min(height - 1)) * factors.row_distance);
    let factor_steps = if IS_GATHERED { steps.len() } else { packing.row };
    let reach = starts[HIGHEST - 1] + factor_steps.saturating_sub(1) * factors.step_distance;
    assert!(reach <= last && steps.len() <= packing.row, "a tile stays inside its operands");
    for (i, columns) in packed.chunks_exact(packing.block_len()).enumerate() {
        let mut store = store(packing, i, bias, out);
        // SAFETY: the last row and step were checked above; each listed step is below `packing.row`, and a block has
        // as many steps.
        unsafe {
            if S::SUMS / WIDE <= 4 {
                let sums =
                    listed_tile::<S, 4, IS_GATHERED>(simd, &starts, steps, factors, packing.block, columns);
                store.put(simd, 0, &sums[..height]);
            } else if S::SUMS / WIDE <= 6 {
                let sums =
                    listed_tile::<S, 6, IS_GATHERED>(simd, &starts, steps, factors, packing.block, columns);
                store.put(simd, 0, &sums[..height]);
            } else {
                let sums = listed_tile::<S, HIGHEST, IS_GATHERED>(
                    simd,
                    &starts,
                    steps,
                    factors,
                    packing.block,
                    columns,
                );
                store.put(simd, 0, &sums[..height]);
            }
        }
    }
}

/// The sums of one tile over the listed steps, in their order.
///
/// # Safety
/// Each start plus a listed step, or plus its place if the factors are gathered, is inside the factors, and the columns have a block for each listed step.
#[inline(always)]
unsafe fn listed_tile<S: Vector, const ROWS: usize, const IS_GATHERED: bool>(
    simd: S,
    starts: &[usize; HIGHEST],
    steps: &[u32],
    factors: Factors<'_>,
    block: usize,
    columns: &[f32],
) -> Sums<S, ROWS> {
    let mut sums = [[simd.splat_f32s(0.0); WIDE]; ROWS];
    for (place, step) in steps.iter().enumerate() {
        let step = *step as usize;
        let factor_step = if IS_GATHERED { place } else { step };
        // SAFETY: the caller vouches for both places.
        unsafe {
            let a = factors.values.as_ptr().add(factor_step * factors.step_distance);
            let b = columns.as_ptr().add(step * block);
            let filters = [simd.load(b), simd.load(b.add(S::LANES))];
            for (sums, start) in sums.iter_mut().zip(starts) {
                let factor = simd.splat_f32s(*a.add(*start));
                for (sum, filter) in sums.iter_mut().zip(filters) {
                    *sum = simd.multiply_add(factor, filter, *sum);
                }
            }
        }
    }
    sums
}
