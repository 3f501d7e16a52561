//! Checks exp, ln, tanh, sigmoid, GELU and GELU's derivative for all 2^32 inputs on each level against double
//! precision, and prints the largest error of each. `cargo xtask functions` runs it.
//!
//! With a number, it takes only each so many pieces of 65,536 neighbouring inputs: `functions 16` for a first look.

use std::io::Write;

use kernels::{Function, Level};
use rayon::prelude::*;

#[path = "../tests/all/judge.rs"]
mod judge;

use judge::{FUNCTIONS, error, exact, least};

/// How many inputs a thread takes at a time.
const PIECE: usize = 1 << 16;

/// The largest error of one function on one level, and where it is.
#[derive(Clone, Copy, Debug)]
struct Worst {
    error: f64,
    x: f32,
}

impl Worst {
    const NONE: Self = Self { error: 0.0, x: 0.0 };

    /// The worse of the two. Of equals it is the first, so that threads do not matter.
    fn or(self, other: Self) -> Self {
        if other.error > self.error { other } else { self }
    }
}

/// The errors of a piece of all inputs, for each level.
fn piece(function: Function, levels: &[Level], piece: u32) -> Vec<Worst> {
    let first = piece * PIECE as u32;
    let inputs: Vec<f32> = (0..PIECE as u32).map(|i| f32::from_bits(first + i)).collect();
    let exacts: Vec<f64> = inputs.iter().map(|x| exact(function, *x)).collect();
    let least = least(function);
    let worst = |level: &Level| {
        let mut values = inputs.clone();
        function.apply(*level, &mut values);
        let errors = inputs.iter().zip(&values).zip(&exacts);
        errors.fold(Worst::NONE, |worst, ((x, got), exact)| {
            worst.or(Worst { error: error(*got, *exact, least), x: *x })
        })
    };
    levels.iter().map(worst).collect()
}

fn main() -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    let step = std::env::args().nth(1).map_or(Ok(1), |step| step.parse::<u32>());
    let Ok(step @ 1..) = step else {
        writeln!(out, "expected a positive number")?;
        std::process::exit(2);
    };
    let levels = Level::available();
    let names: Vec<&str> = levels.iter().map(|level| level.name()).collect();
    writeln!(out, "| function | {} |", names.join(" | "))?;
    writeln!(out, "|---|{}", "---|".repeat(levels.len()))?;
    let mut is_within_bound = true;
    for (name, function) in FUNCTIONS {
        let pieces =
            (0..(1u32 << 16).div_ceil(step)).into_par_iter().map(|i| piece(function, &levels, i * step));
        let worse = |a: Vec<Worst>, b: Vec<Worst>| a.into_iter().zip(b).map(|(a, b)| a.or(b)).collect();
        let worst = pieces.reduce(|| vec![Worst::NONE; levels.len()], worse);
        is_within_bound &= worst.iter().all(|worst| worst.error <= 2.0);
        let cells: Vec<String> =
            worst.iter().map(|worst| format!("{:.3} at {:e}", worst.error, worst.x)).collect();
        writeln!(out, "| {name} | {} |", cells.join(" | "))?;
    }
    if !is_within_bound {
        writeln!(out, "An error is above 2 units in the last place.")?;
        std::process::exit(1);
    }
    Ok(())
}
