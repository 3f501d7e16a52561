//! Refuses training that needs more memory than there is, and prints notes on what is likely to disappoint.

use learner::Config;
use learner::checks::available::available;
use learner::checks::memory::{DataTooLarge, MemoryEstimate, TooLarge};
use learner::checks::notes::{self, Accuracies, ClassCounts};
use learner::run::data::TrainingData;
use model::device::{Backend, Opened};

use crate::exit::{note, usage};

/// Checks that training fits into this process's memory. With `force` a warning takes the place of the error.
///
/// On wgpu a step's memory is the graphics adapter's, which is not known.
///
/// # Errors
/// If the estimate is larger than what there is.
pub(crate) fn check_memory(
    config: &Config,
    opened: &Opened,
    data: &TrainingData,
    force: bool,
) -> Result<(), TooLarge> {
    let Some(available) = available().filter(|_| opened.backend != Backend::Wgpu) else { return Ok(()) };
    let train = data.train.subset();
    let batch_size = config.train().batch_size.get().min(train.len());
    let estimate = MemoryEstimate::new(config, train.file_bytes() as u64, data.validation.subset().len());
    match estimate.check(batch_size, available) {
        Err(too_large) if force => {
            note(&format!("warning: {too_large}"));
            Ok(())
        }
        checked => checked,
    }
}

/// Checks that the images fit into this process's memory while they are loaded. With `force` a warning takes the place
/// of the error.
///
/// # Errors
/// If the estimate is larger than what there is.
pub(crate) fn check_loading(config: &Config, force: bool) -> Result<(), DataTooLarge> {
    let Some(available) = available() else { return Ok(()) };
    match MemoryEstimate::check_loading(config, available) {
        Err(too_large) if force => {
            note(&format!("warning: {too_large}"));
            Ok(())
        }
        checked => checked,
    }
}

/// Checks that the backend computes shards of a batch. Their gradients are added on the CPU, to which a GPU would have to
/// bring them in each step.
///
/// # Errors
/// If it does not.
pub(crate) fn check_shards(config: &Config, opened: &Opened) -> anyhow::Result<()> {
    let shards = config.train().shards;
    if shards.get() == 1 || opened.backend != Backend::Wgpu {
        return Ok(());
    }
    Err(usage(format!(
        "train.shards = {shards} is for CPUs, and this is wgpu; set it to 1, or name another backend with --backend"
    )))
}

/// Prints the notes on a run before it begins.
pub(crate) fn print_notes(config: &Config, data: &TrainingData) {
    with_counts(config, data, |counts| {
        notes::before(config, counts).iter().for_each(|found| note(&format!("note: {found}")));
    });
}

/// What is wrong with a run that has ended with these accuracies on validation. Mostly it is nothing.
pub(crate) fn warnings(config: &Config, data: &TrainingData, accuracies: Accuracies) -> Vec<String> {
    with_counts(config, data, |counts| notes::after(config, counts, accuracies))
        .iter()
        .map(ToString::to_string)
        .collect()
}

fn with_counts<R>(config: &Config, data: &TrainingData, work: impl FnOnce(&ClassCounts<'_>) -> R) -> R {
    let names = &config.description().classes;
    let [train, validation] = [data.train.subset(), data.validation.subset()].map(|set| set.class_counts());
    work(&ClassCounts { names, train: &train, validation: &validation })
}
