//! `train` in a process that is not the first of several: it computes its part of each step, and keeps no files.

use std::path::Path;

use anyhow::Context;
use dataset::Description;
use learner::config;
use learner::exchange::{Exchange, Placement};
use learner::run::data::TrainingData;
use learner::run::together;
use learner::train::fit::Outcome;

use crate::args::TrainArgs;
use crate::commands::train::session::known_backend;
use crate::exit::Interrupted;
use crate::open::device;
use crate::paths::data_dir;
use crate::signals::{Signals, TERM};

pub(super) fn run(args: &TrainArgs, signals: &Signals, exchange: &dyn Exchange) -> anyhow::Result<()> {
    match follow(args, signals, exchange) {
        // All processes end after the same step, which is no error of this one.
        Err(error) if error.is::<Interrupted>() => Err(error),
        ended => ended.with_context(|| format!("process {}", exchange.rank())),
    }
}

fn follow(args: &TrainArgs, mut signals: &Signals, exchange: &dyn Exchange) -> anyhow::Result<()> {
    let task = together::receive(exchange)?;
    let opened = device::open(Some(known_backend(&task.backend, Path::new("process 0"))?))?;
    together::agree_on_arithmetic(exchange, &opened)?;
    let dir = data_dir(&args.options.data_dir);
    let describe = |name| Description::of(name, &dir);
    let config = config::parse_with("process 0's configuration", &task.config, &[], &describe)?;
    let data = TrainingData::fetch(&config, &dir, &mut |_| ())?;
    together::agree_on_data(exchange, &config)?;
    signals.are_seen();
    let placement = Placement { device: &opened.device, exchange };
    match together::follow(&config, &data, placement, &mut signals)? {
        Outcome::Finished(_) => Ok(()),
        // Process 0 says how to go on. The signal may have come to another process than this one.
        Outcome::Stopped(_) => {
            Err(Interrupted { signal: signals.received().unwrap_or(TERM), text: String::new() }.into())
        }
    }
}
