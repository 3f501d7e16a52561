//! Counts the kernels that a training step starts on wgpu. On a GPU each of them takes some microseconds, however little it
//! computes, and unlike a time their number can be told without a GPU.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use crate::command::{build_program, say};
use crate::speed::bench::rows::{ROWS, Row};

/// Which configurations are counted.
#[derive(Debug, clap::Args)]
pub(crate) struct LaunchesArgs {
    /// Only the rows with these names, as in `bench --configurations`.
    #[arg(long, value_delimiter = ',')]
    rows: Vec<String>,
    /// Count with this program, such as one of an earlier version, instead of building one.
    #[arg(long, value_name = "PROGRAM")]
    program: Option<String>,
}

/// Few images and few filters, because software that stands in for a GPU is slow. The number of kernels does not depend on
/// them, but for those of convolutions and products, which are chosen by timing.
const IMAGES: &str = "train.batch_size=4";
const FILTERS: &str = "filters = 4";

/// A step starts at least so many kernels, and so many different ones. Fewer may repeat within a step, or where CubeCL
/// measures how long a device takes to start one.
const FEWEST: usize = 20;
const FEWEST_KINDS: usize = 8;
/// And at most so many.
const MOST: usize = 1000;

pub(crate) fn run(root: &Path, args: &LaunchesArgs) -> Result<()> {
    let known = |name: &String| ROWS.iter().any(|row| row.name == *name);
    ensure!(args.rows.iter().all(known), "no row has such a name: {}", args.rows.join(", "));
    let program = match &args.program {
        // It is started in another folder.
        Some(program) => std::path::absolute(program)?.display().to_string(),
        None => build_program(root, "--features wgpu")?,
    };
    say(
        "| configuration | kernels a step | convolutions, products of matrices and copies for them | others |",
    );
    say("|---|---|---|---|");
    let wanted = |row: &&Row| match args.rows.as_slice() {
        [] => row.image_size.is_none(),
        names => names.iter().any(|name| name == row.name),
    };
    for row in ROWS.iter().filter(wanted) {
        let log = logged(root, &program, row)?;
        let names: Vec<&str> = log.lines().filter_map(kernel).collect();
        let step =
            step(&names).with_context(|| format!("{}: no step could be told from the next", row.name))?;
        let of_layers = step.iter().filter(|name| is_of_a_layer(name)).count();
        say(&format!("| {} | {} | {of_layers} | {} |", row.name, step.len(), step.len() - of_layers));
    }
    Ok(())
}

/// Trains this configuration and returns what CubeCL logs of it.
fn logged(root: &Path, program: &str, row: &Row) -> Result<String> {
    let folder = root.join("target/launches").join(row.name);
    fs::create_dir_all(&folder)?;
    let log = folder.join("kernels.log");
    // CubeCL appends.
    if log.exists() {
        fs::remove_file(&log)?;
    }
    let setting = format!("[profiling]\nlogger = {{ level = \"medium\", file = {log:?} }}\n");
    fs::write(folder.join("cubecl.toml"), setting)?;
    let mut flags = row.flags(root)?;
    let text = fs::read_to_string(&flags[1])?;
    let narrow: Vec<&str> =
        text.lines().map(|line| if line.starts_with("filters = ") { FILTERS } else { line }).collect();
    let file = folder.join("network.toml");
    fs::write(&file, narrow.join("\n"))?;
    flags[1] = file.display().to_string();
    let size = row.image_size.map(|size| ["--image-size".to_owned(), size.to_string()]);
    let mut child = Command::new(program)
        .args(["bench", "--questions", "--backend", "wgpu"])
        .args(flags)
        .args(size.into_iter().flatten())
        .args(["--set", IMAGES, "--set", "data.dataset=sample", "--set", "train.log_every_steps=1000"])
        .current_dir(&folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("{program} could not be started"))?;
    child.stdin.take().context("a pipe")?.write_all(b"step 20\n")?;
    let output = child.wait_with_output()?;
    let reason = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{}: {program} bench failed: {reason}", row.name);
    Ok(String::from_utf8_lossy(&fs::read(&log)?).into_owned())
}

/// The name of the kernel in a line of the log: `| TIME | NAME`.
fn kernel(line: &str) -> Option<&str> {
    let (_time, name) = line.strip_prefix('|')?.split_once('|')?;
    Some(name.trim())
}

/// The kernels of one step: the last sequence that comes three times in a row. What the end of a run computes comes
/// behind it.
fn step<'a>(names: &'a [&'a str]) -> Option<&'a [&'a str]> {
    let ends = (0..names.len()).map(|cut| &names[..names.len() - cut]);
    ends.into_iter().find_map(|names| {
        (FEWEST..=MOST.min(names.len() / 3)).find_map(|len| {
            let [first, second, third] =
                [3, 2, 1].map(|times| &names[names.len() - times * len..names.len() - (times - 1) * len]);
            let kinds = || third.iter().collect::<BTreeSet<_>>().len();
            (first == second && second == third && kinds() >= FEWEST_KINDS).then_some(third)
        })
    })
}

fn is_of_a_layer(name: &str) -> bool {
    ["Matmul", "Conv", "Copy", "Im2col", "Col2im", "Slice", "ProductKernel", "PartsKernel"]
        .iter()
        .any(|word| name.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_what_repeats_and_ends_anywhere() {
        let of_step: Vec<String> = (0..30).map(|i| format!("kernel {i}")).collect();
        let of_step: Vec<&str> = of_step.iter().map(String::as_str).collect();
        let mut names = vec!["tuning"; 7];
        (0..4).for_each(|_| names.extend(&of_step));
        names.extend(&of_step[..11]);
        names.extend(["a measurement"; 70]);
        assert_eq!(step(&names).map(<[&str]>::len), Some(30));
        assert_eq!(step(&names[..60]), None);
    }

    #[test]
    fn a_line_of_the_log_has_a_time_and_a_name() {
        assert_eq!(
            kernel("| 127.5µs    | finish::FinishKernel_1 CubeCount (2, 1, 1)"),
            Some("finish::FinishKernel_1 CubeCount (2, 1, 1)")
        );
        assert_eq!(kernel("Autotuning"), None);
    }
}
