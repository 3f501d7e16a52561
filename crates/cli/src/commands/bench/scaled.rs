//! Training images of another size than the data set's, so that networks on larger images can be timed.

use dataset::TrainSet;
use dataset::idx::{Images, Labels};

/// The largest number of images that is scaled, so that a few hundred steps of images of 64x64 take 52 MB.
const LIMIT: usize = 12_800;

/// The first images of a set, scaled to `size` x `size` pixels by repeating or leaving out rows and columns.
pub(super) fn scaled(all: &TrainSet, size: usize) -> anyhow::Result<TrainSet> {
    let all = all.subset();
    let count = all.len().min(LIMIT);
    let (rows, columns) = (nearest(all.height(), size), nearest(all.width(), size));
    let mut pixels = Vec::with_capacity(count * size * size);
    for i in 0..count {
        let image = all.image(i);
        for row in &rows {
            pixels.extend(columns.iter().map(|column| image[row * all.width() + column]));
        }
    }
    let labels = (0..count).map(|i| all.label(i)).collect();
    let images = Images::new(count, size, size, pixels)?;
    Ok(TrainSet::from_images(images, Labels::new(labels, all.classes())?, all.classes())?)
}

/// For each of `to` pixels, which of `from` pixels it shows.
fn nearest(from: usize, to: usize) -> Vec<usize> {
    (0..to).map(|i| i * from / to).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_pixel_shows_the_one_at_its_place() {
        let images = Images::new(2, 2, 2, vec![1, 2, 3, 4, 5, 6, 7, 8]).unwrap();
        let set = TrainSet::from_images(images, Labels::new(vec![1, 0], 2).unwrap(), 2).unwrap();
        let scaled = scaled(&set, 3).unwrap();
        let scaled = scaled.subset();
        assert_eq!(scaled.image(0), [1, 1, 2, 1, 1, 2, 3, 3, 4]);
        assert_eq!(scaled.image(1), [5, 5, 6, 5, 5, 6, 7, 7, 8]);
        assert_eq!([scaled.label(0), scaled.label(1)], [1, 0]);
        assert_eq!((scaled.height(), scaled.width(), scaled.classes()), (3, 3, 2));
    }
}
