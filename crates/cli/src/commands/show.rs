//! `show`, the lecture's first assignment: shows images with their labels.

use std::path::Path;

use anyhow::Context;
use dataset::augment::Augmenter;
use dataset::{Description, Name, Split, Subset};
use learner::eval::predictions_csv;
use learner::random::{augmentation_generator, corruption_generator};
use learner::run::{RunDirError, data};
use run_files::{Mistake, names};

use crate::args::ShowArgs;
use crate::exit::{print, usage};
use crate::open::find;
use crate::open::run_data;
use crate::paths::{command, data_dir, quoted, read_config};
use crate::ui::download_bar;
use crate::ui::screen::Screen;
use crate::ui::tiles::{Tile, draw, grid, shrunk, square, write_png};

const IN_A_FILE: usize = 100;
const ROWS_ON_A_SCREEN: usize = 2;
/// How many versions of an image are shown at least with `--augmented`, the original among them.
const VERSIONS: usize = 4;
/// How many are in a row of a file.
const VERSIONS_IN_A_FILE: usize = 10;

/// An image to be shown, with its caption.
struct CaptionedImage {
    pixels: Vec<u8>,
    caption: String,
}

pub(crate) fn run(args: &ShowArgs) -> anyhow::Result<()> {
    if args.augmented {
        return show_augmented(args);
    }
    if args.config.config.is_some() || !args.config.set.is_empty() {
        return Err(usage("--config and --set are for --augmented".to_owned()));
    }
    if args.wrong {
        return show_wrong(args);
    }
    let dir = data_dir(&args.data_dir);
    let names = &Description::of(args.dataset, &dir).map_err(dataset::Error::from)?.classes;
    let images = load(args.dataset, args.split, &dir)?;
    if args.mean {
        return show_classes(args, &images, names);
    }
    let chosen = choose(args, &images, names)?;
    let caption = |i: usize| {
        let name = &names[usize::from(images.label(i))];
        // A PNG file has no room for longer captions.
        if args.output.is_some() { name.clone() } else { format!("#{i}: {name}") }
    };
    let shown = chosen.into_iter().map(|i| captioned(args, &images, i, caption(i))).collect::<Vec<_>>();
    present(args, &images, &shown)
}

fn load(name: Name, split: Split, dir: &Path) -> anyhow::Result<Subset> {
    Ok(data::whole_file(name, split, dir, &mut download_bar::listener())?)
}

/// The positions that the arguments select.
fn choose(args: &ShowArgs, images: &Subset, names: &[String]) -> anyhow::Result<Vec<usize>> {
    let last = images.len().saturating_sub(1);
    if let Some(wrong) = args.index.iter().find(|index| **index >= images.len()) {
        return Err(usage(format!("--index {wrong}: there are {} images, from 0 to {last}", images.len())));
    }
    if !args.index.is_empty() {
        return Ok(args.index.clone());
    }
    if args.start >= images.len() {
        let found = images.len();
        return Err(usage(format!("--start {}: there are {found} images, from 0 to {last}", args.start)));
    }
    let label = args.label.as_deref().map(|label| class(label, names)).transpose()?;
    let of_class = |i: &usize| label.is_none_or(|label| usize::from(images.label(*i)) == label);
    Ok((args.start..images.len()).filter(of_class).take(count(args, images)).collect())
}

/// The class of this name or number.
fn class(label: &str, names: &[String]) -> anyhow::Result<usize> {
    let by_name = names.iter().position(|name| name.eq_ignore_ascii_case(label));
    let by_number = || label.parse().ok().filter(|number| *number < names.len());
    by_name.or_else(by_number).ok_or_else(|| {
        usage(format!("--label {label}: found no such class, expected one of {}", names.join(", ")))
    })
}

fn count(args: &ShowArgs, images: &Subset) -> usize {
    match (args.count, &args.output) {
        (Some(count), _) => count as usize,
        (None, Some(_)) if args.augmented => VERSIONS_IN_A_FILE,
        (None, None) if args.augmented => ROWS_ON_A_SCREEN,
        (None, Some(_)) => IN_A_FILE,
        (None, None) => Screen::of_stdout().tiles_in_a_row(images.width()) * ROWS_ON_A_SCREEN,
    }
}

fn captioned(args: &ShowArgs, images: &Subset, i: usize, caption: String) -> CaptionedImage {
    let image = images.image(i);
    let pixels = args.corruption.map_or_else(
        || image.to_vec(),
        |corruption| {
            let mut rng = corruption_generator(corruption, images.index(i));
            corruption.apply(image, images.height(), images.width(), &mut rng)
        },
    );
    CaptionedImage { pixels, caption }
}

/// `--augmented`: shows each image, and what training makes of it in the first epochs.
fn show_augmented(args: &ShowArgs) -> anyhow::Result<()> {
    let config = read_config(&args.config, &args.data_dir)?;
    if config.augment().is_off() {
        return Err(usage(
            "this configuration changes no image: name another with --config configs/real.toml, or a change with \
             --set augment.rotation=15"
                .to_owned(),
        ));
    }
    let images = load(config.data().dataset, Split::Train, &data_dir(&args.data_dir))?;
    let names = &config.description().classes;
    let (height, width) = (images.height(), images.width());
    let mut augmenter = Augmenter::new(config.augment(), height, width);
    let versions = versions(args, width);
    let mut shown = Vec::new();
    for i in choose(args, &images, names)? {
        let original = images.image(i);
        let caption = format!("#{i}: {}", names[usize::from(images.label(i))]);
        shown.push(CaptionedImage { pixels: original.to_vec(), caption });
        for epoch in 1..versions {
            let mut pixels = vec![0; original.len()];
            let mut random = augmentation_generator(config.train().seed, epoch, images.index(i));
            augmenter.augment(original, Some(images.label(i)), &mut random, &mut pixels);
            shown.push(CaptionedImage { pixels, caption: format!("epoch {epoch}") });
        }
    }
    present(args, &images, &shown)
}

/// How many versions of an image `--augmented` shows, the original among them. They fill whole rows.
fn versions(args: &ShowArgs, width: usize) -> usize {
    if args.output.is_some() {
        return VERSIONS_IN_A_FILE;
    }
    VERSIONS.next_multiple_of(Screen::of_stdout().tiles_in_a_row(width))
}

/// `--wrong`: shows the test images that a run classified wrongly, the highest loss first.
fn show_wrong(args: &ShowArgs) -> anyhow::Result<()> {
    let run = find::one_run(args.run_dir.as_deref(), "showing the mistakes of")?;
    let config = run.config()?;
    let name = config.data().dataset;
    let path = run.file(names::PREDICTIONS);
    let unusable = |problem: String| RunDirError::Damaged {
        path: path.clone(),
        problem: format!(
            "{problem}; write it again with: {}",
            command(&format!("test -p {}", quoted(run.path())))
        ),
    };
    let csv = std::fs::read_to_string(&path).map_err(|error| unusable(error.to_string()))?;
    let (rows, mut wrong) = predictions_csv::wrong(&csv).map_err(|error| unusable(error.to_string()))?;
    if run.test_of(&run.best_model()?).is_none() {
        return Err(unusable("it was written for a model that is no longer the run's best".to_owned()).into());
    }
    let dir = run_data::for_run(&args.data_dir, &run, &config);
    data::expect_unchanged(&config, &dir)?;
    let images = load(name, Split::Test, &dir)?;
    let classes = &config.description().classes;
    let is_there = |mistake: &Mistake| {
        mistake.index < images.len() && mistake.label.max(mistake.prediction) < classes.len()
    };
    if rows != images.len() || !wrong.iter().all(is_there) {
        let expected = format!("the {} of {}", images.len(), config.description().title);
        return Err(unusable(format!("found {rows} images, expected {expected}")).into());
    }
    if let Some(label) = &args.label {
        let label = class(label, classes)?;
        wrong.retain(|mistake| mistake.label == label);
    }
    if wrong.is_empty() {
        return print("No image was taken for another class.\n");
    }
    let found = wrong.len();
    let shown: Vec<CaptionedImage> = wrong
        .iter()
        .skip(args.start)
        .take(count(args, &images))
        .map(|mistake| {
            let [label, prediction] = [mistake.label, mistake.prediction].map(|class| &classes[class]);
            let sure = 100.0 * mistake.probabilities[mistake.prediction];
            let caption = if args.output.is_some() {
                format!("{label} as {prediction}")
            } else {
                format!("#{}: {label} as {prediction} ({sure:.0} %)", mistake.index)
            };
            captioned(args, &images, mistake.index, caption)
        })
        .collect();
    print(&format!("{found} images were taken for another class; the highest loss first\n\n"))?;
    present(args, &images, &shown)
}

/// `--mean`: shows each class's mean image, and beside or below it where its images differ.
fn show_classes(args: &ShowArgs, images: &Subset, names: &[String]) -> anyhow::Result<()> {
    let label = args.label.as_deref().map(|label| class(label, names)).transpose()?;
    let mut shown = Vec::new();
    for (class, of_class) in images.class_statistics().iter().enumerate() {
        if label.is_some_and(|label| label != class) {
            continue;
        }
        let name = &names[class];
        let pixels = |values: &[f64], scale: f64| values.iter().map(|v| (v * scale).round() as u8).collect();
        let (mean, spread) = if args.output.is_some() {
            (name.clone(), format!("{name} spread"))
        } else {
            (format!("{name}: mean of {}", of_class.count), format!("{name}: spread"))
        };
        shown.push(CaptionedImage { pixels: pixels(&of_class.mean, 1.0), caption: mean });
        // A deviation is at most half of 255, so its double fits a pixel.
        shown.push(CaptionedImage { pixels: pixels(&of_class.deviation, 2.0), caption: spread });
    }
    present(args, images, &shown)
}

fn present(args: &ShowArgs, like: &Subset, shown: &[CaptionedImage]) -> anyhow::Result<()> {
    let screen = Screen::of_stdout();
    // An image that is wider than the terminal is made smaller there. A file has it as it is.
    let factor = if args.output.is_some() { 1 } else { like.width().div_ceil(screen.columns.max(1)) };
    let smaller = |pixels: &[u8]| shrunk(pixels, [like.height(), like.width()], factor);
    let pixels: Vec<(Vec<u8>, [usize; 2])> = shown.iter().map(|shown| smaller(&shown.pixels)).collect();
    let tiles: Vec<Tile<'_>> = shown
        .iter()
        .zip(&pixels)
        .map(|(shown, (pixels, [height, width]))| Tile {
            pixels,
            height: *height,
            width: *width,
            caption: shown.caption.clone(),
        })
        .collect();
    let columns = if args.augmented {
        VERSIONS_IN_A_FILE
    } else if args.mean {
        // Mean and spread of a class stay side by side.
        tiles.len().min(4)
    } else {
        square(tiles.len())
    };
    if tiles.is_empty() {
        return Err(usage(
            "no image is left to be shown: try a smaller --start, or another --label".to_owned(),
        ));
    }
    match &args.output {
        None => print(&draw(&tiles, screen.tiles_in_a_row(like.width()), screen.colors)),
        Some(path) => {
            write_png(path, &grid(&tiles, columns))
                .with_context(|| format!("{} cannot be written", path.display()))?;
            print(&format!("{} images with their labels in {}\n", tiles.len(), path.display()))
        }
    }
}
