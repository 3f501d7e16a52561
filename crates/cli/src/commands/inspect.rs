//! `inspect`: shows what convolution does, at the example of one image.

use std::path::Path;

use anyhow::Context;
use dataset::{Split, Subset};
use learner::run::data;
use learner::run::evaluating::load_model;
use run_files::Numerics;

use crate::args::InspectArgs;
use crate::exit::{note, print, usage};
use crate::open::device;
use crate::open::find;
use crate::open::run_data;
use crate::paths::short;
use crate::ui::download_bar;
use crate::ui::names::fitted;
use crate::ui::screen::Screen;

mod color;
mod field;
mod inspection;
mod network_tables;
mod sheet;
mod text;

use inspection::{Inspection, inspect};

pub(crate) fn run(args: &InspectArgs) -> anyhow::Result<()> {
    let run = find::one_run(args.run_dir.as_deref(), "looking into")?;
    let config = run.config()?;
    let best = run.best_model()?;
    let opened = device::open(args.backend.requested())?;
    if let Some(notice) = &opened.notice {
        note(&format!("note: {notice}"));
    }
    let model = load_model(&config, &best, &opened)?;
    let name = config.data().dataset;
    let dir = run_data::for_run(&args.data_dir, &run, &config);
    data::expect_unchanged(&config, &dir)?;
    let images = data::whole_file(name, args.split, &dir, &mut download_bar::listener())?;
    check_index(args.index, &images)?;
    let split = if args.split == Split::Test { "test" } else { "training" };
    // Whether that level fuses multiply-adds is in the run's page: the line has to fit into 80 columns.
    let trained_with = run.info().map_or_else(
        |_| String::new(),
        |info| format!("; trained with {}", Numerics { fused: None, ..info.newest_numerics().clone() }),
    );
    let inspection = Inspection {
        title: format!("{}, {split} image #{}", fitted(&config.description().title, 24), args.index),
        model: format!(
            "{}, epoch {}, {}{trained_with}",
            short(run.path()),
            best.epoch(),
            opened.backend.name()
        ),
        classes: &config.description().classes,
        ..inspect(&model, config.architecture(), &images, args.index, &opened.device)
    };
    show(&inspection, args.output.as_deref())
}

fn check_index(index: usize, images: &Subset) -> anyhow::Result<()> {
    if index >= images.len() {
        let found = images.len();
        return Err(usage(format!(
            "--index {index}: there are {found} images, from 0 to {}",
            found.saturating_sub(1)
        )));
    }
    Ok(())
}

fn show(inspection: &Inspection<'_>, output: Option<&Path>) -> anyhow::Result<()> {
    let (screen, width) = (Screen::of_stdout(), inspection.width);
    if output.is_none() && width > screen.columns {
        return Err(usage(format!(
            "images of {width} columns do not fit into the {} columns here; write a file with: --output FILE",
            screen.columns
        )));
    }
    let tables = network_tables::render(&inspection.network);
    match output {
        None => print(&format!("{}\n{tables}", text::render(inspection, &screen))),
        Some(path) => {
            sheet::draw(inspection)
                .write(path)
                .with_context(|| format!("{} cannot be written", path.display()))?;
            print(&format!("{}; drawn in {}\n\n{tables}", inspection.headline(), path.display()))
        }
    }
}
