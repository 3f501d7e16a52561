//! Distances to the edge of a shape.

/// Farther than anything in an image.
const FAR: f32 = 1e12;

/// For each pixel of a `[height, width]` shape the distance to the nearest pixel outside it, from centre to centre, and
/// 0 outside. Without a pixel outside, distances are very large.
///
/// Felzenszwalb and Huttenlocher, "Distance transforms of sampled functions", 2012: squared distances along rows, then
/// along columns, each as the lower envelope of parabolas.
pub(super) fn to_outside(inside: &[bool], width: usize) -> Vec<f32> {
    let height = inside.len() / width;
    let mut squares = vec![0.0; inside.len()];
    for (row, inside) in squares.chunks_exact_mut(width).zip(inside.chunks_exact(width)) {
        along_row(row, inside);
    }
    let mut envelope = Envelope::default();
    let mut line = vec![0.0; height];
    for column in 0..width {
        // Nothing is inside, so nothing is to be done. Most columns around a digit are like that.
        if (0..height).all(|row| squares[row * width + column] == 0.0) {
            continue;
        }
        line.iter_mut().enumerate().for_each(|(row, value)| *value = squares[row * width + column]);
        envelope.transform(&mut line);
        line.iter().enumerate().for_each(|(row, &value)| squares[row * width + column] = value);
    }
    squares.into_iter().map(f32::sqrt).collect()
}

/// The squares of the distances to the nearest pixel outside in the same row: how far it is back, or ahead.
fn along_row(squares: &mut [f32], inside: &[bool]) {
    let mut distance = f32::INFINITY;
    for (square, &inside) in squares.iter_mut().zip(inside) {
        distance = if inside { distance + 1.0 } else { 0.0 };
        *square = distance;
    }
    let mut distance = f32::INFINITY;
    for (square, &inside) in squares.iter_mut().zip(inside).rev() {
        distance = if inside { distance + 1.0 } else { 0.0 };
        let nearest = if distance < *square { distance } else { *square };
        *square = if nearest < FAR { nearest * nearest } else { FAR };
    }
}

/// The lower envelope of parabolas: where each stands, how high, and from where on it is the lowest.
#[derive(Default)]
struct Envelope {
    parabolas: Vec<(f32, f32, f32)>,
}

impl Envelope {
    /// Replaces each value by the least sum of another one and the squared distance to it.
    fn transform(&mut self, values: &mut [f32]) {
        self.parabolas.clear();
        for (at, &height) in values.iter().enumerate() {
            let at = at as f32;
            let mut from = f32::NEG_INFINITY;
            while let Some(&(other, other_height, other_from)) = self.parabolas.last() {
                from = ((height + at * at) - (other_height + other * other)) / (2.0 * (at - other));
                if from > other_from {
                    break;
                }
                self.parabolas.pop();
                from = f32::NEG_INFINITY;
            }
            self.parabolas.push((at, height, from));
        }
        let mut lowest = 0;
        for (at, value) in values.iter_mut().enumerate() {
            let at = at as f32;
            while self.parabolas.get(lowest + 1).is_some_and(|&(_, _, from)| from <= at) {
                lowest += 1;
            }
            let (other, height, _) = self.parabolas[lowest];
            let square = height + (at - other) * (at - other);
            // WebAssembly calls a function for `min`.
            *value = if square < FAR { square } else { FAR };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_are_the_same_as_by_looking_at_each_pair() {
        let (height, width) = (11, 14);
        let inside: Vec<bool> = (0..height * width).map(|at| at * 7919 % 11 > 1).collect();
        let fast = to_outside(&inside, width);
        for (at, fast) in fast.iter().enumerate() {
            let to = |other: usize| {
                let rows = (at / width) as f32 - (other / width) as f32;
                rows.hypot((at % width) as f32 - (other % width) as f32)
            };
            let slow = (0..inside.len()).filter(|&other| !inside[other]).map(to).fold(f32::MAX, f32::min);
            assert!((fast - slow).abs() < 1e-3, "{at}: {fast} {slow}");
        }
    }

    #[test]
    fn a_shape_without_outside_is_far_from_it() {
        assert!(to_outside(&[true; 6], 3).iter().all(|distance| distance.is_finite() && *distance > 1e3));
        assert_eq!(to_outside(&[false; 2], 2), [0.0; 2]);
    }
}
