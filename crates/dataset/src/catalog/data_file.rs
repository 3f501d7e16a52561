//! The files of each data set, with the lengths and SHA-256s that they must have.

use crate::split::Split;

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Images,
    Labels,
}

/// One file of a data set, as it is kept in a data directory: not compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DataFile {
    /// `Train` or `Test`. `Validation` would mean the same as `Train`, see [`DataFile::holds`].
    pub split: Split,
    pub role: Role,
    pub name: &'static str,
    pub bytes: u64,
    /// In hexadecimal, as all checksums here.
    pub sha256: &'static str,
    /// Length and SHA-256 of the compressed file that the mirrors have. Its name is `name` + ".gz".
    pub mirrored: Checksum,
}

/// The length and the SHA-256 that a file must have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checksum {
    pub bytes: u64,
    pub sha256: &'static str,
}

impl DataFile {
    /// Whether the images or labels of this split are in the file. Validation images are held out of
    /// the training images, so they are in the training file.
    pub fn holds(&self, split: Split) -> bool {
        (self.split == Split::Test) == (split == Split::Test)
    }
}

const fn file(
    split: Split,
    role: Role,
    sha256: &'static str,
    gz_bytes: u64,
    gz_sha256: &'static str,
) -> DataFile {
    let (name, bytes) = match (split, role) {
        (Split::Train | Split::Validation, Role::Images) => ("train-images-idx3-ubyte", 47_040_016),
        (Split::Train | Split::Validation, Role::Labels) => ("train-labels-idx1-ubyte", 60_008),
        (Split::Test, Role::Images) => ("t10k-images-idx3-ubyte", 7_840_016),
        (Split::Test, Role::Labels) => ("t10k-labels-idx1-ubyte", 10_008),
    };
    DataFile { split, role, name, bytes, sha256, mirrored: Checksum { bytes: gz_bytes, sha256: gz_sha256 } }
}

pub(super) const MNIST: [DataFile; 4] = [
    file(
        Split::Train,
        Role::Images,
        "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        9_912_422,
        "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
    ),
    file(
        Split::Train,
        Role::Labels,
        "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        28_881,
        "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
    ),
    file(
        Split::Test,
        Role::Images,
        "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        1_648_877,
        "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
    ),
    file(
        Split::Test,
        Role::Labels,
        "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
        4_542,
        "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
    ),
];

pub(super) const FASHION_MNIST: [DataFile; 4] = [
    file(
        Split::Train,
        Role::Images,
        "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
        26_421_880,
        "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
    ),
    file(
        Split::Train,
        Role::Labels,
        "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
        29_515,
        "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
    ),
    file(
        Split::Test,
        Role::Images,
        "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
        4_422_102,
        "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
    ),
    file(
        Split::Test,
        Role::Labels,
        "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
        5_148,
        "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
    ),
];
