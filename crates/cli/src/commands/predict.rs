//! `predict`: reads images of one's own.
//!
//! Images are decoded and read by all processors, some at a time, and answered in the order of the command line. So
//! memory does not grow with their number.

mod answer;
mod inputs;
mod json;
mod natural;
mod sheet;
mod text;

use anyhow::Context;
use network::reading::{Reader, Scope};
use rayon::prelude::*;

use crate::args::PredictArgs;
use crate::exit::{self, note, print};
use crate::open::model;
use crate::paths::short;
use crate::ui::screen::Screen;
use answer::{Answer, Options, Outcome, answers};
use inputs::{Folder, Input, Inputs};
use sheet::Sheet;
use text::Layout;

/// Images that one thread takes at a time. Those that show one thing are computed together.
const IMAGES_OF_A_TASK: usize = 16;
/// Images that are read before the first answer is printed, and at most between two printings.
const FEWEST_AT_ONCE: usize = 16;
const MOST_AT_ONCE: usize = 512;

pub(crate) fn run(args: &PredictArgs) -> anyhow::Result<()> {
    let Inputs { found, mut folders } = inputs::find(&args.images)?;
    let model = model::open(args.run_dir.as_deref(), args.prepare)?;
    let mut sheet = args.output.as_ref().map(|_| Sheet::default());
    let top = usize::from(args.top);
    let screen = Screen::of_stdout();
    let names = text::name_column(&found, screen);
    let drawn = args.show.then(|| model.reader.size());
    let layout = Layout { screen, names, classes: &model.classes, top, drawn };
    let options = Options {
        scope: if args.single { Scope::One } else { Scope::All },
        inverts: args.invert,
        draws: sheet.is_some(),
    };
    let mut unreadable = 0;
    let mut answered = 0;
    read_all(&found, &model.reader, &options, &mut |answer| {
        let folder = answer.folder.and_then(|folder| folders.get_mut(folder));
        if matches!(answer.outcome, Outcome::PassedOver) {
            folder.into_iter().for_each(|folder| folder.passed_over += 1);
            return Ok(());
        }
        folder.into_iter().for_each(|folder| folder.images += 1);
        answered += 1;
        unreadable += usize::from(matches!(answer.outcome, Outcome::Unreadable(_)));
        if let Some(sheet) = &mut sheet {
            sheet.add(&answer, &model.classes);
        }
        print(&if args.json { json::line(&answer, &model.classes, top)? } else { layout.lines(&answer) })
    })?;
    if let (Some(path), Some(sheet)) = (&args.output, &sheet) {
        let drawn = sheet.write(path).with_context(|| format!("{} cannot be written", path.display()))?;
        note(&format!("{drawn} of {answered} images are drawn in {}", short(path)));
    }
    conclude(&folders, answered, unreadable)
}

/// Reads all images and hands over the answers in their order.
fn read_all(
    inputs: &[Input],
    reader: &Reader,
    options: &Options,
    each: &mut dyn FnMut(Answer) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let mut rest = inputs;
    let mut at_once = FEWEST_AT_ONCE;
    while !rest.is_empty() {
        let (now, later) = rest.split_at(at_once.min(rest.len()));
        let task = now.len().div_ceil(rayon::current_num_threads()).clamp(1, IMAGES_OF_A_TASK);
        let tasks: Vec<Vec<Answer>> =
            now.par_chunks(task).map(|inputs| answers(inputs, reader, options)).collect();
        tasks.into_iter().flatten().try_for_each(&mut *each)?;
        rest = later;
        at_once = (2 * at_once).min(MOST_AT_ONCE);
    }
    Ok(())
}

/// Says what was passed over and what could not be read.
///
/// # Errors
/// If an image could not be read, or a folder had none.
fn conclude(folders: &[Folder], answered: usize, unreadable: usize) -> anyhow::Result<()> {
    let mut empty = Vec::new();
    for folder in folders {
        let name = folder.path.display();
        if folder.passed_over > 0 {
            let files =
                if folder.passed_over == 1 { "1 file" } else { &format!("{} files", folder.passed_over) };
            note(&format!("{name}: passed over {files} without an image"));
        }
        if folder.images == 0 {
            empty.push(format!("{name} has no images"));
        }
    }
    if unreadable > 0 {
        empty.insert(0, format!("{unreadable} of {answered} images could not be read"));
    }
    if empty.is_empty() { Ok(()) } else { Err(exit::unreadable(empty.join("; "))) }
}
