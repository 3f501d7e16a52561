//! Times single kernels, for `cargo xtask bench --kernels`.
//!
//! Each line of standard input asks for one kernel, and each line of the answer is `{"ms": [...]}`. The
//! questions are `conv-forward N CHANNELS SIZE FILTERS KERNEL STRIDE TIMES`, `conv-backward` with the same
//! numbers, `conv-weights` for a first layer, whose images need no gradient, `pooled-forward N CHANNELS SIZE FILTERS
//! KERNEL ACTIVATION TIMES` for a convolution with 2x2 max-pooling as in training, `pooled-inference` and
//! `pooled-backward` with the same words, and `unit-backward FILE TIMES` with the numbers that PyTorch's contender
//! (`save FILE`) wrote. The negative size of a pooled convolution is that of an image that is not padded.
//! `dense-forward N INPUTS OUTPUTS BLACK TIMES` is a dense layer as at inference, whose inputs begin with BLACK zeros.
//!
//! Each time includes the allocation of the results, as PyTorch's does.

use std::error::Error;
use std::hint::black_box;
use std::io::{BufRead, Write};
use std::sync::Arc;
use std::time::Instant;

use kernels::{
    Activation, ConvShape, DenseShape, Gradients, Keep, Level, Owner, PoolShape, PooledForward, Purpose,
    SlopeSource, Winners, conv2d, conv2d_backward, conv2d_max_pool2d, conv2d_max_pool2d_backward, dense,
};

/// The program's allocator, so that the times are those of the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> Result<(), Box<dyn Error>> {
    let level = Level::best();
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let words: Vec<&str> = line.split_whitespace().collect();
        let ms = match words[..] {
            ["unit-backward", file, times] => unit_backward(level, file, times.parse()?)?,
            [
                pass @ ("pooled-forward" | "pooled-inference" | "pooled-backward"),
                n,
                channels,
                size,
                filters,
                kernel,
                activation,
                times,
            ] => {
                let size: isize = size.parse()?;
                let [channels, filters, kernel] = [channels.parse()?, filters.parse()?, kernel.parse()?];
                let conv = if size < 0 {
                    valid(channels, size.unsigned_abs(), filters, kernel)
                } else {
                    same(channels, size.unsigned_abs(), filters, kernel, 1)
                };
                let shape = PoolShape { conv, pool: 2, activation: named(activation)? };
                pooled(level, pass, n.parse()?, &shape, times.parse()?)
            }
            ["dense-forward", n, inputs, outputs, black, times] => {
                let shape = DenseShape { inputs: inputs.parse()?, outputs: outputs.parse()? };
                dense_forward(level, n.parse()?, shape, black.parse()?, times.parse()?)
            }
            [pass @ ("conv-forward" | "conv-backward" | "conv-weights"), ref numbers @ ..] => {
                let numbers: Vec<usize> =
                    numbers.iter().map(|word| word.parse()).collect::<Result<_, _>>()?;
                convolution(level, pass, &numbers)?
            }
            _ => return Err(format!("{line:?} is no question").into()),
        };
        let ms: Vec<String> = ms.iter().map(f64::to_string).collect();
        writeln!(std::io::stdout().lock(), "{{\"ms\": [{}]}}", ms.join(", "))?;
    }
    Ok(())
}

/// Calls `work` once to warm up, then `times` times, and returns the milliseconds of each call.
fn time(times: usize, mut work: impl FnMut()) -> Vec<f64> {
    work();
    (0..times)
        .map(|_| {
            let began = Instant::now();
            work();
            1e3 * began.elapsed().as_secs_f64()
        })
        .collect()
}

/// Weights that a kernel may keep.
struct Shared(Arc<Vec<f32>>);

impl Owner for Shared {
    fn values(&self) -> &[f32] {
        &self.0
    }
}

/// A dense layer whose packed weights are kept. The first `black` inputs of each row are zero.
fn dense_forward(level: Level, n: usize, shape: DenseShape, black: usize, times: usize) -> Vec<f64> {
    let DenseShape { inputs, outputs } = shape;
    let mut x = wave(n * inputs);
    x.chunks_exact_mut(inputs).for_each(|row| row[..black].fill(0.0));
    let (weight, bias) = (Arc::new(wave(inputs * outputs)), wave(outputs));
    let owner = || -> Box<dyn Owner> { Box::new(Shared(Arc::clone(&weight))) };
    time(times, || {
        let mut out = vec![0.0; n * outputs];
        dense(level, shape, &x, &weight, &bias, Keep::ByOwner(&owner), &mut out);
        black_box(&out);
    })
}

/// Numbers that look random and are not zero.
fn wave(count: usize) -> Vec<f32> {
    (0..count).map(|i| (i as f32 * 0.7).sin()).collect()
}

/// A convolution that keeps the size, or divides it by its stride.
fn same(channels: usize, size: usize, filters: usize, kernel: usize, stride: usize) -> ConvShape {
    let out = size.div_ceil(stride);
    let before = ((out - 1) * stride + kernel).saturating_sub(size) / 2;
    ConvShape {
        channels,
        height: size,
        width: size,
        filters,
        kernel,
        stride,
        top: before,
        left: before,
        out_height: out,
        out_width: out,
        groups: 1,
    }
}

/// A convolution of an image that is not padded.
fn valid(channels: usize, size: usize, filters: usize, kernel: usize) -> ConvShape {
    let out = size + 1 - kernel;
    ConvShape { top: 0, left: 0, out_height: out, out_width: out, ..same(channels, size, filters, kernel, 1) }
}

/// An activation by its name in configurations.
fn named(activation: &str) -> Result<Activation, String> {
    Ok(match activation {
        "none" => Activation::None,
        "relu" => Activation::Relu,
        "gelu" => Activation::Gelu,
        "tanh" => Activation::Tanh,
        "sigmoid" => Activation::Sigmoid,
        _ => return Err(format!("{activation} is no activation")),
    })
}

fn pooled(level: Level, pass: &str, n: usize, shape: &PoolShape, times: usize) -> Vec<f64> {
    let conv = &shape.conv;
    let (images, weight) = (wave(n * conv.input_len()), wave(conv.filters * conv.filter_len()));
    let (bias, upstream) = (wave(conv.filters), wave(n * shape.output_len()));
    let len = upstream.len();
    let slopes_len = if shape.slope_source() == SlopeSource::Slopes { len } else { 0 };
    let forward = |is_training: bool| {
        let (mut values, mut argmax, mut slopes) = (vec![0.0; len], vec![0; len], vec![0.0; slopes_len]);
        let purpose = if is_training {
            Purpose::Training(Winners { argmax: &mut argmax, slopes: &mut slopes })
        } else {
            Purpose::Inference(Keep::ByValue)
        };
        conv2d_max_pool2d(level, shape, &images, &weight, &bias, &mut values, purpose);
        black_box((values, argmax, slopes))
    };
    if pass != "pooled-backward" {
        return time(times, || drop(forward(pass == "pooled-forward")));
    }
    let (values, argmax, slopes) = forward(true);
    let slope_source = match shape.slope_source() {
        SlopeSource::Nothing => &[],
        SlopeSource::Values => values.as_slice(),
        SlopeSource::Slopes => slopes.as_slice(),
    };
    let forward = PooledForward { argmax: &argmax, slope_source };
    time(times, || {
        with_gradients([&images, &weight, &bias], |gradients| {
            conv2d_max_pool2d_backward(level, shape, &images, &weight, forward, &upstream, gradients);
        });
    })
}

fn convolution(level: Level, pass: &str, numbers: &[usize]) -> Result<Vec<f64>, Box<dyn Error>> {
    let &[n, channels, size, filters, kernel, stride, times] = numbers else {
        return Err("expected N CHANNELS SIZE FILTERS KERNEL STRIDE TIMES".into());
    };
    let conv = same(channels, size, filters, kernel, stride);
    let images = wave(n * conv.input_len());
    let weight = wave(filters * conv.filter_len());
    let (bias, upstream) = (wave(filters), wave(n * conv.output_len()));
    Ok(if pass != "conv-forward" {
        time(times, || {
            with_gradients([&images, &weight, &bias], |mut gradients| {
                gradients.input = gradients.input.filter(|_| pass == "conv-backward");
                conv2d_backward(level, &conv, &images, &weight, &upstream, gradients);
            });
        })
    } else {
        time(times, || {
            let mut out = vec![0.0; upstream.len()];
            conv2d(level, &conv, &images, &weight, &bias, Keep::No, &mut out);
            drop(black_box(out));
        })
    })
}

/// Calls `work` with memory for the gradients of `[images, weight, bias]`.
fn with_gradients(operands: [&[f32]; 3], work: impl FnOnce(Gradients<'_>)) {
    let [mut input, mut weight, mut bias] = operands.map(|values| vec![0.0; values.len()]);
    work(Gradients { input: Some(&mut input), weight: &mut weight, bias: &mut bias });
    drop(black_box([input, weight, bias]));
}

/// Times the second unit's backward pass on numbers from the middle of training: images `[128, 32, 14, 14]`,
/// weight `[64, 32, 5, 5]`, bias `[64]` and the gradient of the pooled values `[128, 64, 7, 7]`.
fn unit_backward(level: Level, file: &str, times: usize) -> Result<Vec<f64>, Box<dyn Error>> {
    let bytes = std::fs::read(file)?;
    let values: Vec<f32> =
        bytes.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect();
    let (n, shape) = (128, PoolShape { conv: same(32, 14, 64, 5, 1), pool: 2, activation: Activation::Relu });
    let lengths = [n * 32 * 196, 64 * 32 * 25, 64, n * 64 * 49];
    if values.len() != lengths.iter().sum::<usize>() {
        return Err(format!("{file}: found {} numbers", values.len()).into());
    }
    let (images, rest) = values.split_at(lengths[0]);
    let (weight, rest) = rest.split_at(lengths[1]);
    let (bias, upstream) = rest.split_at(lengths[2]);
    let (images, upstream) = (channels_last(images, 32), channels_last(upstream, 64));
    let (mut pooled, mut argmax) = (vec![0.0; upstream.len()], vec![0; upstream.len()]);
    let winners = Winners { argmax: &mut argmax, slopes: &mut [] };
    conv2d_max_pool2d(level, &shape, &images, weight, bias, &mut pooled, Purpose::Training(winners));
    let forward = PooledForward { argmax: &argmax, slope_source: &[] };
    Ok(time(times, || {
        with_gradients([&images, weight, bias], |gradients| {
            conv2d_max_pool2d_backward(level, &shape, &images, weight, forward, &upstream, gradients);
        });
    }))
}

/// Turns `[128, channels, pixels]` into `[128, pixels, channels]`.
fn channels_last(values: &[f32], channels: usize) -> Vec<f32> {
    let pixels = values.len() / 128 / channels;
    let image = channels * pixels;
    (0..values.len())
        .map(|i| values[i / image * image + i % channels * pixels + i % image / channels])
        .collect()
}
