//! `report`: writes the page of a run, or of several side by side, and its figures as files.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use dataset::{Split, Subset, load};
use learner::run::data::{self, TrainingData};
use learner::run::find::RunOrSeeds;
use learner::run::{BestModel, RunDir, SeedsDir};
use report::{Figure, Run};
use run_files::names;

use crate::args::{DataDirArg, ReportArgs};
use crate::commands::page;
use crate::exit::{note, print};
use crate::hint::{self, Elsewhere};
use crate::open::find::{self, DamagedSeeds};
use crate::open::run_data;
use crate::paths::{command, quoted, short};

/// Pixels of a PNG file for each unit of a figure's size, so that it is sharp on a slide.
const PNG_SCALE: f32 = 3.0;

pub(crate) fn run(args: &ReportArgs) -> anyhow::Result<()> {
    let Chosen { runs, folder, damaged } = Chosen::new(&args.run_dir)?;
    let shown: Vec<Run> = runs
        .iter()
        .map(|(run, best)| page::gather(run, best, &|split| images(run, split, &args.data_dir)))
        .collect::<anyhow::Result<_>>()?;
    let html = page::html(&shown)?;
    let file = match (&args.output, &folder) {
        (None, Some(folder)) => {
            let file = folder.path().join(names::PAGE);
            folder.write(names::PAGE, html.as_bytes()).with_context(|| Elsewhere {
                failed: format!("{} cannot be written", short(&file)),
                command: command(&format!("report -p {} -o FILE", quoted(folder.path()))),
            })?;
            file
        }
        (output, _) => {
            let file = output.clone().unwrap_or_else(|| PathBuf::from(names::PAGE));
            fs::write(&file, html).with_context(|| format!("{} cannot be written", short(&file)))?;
            file
        }
    };
    print(&format!("Report:  {}\n", short(&file)))?;
    if let Some(folder) = &args.figures {
        write_all_figures(&runs, &shown, folder)?;
    }
    damaged.into_iter().try_for_each(|(folder, damaged)| find::left_out(&folder, damaged))
}

/// Writes the figures of each run, and of several runs also those that compare them.
fn write_all_figures(runs: &[(RunDir, BestModel)], shown: &[Run], folder: &Path) -> anyhow::Result<()> {
    if runs.len() > 1 {
        let names = write_figures(&report::comparison_figures(shown)?, folder)?;
        print(&format!("Figures: {} (SVG and PNG): {names}\n", short(folder)))?;
    }
    for (name, shown) in folder_names(runs).iter().zip(shown) {
        // The figures of several runs have the same names.
        let own = if runs.len() > 1 { folder.join(name) } else { folder.to_owned() };
        let names = write_figures(&report::figures(shown)?, &own)?;
        print(&format!("Figures: {} (SVG and PNG): {names}\n", short(&own)))?;
    }
    Ok(())
}

/// The runs that were named, each with its best model.
struct Chosen {
    runs: Vec<(RunDir, BestModel)>,
    /// The one folder that was named, where the page then goes.
    folder: Option<RunOrSeeds>,
    /// The folders of several runs of which some are damaged.
    damaged: Vec<(SeedsDir, DamagedSeeds)>,
}

impl Chosen {
    fn new(named: &[PathBuf]) -> anyhow::Result<Self> {
        let found = match named {
            [] => vec![find::run_or_seeds(None, "reporting on")?],
            named => named.iter().map(|path| RunOrSeeds::open(path)).collect::<Result<_, _>>()?,
        };
        let folder = if let [one] = found.as_slice() { Some(one.clone()) } else { None };
        let (mut runs, mut damaged) = (Vec::new(), Vec::new());
        for one in found {
            match one {
                RunOrSeeds::Run(run) => {
                    let best = run.best_model()?;
                    runs.push((run, best));
                }
                RunOrSeeds::Seeds(folder) => {
                    let models = folder.models()?;
                    runs.extend(models.runs);
                    let unusable = models.missing.into_iter().filter(|missing| !missing.is_unfinished());
                    damaged.push((folder, unusable.map(|run| (run.seed, run.error.into())).collect()));
                }
            }
        }
        Ok(Self { runs, folder, damaged })
    }
}

/// The images that a run was evaluated on, if they are on the disk. They are not downloaded for a page.
fn images(run: &RunDir, split: Split, place: &DataDirArg) -> Option<Subset> {
    let found = load_images(run, split, place);
    if let Err(error) = &found {
        note(&format!(
            "warning: {error:#}\n  the images of {} are left out of the report",
            short(run.path())
        ));
        if let Some(hint) = hint::of(error) {
            note(&format!("  {hint}"));
        }
    }
    found.ok()
}

fn load_images(run: &RunDir, split: Split, place: &DataDirArg) -> anyhow::Result<Subset> {
    let config = run.config()?;
    let dir = &run_data::for_run(place, run, &config);
    let name = config.data().dataset;
    data::expect_unchanged(&config, dir)?;
    Ok(match split {
        Split::Train => load::load_train(name, dir).map_err(dataset::Error::from)?.subset().clone(),
        Split::Validation => TrainingData::load(&config, dir)?.validation.subset().clone(),
        Split::Test => load::load_test(name, dir).map_err(dataset::Error::from)?.subset().clone(),
    })
}

/// A name for the folder of each run's figures, made from its path. No two are the same.
fn folder_names(runs: &[(RunDir, BestModel)]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for (run, _) in runs {
        let path = fs::canonicalize(run.path()).unwrap_or_else(|_| run.path().to_owned());
        let part = |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned());
        let own = part(&path).unwrap_or_else(|| "run".to_owned());
        let around = path.parent().and_then(part).unwrap_or_default();
        let candidates = [own.clone(), format!("{around}-{own}")].into_iter();
        let numbered = (2..).map(|number| format!("{around}-{own}-{number}"));
        // The numbers never end, so a free name is always found.
        names.extend(candidates.chain(numbered).find(|name| !names.contains(name)));
    }
    names
}

/// Writes each figure as SVG and as PNG, and returns their names.
fn write_figures(figures: &[Figure], folder: &Path) -> anyhow::Result<String> {
    let cannot = |path: &Path| format!("{} cannot be written", short(path));
    fs::create_dir_all(folder).with_context(|| cannot(folder))?;
    for figure in figures {
        let [svg, png] = ["svg", "png"].map(|kind| folder.join(figure.name).with_extension(kind));
        fs::write(&svg, &figure.svg).with_context(|| cannot(&svg))?;
        fs::write(&png, figure.png(PNG_SCALE)?).with_context(|| cannot(&png))?;
    }
    Ok(figures.iter().map(|figure| figure.name).collect::<Vec<_>>().join(", "))
}
