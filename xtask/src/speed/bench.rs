//! Times this project, an earlier version of it and its peers, in turn, on one configuration or on all of the table.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::command::{build_program, say};
use crate::earlier::Before;
use measured::{Setting, measure, network_file};
use peers::{Peers, build_candle};
use rows::{ROWS, Row};

mod measured;
mod operators;
mod peers;
mod rounds;
pub(in crate::speed) mod rows;
mod table;

/// What is timed, and against whom.
#[derive(Debug, clap::Args)]
pub(crate) struct BenchArgs {
    /// Time every configuration of the table instead of the lecture's network alone, and print the table.
    #[arg(long)]
    configurations: bool,
    /// Only these rows of the table.
    #[arg(long, value_delimiter = ',', value_name = "NAMES")]
    rows: Vec<String>,
    /// Only these peers.
    #[arg(long, value_delimiter = ',', value_name = "NAMES")]
    contenders: Vec<String>,
    /// Print what was measured as JSON.
    #[arg(long)]
    json: bool,
    /// How often each contender is asked each question, in turn.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Training steps of each peer before the first that is timed [default: 200, fewer for slow networks].
    #[arg(long, value_name = "STEPS")]
    warm_up: Option<usize>,
    /// Threads for each contender.
    #[arg(long, default_value_t = 2)]
    threads: usize,
    /// Backends of this project; the tables show the first [default: ndarray,flex, or ndarray for more than one row].
    #[arg(long, value_delimiter = ',')]
    backends: Vec<String>,
    #[command(flatten)]
    before: Before,
    /// Time this program of ours instead of building one.
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,
    /// Make Python environments with the peers below target (about 8 GB) if they are missing.
    #[arg(long)]
    setup: bool,
    /// A folder with the environments `python`, `tensorflow` and `jax`, which are used as they are.
    #[arg(long, value_name = "DIR")]
    environments: Option<PathBuf>,
    /// Build candle's program and time it too (minutes to build, and its steps are slow).
    #[arg(long)]
    candle: bool,
    /// Time single operators as well: the unit's backward pass and convolutions without pooling.
    #[arg(long)]
    kernels: bool,
}

pub(crate) fn run(root: &Path, data: &Path, args: &BenchArgs) -> Result<()> {
    let rows = chosen_rows(args)?;
    let backends = match (&args.backends[..], rows.len()) {
        ([], 1) => ["ndarray", "flex"].map(str::to_owned).to_vec(),
        ([], _) => vec!["ndarray".to_owned()],
        (named, _) => named.to_vec(),
    };
    let environments = args.environments.as_deref();
    let mut peers = Peers::new(root, environments, args.setup, &args.contenders, &backends)?;
    let flags = format!("--no-default-features --features {}", backends.join(","));
    let before = args.before.program(root, &flags)?;
    let program = match &args.program {
        Some(file) => std::path::absolute(file)?.display().to_string(),
        None => build_program(root, &flags)?,
    };
    if args.candle {
        peers.candle = Some(build_candle(root)?);
    }
    std::fs::create_dir_all(root.join("target/bench"))?;
    let data = data.display().to_string();
    let setting = Setting {
        root,
        data: &data,
        program: &program,
        before: before.as_deref(),
        backends: &backends,
        threads: args.threads,
        rounds: args.rounds,
        warm_up: args.warm_up,
    };
    let measured = rows.into_iter().map(|row| measure(row, &setting, &peers)).collect::<Result<Vec<_>>>()?;
    let ours = backends.first().context("at least one backend is needed")?;
    if args.json {
        writeln!(std::io::stdout(), "{:#}", table::json(&measured, ours))?;
    }
    say(&format!("\n{}", table::text(&measured, ours)));
    if args.kernels {
        operators::run(root, &data, &network_file(root), &peers, args.rounds, args.threads)?;
    }
    Ok(())
}

/// The rows that the flags name.
fn chosen_rows(args: &BenchArgs) -> Result<Vec<&'static Row>> {
    const TABLE: &[Row] = &ROWS;
    if let Some(name) = args.rows.iter().find(|name| ROWS.iter().all(|row| row.name != **name)) {
        bail!("{name:?} is no row; there are {}", ROWS.map(|row| row.name).join(", "));
    }
    let is_chosen = |row: &&Row| match &args.rows[..] {
        [] => args.configurations || row.is_lecture(),
        names => names.iter().any(|name| name == row.name),
    };
    Ok(TABLE.iter().filter(is_chosen).collect())
}
