//! The questions of `bench --questions`: their words and the answers that need no timing.

use anyhow::anyhow;
use network::{Architecture, ModelConfig};
use serde::Serialize;

/// What to time or tell, and how often.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Question {
    /// `step TIMES`: training steps.
    Step { times: usize },
    /// `infer BATCH TIMES`: the logits of `batch` images.
    Infer { batch: usize, times: usize },
    /// `network`: its configuration, from which another program can build the same network.
    Network,
    /// `parameters`: how many values are trained, and the losses so far.
    Parameters,
}

/// The answer to `network`.
#[derive(Debug, Serialize)]
pub(super) struct NetworkAnswer<'a> {
    /// Channels, height and width of an image.
    input: [usize; 3],
    classes: usize,
    model: &'a ModelConfig,
    /// The parts of the network that no kernel computes.
    without_kernel: Vec<String>,
    /// Steps before the first that is timed.
    warm_up: usize,
}

impl<'a> NetworkAnswer<'a> {
    pub(super) fn new(architecture: &'a Architecture, without_kernel: Vec<String>, warm_up: usize) -> Self {
        let input = architecture.input();
        Self {
            input: [input.channels, input.height, input.width],
            classes: architecture.classes(),
            model: architecture.config(),
            without_kernel,
            warm_up,
        }
    }
}

/// The answer to `parameters`.
#[derive(Debug, Serialize)]
pub(super) struct ParametersAnswer<'a> {
    /// The number of trained values; the running statistics of normalization are not trained.
    pub(super) parameters: usize,
    /// The mean loss of each logging window, in the order of training.
    pub(super) losses: &'a [f64],
}

/// The number of values that training changes by their gradients.
pub(super) fn trained_values(architecture: &Architecture) -> usize {
    architecture.layers().iter().map(|row| row.parameters).sum()
}

/// Reads a question.
///
/// # Errors
/// If the line is none.
pub(super) fn parse(line: &str) -> anyhow::Result<Question> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let number = |word: &str| word.parse().ok().filter(|n| (1..=1_000_000).contains(n));
    match words[..] {
        ["step", times] => number(times).map(|times| Question::Step { times }),
        ["infer", batch, times] => {
            number(batch).zip(number(times)).map(|(batch, times)| Question::Infer { batch, times })
        }
        ["network"] => Some(Question::Network),
        ["parameters"] => Some(Question::Parameters),
        _ => None,
    }
    .ok_or_else(|| {
        anyhow!("found {line:?}, expected `step TIMES`, `infer BATCH TIMES`, `network` or `parameters`")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_are_parsed_and_others_refused() {
        assert_eq!(parse("step 3").unwrap(), Question::Step { times: 3 });
        assert_eq!(parse(" infer 128  2\n").unwrap(), Question::Infer { batch: 128, times: 2 });
        assert_eq!(parse("network").unwrap(), Question::Network);
        assert_eq!(parse("parameters").unwrap(), Question::Parameters);
        for line in
            ["", "step", "step 0", "step x", "infer 1", "infer 1 0", "infer 1 2 3", "network 1", "leave"]
        {
            assert!(parse(line).is_err(), "{line}");
        }
    }

    #[test]
    fn running_statistics_are_not_counted_as_trained() {
        let mut config = ModelConfig::default();
        let lecture = Architecture::new(&config, [1, 28, 28], 10).unwrap();
        assert_eq!(trained_values(&lecture), 832 + 51_264 + 31_370);
        config.units[0].normalization = network::config::Normalization::Batch;
        let normalized = Architecture::new(&config, [1, 28, 28], 10).unwrap();
        assert_eq!(trained_values(&normalized), 832 + 51_264 + 31_370 + 2 * 32);
    }
}
