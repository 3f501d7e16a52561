//! What a person sees in the terminal.

pub(crate) mod download_bar;
