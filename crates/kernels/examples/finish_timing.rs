//! Times what follows a convolution: batch statistics, the forward pass and the backward pass.
//!
//! `cargo run -p kernels --example finish_timing [UNIT]` prints the least milliseconds of each for a few units, or
//! for those of one name. The least is what the kernels take where other programs run at the same time.

use std::hint::black_box;
use std::io::Write;
use std::time::Instant;

use kernels::{
    Activation, Dropout, Finish, FinishGradients, FinishShape, Level, Normalization, PoolKind, Pooling,
    Stage, Stages, batch_statistics, finish, finish_backward,
};

/// The program's allocator, so that the times are those of the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const N: usize = 128;
const TIMES: usize = 31;

fn main() -> std::io::Result<()> {
    let (norm, relu) = (Stage::Normalize, Stage::Activate(Activation::Relu));
    let act = |activation| vec![Stage::Activate(activation)];
    let only = std::env::args().nth(1);
    for (what, size, channels, stages, kind, probability) in [
        ("norm, relu, max", 28, 32, vec![norm, relu], Some(PoolKind::Max), 0.0),
        ("norm, relu, max", 14, 64, vec![norm, relu], Some(PoolKind::Max), 0.0),
        ("relu, norm", 26, 32, vec![relu, norm], None, 0.0),
        ("relu, average", 28, 32, act(Activation::Relu), Some(PoolKind::Average), 0.0),
        ("gelu, max", 28, 32, act(Activation::Gelu), Some(PoolKind::Max), 0.0),
        ("tanh, max, dropout", 28, 32, act(Activation::Tanh), Some(PoolKind::Max), 0.25),
        ("relu", 28, 32, act(Activation::Relu), None, 0.0),
    ] {
        if only.as_ref().is_some_and(|only| only != what) {
            continue;
        }
        let pooling = kind.map(|kind| Pooling { kind, height: 2, width: 2 });
        let stages = Stages::new(stages);
        let shape = FinishShape { height: size, width: size, channels, stages, pooling };
        let dropout = (probability > 0.0).then_some(Dropout { key: 1, probability, first_image: 0 });
        let [statistics, forward, backward] = time(&shape, dropout);
        let size = format!("{size}x{size}x{channels}");
        writeln!(std::io::stdout(), "{what}, {size}: {statistics:.2} {forward:.2} {backward:.2}")?;
    }
    Ok(())
}

fn time(shape: &FinishShape, dropout: Option<Dropout>) -> [f64; 3] {
    let level = Level::best();
    let wave = |count: usize| (0..count).map(|i| (i as f32 * 0.7).sin()).collect::<Vec<f32>>();
    let x = wave(N * shape.input_len());
    let [gamma, beta] = [wave(shape.channels), wave(shape.channels)];
    let upstream = wave(N * shape.output_len());
    let (mut mean, mut variance) = (vec![0.0; shape.channels], vec![1.0; shape.channels]);
    let mut ms: [Vec<f64>; 3] = Default::default();
    for _ in 0..TIMES {
        let mut x = x.clone();
        let mut since = Instant::now();
        let mut lap = |ms: &mut Vec<f64>| {
            ms.push(1e3 * since.elapsed().as_secs_f64());
            since = Instant::now();
        };
        let normalizes = shape.stages.normalizes();
        if normalizes {
            batch_statistics(level, shape, &x, &[], [&mut mean, &mut variance]);
        }
        lap(&mut ms[0]);
        let normalization = normalizes.then_some(Normalization {
            mean: &mean,
            variance: &variance,
            gamma: &gamma,
            beta: &beta,
            epsilon: 1e-5,
            is_of_batch: true,
        });
        let call = Finish { shape: *shape, shortcut: &[], normalization, dropout };
        let mut out = vec![0.0; N * shape.output_len()];
        let mut places = vec![0; N * shape.places_len()];
        finish(level, &call, &x, &mut out, Some(&mut places));
        lap(&mut ms[1]);
        let values = if normalizes { shape.channels } else { 0 };
        let [mut gamma, mut beta] = [vec![0.0; values], vec![0.0; values]];
        let gradients = FinishGradients { x: &mut x, shortcut: &mut [], gamma: &mut gamma, beta: &mut beta };
        finish_backward(level, &call, &places, &upstream, gradients);
        lap(&mut ms[2]);
        black_box((out, x, gamma, beta));
    }
    ms.map(|mut ms| {
        ms.sort_by(f64::total_cmp);
        ms[0]
    })
}
