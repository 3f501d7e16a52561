//! `report`: the page of a run, or of several side by side, and its figures as files.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use dataset::Subset;
use learner::run_dir::RunDir;
use learner::seeds::Found;
use report::{EvaluationFile, Figure, Run};

use crate::args::ReportArgs;
use crate::data;
use crate::exit::{note, print};
use crate::page;
use crate::paths::{data_dir, short};
use crate::test::find;

/// Pixels of a PNG for each unit of a figure: sharp on a slide.
const SCALE: f32 = 3.0;

pub(crate) fn run(args: &ReportArgs) -> anyhow::Result<()> {
    let (runs, place) = chosen(&args.run_dir)?;
    let dir = data_dir(&args.data_dir);
    let shown: Vec<Run> = runs
        .iter()
        .map(|run| page::gather(run, |file| images(run, file, &dir)))
        .collect::<anyhow::Result<_>>()?;
    let file = args.output.clone().unwrap_or(place);
    page::write_several(&shown, &file)?;
    print(&format!("Report:  {}\n", short(&file)))?;
    let Some(folder) = &args.figures else { return Ok(()) };
    if runs.len() > 1 {
        let names = write_figures(&report::comparison_figures(&shown)?, folder)?;
        print(&format!("Figures: {} (SVG and PNG): {names}\n", short(folder)))?;
    }
    for (name, shown) in folder_names(&runs).iter().zip(&shown) {
        // The figures of several runs have the same names.
        let own = if runs.len() > 1 { folder.join(name) } else { folder.clone() };
        let names = write_figures(&report::figures(shown)?, &own)?;
        print(&format!("Figures: {} (SVG and PNG): {names}\n", short(&own)))?;
    }
    Ok(())
}

/// The runs that were named, and where their page goes if nobody says.
fn chosen(named: &[PathBuf]) -> anyhow::Result<(Vec<RunDir>, PathBuf)> {
    let found = match named {
        [] => vec![find(None, "reporting on")?],
        named => named.iter().map(|path| Found::open(path)).collect::<Result<_, _>>()?,
    };
    let mut runs = Vec::new();
    for one in &found {
        match one {
            Found::Run(run) => runs.push(run.clone()),
            Found::Seeds(folder) => runs.extend(folder.runs_with_model()?),
        }
    }
    let [one] = found.as_slice() else { return Ok((runs, PathBuf::from("report.html"))) };
    let place = match one {
        Found::Run(run) => run.page(),
        Found::Seeds(folder) => folder.page(),
    };
    Ok((runs, place))
}

/// The images that a run was evaluated on, if they are there: a page is not worth a download.
fn images(run: &RunDir, file: &EvaluationFile, dir: &Path) -> anyhow::Result<Option<Subset>> {
    let config = run.config()?;
    let found = match file {
        EvaluationFile::Test(_) => {
            data::test_set_at_hand(config.data().dataset, dir).map(|set| set.subset().clone())
        }
        EvaluationFile::Validation(_) => {
            data::validation_at_hand(&config, dir).map(|set| set.subset().clone())
        }
    };
    if let Err(error) = &found {
        note(&format!(
            "warning: {error:#}\n  the images of {} are left out of the report",
            short(run.path())
        ));
    }
    Ok(found.ok())
}

/// A folder's name for each run, from its path; no two are the same.
fn folder_names(runs: &[RunDir]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for run in runs {
        let path = fs::canonicalize(run.path()).unwrap_or_else(|_| run.path().to_owned());
        let part = |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned());
        let own = part(&path).unwrap_or_else(|| "run".to_owned());
        let around = path.parent().and_then(part).unwrap_or_default();
        let candidates = [own.clone(), format!("{around}-{own}")].into_iter();
        let numbered = (2..).map(|number| format!("{around}-{own}-{number}"));
        // There is always a larger number.
        names.extend(candidates.chain(numbered).find(|name| !names.contains(name)));
    }
    names
}

/// Writes each figure twice; tells their names.
fn write_figures(figures: &[Figure], folder: &Path) -> anyhow::Result<String> {
    let cannot = |path: &Path| format!("{} cannot be written", short(path));
    fs::create_dir_all(folder).with_context(|| cannot(folder))?;
    for figure in figures {
        let [svg, png] = ["svg", "png"].map(|kind| folder.join(figure.name).with_extension(kind));
        fs::write(&svg, &figure.svg).with_context(|| cannot(&svg))?;
        fs::write(&png, figure.png(SCALE)?).with_context(|| cannot(&png))?;
    }
    Ok(figures.iter().map(|figure| figure.name).collect::<Vec<_>>().join(", "))
}
