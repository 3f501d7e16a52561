//! Tiles as wide and as high as AVX-512's against the portable ones, on any processor.

#[path = "../tests/all/owned.rs"]
mod owned;

use crate::{ConvShape, DenseShape, Level, PoolShape};
use owned::{
    Owned, PooledMaps, conv2d, conv2d_backward, conv2d_max_pool2d, conv2d_max_pool2d_backward, dense,
    dense_backward,
};

/// Small whole numbers, so that the order of a sum does not matter.
fn numbers(count: usize, seed: usize) -> Vec<f32> {
    (0..count).map(|i| ((i * 7919 + seed * 104_729) % 31 % 5) as f32 - 2.0).collect()
}

fn square(channels: usize, size: usize, filters: usize, kernel: usize, stride: usize) -> ConvShape {
    let before = kernel / 2;
    ConvShape {
        channels,
        height: size,
        width: size,
        filters,
        kernel,
        stride,
        top: before,
        left: before,
        out_height: (size + 2 * before - kernel) / stride + 1,
        out_width: (size + 2 * before - kernel) / stride + 1,
    }
}

/// Everything that the convolutions compute: both outputs, and the gradients of both.
fn convolutions(level: Level, n: usize, conv: ConvShape) -> (Vec<f32>, PooledMaps, [Owned; 2]) {
    let shape = PoolShape { conv, pool: 2, relu: true };
    let images = numbers(n * conv.input_len(), 1);
    let weight = numbers(conv.filters * conv.filter_len(), 2);
    let bias = numbers(conv.filters, 3);
    let upstream = numbers(n * conv.output_len(), 4);
    let pooled = conv2d_max_pool2d(level, &shape, &images, &weight, &bias, true);
    let pooled_upstream = &upstream[..pooled.values.len()];
    let sparse = conv2d_max_pool2d_backward(level, &shape, &images, &weight, &pooled.argmax, pooled_upstream);
    let dense = conv2d_backward(level, &conv, &images, &weight, &upstream);
    (conv2d(level, &conv, &images, &weight, &bias, false), pooled, [sparse, dense])
}

#[test]
fn wide_convolutions_give_the_same() {
    for (n, channels, size, filters, kernel, stride) in [
        (2, 1, 28, 32, 5, 1),
        (4, 32, 14, 64, 5, 1),
        (5, 11, 9, 37, 5, 1),
        (2, 3, 13, 5, 3, 2),
        (1, 40, 8, 33, 3, 1),
        (3, 17, 11, 70, 5, 3),
        (1, 64, 26, 16, 1, 1),
    ] {
        let conv = square(channels, size, filters, kernel, stride);
        assert!(convolutions(Level::Wide, n, conv) == convolutions(Level::Portable, n, conv), "{conv:?}");
    }
}

#[test]
fn wide_dense_layers_give_the_same() {
    for (n, inputs, outputs) in [(1, 5, 10), (13, 100, 33), (40, 7, 64)] {
        let shape = DenseShape { inputs, outputs };
        let (x, weight) = (numbers(n * inputs, 1), numbers(inputs * outputs, 2));
        let (bias, upstream) = (numbers(outputs, 3), numbers(n * outputs, 4));
        let run = |level| {
            let output = dense(level, shape, &x, &weight, &bias, false);
            (output, dense_backward(level, shape, &x, &weight, &upstream))
        };
        assert!(run(Level::Wide) == run(Level::Portable), "{shape:?}");
    }
}
