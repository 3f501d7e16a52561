//! Times single kernels, for `cargo xtask bench --kernels`.
//!
//! Reads from standard input, a line each, and answers with `{"ms": [...]}`:
//! `conv-forward N CHANNELS SIZE FILTERS KERNEL STRIDE TIMES`, `conv-backward` likewise, and
//! `unit-backward FILE TIMES` with the numbers that `contender.py save FILE` wrote.

use std::error::Error;
use std::io::{BufRead, Write};
use std::time::Instant;

use ops::kernels::{
    Geometry, Level, Pooled, conv2d, conv2d_backward, conv2d_max_pool2d, conv2d_max_pool2d_backward,
};

/// As in the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> Result<(), Box<dyn Error>> {
    let level = Level::best();
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let words: Vec<&str> = line.split_whitespace().collect();
        let ms = match words[..] {
            ["unit-backward", file, times] => unit_backward(level, file, times.parse()?)?,
            [pass @ ("conv-forward" | "conv-backward"), ref numbers @ ..] => {
                let numbers: Vec<usize> =
                    numbers.iter().map(|word| word.parse()).collect::<Result<_, _>>()?;
                convolution(level, pass == "conv-backward", &numbers)?
            }
            _ => return Err(format!("{line:?} is no question").into()),
        };
        let ms: Vec<String> = ms.iter().map(f64::to_string).collect();
        writeln!(std::io::stdout().lock(), "{{\"ms\": [{}]}}", ms.join(", "))?;
    }
    Ok(())
}

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

/// A convolution that keeps the size but for its stride.
fn same(channels: usize, size: usize, filters: usize, kernel: usize, stride: usize) -> Geometry {
    let out = size.div_ceil(stride);
    let before = ((out - 1) * stride + kernel).saturating_sub(size) / 2;
    Geometry {
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
    }
}

fn convolution(level: Level, is_backward: bool, numbers: &[usize]) -> Result<Vec<f64>, Box<dyn Error>> {
    let &[n, channels, size, filters, kernel, stride, times] = numbers else {
        return Err("expected N CHANNELS SIZE FILTERS KERNEL STRIDE TIMES".into());
    };
    let g = same(channels, size, filters, kernel, stride);
    let wave = |count: usize| (0..count).map(|i| (i as f32 * 0.7).sin()).collect::<Vec<f32>>();
    let maps = wave(n * channels * size * size);
    let weight = wave(filters * channels * kernel * kernel);
    let (bias, gradient) = (wave(filters), wave(n * filters * g.out_height * g.out_width));
    Ok(if is_backward {
        time(times, || drop(conv2d_backward(level, &g, &maps, &weight, &gradient, true)))
    } else {
        time(times, || drop(conv2d(level, &g, &maps, &weight, &bias, false)))
    })
}

/// The second unit's backward pass, on numbers from the middle of training: maps `[128, 32, 14,
/// 14]`, weight `[64, 32, 5, 5]`, bias `[64]` and the pooled maps' gradient `[128, 64, 7, 7]`.
fn unit_backward(level: Level, file: &str, times: usize) -> Result<Vec<f64>, Box<dyn Error>> {
    let bytes = std::fs::read(file)?;
    let values: Vec<f32> =
        bytes.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect();
    let (n, shape) = (128, Pooled { conv: same(32, 14, 64, 5, 1), pool: 2, relu: true });
    let lengths = [n * 32 * 196, 64 * 32 * 25, 64, n * 64 * 49];
    if values.len() != lengths.iter().sum::<usize>() {
        return Err(format!("{file}: found {} numbers", values.len()).into());
    }
    let (maps, rest) = values.split_at(lengths[0]);
    let (weight, rest) = rest.split_at(lengths[1]);
    let (bias, gradient) = rest.split_at(lengths[2]);
    let (maps, gradient) = (channels_last(maps, 32), channels_last(gradient, 64));
    let pooled = conv2d_max_pool2d(level, &shape, &maps, weight, bias, true);
    Ok(time(times, || {
        let winners = &pooled.winners;
        drop(conv2d_max_pool2d_backward(level, &shape, &maps, weight, winners, &gradient, true));
    }))
}

/// `[128, channels, pixels]` to `[128, pixels, channels]`.
fn channels_last(values: &[f32], channels: usize) -> Vec<f32> {
    let pixels = values.len() / 128 / channels;
    let picture = channels * pixels;
    (0..values.len())
        .map(|i| values[i / picture * picture + i % channels * pixels + i % picture / channels])
        .collect()
}
