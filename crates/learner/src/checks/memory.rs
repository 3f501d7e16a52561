//! Estimates the memory that training takes, and refuses a batch that does not fit.

use std::fmt;

use thiserror::Error;

use crate::checks::available::{Available, MemoryLimit};
use crate::config::{Config, Optimizer, TrainConfig};
use crate::eval::predict;

/// What a process takes besides the images and the network: program, threads, allocator.
const PROGRAM: u64 = 55 << 20;
/// Tenths of a data set's bytes while it is read, decoded and divided.
const LOADING: u64 = 20;
/// Tenths of a data set's bytes afterwards, with what the allocator keeps.
const LOADED: u64 = 21;
/// How many times the parameters are in memory in a step: weights, gradients, the optimizer's state and the new
/// weights.
const IN_A_STEP: u64 = 5;
/// The same in a prediction, beside the optimizer's state.
const IN_A_PREDICTION: u64 = 4;

/// The share of the available memory, in hundredths, that a batch may take which is proposed to the user. What is
/// available changes a little from call to call, and a proposed batch must not be refused.
const HEADROOM: u64 = 98;

/// An estimate of the memory that training takes on a CPU, in bytes.
///
/// The phases of a run follow each other, so the largest one counts: loading the images, a step, a prediction
/// for the validation images, a checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryEstimate {
    /// While the images are loaded.
    loading: u64,
    /// What is there in every phase after that.
    resident: u64,
    /// A step, without the images of its batch.
    step: u64,
    training_image: u64,
    /// A prediction or a checkpoint, whichever is larger.
    between_steps: u64,
}

/// Training with the configured batch does not fit into the memory.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub struct TooLarge {
    pub batch_size: usize,
    pub needed: u64,
    pub available: Available,
    /// The largest batch that fits even if a little less memory is available then, if any does.
    pub largest: Option<usize>,
}

/// The images of a data set do not fit into the memory while they are loaded.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("loading {title} takes about {} of memory, and {}", size(*needed), left(available))]
pub struct DataTooLarge {
    pub title: String,
    pub needed: u64,
    pub available: Available,
}

impl MemoryEstimate {
    /// The estimate for training on a data set whose images have so many bytes, with so many images to validate.
    pub fn new(config: &Config, data_bytes: u64, validation: usize) -> Self {
        let network = config.architecture().memory();
        let images = predict::batch_size(&network, validation) as u64;
        let averaged = u64::from(config.train().ema_decay > 0.0);
        let prediction =
            network.prediction_image * images + network.parameters * (IN_A_PREDICTION + averaged);
        let checkpoint = network.parameters * in_a_checkpoint(config.train());
        Self {
            loading: PROGRAM + data_bytes * LOADING / 10,
            resident: PROGRAM + data_bytes * LOADED / 10 + network.kernels,
            step: network.parameters * (IN_A_STEP + averaged),
            training_image: network.training_image,
            between_steps: prediction.max(checkpoint),
        }
    }

    /// The estimate for training on all images of the configured data set, which need not be there.
    pub fn of(config: &Config) -> Self {
        let images = config.description().train_images;
        let pixels = config.description().input_shape().iter().product::<usize>();
        let validation = config.data().validation_fraction * images as f64;
        Self::new(config, (images * pixels) as u64, validation as usize)
    }

    /// Checks that the images of the configured data set can be loaded, before any is read.
    ///
    /// # Errors
    /// If they do not fit into the memory that there is.
    pub fn check_loading(config: &Config, available: Available) -> Result<(), DataTooLarge> {
        let needed = Self::of(config).loading;
        let title = config.description().title.clone();
        if needed <= available.bytes { Ok(()) } else { Err(DataTooLarge { title, needed, available }) }
    }

    /// The most bytes that training takes at a time with batches of this size.
    pub fn bytes(&self, batch_size: usize) -> u64 {
        let step = self.step.saturating_add(self.training_image.saturating_mul(batch_size as u64));
        self.loading.max(self.resident.saturating_add(step.max(self.between_steps)))
    }

    /// The largest batch, of at most `most` images, with which training takes at most `available` bytes.
    pub fn largest_batch(&self, available: u64, most: usize) -> Option<usize> {
        if self.bytes(1) > available {
            return None;
        }
        let images = (available - self.resident - self.step) / self.training_image.max(1);
        Some(usize::try_from(images).unwrap_or(usize::MAX).min(most))
    }

    /// Checks that training with batches of this size fits into the memory that there is.
    ///
    /// # Errors
    /// If it does not fit.
    pub fn check(&self, batch_size: usize, available: Available) -> Result<(), TooLarge> {
        let needed = self.bytes(batch_size);
        if needed <= available.bytes {
            return Ok(());
        }
        let largest = self.largest_batch(available.bytes / 100 * HEADROOM, batch_size);
        Err(TooLarge { batch_size, needed, available, largest })
    }
}

/// How many times the parameters are in memory while a checkpoint is taken and written: weights, the
/// optimizer's state, and copies of both as tensors and as bytes. It is measured.
fn in_a_checkpoint(train: &TrainConfig) -> u64 {
    let of_the_optimizer = match train.optimizer {
        Optimizer::Adam | Optimizer::Adamw => 11,
        Optimizer::Sgd => 9,
    };
    // The averages on the device and on the host, and the weights that training goes on with as tensors and as
    // bytes.
    of_the_optimizer + if train.ema_decay > 0.0 { 4 } else { 0 }
}

impl fmt::Display for TooLarge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { batch_size, needed, available, largest } = self;
        let (needed, left) = (size(*needed), left(available));
        write!(
            f,
            "training with train.batch_size = {batch_size} takes about {needed} of memory, and {left}; "
        )?;
        match largest {
            Some(largest) => write!(f, "a batch of at most {largest} images fits"),
            None => f.write_str("no batch fits, so the network has to be smaller"),
        }
    }
}

/// What there is of memory, in words.
fn left(available: &Available) -> String {
    let limit = match available.limit {
        MemoryLimit::Machine => "this machine has",
        MemoryLimit::ControlGroup => "this process's control group leaves it",
        MemoryLimit::AddressSpace => "the limit on this process's address space (ulimit -v) leaves it",
        MemoryLimit::Data => "the limit on this process's data (ulimit -d) leaves it",
    };
    format!("{limit} {}", size(available.bytes))
}

/// Bytes for people: 4.7 GB, 310 MB.
pub fn size(bytes: u64) -> String {
    let megabytes = bytes as f64 / 1e6;
    if megabytes < 999.5 { format!("{megabytes:.0} MB") } else { format!("{:.1} GB", megabytes / 1e3) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::parse;

    const MNIST: u64 = 60_000 * 784;

    fn estimate(assignments: &[&str]) -> MemoryEstimate {
        let assignments: Vec<String> = assignments.iter().map(ToString::to_string).collect();
        MemoryEstimate::new(&parse("test", "", &assignments).unwrap(), MNIST, 5000)
    }

    fn available(bytes: u64) -> Available {
        Available { bytes, limit: MemoryLimit::AddressSpace }
    }

    #[test]
    fn the_largest_batch_fits_and_the_next_one_does_not() {
        let estimate = estimate(&[]);
        for bytes in [250_000_000, 500_000_000, 3_000_000_000] {
            let largest = estimate.largest_batch(bytes, 1_000_000).unwrap();
            assert!(
                estimate.bytes(largest) <= bytes && estimate.bytes(largest + 1) > bytes,
                "{bytes}: {largest}"
            );
            assert_eq!(estimate.check(largest, available(bytes)), Ok(()));
        }
        assert_eq!(estimate.largest_batch(3_000_000_000, 10), Some(10));
        assert_eq!(estimate.largest_batch(100_000_000, 10), None);
    }

    #[test]
    fn a_batch_that_does_not_fit_is_refused_with_numbers() {
        let text = estimate(&[]).check(55_000, available(2_000_000_000)).unwrap_err().to_string();
        for words in
            ["train.batch_size = 55000 takes about 5.", "GB", "ulimit -v", "2.0 GB", "a batch of at most"]
        {
            assert!(text.contains(words), "{text}");
        }
        let wide = estimate(&["model.units=[]", "model.dense=[10000, 10000]"]);
        let text = wide.check(1, available(2_000_000_000)).unwrap_err().to_string();
        assert!(text.contains("no batch fits"), "{text}");
    }

    #[test]
    fn images_that_do_not_fit_are_refused_before_they_are_loaded() {
        let config = parse("test", "", &[]).unwrap();
        assert_eq!(MemoryEstimate::check_loading(&config, available(200_000_000)), Ok(()));
        let text = MemoryEstimate::check_loading(&config, available(100_000_000)).unwrap_err().to_string();
        assert!(text.starts_with("loading MNIST takes about 152 MB of memory, and the limit "), "{text}");
        assert!(text.ends_with("leaves it 100 MB"), "{text}");
    }

    #[test]
    fn the_optimizers_state_counts() {
        let dense = ["model.units=[]", "model.dense=[4096, 4096]"];
        let sgd: Vec<&str> = dense.into_iter().chain(["train.optimizer=sgd"]).collect();
        assert!(estimate(&dense).bytes(1) > estimate(&sgd).bytes(1) + 100_000_000);
        let averaged: Vec<&str> = dense.into_iter().chain(["train.ema_decay=0.9"]).collect();
        assert!(estimate(&averaged).bytes(1) > estimate(&dense).bytes(1) + 200_000_000);
    }
}
