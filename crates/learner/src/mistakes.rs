//! The pictures that a network took for another class, the most surprising ones first.

use dataset::Subset;
use run_files::Mistake;

use crate::probabilities::Probabilities;

/// The wrong pictures by falling loss, at most `limit`; of equals the first comes first.
pub fn worst(probabilities: &Probabilities, pictures: &Subset, limit: usize) -> Vec<Mistake> {
    let mut wrong: Vec<_> =
        probabilities.beliefs().enumerate().filter(|(_, belief)| !belief.is_right()).collect();
    wrong.sort_by(|(_, a), (_, b)| b.loss().total_cmp(&a.loss()));
    let mistake = |(i, belief): (usize, crate::probabilities::Belief<'_>)| Mistake {
        index: pictures.index(i),
        label: belief.label,
        prediction: belief.prediction(),
        loss: Some(belief.loss()).filter(|loss| loss.is_finite()),
        probabilities: belief.probabilities.to_vec(),
    };
    wrong.into_iter().take(limit).map(mistake).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluate::Predictions;
    use dataset::TestSet;
    use dataset::idx::{Images, Labels};

    #[test]
    fn the_surest_mistakes_come_first_and_right_ones_never() {
        let labels = vec![0, 0, 1, 1, 0];
        let logits = vec![0.0, 1.0, 9.0, 0.0, 5.0, 0.0, 4000.0, 0.0, 0.0, 1.0];
        let set = TestSet::from_images(
            Images::new(5, 1, 1, vec![0; 5]).unwrap(),
            Labels::new(labels.clone(), 2).unwrap(),
            2,
        )
        .unwrap();
        let probabilities = Probabilities::new(&Predictions::new(2, labels, logits)).unwrap();
        let found = worst(&probabilities, set.subset(), 10);
        assert_eq!(found.iter().map(|mistake| mistake.index).collect::<Vec<_>>(), [3, 2, 0, 4]);
        assert_eq!((found[0].loss, found[1].prediction), (None, 0));
        assert!((found[1].loss.unwrap() - (1.0 + 5f64.exp()).ln()).abs() < 1e-12);
        assert_eq!(worst(&probabilities, set.subset(), 1).len(), 1);
    }
}
