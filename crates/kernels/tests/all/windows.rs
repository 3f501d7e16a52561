//! Who wins a pooling window: the first of equals, and what is not a number before all others.

use ops::kernels::{CUT, Level, Maps, Pooled, conv2d_max_pool2d};

use crate::cases::Case;

/// One window of four pixels, each convolved with a 1x1 kernel of one, which changes nothing.
fn window(pixels: [f32; 4], relu: bool) -> Vec<Maps> {
    let mut shape = Case::same(1, 1, 2, 1, 1).shape;
    shape.relu = relu;
    let run = |level| conv2d_max_pool2d(level, &shape, &pixels, &[1.0], &[0.0], true);
    Level::available().into_iter().map(run).collect()
}

#[test]
fn the_first_of_equals_wins() {
    for (pixels, winner) in [
        ([1.0, 1.0, 1.0, 1.0], 0),
        ([0.0, 2.0, 2.0, 1.0], 1),
        ([0.0, 1.0, 2.0, 2.0], 2),
        ([0.0, 0.0, 0.0, 3.0], 3),
        ([-2.0, -1.0, -1.0, -3.0], 1),
        ([f32::NEG_INFINITY; 4], 0),
        ([f32::INFINITY; 4], 0),
    ] {
        for maps in window(pixels, false) {
            assert_eq!(
                (maps.winners[0], maps.values[0]),
                (winner, pixels[usize::from(winner)]),
                "{pixels:?}"
            );
        }
    }
}

#[test]
fn what_is_not_a_number_wins_and_the_first_of_several() {
    let nan = f32::NAN;
    for (pixels, winner) in [
        ([nan, 1.0, 2.0, 3.0], 0),
        ([1.0, 2.0, nan, 3.0], 2),
        ([1.0, nan, f32::INFINITY, nan], 1),
        ([f32::INFINITY, 0.0, 0.0, nan], 3),
    ] {
        for relu in [false, true] {
            for maps in window(pixels, relu) {
                assert_eq!(maps.winners[0], winner, "{pixels:?}");
                assert!(maps.values[0].is_nan(), "{pixels:?}");
            }
        }
    }
}

#[test]
fn relu_cuts_what_is_not_above_zero() {
    for (pixels, value, winner) in
        [([-1.0, -2.0, -3.0, -4.0], 0.0, CUT), ([0.0; 4], 0.0, CUT), ([-1.0, 0.5, 0.25, 0.0], 0.5, 1)]
    {
        for maps in window(pixels, true) {
            assert_eq!((maps.values[0], maps.winners[0]), (value, winner), "{pixels:?}");
        }
    }
}

#[test]
fn what_fills_no_window_is_left_out() {
    let Pooled { conv, .. } = Case::same(1, 1, 5, 1, 1).shape;
    let shape = Pooled { conv, pool: 2, relu: false };
    let pixels: Vec<f32> = (0..25).map(|i| i as f32).collect();
    let maps = conv2d_max_pool2d(Level::best(), &shape, &pixels, &[1.0], &[0.0], true);
    assert_eq!(maps.values, [6.0, 8.0, 16.0, 18.0]);
}
