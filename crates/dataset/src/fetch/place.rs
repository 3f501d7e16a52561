//! The places where files are looked for, in order.

use std::fmt;
use std::path::Path;

use crate::catalog::{Entry, Origin};
use crate::fetch::search::Folder;
use crate::fetch::source::Source;

/// The environment variable with the address of a mirror that is tried before the catalog's places.
///
/// Below it the files lie as in a data directory, compressed or not: with `http://teacher:8000`,
/// MNIST's are `http://teacher:8000/mnist/train-images-idx3-ubyte.gz` or, if the server does not give
/// that one, `http://teacher:8000/mnist/train-images-idx3-ubyte`, and so on. Only
/// [`download`](super::download), and through it [`ensure`](super::ensure), reads it, and only when no
/// folder is given. What comes from it is verified like everything else. If the variable is not set or
/// empty, there is no such mirror.
pub const MIRROR: &str = "MNIST_CNN_MIRROR";

/// A folder or a mirror that a person named, or one of the catalog's origins.
pub(super) enum Place<'a> {
    Folder(&'a Path),
    /// The address of the data set's files, with the slash at its end.
    Mirror(String),
    Origin(&'a Origin),
}

/// The places to try, in this order: only the folder, if there is one; else the mirror, if there is
/// one, and then the catalog's origins.
pub(super) fn places<'a>(entry: Entry, from: Option<&'a Path>, mirror: Option<&str>) -> Vec<Place<'a>> {
    if let Some(folder) = from {
        return vec![Place::Folder(folder)];
    }
    let base = mirror.map(|base| base.trim().trim_end_matches('/')).filter(|base| !base.is_empty());
    let first = base.map(|base| Place::Mirror(format!("{base}/{entry}/")));
    first.into_iter().chain(entry.origins().iter().map(Place::Origin)).collect()
}

impl Place<'_> {
    /// Makes the place ready to be asked for files; a package is downloaded here.
    ///
    /// # Errors
    /// In words, if the place cannot be used.
    pub(super) fn open(&self) -> Result<Source, String> {
        match self {
            Self::Folder(folder) => Folder::look_into(folder).map(Source::Folder),
            Self::Mirror(folder) if !folder.starts_with("http://") && !folder.starts_with("https://") => {
                Err(format!("not an address: begin {MIRROR} with http:// or https://"))
            }
            Self::Mirror(folder) => Ok(Source::mirror(folder)),
            Self::Origin(origin) => Source::open(origin),
        }
    }
}

/// The place as progress and errors name it.
impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(folder) => write!(f, "{}", folder.display()),
            Self::Mirror(folder) => write!(f, "{folder} (from {MIRROR})"),
            Self::Origin(origin) => write!(f, "{origin}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mirror_comes_first_unless_a_folder_is_given_and_must_be_an_address() {
        let named = |from, mirror| -> Vec<String> {
            places(Entry::Mnist, from, mirror).iter().map(Place::to_string).collect()
        };
        let catalog = named(None, None);
        assert_eq!(catalog.len(), Entry::Mnist.origins().len());
        for base in ["http://teacher:8000", "http://teacher:8000/", " http://teacher:8000// "] {
            let all = named(None, Some(base));
            assert_eq!(all[0], "http://teacher:8000/mnist/ (from MNIST_CNN_MIRROR)");
            assert_eq!(all[1..], catalog);
            assert_eq!(named(Some(Path::new("/mine")), Some(base)), ["/mine"]);
        }
        assert_eq!(named(None, Some("")), catalog);
        for (base, reason) in
            [("teacher:8000", "http://"), ("/data", "http://"), ("ftp://teacher", "https://")]
        {
            let error = places(Entry::Mnist, None, Some(base))[0].open().err().unwrap();
            assert!(error.contains(reason) && error.contains(MIRROR), "{error}");
        }
    }
}
