//! How work is cut into pieces.

use rayon::prelude::*;

/// Rows a piece, where each of `n` pictures has `rows` rows of results that do not depend on
/// each other: whole pictures if there are many, bands of them if there are few.
pub(crate) fn band(n: usize, rows: usize) -> usize {
    // A few pieces a thread, so that none waits long for the last.
    let wanted = 2 * rayon::current_num_threads();
    let bands = wanted.div_ceil(n.max(1)).clamp(1, rows.max(1));
    rows.max(1).div_ceil(bands)
}

/// Values of padded pictures that stay in the second-level cache beside a block of filters.
const CACHED: usize = 1 << 16;

/// Pictures that one thread takes at a time, where each of `n` is padded to `len` values.
pub(crate) fn group(n: usize, len: usize) -> usize {
    let most = n / (2 * rayon::current_num_threads());
    (CACHED / len.max(1)).clamp(1, most.max(1))
}

/// Calls `work` for each piece of `a_len` values of `a` with its number and the `b_len` values of
/// `b` beside it, or none of them where `b` is empty.
pub(crate) fn pieces<A: Send, B: Send>(
    (a, a_len): (&mut [A], usize),
    (b, b_len): (&mut [B], usize),
    work: impl Fn(usize, &mut [A], &mut [B]) + Sync,
) {
    let pieces = a.par_chunks_mut(a_len.max(1)).enumerate();
    if b.is_empty() {
        pieces.for_each(|(i, a)| work(i, a, &mut []));
    } else {
        pieces.zip(b.par_chunks_mut(b_len.max(1))).for_each(|((i, a), b)| work(i, a, b));
    }
}
