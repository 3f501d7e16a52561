//! What a data set is: title, classes, size of its images, files. The catalog's data sets have this in the program,
//! and a data set of one's own in the file [`FILE`] in its folder.

pub use error::{DescriptionError, RemoveError, Unknown};
pub use fields::{Description, FILE, Preparation};
pub use find::{Known, known};
pub use remove::{Removed, remove};
pub use rules::{LARGEST_SIDE, LONGEST_CLASS, LONGEST_TEXT, MOST_CLASSES};

mod error;
mod fields;
mod find;
mod remove;
mod rules;
#[cfg(test)]
mod tests;
mod text;
