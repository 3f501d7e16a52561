//! Borders of zeros around a picture.

/// Fills the rows of `padded`, `row` values each, with a picture of rows of `source_row` values:
/// row `i` holds row `i - top` of the picture from value `left` on, and zeros wherever there is
/// no picture.
pub(crate) fn surround(
    source: &[f32],
    source_row: usize,
    [top, left]: [isize; 2],
    padded: &mut [f32],
    row: usize,
) {
    let left = left as usize;
    let width = source_row.min(row.saturating_sub(left));
    let rows = (source.len() / source_row) as isize;
    let whole = padded.len() / row * row;
    padded[whole..].fill(0.0);
    for (i, target) in padded.chunks_exact_mut(row).enumerate() {
        let y = i as isize - top;
        if (0..rows).contains(&y) {
            target[..left].fill(0.0);
            target[left..left + width].copy_from_slice(&source[y as usize * source_row..][..width]);
            target[left + width..].fill(0.0);
        } else {
            target.fill(0.0);
        }
    }
}
