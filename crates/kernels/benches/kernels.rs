//! Times each kernel by itself: `cargo bench --workspace --bench kernels`.

#![allow(missing_docs, reason = "criterion's macros write functions without")]

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use kernels::{
    Activation, ConvShape, DenseShape, Gradients, Keep, Level, PoolShape, PooledForward, Purpose, Winners,
    conv2d, conv2d_backward, conv2d_max_pool2d, conv2d_max_pool2d_backward, dense, dense_backward,
};

const IMAGES: usize = 128;
/// The lecture's two convolutions: channels, size, filters.
const UNITS: [(usize, usize, usize); 2] = [(1, 28, 32), (32, 14, 64)];

fn wave(count: usize) -> Vec<f32> {
    (0..count).map(|i| (i as f32 * 0.7).sin()).collect()
}

fn conv_shape(channels: usize, size: usize, filters: usize) -> ConvShape {
    ConvShape {
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
        groups: 1,
    }
}

/// Memory for gradients, which the kernels write again and again.
struct Memory {
    input: Vec<f32>,
    weight: Vec<f32>,
    bias: Vec<f32>,
}

impl Memory {
    fn new(lengths: [usize; 3]) -> Self {
        let [input, weight, bias] = lengths.map(|len| vec![0.0; len]);
        Self { input, weight, bias }
    }

    fn gradients(&mut self) -> Gradients<'_> {
        Gradients { input: Some(&mut self.input), weight: &mut self.weight, bias: &mut self.bias }
    }
}

fn convolutions(criterion: &mut Criterion) {
    for (channels, size, filters) in UNITS {
        let conv = conv_shape(channels, size, filters);
        let images = wave(IMAGES * conv.input_len());
        let weight = wave(filters * conv.filter_len());
        let bias = wave(filters);
        let upstream = wave(IMAGES * conv.output_len());
        let shape = PoolShape { conv, pool: 2, activation: Activation::Relu };
        let mut out = vec![0.0; upstream.len()];
        let mut pooled = vec![0.0; IMAGES * shape.output_len()];
        let mut argmax = vec![0; pooled.len()];
        let mut memory = Memory::new([images.len(), weight.len(), bias.len()]);
        let mut group = criterion.benchmark_group(format!("{channels} to {filters}"));
        group.throughput(Throughput::Elements(IMAGES as u64));
        for level in Level::available() {
            let id = |name: &str| BenchmarkId::new(name, level.name());
            group.bench_function(id("conv2d"), |b| {
                b.iter(|| conv2d(level, &conv, &images, &weight, &bias, Keep::No, &mut out));
            });
            group.bench_function(id("conv2d_backward"), |b| {
                b.iter(|| conv2d_backward(level, &conv, &images, &weight, &upstream, memory.gradients()));
            });
            group.bench_function(id("conv2d_max_pool2d"), |b| {
                b.iter(|| {
                    let purpose = Purpose::Training(Winners { argmax: &mut argmax, slopes: &mut [] });
                    conv2d_max_pool2d(level, &shape, &images, &weight, &bias, &mut pooled, purpose);
                });
            });
            let upstream = &upstream[..pooled.len()];
            group.bench_function(id("conv2d_max_pool2d_backward"), |b| {
                b.iter(|| {
                    let gradients = memory.gradients();
                    let forward = PooledForward { argmax: &argmax, slope_source: &[] };
                    conv2d_max_pool2d_backward(level, &shape, &images, &weight, forward, upstream, gradients);
                });
            });
        }
        group.finish();
    }
}

fn dense_layer(criterion: &mut Criterion) {
    let shape = DenseShape { inputs: 3136, outputs: 10 };
    let (x, weight, bias) = (wave(IMAGES * 3136), wave(31_360), wave(10));
    let upstream = wave(IMAGES * 10);
    let mut out = vec![0.0; upstream.len()];
    let mut memory = Memory::new([x.len(), weight.len(), bias.len()]);
    let mut group = criterion.benchmark_group("3136 to 10");
    for level in Level::available() {
        group.bench_function(BenchmarkId::new("dense", level.name()), |b| {
            b.iter(|| dense(level, shape, &x, &weight, &bias, Keep::No, &mut out));
        });
        group.bench_function(BenchmarkId::new("dense_backward", level.name()), |b| {
            b.iter(|| dense_backward(level, shape, &x, &weight, &upstream, memory.gradients()));
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
