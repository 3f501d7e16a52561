//! Convolutions of every kind against their definition in `f64`: those that Winograd's filtering computes, direct ones,
//! and those with groups.

use kernels::{ConvShape, Level};

use crate::bits::equal_on_every_level;
use crate::cases::Case;
use crate::owned::{Owned, conv2d, conv2d_backward};
use crate::reference::doubles;

/// A convolution of `n` images `[height, width]` that are surrounded by `[top, bottom, left, right]` zeros.
fn case(
    n: usize,
    [channels, filters, groups]: [usize; 3],
    [kernel, stride]: [usize; 2],
    [height, width]: [usize; 2],
    [top, bottom, left, right]: [usize; 4],
) -> Case {
    let mut case = Case::same(n, channels, height, filters, kernel);
    let out = |size: usize| (size - kernel) / stride + 1;
    let (out_height, out_width) = (out(top + height + bottom), out(left + width + right));
    let conv = case.shape.conv;
    case.shape.conv = ConvShape { width, top, left, out_height, out_width, stride, groups, ..conv };
    case
}

/// Sizes that are whole tiles and sizes that are not, channels that are whole vectors and others, unequal padding.
fn cases() -> Vec<Case> {
    vec![
        // Winograd's filtering.
        case(7, [8, 8, 1], [3, 1], [14, 14], [1; 4]),
        case(3, [17, 33, 1], [3, 1], [26, 23], [0; 4]),
        case(70, [33, 17, 1], [3, 1], [5, 7], [1, 1, 0, 2]),
        case(65, [9, 40, 1], [3, 1], [4, 4], [2; 4]),
        case(7, [32, 24, 1], [5, 1], [14, 14], [2; 4]),
        case(8, [17, 33, 1], [5, 1], [7, 7], [2; 4]),
        case(33, [10, 9, 1], [5, 1], [9, 8], [0, 4, 3, 1]),
        case(1, [16, 16, 1], [3, 1], [40, 40], [1; 4]),
        // Direct sums.
        case(3, [1, 17, 1], [5, 1], [12, 9], [2; 4]),
        case(7, [3, 33, 1], [3, 1], [7, 5], [0, 2, 1, 1]),
        case(7, [32, 32, 1], [5, 2], [12, 12], [2, 1, 1, 2]),
        case(35, [17, 20, 1], [4, 1], [4, 4], [0; 4]),
        case(7, [17, 33, 1], [1, 1], [5, 7], [0; 4]),
        // Each filter with a channel of its own.
        case(3, [17, 17, 17], [3, 1], [5, 7], [1; 4]),
        case(7, [33, 33, 33], [5, 2], [9, 8], [2, 1, 0, 3]),
        case(1, [16, 16, 16], [7, 3], [11, 11], [3, 5, 6, 3]),
        case(1, [3, 3, 3], [1, 1], [1, 1], [0; 4]),
        // Groups of several channels.
        case(7, [6, 9, 3], [3, 2], [5, 7], [1; 4]),
        case(7, [34, 16, 2], [3, 1], [14, 14], [1; 4]),
        case(3, [4, 8, 4], [3, 1], [5, 7], [1; 4]),
        case(3, [6, 6, 3], [1, 1], [5, 7], [0; 4]),
    ]
}

/// The gradients of a convolution by their definition.
fn reference_gradients(case: &Case, [images, weight, upstream]: [&[f64]; 3]) -> [Vec<f64>; 3] {
    let conv = &case.shape.conv;
    let (taps, map) = (conv.kernel * conv.kernel, conv.out_height * conv.out_width);
    let channels = conv.channels / conv.groups;
    let mut gradients = [vec![0.0; images.len()], vec![0.0; weight.len()], vec![0.0; conv.filters]];
    for (i, gradient) in upstream.iter().enumerate() {
        let (image, filter) = (i / conv.filters / map, i % conv.filters);
        let (y, x) = (i / conv.filters % map / conv.out_width, i / conv.filters % conv.out_width);
        gradients[2][filter] += gradient;
        for tap in 0..taps {
            let (row, column) = (y * conv.stride + tap / conv.kernel, x * conv.stride + tap % conv.kernel);
            let inside = (conv.top..conv.top + conv.height).contains(&row)
                && (conv.left..conv.left + conv.width).contains(&column);
            if inside {
                let row = (image * conv.height + row - conv.top) * conv.width + column - conv.left;
                let group = filter / (conv.filters / conv.groups);
                for channel in 0..channels {
                    let value = row * conv.channels + group * channels + channel;
                    let at = (filter * channels + channel) * taps + tap;
                    gradients[0][value] += gradient * weight[at];
                    gradients[1][at] += gradient * images[value];
                }
            }
        }
    }
    gradients
}

/// The largest error, as a share of the largest value that is expected.
fn error(found: &[f32], expected: &[f64]) -> f64 {
    assert_eq!(found.len(), expected.len());
    let largest = expected.iter().fold(0.0f64, |largest, value| largest.max(value.abs()));
    let error = found.iter().zip(expected).map(|(found, expected)| (f64::from(*found) - expected).abs());
    let worst = error.fold(0.0, |worst: f64, error| if error.is_nan() { error } else { worst.max(error) });
    worst / largest.max(f64::MIN_POSITIVE)
}

#[test]
fn results_are_as_exact_as_single_precision_allows() {
    for case in cases() {
        let numbers = case.numbers(false);
        let [images, weight, bias] = [&numbers.images, &numbers.weight, &numbers.bias];
        let doubled = [images, weight, bias, &numbers.upstream].map(|values| doubles(values));
        let [images_64, weight_64, bias_64, upstream_64] = &doubled;
        let expected = case.convolve(images_64, weight_64, bias_64);
        let gradients = reference_gradients(&case, [images_64, weight_64, upstream_64]);
        for level in Level::available() {
            let out = conv2d(level, &case.shape.conv, images, weight, bias, true);
            let found = conv2d_backward(level, &case.shape.conv, images, weight, &numbers.upstream);
            let Owned { input, weight, bias } = &found;
            let errors = [
                error(&out, &expected),
                error(input, &gradients[0]),
                error(weight, &gradients[1]),
                error(bias, &gradients[2]),
            ];
            let most = if case.shape.conv.kernel == 3 { 1e-5 } else { 3e-5 };
            assert!(errors.iter().all(|error| *error < most), "{case:?} on {}: {errors:?}", level.name());
        }
    }
}

#[test]
fn whole_numbers_stay_exact() {
    for case in cases() {
        let numbers = case.numbers(true);
        let [images, weight, bias] = [&numbers.images, &numbers.weight, &numbers.bias];
        let doubled = [images, weight, bias, &numbers.upstream].map(|values| doubles(values));
        let [images_64, weight_64, bias_64, upstream_64] = &doubled;
        let gradients = reference_gradients(&case, [images_64, weight_64, upstream_64]);
        for level in Level::named() {
            let out = conv2d(level, &case.shape.conv, images, weight, bias, false);
            assert_eq!(error(&out, &case.convolve(images_64, weight_64, bias_64)), 0.0, "{case:?}");
            let found = conv2d_backward(level, &case.shape.conv, images, weight, &numbers.upstream);
            for (found, expected) in [found.input, found.weight, found.bias].iter().zip(&gradients) {
                assert_eq!(error(found, expected), 0.0, "{case:?} on {}", level.name());
            }
        }
    }
}

#[test]
fn bits_depend_on_neither_vectors_nor_threads() {
    for case in cases() {
        let numbers = case.numbers(false);
        let [images, weight, bias] = [&numbers.images, &numbers.weight, &numbers.bias];
        equal_on_every_level(|level| {
            let mut values = conv2d(level, &case.shape.conv, images, weight, bias, false);
            let found = conv2d_backward(level, &case.shape.conv, images, weight, &numbers.upstream);
            for gradient in [found.input, found.weight, found.bias] {
                values.extend(gradient);
            }
            values
        });
    }
}
