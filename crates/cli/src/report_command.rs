//! `report`: the page of a run, or of several side by side, and its figures as files.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use dataset::Subset;
use learner::run_dir::RunDir;
use learner::seeds::Found;
use report::{Figure, Run, Split};

use crate::args::ReportArgs;
use crate::data;
use crate::exit::print;
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
        .map(|run| page::gather(run, |on| pictures(run, on, &dir)))
        .collect::<anyhow::Result<_>>()?;
    let file = args.output.clone().unwrap_or(place);
    page::write_several(&shown, &file)?;
    print(&format!("Report:  {}\n", short(&file)))?;
    let Some(folder) = &args.figures else { return Ok(()) };
    if runs.len() > 1 {
        let names = write_figures(&report::comparison_figures(&shown)?, folder)?;
        print(&format!("Figures: {} (SVG and PNG): {names}\n", short(folder)))?;
    }
    for (run, shown) in runs.iter().zip(&shown) {
        // The figures of several runs have the same names.
        let own = run.path().file_name().filter(|_| runs.len() > 1);
        let folder = own.map_or_else(|| folder.clone(), |own| folder.join(own));
        let names = write_figures(&report::figures(shown)?, &folder)?;
        print(&format!("Figures: {} (SVG and PNG): {names}\n", short(&folder)))?;
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
            Found::Seeds(folder) => {
                runs.extend(folder.runs().into_iter().filter(|run| run.best_model().is_ok()));
            }
        }
    }
    let [one] = found.as_slice() else { return Ok((runs, PathBuf::from("report.html"))) };
    if runs.is_empty() {
        bail!("{} holds no finished epoch, so there is nothing to report yet", short(one.path()));
    }
    let place = match one {
        Found::Run(run) => run.page(),
        Found::Seeds(folder) => folder.page(),
    };
    Ok((runs, place))
}

/// The pictures that a run was judged on.
fn pictures(run: &RunDir, on: Split, dir: &Path) -> anyhow::Result<Subset> {
    let config = run.config()?;
    Ok(match on {
        Split::Test => data::test_set(config.data().dataset, dir)?.subset().clone(),
        Split::Validation => data::training_sets(&config, dir)?.1.subset().clone(),
    })
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
