//! Loops for what the kernels do not take: convolutions that are too large for them, and large windows of
//! max-pooling.

use kernels::{ConvShape, Pooling};

/// Whether the kernels take a convolution. They keep places in a padded image in four bytes.
pub(super) fn kernels_take(conv: &ConvShape) -> bool {
    let side = |out: usize| (out.saturating_sub(1) as u64 * conv.stride as u64) + conv.kernel as u64;
    let pixels = side(conv.out_height).checked_mul(side(conv.out_width));
    pixels.and_then(|pixels| pixels.checked_mul(conv.channels as u64)).is_some_and(|n| n <= u32::MAX.into())
}

/// Convolves images `[n, height, width, channels]` with `weight` `[filters, channels / groups, kernel, kernel]` and
/// adds `bias`: `out` is `[n, out height, out width, filters]`. Each output is summed in double precision.
pub(super) fn conv2d(conv: &ConvShape, images: &[f32], weight: &[f32], bias: &[f32], out: &mut [f32]) {
    let outs = out.chunks_exact_mut(conv.output_len());
    for (image, out) in images.chunks_exact(conv.input_len()).zip(outs) {
        for (place, out) in out.chunks_exact_mut(conv.filters).enumerate() {
            let place = [place / conv.out_width, place % conv.out_width];
            let filters = weight.chunks_exact(conv.filter_len()).zip(bias).enumerate();
            for ((filter, (weight, bias)), out) in filters.zip(out) {
                let group = filter / (conv.filters / conv.groups);
                *out = (f64::from(*bias) + sum_of_window(conv, image, weight, place, group)) as f32;
            }
        }
    }
}

/// The sum of products of one filter `[channels of a group, kernel, kernel]` with the pixels around one output.
fn sum_of_window(conv: &ConvShape, image: &[f32], weight: &[f32], [y, x]: [usize; 2], group: usize) -> f64 {
    // The taps that do not lie on the padding.
    let taps = |out: usize, before: usize, size: usize| {
        let start = out * conv.stride;
        before.saturating_sub(start)..conv.kernel.min((size + before).saturating_sub(start))
    };
    let channels = conv.channels / conv.groups;
    let mut sum = 0.0;
    for ty in taps(y, conv.top, conv.height) {
        let row = y * conv.stride + ty - conv.top;
        for tx in taps(x, conv.left, conv.width) {
            let column = x * conv.stride + tx - conv.left;
            let pixel = &image[(row * conv.width + column) * conv.channels + group * channels..][..channels];
            for (channel, value) in pixel.iter().enumerate() {
                let weight = weight[(channel * conv.kernel + ty) * conv.kernel + tx];
                sum += f64::from(*value) * f64::from(weight);
            }
        }
    }
    sum
}

/// The maxima of windows of feature maps `[n, height, width, channels]`: `out` is `[n, pooled height, pooled width,
/// channels]`. A value that is not a number counts as larger than all others.
pub(super) fn max_pool(
    maps: &[f32],
    [height, width, channels]: [usize; 3],
    pooling: Pooling,
    out: &mut [f32],
) {
    let [rows, columns] = [height / pooling.height, width / pooling.width];
    let larger = |a: f32, b: f32| if b > a || b.is_nan() { b } else { a };
    let outs = out.chunks_exact_mut(rows * columns * channels);
    for (image, out) in maps.chunks_exact(height * width * channels).zip(outs) {
        for (window, out) in out.chunks_exact_mut(channels).enumerate() {
            let [y, x] = [window / columns * pooling.height, window % columns * pooling.width];
            for (channel, out) in out.iter_mut().enumerate() {
                let at = |i: usize| {
                    let [dy, dx] = [i / pooling.width, i % pooling.width];
                    image[((y + dy) * width + x + dx) * channels + channel]
                };
                *out = (1..pooling.height * pooling.width).map(at).fold(at(0), larger);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernels::{Keep, Level, PoolKind};

    #[test]
    fn the_loops_convolve_as_the_kernels_do() {
        for (stride, groups, top, out_height) in [(1, 1, 1, 6), (2, 2, 1, 3), (3, 1, 0, 2)] {
            let (height, width, channels, filters) = (6, 7, 4, 6);
            let conv = ConvShape {
                channels,
                height,
                width,
                filters,
                kernel: 3,
                stride,
                top,
                left: 0,
                out_height,
                out_width: (width - 3) / stride + 1,
                groups,
            };
            let numbers =
                |n: usize, step: usize| (0..n).map(|i| ((i * step) % 19) as f32 / 8.0 - 1.0).collect();
            let images: Vec<f32> = numbers(2 * conv.input_len(), 7);
            let weight: Vec<f32> = numbers(filters * conv.filter_len(), 11);
            let bias: Vec<f32> = numbers(filters, 5);
            let mut expected = vec![0.0; 2 * conv.output_len()];
            kernels::conv2d(Level::best(), &conv, &images, &weight, &bias, Keep::No, &mut expected);
            let mut found = vec![f32::NAN; expected.len()];
            conv2d(&conv, &images, &weight, &bias, &mut found);
            for (found, expected) in found.iter().zip(&expected) {
                assert!((found - expected).abs() < 1e-4, "{found} instead of {expected}");
            }
        }
    }

    #[test]
    fn a_window_s_maximum_is_taken_for_each_channel_and_nan_wins() {
        let pooling = Pooling { kind: PoolKind::Max, height: 2, width: 2 };
        // Two channels of 2x5: the last column fills no window.
        let mut maps: Vec<f32> = (0..20).map(|i| ((i * 7) % 20) as f32).collect();
        let expected = |maps: &[f32]| {
            let at = |y: usize, x: usize, c: usize| maps[(y * 5 + x) * 2 + c];
            [(0, 0), (0, 1), (2, 0), (2, 1)].map(|(x, c)| {
                [at(0, x, c), at(0, x + 1, c), at(1, x, c), at(1, x + 1, c)].into_iter().fold(0.0, f32::max)
            })
        };
        let mut found = [0.0; 4];
        max_pool(&maps, [2, 5, 2], pooling, &mut found);
        assert_eq!(found, expected(&maps));
        maps[2] = f32::NAN;
        max_pool(&maps, [2, 5, 2], pooling, &mut found);
        assert!(found[0].is_nan());
    }

    #[test]
    fn a_convolution_that_the_kernels_cannot_number_is_left_to_the_loops() {
        let conv = |kernel, channels| ConvShape {
            channels,
            height: 28,
            width: 28,
            filters: 1,
            kernel,
            stride: 1,
            top: (kernel - 1) / 2,
            left: (kernel - 1) / 2,
            out_height: 28,
            out_width: 28,
            groups: channels,
        };
        assert!(kernels_take(&conv(5, 32)));
        assert!(!kernels_take(&conv(30_001, 8)));
        assert!(!kernels_take(&conv(usize::MAX / 2, 1)));
    }
}
