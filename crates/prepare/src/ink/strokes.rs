//! How wide strokes are.

/// The usual width of strokes among `[height, width]` values, in pixels: for each pixel of ink the shorter of the runs
/// of ink through it along its row and its column; the median over all. 0 without ink.
pub(crate) fn width<T: Copy>(values: &[T], height: usize, width: usize, is_ink: impl Fn(T) -> bool) -> f32 {
    let ink: Vec<bool> = values.iter().map(|&value| is_ink(value)).collect();
    let mut shorter = vec![0u32; ink.len()];
    for row in 0..height {
        runs(&ink, row * width, 1, width, |at, length| shorter[at] = length);
    }
    for column in 0..width {
        runs(&ink, column, width, height, |at, length| shorter[at] = shorter[at].min(length));
    }
    let mut lengths: Vec<u32> = shorter.into_iter().filter(|&length| length > 0).collect();
    if lengths.is_empty() {
        return 0.0;
    }
    let middle = lengths.len() / 2;
    *lengths.select_nth_unstable(middle).1 as f32
}

/// Calls `each` with the position and the run's length for each pixel of ink on the line of `count` pixels, `step`
/// apart, that begins at `start`.
fn runs(ink: &[bool], start: usize, step: usize, count: usize, mut each: impl FnMut(usize, u32)) {
    let at = |index: usize| start + index * step;
    let mut index = 0;
    while index < count {
        let first = index;
        while index < count && ink[at(index)] {
            index += 1;
        }
        (first..index).for_each(|inside| each(at(inside), (index - first) as u32));
        index += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_width_is_that_of_most_ink() {
        // A bar of 3 by 20 pixels and a speck.
        let mut values = vec![0u8; 30 * 30];
        (5..8).for_each(|row| values[row * 30 + 4..row * 30 + 24].fill(255));
        values[20 * 30 + 20] = 255;
        assert_eq!(width(&values, 30, 30, |level| level > 0), 3.0);
        assert_eq!(width(&[0u8; 4], 2, 2, |level| level > 0), 0.0);
    }
}
