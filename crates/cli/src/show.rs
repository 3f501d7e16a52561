//! `show`: the lecture's first assignment.

use anyhow::Context;
use dataset::{Name, Subset};
use learner::predictions_file;
use learner::random::corruption_generator;
use learner::run_dir::RunDirError;
use run_files::Mistake;

use crate::args::{Part, ShowArgs};
use crate::data;
use crate::exit::{print, usage};
use crate::page;
use crate::paths::{command, data_dir, quoted};
use crate::picture::{Picture, draw, grid, square, write_png};
use crate::screen::Screen;
use crate::test::find_run;

const IN_A_FILE: usize = 100;
const ROWS_ON_A_SCREEN: usize = 2;

/// A picture to be shown, and what is written below it.
struct Shown {
    pixels: Vec<u8>,
    caption: String,
}

pub(crate) fn run(args: &ShowArgs) -> anyhow::Result<()> {
    if args.wrong {
        return show_wrong(args);
    }
    let pictures = load(args.dataset, args.split, args)?;
    if args.mean {
        return show_classes(args, &pictures);
    }
    let names = args.dataset.classes();
    let chosen = choose(args, &pictures, names)?;
    let caption = |i: usize| {
        let name = names[usize::from(pictures.label(i))];
        // A PNG's small font has no room for more.
        if args.output.is_some() { name.to_owned() } else { format!("#{i}: {name}") }
    };
    let shown = chosen.into_iter().map(|i| shown(args, &pictures, i, caption(i))).collect::<Vec<_>>();
    present(args, &pictures, &shown)
}

fn load(name: Name, part: Part, args: &ShowArgs) -> anyhow::Result<Subset> {
    let dir = data_dir(&args.data_dir);
    Ok(match part {
        Part::Train => data::whole_training_set(name, &dir)?.subset().clone(),
        Part::Test => data::test_set(name, &dir)?.subset().clone(),
    })
}

/// The positions that the arguments ask for.
fn choose(args: &ShowArgs, pictures: &Subset, names: &[&str]) -> anyhow::Result<Vec<usize>> {
    let last = pictures.len().saturating_sub(1);
    if let Some(wrong) = args.index.iter().find(|index| **index >= pictures.len()) {
        return Err(usage(format!(
            "--index {wrong}: there are {} pictures, from 0 to {last}",
            pictures.len()
        )));
    }
    if !args.index.is_empty() {
        return Ok(args.index.clone());
    }
    if args.start >= pictures.len() {
        let found = pictures.len();
        return Err(usage(format!("--start {}: there are {found} pictures, from 0 to {last}", args.start)));
    }
    let label = args.label.as_deref().map(|label| class(label, names)).transpose()?;
    let of_class = |i: &usize| label.is_none_or(|label| usize::from(pictures.label(*i)) == label);
    Ok((args.start..pictures.len()).filter(of_class).take(count(args, pictures)).collect())
}

/// The class of this name or number.
fn class(label: &str, names: &[&str]) -> anyhow::Result<usize> {
    let by_name = names.iter().position(|name| name.eq_ignore_ascii_case(label));
    let by_number = || label.parse().ok().filter(|number| *number < names.len());
    by_name.or_else(by_number).ok_or_else(|| {
        usage(format!("--label {label}: found no such class, expected one of {}", names.join(", ")))
    })
}

fn count(args: &ShowArgs, pictures: &Subset) -> usize {
    match (args.count, &args.output) {
        (Some(count), _) => count as usize,
        (None, Some(_)) => IN_A_FILE,
        (None, None) => Screen::of_stdout().pictures_in_a_row(pictures.width()) * ROWS_ON_A_SCREEN,
    }
}

fn shown(args: &ShowArgs, pictures: &Subset, i: usize, caption: String) -> Shown {
    let image = pictures.image(i);
    let pixels = args.corruption.map_or_else(
        || image.to_vec(),
        |corruption| {
            let mut rng = corruption_generator(corruption, pictures.index(i));
            corruption.apply(image, pictures.height(), pictures.width(), &mut rng)
        },
    );
    Shown { pixels, caption }
}

/// `--wrong`: the test pictures that a run took for another class, the surest mistakes first.
fn show_wrong(args: &ShowArgs) -> anyhow::Result<()> {
    let run = find_run(args.run_dir.as_deref(), "showing the mistakes of")?;
    let name = run.config()?.data().dataset;
    let path = run.predictions();
    let unusable = |problem: String| RunDirError::Damaged {
        path: path.clone(),
        problem: format!("{problem}; write it anew: {}", command(&format!("test -p {}", quoted(run.path())))),
    };
    let csv = std::fs::read_to_string(&path).map_err(|error| unusable(error.to_string()))?;
    let (rows, mut wrong) = predictions_file::wrong(&csv).map_err(|error| unusable(error.to_string()))?;
    let (best, _) = run.best_model()?;
    if !page::is_tested(&run, &best.weights.sha256()?) {
        return Err(unusable("it is of a model that is no longer the run's best".to_owned()).into());
    }
    let pictures = load(name, Part::Test, args)?;
    let names = name.classes();
    let is_there = |mistake: &Mistake| {
        mistake.index < pictures.len() && mistake.label.max(mistake.prediction) < names.len()
    };
    if rows != pictures.len() || !wrong.iter().all(is_there) {
        let expected = format!("the {} of {}", pictures.len(), name.title());
        return Err(unusable(format!("found {rows} pictures, expected {expected}")).into());
    }
    if let Some(label) = &args.label {
        let label = class(label, names)?;
        wrong.retain(|mistake| mistake.label == label);
    }
    if wrong.is_empty() {
        return print("No picture was taken for another class.\n");
    }
    let found = wrong.len();
    let shown: Vec<Shown> = wrong
        .iter()
        .skip(args.start)
        .take(count(args, &pictures))
        .map(|mistake| {
            let [label, prediction] = [mistake.label, mistake.prediction].map(|class| names[class]);
            let sure = 100.0 * mistake.probabilities[mistake.prediction];
            let caption = if args.output.is_some() {
                format!("{label} as {prediction}")
            } else {
                format!("#{}: {label} as {prediction} ({sure:.0} %)", mistake.index)
            };
            self::shown(args, &pictures, mistake.index, caption)
        })
        .collect();
    print(&format!("{found} pictures were taken for another class; the most surprising ones first\n\n"))?;
    present(args, &pictures, &shown)
}

/// `--mean`: each class's mean picture, and below or beside it where its pictures differ.
fn show_classes(args: &ShowArgs, pictures: &Subset) -> anyhow::Result<()> {
    let names = args.dataset.classes();
    let label = args.label.as_deref().map(|label| class(label, names)).transpose()?;
    let mut shown = Vec::new();
    for (class, of_class) in pictures.class_pictures().iter().enumerate() {
        if label.is_some_and(|label| label != class) {
            continue;
        }
        let name = names[class];
        let pixels = |values: &[f64], scale: f64| values.iter().map(|v| (v * scale).round() as u8).collect();
        let (mean, spread) = if args.output.is_some() {
            (name.to_owned(), format!("{name} spread"))
        } else {
            (format!("{name}: mean of {}", of_class.count), format!("{name}: spread"))
        };
        shown.push(Shown { pixels: pixels(&of_class.mean, 1.0), caption: mean });
        // No pixel's deviation is larger than half of 255.
        shown.push(Shown { pixels: pixels(&of_class.deviation, 2.0), caption: spread });
    }
    present(args, pictures, &shown)
}

fn present(args: &ShowArgs, like: &Subset, shown: &[Shown]) -> anyhow::Result<()> {
    let pictures: Vec<Picture<'_>> = shown
        .iter()
        .map(|shown| Picture {
            pixels: &shown.pixels,
            height: like.height(),
            width: like.width(),
            caption: shown.caption.clone(),
        })
        .collect();
    // Mean and spread of a class stay side by side.
    let columns = if args.mean { pictures.len().min(4) } else { square(pictures.len()) };
    if pictures.is_empty() {
        return Err(usage(
            "no picture is left to be shown: try a smaller --start, or another --label".to_owned(),
        ));
    }
    let screen = Screen::of_stdout();
    match &args.output {
        None => print(&draw(&pictures, screen.pictures_in_a_row(like.width()), screen.colors)),
        Some(path) => {
            write_png(path, &grid(&pictures, columns))
                .with_context(|| format!("{} cannot be written", path.display()))?;
            print(&format!("{} pictures with their labels in {}\n", pictures.len(), path.display()))
        }
    }
}
