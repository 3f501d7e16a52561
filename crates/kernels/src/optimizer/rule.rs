//! The rules of Adam, AdamW and SGD, and the numbers that a step of each needs.
//!
//! The numbers are computed in `f64`, with multiplications, divisions and square roots alone. These are exact to
//! the last bit on every machine, which the powers of a platform's mathematical library are not.

/// How an optimizer changes a parameter by its gradient.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rule {
    /// Kingma and Ba 2015. Weight decay is added to the gradient.
    Adam(MomentRates),
    /// Adam with decoupled weight decay (Loshchilov and Hutter 2019): it is applied to the parameter itself.
    Adamw(MomentRates),
    /// Stochastic gradient descent. Weight decay is added to the gradient.
    Sgd { momentum: f32 },
}

/// The constants of Adam and AdamW.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MomentRates {
    /// Decay rate of the mean of the gradients.
    pub beta_1: f32,
    /// Decay rate of the mean of the squared gradients.
    pub beta_2: f32,
    /// What is added to a denominator so that it is never zero.
    pub epsilon: f32,
}

impl Rule {
    /// How many values the rule keeps for each value of a parameter: Adam and AdamW the means of the gradients
    /// and of their squares, SGD the velocity if it has momentum.
    pub fn kept(self) -> usize {
        match self {
            Self::Adam(_) | Self::Adamw(_) => 2,
            Self::Sgd { momentum } => usize::from(momentum > 0.0),
        }
    }
}

/// An optimizer's rule and how many steps it has taken, as the powers of its decay rates.
#[derive(Clone, Copy, Debug)]
pub struct Steps {
    rule: Rule,
    /// The products of as many decay rates as there were steps.
    powers: [f64; 2],
}

impl Steps {
    /// The rule after `taken` steps. The powers are the same bits as those of that many calls of
    /// [`Steps::next`].
    pub fn after(rule: Rule, taken: usize) -> Self {
        let mut steps = Self { rule, powers: [1.0; 2] };
        (0..taken).for_each(|_| steps.count());
        steps
    }

    /// Counts a step, and returns the numbers that it needs: at this learning rate, with gradients that are to
    /// be multiplied by `gradient_scale` first.
    pub fn next(&mut self, rate: f64, gradient_scale: f32) -> Step {
        self.count();
        let remaining = self.powers.map(|power| 1.0 - power);
        let root = remaining[1].sqrt();
        let epsilon = |rates: MomentRates| f64::from(rates.epsilon);
        let correction = match self.rule {
            Rule::Adam(rates) => Correction {
                first: (root / remaining[0]) as f32,
                second: 1.0,
                epsilon: (epsilon(rates) * root) as f32,
            },
            Rule::Adamw(rates) => {
                Correction { first: remaining[0] as f32, second: remaining[1] as f32, epsilon: rates.epsilon }
            }
            Rule::Sgd { .. } => Correction { first: 1.0, second: 1.0, epsilon: 0.0 },
        };
        Step { rule: self.rule, rate, gradient_scale, correction }
    }

    fn count(&mut self) {
        if let Rule::Adam(rates) | Rule::Adamw(rates) = self.rule {
            self.powers[0] *= f64::from(rates.beta_1);
            self.powers[1] *= f64::from(rates.beta_2);
        }
    }
}

/// The numbers of one step, which are the same for all parameters.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    pub(super) rule: Rule,
    pub(super) rate: f64,
    pub(super) gradient_scale: f32,
    pub(super) correction: Correction,
}

/// How the means are corrected, which are too small in the first steps because they began at zero.
///
/// Adam multiplies the first mean by `first`. AdamW divides the means by `first` and `second`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Correction {
    pub first: f32,
    pub second: f32,
    pub epsilon: f32,
}
