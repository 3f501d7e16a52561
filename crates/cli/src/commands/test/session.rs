//! Tests runs with what all tests of one process share: arguments, an opened device, and the test images.

use std::path::Path;

use anyhow::Context;
use dataset::{Corruption, Name, Subset, TestSet};
use indicatif::ProgressBar;
use learner::run::data;
use learner::run::evaluating::{self, TestProgress, TestRequest, TestedRun, WORST};
use learner::run::{BestModel, RunDir, hardware, write_result};
use model::device::Opened;
use run_files::names;

use crate::args::TestArgs;
use crate::commands::page;
use crate::commands::test::saved::Saved;
use crate::exit::note;
use crate::open::device;
use crate::open::disk_limits;
use crate::open::run_data;
use crate::paths::{data_dir, short};
use crate::ui::download_bar;

/// The data set that a run is tested on: the one that the arguments name, or else the run's own.
///
/// # Errors
/// If the run's configuration cannot be used, or the run has other classes than the data set that is named.
pub(super) fn dataset(args: &TestArgs, run: &RunDir) -> anyhow::Result<Name> {
    let own = run.config()?.data().dataset;
    let Some(named) = args.data else { return Ok(own) };
    // The check is repeated by the test itself. Here it comes before the data set is downloaded.
    evaluating::check_classes(own, named).with_context(|| short(run.path()))?;
    Ok(named)
}

/// What the tests of one process share.
pub(super) struct TestSession<'a> {
    args: &'a TestArgs,
    opened: Opened,
    hardware: String,
    /// The data set that was loaded last.
    loaded: Option<(Name, TestSet)>,
    /// Whether a limit of the file system was named.
    has_warned: bool,
}

impl<'a> TestSession<'a> {
    /// Opens the device that the arguments ask for.
    pub(super) fn new(args: &'a TestArgs) -> anyhow::Result<Self> {
        let opened = device::open(args.backend.requested())?;
        if let Some(notice) = &opened.notice {
            note(&format!("note: {notice}"));
        }
        let hardware = hardware(&opened);
        Ok(Self { args, opened, hardware, loaded: None, has_warned: false })
    }

    /// The name of the processor or of the graphics card.
    pub(super) fn hardware(&self) -> &str {
        &self.hardware
    }

    /// The images that a run is tested on.
    pub(super) fn images(&mut self, run: &RunDir) -> anyhow::Result<Subset> {
        Ok(self.test_set(run)?.subset().clone())
    }

    fn test_set(&mut self, run: &RunDir) -> anyhow::Result<&TestSet> {
        let name = dataset(self.args, run)?;
        if self.loaded.as_ref().is_none_or(|(loaded, _)| *loaded != name) {
            let config = run.config()?;
            let place = &self.args.data_dir;
            // A run remembers where its own data set was.
            let is_own = name == config.data().dataset;
            let dir = if is_own { run_data::for_run(place, run, &config) } else { data_dir(place) };
            self.loaded = Some((name, data::test_set(name, &dir, &mut download_bar::listener())?));
        }
        self.loaded.as_ref().map(|(_, set)| set).context("the test set was not loaded")
    }

    /// Tests a run's best model as the arguments ask, with a progress bar.
    pub(super) fn test(&mut self, run: &RunDir, best: &BestModel) -> anyhow::Result<TestedRun> {
        for damaged in &best.damaged {
            note(&format!("warning: {}\n  going back to {}", damaged.error, short(&best.folder)));
        }
        let dataset = dataset(self.args, run)?;
        let images = self.test_set(run)?.clone();
        let request = TestRequest {
            name: &short(run.path()),
            dataset,
            worst: self.args.worst.map_or(WORST, |worst| worst as usize),
            corruptions: self.args.corruptions,
        };
        let bar = ProgressBar::new(images.subset().len() as u64);
        let mut progress = |progress| match progress {
            TestProgress::Images(done) => bar.set_position(done as u64),
            TestProgress::Corruptions(done) => {
                bar.set_length(Corruption::ALL.len() as u64);
                bar.set_position(done as u64);
            }
        };
        let tested = evaluating::test(run, best, &images, &self.opened, &request, &mut progress);
        bar.finish_and_clear();
        let tested = tested?;
        if tested.limit.is_some() && !std::mem::replace(&mut self.has_warned, true) {
            disk_limits::warn_of_test(run.path(), tested.limit);
        }
        Ok(tested)
    }

    /// Writes the results of a run that was tested just now into a folder, and the run's page. The page shows
    /// only tests on the run's own data set.
    ///
    /// # Errors
    /// If the run's files cannot be used for the page. A file that cannot be written is added to `saved`.
    pub(super) fn save(
        &mut self,
        run: &RunDir,
        best: &BestModel,
        tested: &TestedRun,
        folder: &Path,
        saved: &mut Saved,
    ) -> anyhow::Result<()> {
        let images = self.test_set(run)?.clone();
        for written in tested.save(&images, folder) {
            saved.add(written);
        }
        if tested.file.trained_on.is_none() {
            let html = page::html(&[page::gather_tested(run, best, &tested.file, images.subset())?])?;
            saved.add_page(write_result(folder, names::PAGE, html.as_bytes()));
        }
        Ok(())
    }
}
