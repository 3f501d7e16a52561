//! The gradients against finite differences in `f64`.

use ops::kernels::{
    Gradients, Level, conv2d, conv2d_backward, conv2d_max_pool2d, conv2d_max_pool2d_backward,
};
use proptest::prelude::*;

use crate::cases::{Case, Numbers, case, drawn};

impl Case {
    /// The convolution by its definition, in `f64`: `[n, out height, out width, filters]` of
    /// `maps` `[n, height, width, channels]`.
    fn convolve(&self, maps: &[f64], weight: &[f64], bias: &[f64]) -> Vec<f64> {
        let g = &self.shape.conv;
        let mut out = Vec::new();
        for picture in maps.chunks(g.height * g.width * g.channels) {
            for at in 0..g.out_height * g.out_width * g.filters {
                let (y, x, f) = (at / g.filters / g.out_width, at / g.filters % g.out_width, at % g.filters);
                let mut sum = bias[f];
                for tap in 0..g.kernel * g.kernel {
                    let (ky, kx) = (tap / g.kernel, tap % g.kernel);
                    let (row, column) = (y * g.stride + ky, x * g.stride + kx);
                    let inside = (g.top..g.top + g.height).contains(&row)
                        && (g.left..g.left + g.width).contains(&column);
                    if inside {
                        let pixel = (row - g.top) * g.width + column - g.left;
                        for channel in 0..g.channels {
                            sum += picture[pixel * g.channels + channel]
                                * weight[((f * g.channels + channel) * g.kernel + ky) * g.kernel + kx];
                        }
                    }
                }
                out.push(sum);
            }
        }
        out
    }

    /// Each pooled value, and by how much it beats the next of its window or ReLU's zero.
    fn pool(&self, convolved: &[f64]) -> Vec<(f64, f64)> {
        let (g, pool) = (&self.shape.conv, self.shape.pool);
        let (height, width) = (g.out_height / pool, g.out_width / pool);
        let mut pooled = Vec::new();
        for map in convolved.chunks(g.out_height * g.out_width * g.filters) {
            for at in 0..height * width * g.filters {
                let (y, x, f) = (at / g.filters / width, at / g.filters % width, at % g.filters);
                let mut window: Vec<f64> = (0..pool * pool)
                    .map(|i| {
                        let (row, column) = (y * pool + i / pool, x * pool + i % pool);
                        map[(row * g.out_width + column) * g.filters + f]
                    })
                    .collect();
                window.extend(self.shape.relu.then_some(0.0));
                window.sort_by(f64::total_cmp);
                let largest = window.pop().unwrap();
                pooled.push((largest, largest - window.last().unwrap_or(&f64::NEG_INFINITY)));
            }
        }
        pooled
    }

    /// Whether rounding cannot change who wins.
    pub(crate) fn is_clear(&self) -> bool {
        let g = &self.shape.conv;
        let numbers = self.numbers(false);
        // [n, channels, pixels] -> [n, pixels, channels]
        let (pixels, picture) = (g.height * g.width, g.channels * g.height * g.width);
        let maps: Vec<f64> = (0..numbers.maps.len())
            .map(|i| {
                let (n, pixel, channel) = (i / picture, i % picture / g.channels, i % g.channels);
                f64::from(numbers.maps[n * picture + channel * pixels + pixel])
            })
            .collect();
        let [weight, bias] = [&numbers.weight, &numbers.bias].map(|v| doubles(v));
        self.pool(&self.convolve(&maps, &weight, &bias)).iter().all(|(_, gap)| *gap > 1e-4)
    }
}

fn doubles(values: &[f32]) -> Vec<f64> {
    values.iter().map(|value| f64::from(*value)).collect()
}

/// The sum of the outputs, each times its upstream gradient, whose derivatives are the gradients.
fn loss(case: &Case, pooled: bool, [maps, weight, bias]: [&[f64]; 3], upstream: &[f32]) -> f64 {
    let convolved = case.convolve(maps, weight, bias);
    let output =
        if pooled { case.pool(&convolved).into_iter().map(|(value, _)| value).collect() } else { convolved };
    output.iter().zip(upstream).map(|(x, g)| x * f64::from(*g)).sum()
}

fn check(case: &Case, pooled: bool, numbers: &Numbers, gradients: &Gradients) -> Result<(), TestCaseError> {
    let operands = [&numbers.maps, &numbers.weight, &numbers.bias].map(|v| doubles(v));
    let input = gradients.input.as_ref().unwrap();
    // Small enough that no window changes its winner, large enough for the difference's digits.
    const STEP: f64 = 1e-6;
    for (which, gradient) in [input, &gradients.weight, &gradients.bias].into_iter().enumerate() {
        let largest = gradient.iter().fold(1.0f32, |most, x| most.max(x.abs()));
        // A few of each: a difference costs two whole convolutions.
        for at in (0..gradient.len()).step_by(gradient.len().div_ceil(7)) {
            let moved = |step: f64| {
                let mut operands = operands.clone();
                operands[which][at] += step;
                let [maps, weight, bias] = &operands;
                loss(case, pooled, [maps, weight, bias], &numbers.gradient)
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

    // Here the maps are channels last from the start, which changes only which number is where.
    #[test]
    fn gradients_are_the_limits_of_differences(case in case()) {
        let numbers = case.numbers(false);
        let [maps, weight, bias] = [&numbers.maps, &numbers.weight, &numbers.bias].map(|v| doubles(v));
        let (shape, g, level) = (&case.shape, &case.shape.conv, Level::best());
        conv2d(level, g, &numbers.maps, &numbers.weight, &numbers.bias, true);
        let gradients =
            conv2d_backward(level, g, &numbers.maps, &numbers.weight, &numbers.gradient, true);
        check(&case, false, &numbers, &gradients)?;

        let gaps = case.pool(&case.convolve(&maps, &weight, &bias));
        prop_assume!(gaps.iter().all(|(_, gap)| *gap > 1e-4));
        let pooled = conv2d_max_pool2d(level, shape, &numbers.maps, &numbers.weight, &numbers.bias, true);
        let gradients = conv2d_max_pool2d_backward(
            level, shape, &numbers.maps, &numbers.weight, &pooled.winners,
            &numbers.gradient[..pooled.values.len()], true,
        );
        check(&case, true, &numbers, &gradients)?;
    }
}
