//! The images that a network classified wrongly, sorted by falling loss.

use dataset::Subset;
use run_files::Mistake;

use crate::eval::probabilities::{Prediction, Probabilities};

/// The wrongly classified images with the largest losses, at most `limit` of them, by falling loss. Images of
/// equal loss keep their order.
pub fn worst(probabilities: &Probabilities, images: &Subset, limit: usize) -> Vec<Mistake> {
    let mut wrong: Vec<_> =
        probabilities.predictions().enumerate().filter(|(_, prediction)| !prediction.is_correct()).collect();
    wrong.sort_by(|(_, a), (_, b)| b.loss().total_cmp(&a.loss()));
    let mistake = |(i, prediction): (usize, Prediction<'_>)| Mistake {
        index: images.index(i),
        label: prediction.label,
        prediction: prediction.class(),
        loss: Some(prediction.loss()),
        probabilities: prediction.probabilities.to_vec(),
    };
    wrong.into_iter().take(limit).map(mistake).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::logits::Logits;
    use dataset::TestSet;
    use dataset::idx::{Images, Labels};

    #[test]
    fn mistakes_come_by_falling_loss_without_the_correct_predictions() {
        let labels = vec![0, 0, 1, 1, 0];
        let logits = vec![0.0, 1.0, 9.0, 0.0, 5.0, 0.0, 4000.0, 0.0, 0.0, 1.0];
        let set = TestSet::from_images(
            Images::new(5, 1, 1, vec![0; 5]).unwrap(),
            Labels::new(labels.clone(), 2).unwrap(),
            2,
        )
        .unwrap();
        let probabilities = Probabilities::new(&Logits::new(2, labels, logits)).unwrap();
        let found = worst(&probabilities, set.subset(), 10);
        assert_eq!(found.iter().map(|mistake| mistake.index).collect::<Vec<_>>(), [3, 2, 0, 4]);
        assert_eq!((found[0].loss, found[1].prediction), (Some(4000.0), 0));
        assert!((found[1].loss.unwrap() - (1.0 + 5f64.exp()).ln()).abs() < 1e-12);
        assert_eq!(worst(&probabilities, set.subset(), 1).len(), 1);
    }
}
