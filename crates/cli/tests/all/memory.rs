//! Tests that training which needs more memory than there is is refused with a batch that fits, and that this
//! batch then trains.

#![cfg(target_os = "linux")]

use std::process::Command;

use crate::program::{ProgramOutput, Sandbox};

/// Many feature maps at the images' full size: an image takes a megabyte.
const LARGE: [&str; 8] = [
    "--set",
    "data.dataset=sample",
    "--set",
    "model.units=[{filters=128, kernel_size=1, activation=\"none\", pool=\"none\"}]",
    "--set",
    "train.epochs=1",
    "--set",
    "data.validation_fraction=0.02",
];
/// Address space in KiB for a process with so many threads. With few of them it is less than the allocator would like
/// to reserve.
fn limit(threads: usize) -> usize {
    600_000 + 37_000 * threads
}

impl Sandbox {
    /// Trains under a limit on the address space.
    fn train_within(&self, kibibytes: usize, more: &[&str]) -> ProgramOutput {
        let arguments: Vec<&str> = ["train"].into_iter().chain(LARGE).chain(more.iter().copied()).collect();
        let program = self.process(&arguments);
        let mut shell = Command::new("sh");
        shell.args(["-c", &format!("ulimit -v {kibibytes} && exec \"$@\""), "sh"]);
        shell.current_dir(self.path()).arg(program.get_program()).args(program.get_args());
        for name in ["MNIST_CNN_DATA", "MNIST_CNN_MIRROR", "CARGO"] {
            shell.env_remove(name);
        }
        ProgramOutput::new(shell.output().unwrap())
    }
}

#[test]
fn a_batch_that_does_not_fit_is_refused_and_the_named_one_trains() {
    if std::env::var("MNIST_CNN_TEST_BACKEND").as_deref() == Ok("wgpu") {
        return; // A graphics adapter has memory of its own, which is not checked.
    }
    let sandbox = Sandbox::new();
    let limit = limit(std::thread::available_parallelism().unwrap().get());
    let refused = sandbox.train_within(limit, &["-p", "a", "--set", "train.batch_size=55000"]);
    let named = refused.stderr.split("--set train.batch_size=").nth(1).unwrap_or_default();
    let digits: String = named.chars().take_while(char::is_ascii_digit).collect();
    let says = ["train.batch_size = 9", "of memory", "ulimit -v", "a batch of at most", "--force"];
    refused.fails(2, &says);
    assert!(!sandbox.path().join("a").exists(), "a refused run leaves no folder");

    let batch = format!("train.batch_size={digits}");
    // A single step.
    let images = format!("data.train_limit={digits}");
    let step = ["--set", &batch, "--set", &images, "--json", "-p", "a"];
    let trained = sandbox.train_within(limit, &step).done();
    let peak =
        serde_json::from_str::<serde_json::Value>(&trained.stdout).unwrap()["peak_memory_bytes"].clone();
    assert!(peak.as_u64().unwrap() > 200_000_000, "the named batch is large, but took {peak} bytes");

    // The estimate leaves some room, so a batch that is a little larger trains too if one insists.
    let largest: usize = digits.parse().unwrap();
    let more = largest + largest / 14;
    let (batch, images) = (format!("train.batch_size={more}"), format!("data.train_limit={more}"));
    let step = ["--set", &batch, "--set", &images, "-p", "b"];
    sandbox.train_within(limit, &step).fails(2, &["of memory"]);
    let forced = sandbox.train_within(limit, &[&step[..], &["--force"]].concat()).done();
    assert!(forced.stderr.contains("warning: training with train.batch_size = "), "{}", forced.stderr);
}
