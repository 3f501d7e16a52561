//! Times single operators: the unit's backward pass on numbers from the middle of training, and convolutions.

use std::path::Path;

use anyhow::{Context, Result, bail, ensure};

use super::peers::Peers;
use super::rounds::{ask_in_turn, print};
use crate::command::{executable, output};
use crate::speed::contender::Contender;

/// Convolutions without pooling: images, channels, size, filters, kernel, stride.
const CONVOLUTIONS: [&str; 8] = [
    "64 32 28 32 3 1",
    "64 32 14 64 5 1",
    "64 64 14 64 3 1",
    "64 64 14 128 3 1",
    "64 128 7 128 5 1",
    "64 32 28 32 3 2",
    "64 32 28 64 5 2",
    "64 64 14 128 3 2",
];

/// Times them against PyTorch and TensorFlow. The numbers of the unit are those of PyTorch's network, which is the lecture's
/// as the file `network` describes it.
///
/// # Errors
/// If PyTorch is not among the peers, or a program fails.
pub(super) fn run(
    root: &Path,
    data: &str,
    network: &Path,
    peers: &Peers,
    rounds: usize,
    threads: usize,
) -> Result<()> {
    let arguments = "build -p kernels -p cli --example timing --message-format json-render-diagnostics";
    let messages = output(root, "cargo", &arguments.split(' ').collect::<Vec<_>>())?;
    let timing = executable(&messages).context("cargo named no executable")?;
    let unit = root.join("target/bench/unit.f32").display().to_string();
    let mut contenders = peers.start(root, network, data, threads, false)?;
    let is_pytorch = |contender: &Contender| contender.name.starts_with("pytorch");
    contenders.retain(|contender| is_pytorch(contender) || contender.name == "tensorflow");
    ensure!(contenders.iter().any(is_pytorch), "--kernels compares with PyTorch: add --setup");
    for contender in contenders.iter_mut().filter(|contender| is_pytorch(contender)) {
        contender.ask(&format!("save {unit}"))?;
    }
    contenders.insert(0, Contender::start(root, "kernels", &timing, &[], threads)?);
    let medians = ask_in_turn(&mut contenders, rounds, |_| Some(format!("unit-backward {unit} 10")))?;
    print("backward pass of the second unit", &medians);
    for convolution in CONVOLUTIONS {
        for pass in ["forward", "backward"] {
            let question = format!("conv-{pass} {convolution} 20");
            let medians = ask_in_turn(&mut contenders, rounds, |_| Some(question.clone()))?;
            let [n, channels, size, filters, kernel, stride] = convolution.split(' ').collect::<Vec<_>>()[..]
            else {
                bail!("{convolution:?} is no convolution");
            };
            let title = format!(
                "{pass} {kernel}x{kernel} stride {stride}, {n}x{channels}x{size}x{size} to {filters} filters"
            );
            print(&title, &medians);
        }
    }
    Ok(())
}
