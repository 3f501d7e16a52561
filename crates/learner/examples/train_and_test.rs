//! Shows how a program uses this crate: it trains a network and then tests the run's best model.
//!
//! `cargo run -p learner --example train_and_test` trains on the 1,200 digits that are part of the
//! crate `dataset`, so it needs no download. The run is kept in `runs/example-1`, `runs/example-2` and so on.

use std::error::Error;
use std::io::{self, Write};
use std::path::Path;

use learner::config;
use learner::exchange::Alone;
use learner::run::RunLock;
use learner::run::data::{self, TrainingData};
use learner::run::evaluating::{self, TestRequest};
use learner::run::training::{Ended, Trainer};
use learner::train::observer::Observers;
use model::device;

/// A small network, which is trained in a few seconds.
const CONFIG: &str = r#"
data.dataset = "sample"
train = { epochs = 4, batch_size = 32, learning_rate = 0.01 }
model.units = [{ filters = 8, kernel_size = 3 }, { filters = 16, kernel_size = 3 }]
"#;

fn main() -> Result<(), Box<dyn Error>> {
    let accuracy = train_and_test(Path::new("runs"))?;
    writeln!(io::stdout(), "{:.1} % of the test images are classified correctly", 100.0 * accuracy)?;
    Ok(())
}

/// Trains in a new folder below `runs` and returns the accuracy on the test images.
fn train_and_test(runs: &Path) -> Result<f64, Box<dyn Error>> {
    let config = config::parse("the example's configuration", CONFIG, &[])?;
    let (name, data_dir) = (config.data().dataset, Path::new("data"));
    let opened = device::open(None)?;
    let data = TrainingData::fetch(&config, data_dir, &mut |_progress| ())?;
    let mut lock = RunLock::numbered(runs, "example")?;
    let trainer = Trainer {
        data: &data,
        opened: &opened,
        exchange: &Alone,
        initial: None,
        tensorboard: false,
        keep_epochs: false,
        accept_numerics: false,
    };
    let Ended::Finished(trained) = trainer.begin(&mut lock, &config, &mut Observers(Vec::new()))? else {
        return Err("the run stopped before its end, although no observer requested it".into());
    };
    let images = data::test_set(name, data_dir, &mut |_progress| ())?;
    let description = config.description();
    let request = TestRequest { name: "example", dataset: name, description, worst: 10, corruptions: false };
    let tested =
        evaluating::test(&trained.run, &trained.model, &images, &opened, &request, &mut |_progress| ())?;
    for written in tested.save(&images, trained.run.path()) {
        written?;
    }
    Ok(tested.file.evaluation.accuracy.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_learns_and_keeps_its_run() {
        let runs = tempfile::TempDir::new().unwrap();
        let accuracy = train_and_test(runs.path()).unwrap();
        // Ten classes are guessed correctly in 10 % of the cases.
        assert!(accuracy > 0.6, "{accuracy}");
        for file in ["config.toml", "metrics.jsonl", "validation.json", "test.json", "predictions.csv"] {
            assert!(runs.path().join("example-1").join(file).is_file(), "{file}");
        }
    }
}
