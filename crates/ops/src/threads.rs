//! How work is cut into pieces.

/// Rows a piece, where each of `n` pictures has `rows` rows of results that do not depend on
/// each other: whole pictures if there are many, bands of them if there are few.
pub(crate) fn band(n: usize, rows: usize) -> usize {
    // A few pieces a thread, so that none waits long for the last.
    let wanted = 2 * rayon::current_num_threads();
    let bands = wanted.div_ceil(n.max(1)).clamp(1, rows.max(1));
    rows.max(1).div_ceil(bands)
}
