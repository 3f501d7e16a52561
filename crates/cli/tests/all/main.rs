//! The program as a person uses it: real binary, real digits (the built-in sample), real files.

mod configs;
mod errors;
mod program;
mod show;
mod workflow;
