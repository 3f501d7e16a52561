//! Convolution and pooling by their definitions, in `f64`.

use kernels::Activation;

use crate::cases::Case;

impl Case {
    /// Convolves `images` `[n, height, width, channels]` by the definition: `[n, out height, out width,
    /// filters]`.
    pub(crate) fn convolve(&self, images: &[f64], weight: &[f64], bias: &[f64]) -> Vec<f64> {
        let conv = &self.shape.conv;
        let mut out = Vec::new();
        for image in images.chunks(conv.height * conv.width * conv.channels) {
            for at in 0..conv.out_height * conv.out_width * conv.filters {
                let (y, x, f) = (
                    at / conv.filters / conv.out_width,
                    at / conv.filters % conv.out_width,
                    at % conv.filters,
                );
                let mut sum = bias[f];
                for tap in 0..conv.kernel * conv.kernel {
                    let (ky, kx) = (tap / conv.kernel, tap % conv.kernel);
                    let (row, column) = (y * conv.stride + ky, x * conv.stride + kx);
                    let inside = (conv.top..conv.top + conv.height).contains(&row)
                        && (conv.left..conv.left + conv.width).contains(&column);
                    if inside {
                        let pixel = (row - conv.top) * conv.width + column - conv.left;
                        let channels = conv.channels / conv.groups;
                        let group = f / (conv.filters / conv.groups);
                        for channel in 0..channels {
                            sum += image[pixel * conv.channels + group * channels + channel]
                                * weight[((f * channels + channel) * conv.kernel + ky) * conv.kernel + kx];
                        }
                    }
                }
                out.push(sum);
            }
        }
        out
    }

    /// Each pooled value after the activation, and how far the next value of its window, or ReLU's zero, lies below
    /// it. Only GELU can change which value is the largest, so only with GELU the distance is that of results.
    pub(crate) fn pool(&self, convolved: &[f64]) -> Vec<(f64, f64)> {
        let (conv, pool) = (&self.shape.conv, self.shape.pool);
        let (height, width) = (conv.out_height / pool, conv.out_width / pool);
        let mut pooled = Vec::new();
        for map in convolved.chunks(conv.out_height * conv.out_width * conv.filters) {
            for at in 0..height * width * conv.filters {
                let (y, x, f) = (at / conv.filters / width, at / conv.filters % width, at % conv.filters);
                let mut window: Vec<f64> = (0..pool * pool)
                    .map(|i| {
                        let (row, column) = (y * pool + i / pool, x * pool + i % pool);
                        map[(row * conv.out_width + column) * conv.filters + f]
                    })
                    .collect();
                let activation = self.shape.activation;
                match activation {
                    Activation::Relu => window.push(0.0),
                    Activation::Gelu => window.iter_mut().for_each(|x| *x = activate(activation, *x)),
                    Activation::None | Activation::Tanh | Activation::Sigmoid => {}
                }
                window.sort_by(f64::total_cmp);
                let largest = window.pop().unwrap();
                let gap = largest - window.last().unwrap_or(&f64::NEG_INFINITY);
                let value =
                    if activation == Activation::Gelu { largest } else { activate(activation, largest) };
                pooled.push((value, gap));
            }
        }
        pooled
    }
}

pub(crate) fn doubles(values: &[f32]) -> Vec<f64> {
    values.iter().map(|value| f64::from(*value)).collect()
}

/// An activation by its definition.
pub(crate) fn activate(activation: Activation, x: f64) -> f64 {
    match activation {
        Activation::None => x,
        Activation::Relu => x.max(0.0),
        Activation::Gelu => x * normal_distribution(x),
        Activation::Tanh => x.tanh(),
        Activation::Sigmoid => 1.0 / (1.0 + (-x).exp()),
    }
}

/// The probability that a normally distributed number is below `x`.
fn normal_distribution(x: f64) -> f64 {
    if x.abs() > 9.0 {
        return if x > 0.0 { 1.0 } else { 0.0 };
    }
    // x + x^3 / 3 + x^5 / (3 * 5) + ..., after Marsaglia, "Evaluating the Normal Distribution" (2004).
    let (mut term, mut sum, mut i) = (x, 0.0, 1.0);
    while sum + term != sum {
        sum += term;
        i += 2.0;
        term *= x * x / i;
    }
    0.5 + sum * (-x * x / 2.0).exp() / std::f64::consts::TAU.sqrt()
}
