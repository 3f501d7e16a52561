//! The evaluation of a model's predictions, which `validation.json` and `test.json` both contain.

use serde::{Deserialize, Serialize};

/// The metrics of a model on a set of images. A ratio whose denominator is zero is `None`, and `null` in the
/// file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// Number of images.
    #[serde(rename = "pictures")]
    pub images: usize,
    /// Number of images that were classified correctly.
    pub correct: usize,
    /// Share of the images that were classified correctly.
    pub accuracy: Option<f64>,
    /// Wilson's 95 % interval of the accuracy, as `[low, high]`.
    pub accuracy_interval: Option<[f64; 2]>,
    /// Mean negative log-likelihood of the labels, in nats. It is `None` if there are no images. Files of
    /// older versions also lack it if a label's probability was rounded to zero.
    pub loss: Option<f64>,
    /// Top-k accuracies for k from 1 to 5, or to the number of classes if there are fewer.
    #[serde(default)]
    pub top_k: Vec<TopK>,
    /// Mean F1 of the classes whose F1 is defined.
    pub macro_f1: Option<f64>,
    #[serde(default)]
    pub calibration: Calibration,
    pub classes: Vec<ClassMetrics>,
    /// `confusion[label][prediction]` counts images.
    pub confusion: Vec<Vec<usize>>,
}

/// Share of the images whose label is among the k most probable classes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TopK {
    pub k: usize,
    pub accuracy: Option<f64>,
}

/// One class against all others.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ClassMetrics {
    pub name: String,
    /// Number of images of this class.
    pub support: usize,
    /// Share of the images predicted to be of this class whose label it is.
    pub precision: Option<f64>,
    /// Share of this class's images that were predicted to be of it.
    pub recall: Option<f64>,
    /// Harmonic mean of precision and recall.
    pub f1: Option<f64>,
}

/// The confidence of predictions compared with their accuracy. In a well calibrated network, nine out of ten
/// predictions with a probability of 90 % are correct.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    /// Expected calibration error (Naeini et al. 2015): the mean distance between the confidence and the
    /// accuracy of a bin, in which each bin is weighted by its share of the images.
    pub ece: Option<f64>,
    /// The bars of the reliability diagram: bins of equal width, for confidences from 0 to 1.
    pub bins: Vec<CalibrationBin>,
}

/// The images whose prediction has a probability in `(low, high]`. The first bin also contains 0.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CalibrationBin {
    pub low: f64,
    pub high: f64,
    /// Number of images.
    #[serde(rename = "pictures")]
    pub images: usize,
    /// Mean probability of the predictions.
    pub confidence: Option<f64>,
    /// Share of the predictions that are correct.
    pub accuracy: Option<f64>,
}

/// Wilson's 95 % score interval of the share `hits / n` (Wilson 1927), as `[low, high]`; `None` if `n` is
/// zero.
///
/// The interval `p ± 1.96 s` of the textbooks can reach beyond 1 if the accuracy is nearly perfect. This one
/// stays within [0, 1].
pub fn wilson_interval(hits: usize, n: usize) -> Option<[f64; 2]> {
    const Z: f64 = 1.959_963_984_540_054;
    if n == 0 {
        return None;
    }
    let (n, share) = (n as f64, hits as f64 / n as f64);
    let centre = share + Z * Z / (2.0 * n);
    let spread = Z * (share * (1.0 - share) / n + Z * Z / (4.0 * n * n)).sqrt();
    let scale = 1.0 + Z * Z / n;
    Some([((centre - spread) / scale).max(0.0), ((centre + spread) / scale).min(1.0)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_evaluation_keeps_its_keys_and_their_order() {
        let text = concat!(
            r#"{"pictures":2,"correct":1,"accuracy":0.5,"accuracy_interval":[0.1,0.9],"loss":null,"#,
            r#""top_k":[{"k":1,"accuracy":0.5}],"macro_f1":null,"calibration":{"ece":0.25,"bins":["#,
            r#"{"low":0.0,"high":1.0,"pictures":2,"confidence":0.75,"accuracy":null}]},"#,
            r#""classes":[{"name":"0","support":2,"precision":1.0,"recall":0.5,"f1":null}],"confusion":[[1,1],[0,0]]}"#
        );
        let evaluation: Evaluation = serde_json::from_str(text).unwrap();
        assert_eq!((evaluation.images, evaluation.calibration.bins[0].images), (2, 2));
        assert_eq!(serde_json::to_string(&evaluation).unwrap(), text);
    }

    #[test]
    fn an_older_evaluation_may_lack_calibration_and_top_k() {
        let text = r#"{"pictures":0,"correct":0,"classes":[],"confusion":[]}"#;
        assert_eq!(serde_json::from_str::<Evaluation>(text).unwrap(), Evaluation::default());
        assert!(serde_json::from_str::<Evaluation>(&text.replace("pictures", "images")).is_err());
    }

    #[test]
    fn the_interval_is_wilsons() {
        // scipy.stats.binomtest(9900, 10000).proportion_ci(method="wilson")
        let [low, high] = wilson_interval(9900, 10_000).unwrap();
        assert!(
            (low - 0.987_853_017_744_885).abs() < 1e-12 && (high - 0.991_770_663_851_852).abs() < 1e-12,
            "{low} {high}"
        );
        assert_eq!(wilson_interval(5, 5).unwrap()[1], 1.0);
        assert!(wilson_interval(0, 5).unwrap()[0].abs() < 1e-12);
        assert_eq!(wilson_interval(0, 0), None);
    }
}
