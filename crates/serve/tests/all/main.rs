//! Tests of real servers on this machine, which are spoken to byte by byte.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may stop at the first thing that goes wrong"
)]

mod answers;
mod bodies;
mod client;
mod ending;
mod errors;
mod files;
mod mutations;
mod names;
mod overload;
mod paths;
mod samples;
mod slow;
mod smuggling;
