//! `data import`: makes a data set of one's own images, and says what became of them.

use std::fmt::Write;
use std::path::Path;

use dataset::import::{Duplicates, ImportError, Outcome, Request, Unread, import};
use learner::checks::available::available;
use serde_json::{Value, json};

use crate::args::DataImportArgs;
use crate::exit::{note, print};
use crate::paths::{command, quoted, short};
use crate::ui::import_bar;
use crate::ui::names::{column, fitted};

/// So many files are named; JSON has all.
const NAMED: usize = 10;
/// The widest column of class names.
const WIDEST: usize = 40;

pub(super) fn run(args: &DataImportArgs, dir: &Path) -> anyhow::Result<()> {
    let request = Request {
        name: args.name,
        from: args.from.clone(),
        test: args.test.clone(),
        size: args.size,
        preparation: args.prepare,
        transpose: args.transpose,
        first_label: args.first_label,
        test_fraction: args.test_fraction,
        seed: args.seed,
        title: args.title.clone(),
        licence: args.licence.clone(),
        replace: args.replace,
        free_memory: available().map(|memory| memory.bytes),
    };
    let (mut listener, bar) = import_bar::listener();
    let outcome = import(&request, dir, &mut listener);
    bar.finish_and_clear();
    let outcome = outcome.map_err(dataset::Error::from)?;
    say(&outcome);
    if args.json {
        print(&(serde_json::to_string_pretty(&as_json(args, &outcome))? + "\n"))?;
    } else {
        print(&table(args, &outcome))?;
        note(&format!("train on it with: {}", command(&train(args))));
    }
    match outcome.unreadable.len() {
        0 => Ok(()),
        unreadable => {
            let files = outcome.files;
            Err(dataset::Error::from(ImportError::Incomplete { name: args.name, unreadable, files }).into())
        }
    }
}

/// The arguments that train on the data set.
fn train(args: &DataImportArgs) -> String {
    let place = args.data_dir.data_dir.as_deref();
    let place = place.map_or(String::new(), |dir| format!(" --data-dir {}", quoted(dir)));
    format!("train --set data.dataset={}{place}", args.name)
}

/// What a person should know beside the result.
fn say(outcome: &Outcome) {
    outcome.notes.iter().for_each(|text| note(text));
    if outcome.from_colour > 0 {
        note(&format!("{} images had colours and became grey", outcome.from_colour));
    }
    name("passed over", &outcome.passed_over);
    name("cannot be read", &outcome.unreadable);
    let Duplicates { in_both, named, within_train, within_test, other_class } = &outcome.duplicates;
    if *in_both > 0 {
        note(&format!(
            "{in_both} test images are training images as well, so a test will say too much of a model:"
        ));
        for [test, train] in named {
            note(&format!("  {test} is {train}"));
        }
        if *in_both > named.len() {
            note(&format!("  and {} more", in_both - named.len()));
        }
    }
    if within_train + within_test > 0 {
        note(&format!("repeated images: {within_train} in training, {within_test} in the test images"));
    }
    if *other_class > 0 {
        note(&format!("{other_class} repeated images have another class than the first of their kind"));
    }
}

fn name(what: &str, files: &[Unread]) {
    for Unread { path, reason } in files.iter().take(NAMED) {
        note(&format!("{what}: {}: {reason}", short(path)));
    }
    if files.len() > NAMED {
        note(&format!("{what}: {} more; --json names all", files.len() - NAMED));
    }
}

/// The result: a line on the whole, then one for each class.
fn table(args: &DataImportArgs, outcome: &Outcome) -> String {
    let data = &outcome.description;
    let way = data.preparation.map_or_else(String::new, |way| format!(", prepared by {way}"));
    let mut text = format!(
        "{} is in {}: {} training and {} test images of {}x{} in {} classes{way}\n\n",
        args.name,
        short(&outcome.folder),
        data.train_images,
        data.test_images,
        data.height,
        data.width,
        data.classes.len(),
    );
    let width = column(data.classes.iter().map(String::as_str), 5, WIDEST);
    let mut line = |label: &str, class: &str, train: &str, test: &str| {
        let class = fitted(class, WIDEST);
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{label:>5}  {class:<width$}  {train:>8}  {test:>6}");
    };
    line("label", "class", "training", "test");
    for (label, class) in data.classes.iter().enumerate() {
        let [train, test] =
            [&outcome.train_counts, &outcome.test_counts].map(|counts| counts[label].to_string());
        line(&label.to_string(), class, &train, &test);
    }
    text
}

fn as_json(args: &DataImportArgs, outcome: &Outcome) -> Value {
    let data = &outcome.description;
    let files = |files: &[Unread]| -> Vec<Value> {
        let each =
            |unread: &Unread| json!({ "file": unread.path.to_string_lossy(), "reason": unread.reason });
        files.iter().map(each).collect()
    };
    let classes: Vec<Value> = data
        .classes
        .iter()
        .enumerate()
        .map(|(label, name)| {
            let (train, test) = (outcome.train_counts[label], outcome.test_counts[label]);
            json!({ "label": label, "name": name, "train": train, "test": test })
        })
        .collect();
    let Duplicates { in_both, named, within_train, within_test, other_class } = &outcome.duplicates;
    let named: Vec<Value> =
        named.iter().map(|[test, train]| json!({ "test": test, "train": train })).collect();
    json!({
        "name": args.name,
        "folder": outcome.folder.to_string_lossy(),
        "title": data.title,
        "licence": data.licence,
        "height": data.height,
        "width": data.width,
        "preparation": data.preparation,
        "train_images": data.train_images,
        "test_images": data.test_images,
        "classes": classes,
        "from_colour": outcome.from_colour,
        "duplicates": {
            "in_both": in_both,
            "named": named,
            "within_train": within_train,
            "within_test": within_test,
            "other_class": other_class,
        },
        "unreadable": files(&outcome.unreadable),
        "passed_over": files(&outcome.passed_over),
        "notes": outcome.notes,
    })
}
