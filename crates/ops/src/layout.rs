//! From rows of channels to channels of rows and back.

use rayon::prelude::*;

/// Turns each picture's `[rows, columns]` into `[columns, rows]`.
///
/// With pixels and channels as rows and columns this goes from channels last to channels
/// first, and with channels and pixels it goes back.
pub(crate) fn transpose(values: &[f32], rows: usize, columns: usize) -> Vec<f32> {
    let picture = (rows * columns).max(1);
    let mut out = vec![0.0; values.len()];
    out.par_chunks_exact_mut(picture).zip(values.par_chunks_exact(picture)).for_each(|(out, values)| {
        // A few columns at a time: their lines stay in the cache until they are used up.
        for (i, out) in out.chunks_mut(8 * rows).enumerate() {
            let width = out.len() / rows;
            for (row, values) in values.chunks_exact(columns).enumerate() {
                for (column, value) in values[8 * i..][..width].iter().enumerate() {
                    out[column * rows + row] = *value;
                }
            }
        }
    });
    out
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_picture_is_transposed_by_itself() {
        assert_eq!(transpose(&[1., 2., 3., 4., 5., 6.], 3, 1), [1., 2., 3., 4., 5., 6.]);
        assert_eq!(transpose(&[1., 2., 3., 4., 5., 6., 7., 8.], 2, 2), [1., 3., 2., 4., 5., 7., 6., 8.]);
        let values: Vec<f32> = (0..2 * 7 * 19).map(|i| i as f32).collect();
        assert_eq!(transpose(&transpose(&values, 7, 19), 19, 7), values);
        assert_eq!(transpose(&values, 7, 19)[3 * 7 + 2], (2 * 19 + 3) as f32);
    }
}
