//! What training ends with: the best model judged on validation, and the run's first page.

use dataset::{Name, ValidationSet};
use learner::Config;
use learner::eval::predict::{Predictions, predict};
use learner::eval::metrics::Evaluation;
use learner::eval::mistakes::{Mistake, worst};
use learner::eval::probabilities::Probabilities;
use learner::run::run_dir::RunDir;
use model::Cnn;
use model::device::{Backend, Opened};
use report::Split;
use serde::Serialize;

use crate::commands::page;
use crate::commands::test::tester::WORST;

/// `validation.json`: as `test.json`, of the pictures that chose the best epoch.
#[derive(Serialize)]
struct ValidationReport {
    epoch: usize,
    weights_sha256: String,
    dataset: Name,
    backend: Backend,
    evaluation: Evaluation,
    worst: Vec<Mistake>,
}

/// Writes `validation.json` and the page. `answers` are the best model's, where this process saw
/// them; the test set stays unread.
///
/// # Errors
/// If the model cannot be read, or a file cannot be written.
pub(crate) fn conclude(
    run: &RunDir,
    config: &Config,
    validation: &ValidationSet,
    answers: Option<Predictions>,
    opened: &Opened,
) -> anyhow::Result<()> {
    let (best, _) = run.best_model()?;
    let answers = match answers {
        Some(answers) => answers,
        // The best epoch was before an interruption.
        None => {
            let model = Cnn::new(config.architecture(), &best.weights, &opened.device)?;
            predict(&model, validation.subset(), &opened.device, &mut |_| ())
        }
    };
    let probabilities = Probabilities::new(&answers)?;
    let (dataset, sha256) = (config.data().dataset, best.weights.sha256()?);
    run.write_validation(&ValidationReport {
        epoch: best.position.epoch,
        weights_sha256: sha256.clone(),
        dataset,
        backend: opened.backend,
        evaluation: Evaluation::new(&probabilities, dataset.classes()),
        worst: worst(&probabilities, validation.subset(), WORST),
    })?;
    // The page of a tested model shows the test, whose pictures are not read here.
    if page::is_tested(run, &sha256) && run.page().is_file() {
        return Ok(());
    }
    page::write(run, |on| Ok((on == Split::Validation).then(|| validation.subset().clone())))
}
