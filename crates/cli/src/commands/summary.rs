//! `summary`: prints the layer table of a network.

use std::fmt::Write;

use learner::Config;
use learner::checks::memory::{MemoryEstimate, size};
use network::Architecture;

use crate::args::SummaryArgs;
use crate::exit::print;
use crate::paths::read_config;
use crate::ui::numbers::{grouped, shape};

pub(crate) fn run(args: &SummaryArgs) -> anyhow::Result<()> {
    let config = read_config(&args.config, &args.data_dir)?;
    print(&(render(config.architecture()) + &memory(&config)))
}

/// What training takes, below the table.
fn memory(config: &Config) -> String {
    let batch_size = config.train().batch_size.get();
    let bytes = MemoryEstimate::of(config).bytes(batch_size);
    format!(
        "\nTraining takes about {} of memory on a CPU with batches of {batch_size} images.\n",
        size(bytes)
    )
}

/// A line for each layer, and the sums.
fn render(architecture: &Architecture) -> String {
    let input = architecture.input();
    let layers = architecture.layers();
    let kinds = layers.iter().map(|layer| layer.kind.len()).max().unwrap_or(0).max(10);
    let mut text =
        format!("{:<14}{:<kinds$}{:>14}{:>12}{:>15}\n", "layer", "", "output", "parameters", "multiply-adds");
    let mut line = |name: &str, kind: &str, output: &str, parameters: usize, multiply_adds: usize| {
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "{name:<14}{kind:<kinds$}{output:>14}{:>12}{:>15}",
            grouped(parameters),
            grouped(multiply_adds)
        );
    };
    line("input", "image", &shape(&[input.channels, input.height, input.width]), 0, 0);
    for layer in &layers {
        line(&layer.name, &layer.kind, &shape(&layer.output), layer.parameters, layer.multiply_adds);
    }
    let sum = |f: fn(&network::LayerRow) -> usize| layers.iter().map(f).sum();
    line("total", "", "", sum(|layer| layer.parameters), sum(|layer| layer.multiply_adds));
    text
}

#[cfg(test)]
mod tests {
    use dataset::Description;

    use super::*;

    #[test]
    fn a_larger_batch_takes_more_memory() {
        let of =
            |assignment: &str| memory(&learner::config::parse("", "", &[assignment.to_owned()]).unwrap());
        assert_eq!(of("train.batch_size=128").lines().count(), 2);
        assert!(of("train.batch_size=128").contains(" MB of memory on a CPU with batches of 128 images."));
        assert!(of("train.batch_size=60000").contains(" GB of memory"));
    }

    #[test]
    fn the_lectures_table_fits_80_columns_and_adds_up() {
        let config = Config::new(Default::default(), &Description::in_catalog).unwrap();
        let text = render(config.architecture());
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
        let total = text.lines().last().unwrap();
        assert!(total.contains("83,466") && total.contains("10,693,760"), "{text}");
    }
}
