//! The gradients against finite differences in `f64`.

use kernels::Level;
use proptest::prelude::*;

use crate::cases::{Case, Numbers, case, drawn};
use crate::owned::{Owned, conv2d, conv2d_backward, conv2d_max_pool2d, conv2d_max_pool2d_backward};
use crate::reference::doubles;

/// The sum of the outputs, each times its upstream gradient. The gradients are its derivatives.
fn loss(case: &Case, pooled: bool, [images, weight, bias]: [&[f64]; 3], upstream: &[f32]) -> f64 {
    let convolved = case.convolve(images, weight, bias);
    let output =
        if pooled { case.pool(&convolved).into_iter().map(|(value, _)| value).collect() } else { convolved };
    output.iter().zip(upstream).map(|(x, g)| x * f64::from(*g)).sum()
}

fn check(case: &Case, pooled: bool, numbers: &Numbers, gradients: &Owned) -> Result<(), TestCaseError> {
    let operands = [&numbers.images, &numbers.weight, &numbers.bias].map(|v| doubles(v));
    // The step is so small that no window changes its maximum, and so large that the difference keeps its
    // digits.
    const STEP: f64 = 1e-6;
    for (which, gradient) in [&gradients.input, &gradients.weight, &gradients.bias].into_iter().enumerate() {
        let largest = gradient.iter().fold(1.0f32, |most, x| most.max(x.abs()));
        // A few of each are enough, because each difference costs two whole convolutions.
        for at in (0..gradient.len()).step_by(gradient.len().div_ceil(7)) {
            let moved = |step: f64| {
                let mut operands = operands.clone();
                operands[which][at] += step;
                let [images, weight, bias] = &operands;
                loss(case, pooled, [images, weight, bias], &numbers.upstream)
            };
            let difference = (moved(STEP) - moved(-STEP)) / (2.0 * STEP);
            let error = (difference - f64::from(gradient[at])).abs() / f64::from(largest);
            prop_assert!(error < 1e-4, "operand {which}, place {at}: {difference} against {}", gradient[at]);
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(drawn(100))]

    // The images are channels last from the start, which changes only which number is where.
    #[test]
    fn gradients_are_the_limits_of_differences(case in case()) {
        let numbers = case.numbers(false);
        let [images, weight, bias] = [&numbers.images, &numbers.weight, &numbers.bias].map(|v| doubles(v));
        let (shape, conv, level) = (&case.shape, &case.shape.conv, Level::best());
        let gradients =
            conv2d_backward(level, conv, &numbers.images, &numbers.weight, &numbers.upstream);
        check(&case, false, &numbers, &gradients)?;

        let convolved = case.convolve(&images, &weight, &bias);
        let out = conv2d(level, conv, &numbers.images, &numbers.weight, &numbers.bias, true);
        for (at, (value, expected)) in out.iter().zip(&convolved).enumerate() {
            let error = (f64::from(*value) - expected).abs();
            prop_assert!(error < 1e-4, "output {at}: {value} instead of {expected}");
        }
        let gaps = case.pool(&convolved);
        prop_assume!(gaps.iter().all(|(_, gap)| *gap > 1e-4));
        let pooled = conv2d_max_pool2d(level, shape, &numbers.images, &numbers.weight, &numbers.bias, true);
        let gradients = conv2d_max_pool2d_backward(
            level, shape, &numbers.images, &numbers.weight, &pooled,
            &numbers.upstream[..pooled.values.len()],
        );
        check(&case, true, &numbers, &gradients)?;
    }
}
