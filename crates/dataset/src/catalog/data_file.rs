//! The files of each data set, with the lengths and SHA-256s that they must have.

use std::borrow::Cow;

use crate::split::Split;
use crate::verify::digest::sha256_of;

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Images,
    Labels,
}

/// One file of a data set, as it is kept in a data directory: not compressed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataFile {
    /// `Train` or `Test`. `Validation` would mean the same as `Train`, see [`DataFile::holds`].
    pub split: Split,
    pub role: Role,
    pub name: Cow<'static, str>,
    pub bytes: u64,
    /// In hexadecimal, as all checksums here.
    pub sha256: Cow<'static, str>,
    /// Height and width of the data set's images, in pixels.
    pub image_size: [u32; 2],
    /// Length of the compressed file that the public mirrors have; 0 if no mirror has it. Another place may have
    /// compressed the same content in another way, so this is only what to expect.
    pub packed_bytes: u64,
}

impl DataFile {
    /// A file of one's own with this content. `image_size` is the height and width of the data set's images.
    pub fn of_content(split: Split, role: Role, name: String, content: &[u8], image_size: [u32; 2]) -> Self {
        let (bytes, sha256) = (content.len() as u64, Cow::Owned(sha256_of(content)));
        Self { split, role, name: Cow::Owned(name), bytes, sha256, image_size, packed_bytes: 0 }
    }

    /// Whether the images or labels of this split are in the file. Validation images are held out of
    /// the training images, so they are in the training file.
    pub fn holds(&self, split: Split) -> bool {
        (self.split == Split::Test) == (split == Split::Test)
    }
}

const fn file(split: Split, role: Role, sha256: &'static str, packed_bytes: u64) -> DataFile {
    let (name, bytes) = match (split, role) {
        (Split::Train | Split::Validation, Role::Images) => ("train-images-idx3-ubyte", 47_040_016),
        (Split::Train | Split::Validation, Role::Labels) => ("train-labels-idx1-ubyte", 60_008),
        (Split::Test, Role::Images) => ("t10k-images-idx3-ubyte", 7_840_016),
        (Split::Test, Role::Labels) => ("t10k-labels-idx1-ubyte", 10_008),
    };
    let (name, sha256) = (Cow::Borrowed(name), Cow::Borrowed(sha256));
    DataFile { split, role, name, bytes, sha256, image_size: [28, 28], packed_bytes }
}

pub(super) static MNIST: [DataFile; 4] = [
    file(
        Split::Train,
        Role::Images,
        "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        9_912_422,
    ),
    file(
        Split::Train,
        Role::Labels,
        "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        28_881,
    ),
    file(
        Split::Test,
        Role::Images,
        "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        1_648_877,
    ),
    file(
        Split::Test,
        Role::Labels,
        "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
        4_542,
    ),
];

pub(super) static FASHION_MNIST: [DataFile; 4] = [
    file(
        Split::Train,
        Role::Images,
        "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
        26_421_880,
    ),
    file(
        Split::Train,
        Role::Labels,
        "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
        29_515,
    ),
    file(
        Split::Test,
        Role::Images,
        "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
        4_422_102,
    ),
    file(
        Split::Test,
        Role::Labels,
        "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
        5_148,
    ),
];
