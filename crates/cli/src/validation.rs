//! What training ends with: the best model judged on validation, and the run's first page.

use dataset::ValidationSet;
use learner::Config;
use learner::evaluate::{Predictions, predict};
use learner::metrics::evaluate;
use learner::mistakes::worst;
use learner::probabilities::Probabilities;
use learner::run_dir::RunDir;
use model::Cnn;
use model::device::Opened;
use report::EvaluationFile;
use run_files::ValidationFile;

use crate::page;
use crate::tester::WORST;

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
    run.write_validation(&ValidationFile {
        epoch: best.position.epoch,
        weights_sha256: sha256.clone(),
        dataset: dataset.to_string(),
        backend: opened.backend.name().to_owned(),
        evaluation: evaluate(&probabilities, dataset.classes()),
        worst: worst(&probabilities, validation.subset(), WORST),
    })?;
    // The page of a tested model shows the test, whose pictures are not read here.
    if page::is_tested(run, &sha256) && run.page().is_file() {
        return Ok(());
    }
    page::write(run, |file| {
        Ok(matches!(file, EvaluationFile::Validation(_)).then(|| validation.subset().clone()))
    })
}
