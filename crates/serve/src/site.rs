//! What a browser shows: pages, scripts, models.

mod files;
mod page;
pub(crate) mod pages;
