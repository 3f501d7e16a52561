//! Makes the built-in sample from downloaded MNIST.

use std::fs;
use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result};
use dataset::idx::{self, Images};
use dataset::load::sample::{TEST_PER_CLASS, TRAIN_PER_CLASS, balanced};
use dataset::{Name, Subset, load};
use flate2::{Compression, write::GzEncoder};

use crate::command::say;

pub(crate) fn run(data: &Path, folder: &Path) -> Result<()> {
    let train = load::load_train(Name::MNIST, data)?;
    let test = load::load_test(Name::MNIST, data)?;
    write(folder, "train", train.subset(), TRAIN_PER_CLASS)?;
    write(folder, "t10k", test.subset(), TEST_PER_CLASS)
}

fn write(folder: &Path, part: &str, subset: &Subset, per_class: usize) -> Result<()> {
    let chosen = balanced(subset, per_class).context("a class has too few images")?;
    let pixels: Vec<u8> = chosen.iter().flat_map(|&i| subset.image(i).iter().copied()).collect();
    let labels: Vec<u8> = chosen.iter().map(|&i| subset.label(i)).collect();
    let images = Images::new(chosen.len(), subset.height(), subset.width(), pixels)?;
    for (kind, content) in
        [("images-idx3", idx::write_images(&images)), ("labels-idx1", idx::write_labels(&labels))]
    {
        let path = folder.join(format!("{part}-{kind}-ubyte.gz"));
        // Without a file name and a time inside, the same images give the same bytes.
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(&content)?;
        let packed = encoder.finish()?;
        fs::write(&path, &packed).with_context(|| path.display().to_string())?;
        say(&format!("{}: {} images, {} bytes", path.display(), chosen.len(), packed.len()));
    }
    Ok(())
}
