//! Notes for the user: what is likely to disappoint in a run, before it begins and when it has ended.

use std::fmt;

use network::config::{Normalization, Stage};

use crate::config::Config;

/// Share of the training images that an epoch may leave out without a word.
const LEFT_OUT_SILENTLY: f64 = 0.05;
/// A network whose accuracy is at most so many standard errors above that of a constant answer only guesses.
const STANDARD_ERRORS: f64 = 3.0;
/// How many classes a note names; it names all if there is only one more.
const MOST_NAMED: usize = 10;
/// Up to how many steps a run is too short to learn much.
const FEW_STEPS: usize = 50;

/// How many images of each class a run trains and validates on.
#[derive(Clone, Copy, Debug)]
pub struct ClassCounts<'a> {
    /// The classes' names.
    pub names: &'a [String],
    pub train: &'a [usize],
    pub validation: &'a [usize],
}

/// A note about a run.
#[derive(Clone, Debug, PartialEq)]
pub enum Note {
    /// The batch is larger than the training set.
    OneBatch { batch_size: usize, train: usize },
    /// More than 5 % of the training images do not fill a batch. `better` is the largest smaller batch with which
    /// an epoch leaves out no more than that.
    LeftOut { batch_size: usize, left_out: usize, train: usize, better: usize },
    /// No training image shows these classes.
    NeverSeen { classes: Vec<String> },
    /// No validation image shows these classes.
    NeverValidated { classes: Vec<String> },
    /// Batch normalization normalizes one value by itself there, and the result says nothing about it.
    OneValue(Place),
    /// The best epoch's accuracy on validation is no better than always answering the most frequent class.
    OnlyGuesses { accuracy: f64, most_frequent: f64, causes: Vec<Cause> },
    /// The same is true of the last epoch, but not of the best one.
    EndedGuessing { accuracies: Accuracies, most_frequent: f64, causes: Vec<Cause> },
}

/// Where batch normalization is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In this unit, counted from 0.
    Unit(usize),
    /// Behind the hidden dense layers.
    Dense,
}

/// Why a network may only guess.
#[derive(Clone, Debug, PartialEq)]
pub enum Cause {
    OneValue(Place),
    NeverSeen { classes: usize },
    FewSteps { steps: usize },
    LearningRate { learning_rate: f64, warmup_fraction: f64 },
}

/// The notes on a run before it begins.
pub fn before(config: &Config, counts: &ClassCounts<'_>) -> Vec<Note> {
    let train: usize = counts.train.iter().sum();
    let batch_size = config.train().batch_size.get();
    let mut notes = Vec::new();
    if batch_size > train {
        notes.push(Note::OneBatch { batch_size, train });
    }
    notes.extend(left_out(batch_size, train));
    let names = |counted: &[usize]| -> Vec<String> {
        let missing = counted.iter().zip(counts.names).filter(|(count, _)| **count == 0);
        missing.map(|(_, name)| name.clone()).collect()
    };
    let (never_seen, never_validated) = (names(counts.train), names(counts.validation));
    if !never_seen.is_empty() {
        notes.push(Note::NeverSeen { classes: never_seen });
    }
    if !never_validated.is_empty() {
        notes.push(Note::NeverValidated { classes: never_validated });
    }
    notes.extend(one_value(config, train).map(Note::OneValue));
    notes
}

/// Accuracies on validation, as shares.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Accuracies {
    pub best_epoch: f64,
    pub last_epoch: f64,
}

/// The note on a run that has ended, if its network only guesses.
pub fn after(config: &Config, counts: &ClassCounts<'_>, accuracies: Accuracies) -> Option<Note> {
    let Accuracies { best_epoch, last_epoch } = accuracies;
    if let Some(most_frequent) = guessed(best_epoch, counts.validation) {
        return Some(Note::OnlyGuesses {
            accuracy: best_epoch,
            most_frequent,
            causes: causes(config, counts),
        });
    }
    let most_frequent = guessed(last_epoch, counts.validation)?;
    Some(Note::EndedGuessing { accuracies, most_frequent, causes: causes(config, counts) })
}

/// Why the network may only guess, in the order in which to try.
fn causes(config: &Config, counts: &ClassCounts<'_>) -> Vec<Cause> {
    let train: usize = counts.train.iter().sum();
    let settings = config.train();
    let steps = settings.epochs.get().saturating_mul(steps_per_epoch(settings.batch_size.get(), train));
    let never_seen = counts.train.iter().filter(|count| **count == 0).count();
    let causes = [
        one_value(config, train).map(Cause::OneValue),
        (never_seen > 0).then_some(Cause::NeverSeen { classes: never_seen }),
        (steps <= FEW_STEPS).then_some(Cause::FewSteps { steps }),
        Some(Cause::LearningRate {
            learning_rate: settings.learning_rate,
            warmup_fraction: settings.warmup_fraction,
        }),
    ];
    causes.into_iter().flatten().collect()
}

/// The share of the most frequent class among the labels, if an accuracy is no better than it.
///
/// "No better" leaves room for chance: three standard errors of a share that is counted on so many images. With
/// so few images that even a perfect network would fall into this room, nothing is said.
fn guessed(accuracy: f64, counts: &[usize]) -> Option<f64> {
    let images: usize = counts.iter().sum();
    let share = counts.iter().max().copied().unwrap_or(0) as f64 / images.max(1) as f64;
    let bound = share + STANDARD_ERRORS * (share * (1.0 - share) / images.max(1) as f64).sqrt();
    (images > 0 && bound < 1.0 && accuracy <= bound).then_some(share)
}

fn steps_per_epoch(batch_size: usize, train: usize) -> usize {
    train / batch_size.min(train).max(1)
}

/// The note on images that do not fill a batch, if they are many.
fn left_out(batch_size: usize, train: usize) -> Option<Note> {
    // A batch that is larger than the training set takes all of it.
    let left_out = |batch_size: usize| if batch_size > train { 0 } else { train % batch_size };
    let is_many = |batch_size: &usize| left_out(*batch_size) as f64 > LEFT_OUT_SILENTLY * train as f64;
    if !is_many(&batch_size) {
        return None;
    }
    // A batch of one image leaves out none.
    let better = (1..batch_size).rev().find(|size| !is_many(size)).unwrap_or(1);
    Some(Note::LeftOut { batch_size, left_out: left_out(batch_size), train, better })
}

/// Where batch normalization first has one value a channel, because the batch is of one image and its feature maps
/// are of one pixel, as the outputs of a dense layer are. Such a value minus its own mean is always zero.
fn one_value(config: &Config, train: usize) -> Option<Place> {
    let settings = config.train();
    // Each shard has statistics of its own.
    let batch_size = settings.batch_size.get().min(train) / settings.shards.get();
    let architecture = config.architecture();
    let unit = architecture.units().position(|(unit, shape)| {
        let maps = shape.before(Stage::Normalization, unit);
        unit.normalization == Normalization::Batch && batch_size * maps.height * maps.width == 1
    });
    let network = architecture.config();
    let is_dense = network.dense_normalization == Normalization::Batch && !network.dense.is_empty();
    unit.map(Place::Unit).or((is_dense && batch_size == 1).then_some(Place::Dense))
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OneBatch { batch_size, train } => write!(
                f,
                "train.batch_size = {batch_size} is larger than the training set (images: {train}), so each epoch is one \
                 step with all of it"
            ),
            Self::LeftOut { batch_size, left_out, train, better } => write!(
                f,
                "each epoch leaves out {left_out} of {train} images ({:.0} %), because they do not fill a batch of \
                 {batch_size}; with train.batch_size = {better} it leaves out {}",
                percent(*left_out, *train),
                train % better
            ),
            Self::NeverSeen { classes } => write!(
                f,
                "no training image shows {}, so the network cannot learn {}; a larger data.train_limit or a smaller \
                 data.validation_fraction helps",
                list(classes),
                if classes.len() == 1 { "this class" } else { "these classes" }
            ),
            Self::NeverValidated { classes } => write!(
                f,
                "no validation image shows {}, so the best epoch is chosen without {}; a larger \
                 data.validation_fraction helps",
                list(classes),
                if classes.len() == 1 { "this class" } else { "these classes" }
            ),
            Self::OneValue(place) => write!(f, "{}", Cause::OneValue(*place)),
            Self::OnlyGuesses { accuracy, most_frequent, causes } => write!(
                f,
                "this network only guesses: it is right for {:.2} % of the validation images, and always answering \
                 the most frequent class would be right for {:.2} %. What to try:{}",
                100.0 * accuracy,
                100.0 * most_frequent,
                items(causes)
            ),
            Self::EndedGuessing {
                accuracies: Accuracies { best_epoch, last_epoch },
                most_frequent,
                causes,
            } => write!(
                f,
                "after its last epoch the network only guesses: it was right for {:.2} % of the validation images after \
                 the best epoch, and is for {:.2} % now, where always answering the most frequent class would be right \
                 for {:.2} %. What to try:{}",
                100.0 * best_epoch,
                100.0 * last_epoch,
                100.0 * most_frequent,
                items(causes)
            ),
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OneValue(Place::Unit(unit)) => write!(
                f,
                "model.units[{unit}] normalizes feature maps of one pixel in batches of one image, so its result is the \
                 same for every image; a larger train.batch_size helps, or larger feature maps, or normalization = \"none\""
            ),
            Self::OneValue(Place::Dense) => f.write_str(
                "model.dense_normalization = \"batch\" normalizes in batches of one image, so its result is the same for \
                 every image; a larger train.batch_size helps, or \"none\"",
            ),
            Self::NeverSeen { classes } => {
                write!(f, "more training images: of {classes} classes there is none")
            }
            Self::FewSteps { steps } => write!(
                f,
                "more steps than {steps}: a smaller train.batch_size, if there is one, or more train.epochs"
            ),
            Self::LearningRate { learning_rate, warmup_fraction } => write!(
                f,
                "a lower train.learning_rate, such as {} instead of {learning_rate}, or a longer warm-up: \
                 train.warmup_fraction above {warmup_fraction}",
                tenth(*learning_rate)
            ),
        }
    }
}

/// The causes, each on a line of its own.
fn items(causes: &[Cause]) -> String {
    causes.iter().map(|cause| format!("\n  - {cause}")).collect()
}

/// A tenth of a number, with one digit: 0.0003 of 0.003.
fn tenth(number: f64) -> f64 {
    let tenth = number / 10.0;
    format!("{tenth:.0e}").parse().unwrap_or(tenth)
}

fn percent(part: usize, whole: usize) -> f64 {
    100.0 * part as f64 / whole.max(1) as f64
}

/// Names in a row: "0, 4 and 7". Of many, only the first ones are named.
fn list(names: &[String]) -> String {
    match names {
        [first @ .., _, _] if first.len() >= MOST_NAMED => {
            format!("{} and {} more", first[..MOST_NAMED].join(", "), names.len() - MOST_NAMED)
        }
        [] => String::new(),
        [name] => name.clone(),
        [names @ .., last] => format!("{} and {last}", names.join(", ")),
    }
}

#[cfg(test)]
#[path = "notes_tests.rs"]
mod tests;
