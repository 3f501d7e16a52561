//! Tests the program as a person uses it: real binary, real digits (the built-in sample), real files.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may stop at the first thing that goes wrong"
)]

mod bench;
mod configs;
mod earlier_versions;
mod errors;
mod evaluation;
mod exchange;
mod initial;
mod inspect;
mod interrupted;
mod memory;
mod misconfigured;
mod model_file;
mod notes;
mod one_seed;
mod own_data;
mod own_images;
mod places;
mod predict;
mod program;
mod recovery;
mod report;
mod same_bits;
mod saving;
mod seeds;
mod serve;
mod show;
#[cfg(unix)]
mod signals;
mod sweep;
mod vocabulary;
mod workflow;
