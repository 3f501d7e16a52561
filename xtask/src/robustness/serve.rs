//! Measures and attacks `serve`: its rate beside FastAPI's, slow clients, more than it can do, its end, its OpenAPI
//! document, two of them behind nginx, and one alone in a container.

mod bench;
mod client;
mod container;
mod ending;
mod nginx;
mod overflow;
mod peers;
mod program;
mod rate;
mod slow;

use std::path::Path;

use anyhow::Result;

use crate::command::{build_program, say};
use crate::robustness::serve::bench::Bench;

/// Which measurements.
#[derive(Debug, clap::Args)]
pub(crate) struct ServeArgs {
    /// Only those whose names contain this: rate, slow, overflow, ending, schemathesis, fastapi, nginx, container.
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
    /// How long each rate is measured.
    #[arg(long, value_name = "SECONDS", default_value_t = 10)]
    seconds: u32,
    /// Make a Python environment below target with FastAPI, ONNX Runtime and schemathesis, if it is missing.
    #[arg(long)]
    setup: bool,
}

type Measure = fn(&Bench<'_>) -> Result<()>;

const MEASURES: [(&str, Measure); 8] = [
    ("rate", rate::measure),
    ("slow", slow::measure),
    ("overflow", overflow::measure),
    ("ending", ending::measure),
    ("schemathesis", peers::schemathesis),
    ("fastapi", peers::fastapi),
    ("nginx", nginx::measure),
    ("container", container::measure),
];

pub(crate) fn run(root: &Path, args: &ServeArgs) -> Result<()> {
    let program = build_program(root, "--locked --features serve")?;
    let bench = Bench { root, program, seconds: args.seconds, setup: args.setup };
    let wanted = args.only.as_deref().unwrap_or_default();
    for (name, measure) in MEASURES.iter().filter(|(name, _)| name.contains(wanted)) {
        say(&format!("\n=== {name}"));
        measure(&bench)?;
    }
    Ok(())
}
