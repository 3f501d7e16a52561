//! Each kernel by itself: `cargo bench --workspace --bench kernels`.

#![allow(missing_docs, reason = "criterion's macros write functions without")]

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use ops::kernels::{
    Dense, Geometry, Level, Pooled, conv2d, conv2d_backward, conv2d_max_pool2d, conv2d_max_pool2d_backward,
    dense, dense_backward,
};

const PICTURES: usize = 128;

fn wave(count: usize) -> Vec<f32> {
    (0..count).map(|i| (i as f32 * 0.7).sin()).collect()
}

/// The lecture's two convolutions: channels, size, filters.
const UNITS: [(usize, usize, usize); 2] = [(1, 28, 32), (32, 14, 64)];

fn geometry(channels: usize, size: usize, filters: usize) -> Geometry {
    Geometry {
        channels,
        height: size,
        width: size,
        filters,
        kernel: 5,
        stride: 1,
        top: 2,
        left: 2,
        out_height: size,
        out_width: size,
    }
}

fn convolutions(criterion: &mut Criterion) {
    for (channels, size, filters) in UNITS {
        let g = geometry(channels, size, filters);
        let maps = wave(PICTURES * channels * size * size);
        let weight = wave(filters * channels * 25);
        let bias = wave(filters);
        let gradient = wave(PICTURES * filters * size * size);
        let shape = Pooled { conv: g, pool: 2, relu: true };
        let mut group = criterion.benchmark_group(format!("{channels} to {filters}"));
        group.throughput(Throughput::Elements(PICTURES as u64));
        for level in Level::available() {
            let id = |name: &str| BenchmarkId::new(name, level.name());
            group.bench_function(id("conv2d"), |b| {
                b.iter(|| conv2d(level, &g, &maps, &weight, &bias, false));
            });
            group.bench_function(id("conv2d_backward"), |b| {
                b.iter(|| conv2d_backward(level, &g, &maps, &weight, &gradient, true));
            });
            group.bench_function(id("conv2d_max_pool2d"), |b| {
                b.iter(|| conv2d_max_pool2d(level, &shape, &maps, &weight, &bias, true));
            });
            let pooled = conv2d_max_pool2d(level, &shape, &maps, &weight, &bias, true);
            let upstream = &gradient[..pooled.values.len()];
            group.bench_function(id("conv2d_max_pool2d_backward"), |b| {
                b.iter(|| {
                    conv2d_max_pool2d_backward(level, &shape, &maps, &weight, &pooled.winners, upstream, true)
                });
            });
        }
        group.finish();
    }
}

fn dense_layer(criterion: &mut Criterion) {
    let shape = Dense { inputs: 3136, outputs: 10 };
    let (x, weight, bias) = (wave(PICTURES * 3136), wave(31_360), wave(10));
    let gradient = wave(PICTURES * 10);
    let mut group = criterion.benchmark_group("3136 to 10");
    for level in Level::available() {
        group.bench_function(BenchmarkId::new("dense", level.name()), |b| {
            b.iter(|| dense(level, shape, &x, &weight, &bias, false));
        });
        group.bench_function(BenchmarkId::new("dense_backward", level.name()), |b| {
            b.iter(|| dense_backward(level, shape, &x, &weight, &gradient, true));
        });
    }
    group.finish();
}

criterion_group! {
    name = kernels;
    config = Criterion::default().sample_size(20);
    targets = convolutions, dense_layer
}
criterion_main!(kernels);
