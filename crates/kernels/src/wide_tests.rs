//! Tiles as wide and as high as AVX-512's against the portable ones, on any processor.

use crate::kernels::{
    Dense, Geometry, Level, Pooled, conv2d, conv2d_backward, conv2d_max_pool2d, conv2d_max_pool2d_backward,
    dense, dense_backward,
};

/// Small whole numbers, so that the order of a sum does not matter.
fn numbers(count: usize, seed: usize) -> Vec<f32> {
    (0..count).map(|i| ((i * 7919 + seed * 104_729) % 31 % 5) as f32 - 2.0).collect()
}

fn geometry(channels: usize, size: usize, filters: usize, kernel: usize, stride: usize) -> Geometry {
    let before = kernel / 2;
    Geometry {
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

fn convolutions(level: Level, n: usize, g: Geometry) -> (Vec<Vec<f32>>, Vec<u8>) {
    let shape = Pooled { conv: g, pool: 2, relu: true };
    let maps = numbers(n * g.height * g.width * g.channels, 1);
    let weight = numbers(g.filters * g.channels * g.kernel * g.kernel, 2);
    let bias = numbers(g.filters, 3);
    let gradient = numbers(n * g.out_height * g.out_width * g.filters, 4);
    let pooled = conv2d_max_pool2d(level, &shape, &maps, &weight, &bias, true);
    let upstream = &gradient[..pooled.values.len()];
    let sparse = conv2d_max_pool2d_backward(level, &shape, &maps, &weight, &pooled.winners, upstream, true);
    let dense = conv2d_backward(level, &g, &maps, &weight, &gradient, true);
    let mut values = vec![conv2d(level, &g, &maps, &weight, &bias, false), pooled.values];
    for gradients in [sparse, dense] {
        values.extend(gradients.input);
        values.extend([gradients.weight, gradients.bias]);
    }
    (values, pooled.winners)
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
        let g = geometry(channels, size, filters, kernel, stride);
        assert!(convolutions(Level::Wide, n, g) == convolutions(Level::Portable, n, g), "{g:?}");
    }
}

#[test]
fn wide_dense_layers_give_the_same() {
    for (n, inputs, outputs) in [(1, 5, 10), (13, 100, 33), (40, 7, 64)] {
        let shape = Dense { inputs, outputs };
        let (x, weight) = (numbers(n * inputs, 1), numbers(inputs * outputs, 2));
        let (bias, gradient) = (numbers(outputs, 3), numbers(n * outputs, 4));
        let run = |level| {
            let output = dense(level, shape, &x, &weight, &bias, false);
            (output, dense_backward(level, shape, &x, &weight, &gradient, true))
        };
        assert!(run(Level::Wide) == run(Level::Portable), "{shape:?}");
    }
}
