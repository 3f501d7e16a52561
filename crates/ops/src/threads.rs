//! How work is cut into pieces.

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
