//! A sweep as its page shows it: many runs whose configurations differ in a few keys.

/// Everything that the page shows of a sweep.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SweepView {
    /// What people call it, e.g. `sweeps/first`; `sweep run` takes it.
    pub name: String,
    pub keys: Vec<SweepKey>,
    /// The best first.
    pub trials: Vec<SweepTrial>,
}

/// A key that differs between the trials.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SweepKey {
    /// Such as `train.learning_rate`.
    pub name: String,
    pub scale: KeyScale,
}

/// How the values of a key are placed on the axis of its figure.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KeyScale {
    #[default]
    Linear,
    Logarithmic,
    /// Each value has a place of its own.
    Choices,
}

/// One configuration, and what it has reached.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SweepTrial {
    pub number: u64,
    /// The value of each key as text, in the order of [`SweepView::keys`].
    pub texts: Vec<String>,
    /// The same values as numbers; words have none.
    pub positions: Vec<Option<f64>>,
    /// What the best epoch has reached on the validation images; `None` before training has ended.
    pub accuracy: Option<f64>,
    /// In nats.
    pub loss: Option<f64>,
    pub epoch: Option<usize>,
    pub seconds: Option<f64>,
    /// Why it cannot be trained to its end.
    pub failure: Option<String>,
}
