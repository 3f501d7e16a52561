//! Every set of vector instructions against the portable one, and any number of threads.

use ops::kernels::{Level, conv2d, conv2d_backward, conv2d_max_pool2d, conv2d_max_pool2d_backward};
use proptest::prelude::*;

use crate::cases::{Case, case, drawn};

/// Everything that the kernels compute: values, winners and gradients.
#[derive(Debug, PartialEq)]
struct Everything {
    values: Vec<Vec<f32>>,
    winners: Vec<u8>,
}

fn everything(level: Level, case: &Case, exact: bool) -> Everything {
    let numbers = case.numbers(exact);
    let (shape, g) = (&case.shape, &case.shape.conv);
    let [maps, weight, bias] = [&numbers.maps, &numbers.weight, &numbers.bias];
    let pooled = conv2d_max_pool2d(level, shape, maps, weight, bias, true);
    let upstream = &numbers.gradient[..pooled.values.len()];
    let sparse = conv2d_max_pool2d_backward(level, shape, maps, weight, &pooled.winners, upstream, true);
    let dense = conv2d_backward(level, g, maps, weight, &numbers.gradient, true);
    let values = vec![
        conv2d(level, g, maps, weight, bias, false),
        pooled.values,
        sparse.input.unwrap(),
        sparse.weight,
        sparse.bias,
        dense.input.unwrap(),
        dense.weight,
        dense.bias,
    ];
    Everything { values, winners: pooled.winners }
}

proptest! {
    #![proptest_config(drawn(200))]

    #[test]
    fn all_instructions_give_the_same(case in case()) {
        let expected = everything(Level::Portable, &case, true);
        for level in Level::available() {
            prop_assert_eq!(&everything(level, &case, true), &expected, "{}", level.name());
        }
    }

    #[test]
    fn winners_are_not_kept_unless_asked_for(case in case()) {
        let numbers = case.numbers(true);
        let run = |keep| {
            conv2d_max_pool2d(Level::best(), &case.shape, &numbers.maps, &numbers.weight, &numbers.bias, keep)
        };
        prop_assert_eq!(run(false).values, run(true).values);
        prop_assert!(run(false).winners.is_empty());
    }
}

/// Enough pictures for every piece of a batch, real numbers, and 1, 2 and 4 threads: the same bits.
#[test]
fn bits_do_not_depend_on_the_number_of_threads() {
    for (channels, size, filters, kernel) in [(1, 28, 32, 5), (16, 14, 24, 5), (8, 7, 40, 3)] {
        let case = Case::same(37, channels, size, filters, kernel);
        let with_threads = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| everything(Level::best(), &case, false))
        };
        let one = with_threads(1);
        assert!(with_threads(2) == one, "2 threads");
        assert!(with_threads(4) == one, "4 threads");
    }
}
