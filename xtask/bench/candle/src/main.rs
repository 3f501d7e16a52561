//! candle on the network of configs/default.toml, for `cargo xtask bench --candle`.
//!
//! Reads `step TIMES` or `infer BATCH TIMES` from standard input, and answers each with
//! `{"ms": [...]}`, as `mnist-cnn bench --questions` does.

use std::io::BufRead;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use candle_core::{DType, Device, Tensor};
use candle_nn::{
    Conv2d, Conv2dConfig, Linear, Module, Optimizer, ParamsAdamW, VarBuilder, VarMap, conv2d, linear, loss,
};

const BATCH: usize = 128;
/// As few as fit a slow program's patience: candle's kernels do not depend on the numbers.
const WARM_UP: usize = 3;

struct Net {
    first: Conv2d,
    second: Conv2d,
    head: Linear,
}

impl Net {
    fn new(vars: VarBuilder<'_>) -> Result<Self> {
        let same = Conv2dConfig { padding: 2, ..Default::default() };
        Ok(Self {
            first: conv2d(1, 32, 5, same, vars.pp("c1"))?,
            second: conv2d(32, 64, 5, same, vars.pp("c2"))?,
            head: linear(3136, 10, vars.pp("fc"))?,
        })
    }

    fn forward(&self, pixels: &[u8]) -> Result<Tensor> {
        let scaled: Vec<f32> = pixels.iter().map(|p| f32::from(*p) / 255.0).collect();
        let x = Tensor::from_vec(scaled, (pixels.len() / 784, 1, 28, 28), &Device::Cpu)?;
        let x = self.first.forward(&x)?.relu()?.max_pool2d(2)?;
        let x = self.second.forward(&x)?.relu()?.max_pool2d(2)?;
        Ok(self.head.forward(&x.flatten_from(1)?)?)
    }
}

fn main() -> Result<()> {
    let directory = std::env::args().nth(1).context("usage: candle-contender DATA_DIR")?;
    let images = std::fs::read(format!("{directory}/mnist/train-images-idx3-ubyte"))?;
    let labels = std::fs::read(format!("{directory}/mnist/train-labels-idx1-ubyte"))?;
    let (images, labels) = (&images[16..], &labels[8..]);
    let map = VarMap::new();
    let net = Net::new(VarBuilder::from_varmap(&map, DType::F32, &Device::Cpu))?;
    let adam = ParamsAdamW { lr: 1e-3, weight_decay: 0.0, ..Default::default() };
    let mut optimizer = candle_nn::AdamW::new(map.all_vars(), adam)?;
    let mut at = 0;
    let mut step = || -> Result<()> {
        at = (at + BATCH) % (60_000 - BATCH);
        let logits = net.forward(&images[at * 784..(at + BATCH) * 784])?;
        let expected: Vec<u32> = labels[at..at + BATCH].iter().map(|l| u32::from(*l)).collect();
        let expected = Tensor::from_vec(expected, BATCH, &Device::Cpu)?;
        Ok(optimizer.backward_step(&loss::cross_entropy(&logits, &expected)?)?)
    };
    for _ in 0..WARM_UP {
        step()?;
    }
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let ms = match line.split_whitespace().collect::<Vec<_>>()[..] {
            ["step", times] => time(times.parse()?, &mut step)?,
            ["infer", batch, times] => {
                let batch: usize = batch.parse()?;
                let pixels = images.get(..batch * 784).context("MNIST has 60,000 training images")?;
                time(times.parse()?, &mut || net.forward(pixels).map(drop))?
            }
            _ => bail!("found {line:?}, expected `step TIMES` or `infer BATCH TIMES`"),
        };
        println!("{}", serde_json::json!({ "ms": ms }));
    }
    Ok(())
}

fn time(times: usize, work: &mut dyn FnMut() -> Result<()>) -> Result<Vec<f64>> {
    (0..times)
        .map(|_| {
            let began = Instant::now();
            work()?;
            Ok(1e3 * began.elapsed().as_secs_f64())
        })
        .collect()
}
