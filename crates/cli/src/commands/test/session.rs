//! Tests runs with what all tests of one process share: arguments, an opened device, and the test images.

use std::path::PathBuf;

use anyhow::Context;
use dataset::{Corruption, Name, Split, Subset, TestSet};
use indicatif::ProgressBar;
use learner::run::data;
use learner::run::evaluating::{self, TestProgress, TestRequest, TestedRun, WORST};
use learner::run::{BestModel, RunDir, hardware};
use model::device::{self, Opened};

use crate::args::TestArgs;
use crate::commands::{disk_limits, page};
use crate::exit::note;
use crate::paths::{data_dir, short};
use crate::ui::download_bar;

/// What the tests of one process share.
pub(super) struct TestSession<'a> {
    args: &'a TestArgs,
    opened: Opened,
    hardware: String,
    data_dir: PathBuf,
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
        Ok(Self {
            args,
            opened,
            hardware,
            data_dir: data_dir(&args.data_dir),
            loaded: None,
            has_warned: false,
        })
    }

    /// The name of the processor or of the graphics card.
    pub(super) fn hardware(&self) -> &str {
        &self.hardware
    }

    /// The test images of a data set.
    pub(super) fn images(&mut self, name: Name) -> anyhow::Result<Subset> {
        Ok(self.test_set(name)?.subset().clone())
    }

    fn test_set(&mut self, name: Name) -> anyhow::Result<&TestSet> {
        if self.loaded.as_ref().is_none_or(|(loaded, _)| *loaded != name) {
            self.loaded = Some((name, data::test_set(name, &self.data_dir, &mut download_bar::listener())?));
        }
        self.loaded.as_ref().map(|(_, set)| set).context("the test set was not loaded")
    }

    /// Tests a run's best model as the arguments ask, with a progress bar.
    pub(super) fn test(&mut self, run: &RunDir, best: &BestModel) -> anyhow::Result<TestedRun> {
        for damaged in &best.damaged {
            note(&format!("warning: {}\n  going back to {}", damaged.error, short(&best.folder)));
        }
        let name = run.config()?.data().dataset;
        let images = self.test_set(name)?.clone();
        let request = TestRequest {
            name: &short(run.path()),
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

    /// Writes the page of a run that was tested just now.
    pub(super) fn write_page(&mut self, run: &RunDir, best: &BestModel) -> anyhow::Result<()> {
        let images = self.images(run.config()?.data().dataset)?;
        page::write(run, best, &page::only(Split::Test, &images))
    }
}
