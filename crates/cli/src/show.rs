//! `show`: the lecture's first assignment.

use std::fs::File;
use std::io::BufWriter;
use std::path::Path;

use anyhow::{Context, bail};
use console::Term;
use dataset::Subset;

use crate::args::{Part, ShowArgs};
use crate::data;
use crate::exit::print;
use crate::paths::data_dir;
use crate::picture::{Grid, Picture, draw, grid, pictures_in_a_row};

const IN_A_FILE: usize = 100;
const ROWS_ON_A_SCREEN: usize = 2;

pub(crate) fn run(args: &ShowArgs) -> anyhow::Result<()> {
    let dir = data_dir(&args.data_dir);
    match args.split {
        Part::Train => show(args, data::whole_training_set(args.dataset, &dir)?.subset()),
        Part::Test => show(args, data::test_set(args.dataset, &dir)?.subset()),
    }
}

fn show(args: &ShowArgs, pictures: &Subset) -> anyhow::Result<()> {
    if args.start >= pictures.len() {
        bail!(
            "--start {}: there are {} pictures, from 0 to {}",
            args.start,
            pictures.len(),
            pictures.len() - 1
        );
    }
    let term = Term::stdout();
    let columns = if term.is_term() { usize::from(term.size().1) } else { 80 };
    let per_row = pictures_in_a_row(columns, pictures.width());
    let count = match (args.count, &args.output) {
        (Some(count), _) => count as usize,
        (None, Some(_)) => IN_A_FILE,
        (None, None) => per_row * ROWS_ON_A_SCREEN,
    };
    let names = args.dataset.classes();
    let end = pictures.len().min(args.start.saturating_add(count));
    let chosen: Vec<Picture<'_>> = (args.start..end)
        .map(|i| Picture {
            pixels: pictures.image(i),
            height: pictures.height(),
            width: pictures.width(),
            caption: caption(i, names[usize::from(pictures.label(i))], args.output.is_some()),
        })
        .collect();
    match &args.output {
        None => print(&draw(&chosen, per_row, term.is_term() && console::colors_enabled())),
        Some(path) => {
            write_png(path, &grid(&chosen))
                .with_context(|| format!("{} cannot be written", path.display()))?;
            print(&format!("{} pictures with their labels in {}\n", chosen.len(), path.display()))
        }
    }
}

/// The label; on a screen also the position, which a PNG's small font has no room for.
fn caption(index: usize, name: &str, in_a_file: bool) -> String {
    if in_a_file { name.to_owned() } else { format!("#{index}: {name}") }
}

fn write_png(path: &Path, image: &Grid) -> anyhow::Result<()> {
    let file = BufWriter::new(File::create(path)?);
    let mut encoder = png::Encoder::new(file, u32::try_from(image.width)?, u32::try_from(image.height)?);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&image.pixels)?;
    // Dropping would swallow the error of a full disk.
    Ok(writer.finish()?)
}
