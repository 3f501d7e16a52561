//! Images in another layout: with a border of zeros, or with rows and columns exchanged.

use crate::threads::parallel::*;

/// Fills `padded`, rows of `row` values each, with an image whose rows have `source_row` values.
///
/// Row `i` holds row `i - top` of the image from value `left` on, and zeros where the image has no value.
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

/// Turns each image `[rows, columns]` of `values` into `[columns, rows]` in `out`.
///
/// With pixels as rows and channels as columns this turns channels last into channels first; with channels as
/// rows and pixels as columns it turns channels first into channels last.
///
/// # Panics
/// If `out` is not as long as `values`.
pub fn transpose(values: &[f32], rows: usize, columns: usize, out: &mut [f32]) {
    assert_eq!(out.len(), values.len(), "as many values as before");
    let image = (rows * columns).max(1);
    out.par_chunks_exact_mut(image).zip(values.par_chunks_exact(image)).for_each(|(out, values)| {
        // A few columns are written at a time, so that their cache lines are full before they are evicted.
        for (i, out) in out.chunks_mut(8 * rows).enumerate() {
            let width = out.len() / rows;
            for (row, values) in values.chunks_exact(columns).enumerate() {
                for (column, value) in values[8 * i..][..width].iter().enumerate() {
                    out[column * rows + row] = *value;
                }
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn transposed(values: &[f32], rows: usize, columns: usize) -> Vec<f32> {
        let mut out = vec![f32::NAN; values.len()];
        transpose(values, rows, columns, &mut out);
        out
    }

    #[test]
    fn each_image_is_transposed_by_itself() {
        assert_eq!(transposed(&[1., 2., 3., 4., 5., 6.], 3, 1), [1., 2., 3., 4., 5., 6.]);
        assert_eq!(transposed(&[1., 2., 3., 4., 5., 6., 7., 8.], 2, 2), [1., 3., 2., 4., 5., 7., 6., 8.]);
        let values: Vec<f32> = (0..2 * 7 * 19).map(|i| i as f32).collect();
        assert_eq!(transposed(&transposed(&values, 7, 19), 19, 7), values);
        assert_eq!(transposed(&values, 7, 19)[3 * 7 + 2], (2 * 19 + 3) as f32);
    }
}
