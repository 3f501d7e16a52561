//! Tests runs with what all tests of one process share: arguments, an opened device, and the test images.

use std::path::{Path, PathBuf};

use anyhow::Context;
use dataset::load::LoadError;
use dataset::{Corruption, Description, Name, Subset, TestSet};
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

/// The data set that a run is tested on.
pub(super) struct TestData {
    pub(super) name: Name,
    pub(super) description: Description,
    /// The names of the model's classes, by which the images are numbered.
    pub(super) classes: Vec<String>,
    /// The model's number of each class of the data set.
    numbers: Vec<u8>,
    /// The data directory.
    dir: PathBuf,
    /// How the data set differs from the one of the same name that the run has learned from.
    changed: Option<String>,
}

impl TestData {
    /// The data set that the arguments name, or else the run's own.
    ///
    /// # Errors
    /// If the run's configuration cannot be used, there is no such data set, the run does not know its classes, or the
    /// size of its images is another one.
    pub(super) fn of(args: &TestArgs, run: &RunDir) -> anyhow::Result<Self> {
        let config = run.config()?;
        let own = config.data().dataset;
        let name = args.data.unwrap_or(own);
        // A run remembers where its own data set was.
        let place = &args.data_dir;
        let dir = if name == own { run_data::for_run(place, run, &config) } else { data_dir(place) };
        let description = Description::of(name, &dir).map_err(dataset::Error::from)?;
        // The check is repeated by the test itself. Here it comes before the data set is downloaded.
        let trained = config.description();
        let numbers = evaluating::check_fit(trained, &description).with_context(|| short(run.path()))?;
        let classes = trained.classes.clone();
        let changed = if name == own { config.description().difference(&description) } else { None };
        Ok(Self { name, description, classes, numbers, dir, changed })
    }
}

/// What the tests of one process share.
pub(super) struct TestSession<'a> {
    args: &'a TestArgs,
    opened: Opened,
    hardware: String,
    /// The data set that was loaded last, with the classes by which it is numbered.
    loaded: Option<((Name, Vec<String>), TestSet)>,
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
        let TestData { name, classes, numbers, dir, changed, .. } = TestData::of(self.args, run)?;
        let is_loaded = |(loaded, by): &(Name, Vec<String>)| (*loaded, by) == (name, &classes);
        if !self.loaded.as_ref().is_some_and(|(loaded, _)| is_loaded(loaded)) {
            if let Some(changed) = changed {
                note(&format!(
                    "warning: {name} has changed since {} was trained, so the run may have learned from some of its test \
                     images: {changed}",
                    short(run.path())
                ));
            }
            let set = data::test_set(name, &dir, &mut download_bar::listener())?;
            let set = set.renumbered(&numbers, classes.len()).map_err(LoadError::from);
            self.loaded = Some(((name, classes), set.map_err(dataset::Error::from)?));
        }
        self.loaded.as_ref().map(|(_, set)| set).context("the test set was not loaded")
    }

    /// Tests a run's best model as the arguments ask, with a progress bar.
    pub(super) fn test(&mut self, run: &RunDir, best: &BestModel) -> anyhow::Result<TestedRun> {
        for damaged in &best.damaged {
            note(&format!("warning: {}\n  going back to {}", damaged.error, short(&best.folder)));
        }
        let TestData { name, description, .. } = TestData::of(self.args, run)?;
        let images = self.test_set(run)?.clone();
        let request = TestRequest {
            name: &short(run.path()),
            dataset: name,
            description: &description,
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
