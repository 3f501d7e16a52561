//! Which pixel is the maximum of a pooling window: the first of equal ones, and NaN before all others.

use kernels::{CUT, Level, PoolShape};

use crate::cases::Case;
use crate::owned::{PooledMaps, conv2d_max_pool2d};

/// Pools one window of four pixels on each level. The convolution with a 1x1 kernel of one changes nothing.
fn window(pixels: [f32; 4], relu: bool) -> Vec<PooledMaps> {
    let mut shape = Case::same(1, 1, 2, 1, 1).shape;
    shape.relu = relu;
    let run = |level| conv2d_max_pool2d(level, &shape, &pixels, &[1.0], &[0.0], true);
    Level::available().into_iter().map(run).collect()
}

#[test]
fn the_first_of_equal_pixels_is_the_maximum() {
    for (pixels, argmax) in [
        ([1.0, 1.0, 1.0, 1.0], 0),
        ([0.0, 2.0, 2.0, 1.0], 1),
        ([0.0, 1.0, 2.0, 2.0], 2),
        ([0.0, 0.0, 0.0, 3.0], 3),
        ([-2.0, -1.0, -1.0, -3.0], 1),
        ([f32::NEG_INFINITY; 4], 0),
        ([f32::INFINITY; 4], 0),
    ] {
        for maps in window(pixels, false) {
            assert_eq!((maps.argmax[0], maps.values[0]), (argmax, pixels[usize::from(argmax)]), "{pixels:?}");
        }
    }
}

#[test]
fn the_first_nan_is_the_maximum() {
    let nan = f32::NAN;
    for (pixels, argmax) in [
        ([nan, 1.0, 2.0, 3.0], 0),
        ([1.0, 2.0, nan, 3.0], 2),
        ([1.0, nan, f32::INFINITY, nan], 1),
        ([f32::INFINITY, 0.0, 0.0, nan], 3),
    ] {
        for relu in [false, true] {
            for maps in window(pixels, relu) {
                assert_eq!(maps.argmax[0], argmax, "{pixels:?}");
                assert!(maps.values[0].is_nan(), "{pixels:?}");
            }
        }
    }
}

#[test]
fn relu_cuts_off_values_that_are_not_above_zero() {
    for (pixels, value, argmax) in
        [([-1.0, -2.0, -3.0, -4.0], 0.0, CUT), ([0.0; 4], 0.0, CUT), ([-1.0, 0.5, 0.25, 0.0], 0.5, 1)]
    {
        for maps in window(pixels, true) {
            assert_eq!((maps.values[0], maps.argmax[0]), (value, argmax), "{pixels:?}");
        }
    }
}

#[test]
fn rows_and_columns_that_fill_no_window_are_left_out() {
    let PoolShape { conv, .. } = Case::same(1, 1, 5, 1, 1).shape;
    let shape = PoolShape { conv, pool: 2, relu: false };
    let pixels: Vec<f32> = (0..25).map(|i| i as f32).collect();
    let maps = conv2d_max_pool2d(Level::best(), &shape, &pixels, &[1.0], &[0.0], true);
    assert_eq!(maps.values, [6.0, 8.0, 16.0, 18.0]);
}
