//! Convolution and pooling by their definitions, in `f64`.

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

    /// Each pooled value, and how far the next value of its window, or ReLU's zero, lies below it.
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
                window.extend(self.shape.relu.then_some(0.0));
                window.sort_by(f64::total_cmp);
                let largest = window.pop().unwrap();
                pooled.push((largest, largest - window.last().unwrap_or(&f64::NEG_INFINITY)));
            }
        }
        pooled
    }
}

pub(crate) fn doubles(values: &[f32]) -> Vec<f64> {
    values.iter().map(|value| f64::from(*value)).collect()
}
