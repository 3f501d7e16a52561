//! Shows progress, tables, images and numbers in a terminal.

pub(crate) mod canvas;
pub(crate) mod download_bar;
pub(crate) mod epoch_table;
pub(crate) mod import_bar;
pub(crate) mod names;
pub(crate) mod numbers;
pub(crate) mod screen;
pub(crate) mod tiles;
pub(crate) mod training;
pub(crate) mod training_bar;
pub(crate) mod training_lines;
