//! What a browser shows: pages, scripts, models.

mod files;
mod own;
mod page;
pub(crate) mod pages;
