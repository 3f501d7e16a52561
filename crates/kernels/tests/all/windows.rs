//! Which pixel is the maximum of a pooling window: the first of equal ones, and NaN before all others.

use kernels::{Activation, CUT, Level, PoolShape};

use crate::cases::Case;
use crate::owned::{PooledMaps, conv2d_max_pool2d};
use crate::reference::activate;

const ALL: [Activation; 5] =
    [Activation::None, Activation::Relu, Activation::Gelu, Activation::Tanh, Activation::Sigmoid];

/// Pools one window of four pixels on each level. The convolution with a 1x1 kernel of one changes nothing.
fn window(pixels: [f32; 4], activation: Activation) -> Vec<PooledMaps> {
    let mut shape = Case::same(1, 1, 2, 1, 1).shape;
    shape.activation = activation;
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
        for maps in window(pixels, Activation::None) {
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
        for activation in ALL {
            for maps in window(pixels, activation) {
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
        for maps in window(pixels, Activation::Relu) {
            assert_eq!((maps.values[0], maps.argmax[0]), (value, argmax), "{pixels:?}");
        }
    }
}

#[test]
fn rows_and_columns_that_fill_no_window_are_left_out() {
    let PoolShape { conv, .. } = Case::same(1, 1, 5, 1, 1).shape;
    let shape = PoolShape { conv, pool: 2, activation: Activation::None };
    let pixels: Vec<f32> = (0..25).map(|i| i as f32).collect();
    let maps = conv2d_max_pool2d(Level::best(), &shape, &pixels, &[1.0], &[0.0], true);
    assert_eq!(maps.values, [6.0, 8.0, 16.0, 18.0]);
}

/// GELU falls until -0.75, so a window's largest result may be that of its smallest value.
#[test]
fn the_largest_gelu_may_come_from_the_smallest_or_from_the_largest_pixel() {
    let pixels = [-6.0, -3.0, -1.5, -0.751, -0.5, -0.1, 0.0, 0.3, 2.0];
    let gelu = |x: f32| activate(Activation::Gelu, f64::from(x));
    for i in 0..9usize.pow(4) {
        let window_of = [i % 9, i / 9 % 9, i / 81 % 9, i / 729].map(|i| pixels[i]);
        let mut expected = 0;
        for (place, pixel) in window_of.iter().enumerate() {
            expected = if gelu(*pixel) > gelu(window_of[expected]) { place } else { expected };
        }
        for maps in window(window_of, Activation::Gelu) {
            assert_eq!(usize::from(maps.argmax[0]), expected, "{window_of:?}");
            assert!((f64::from(maps.values[0]) - gelu(window_of[expected])).abs() < 1e-6, "{window_of:?}");
            let step = 1e-3;
            let slope = (gelu(window_of[expected] + step) - gelu(window_of[expected] - step)) / 2e-3;
            assert!((f64::from(maps.slopes[0]) - slope).abs() < 1e-3, "{window_of:?}");
        }
    }
}

#[test]
fn the_first_of_pixels_with_equal_gelu_is_the_maximum() {
    // So far below zero GELU is zero.
    for (pixels, argmax) in
        [([-50.0, 0.0, -1.0, -2.0], 0), ([0.0, -50.0, -1.0, -2.0], 0), ([-1.0, -50.0, -2.0, 0.0], 1)]
    {
        for maps in window(pixels, Activation::Gelu) {
            assert_eq!(maps.argmax[0], argmax, "{pixels:?}");
        }
    }
}
