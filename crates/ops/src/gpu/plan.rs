//! What a kernel behind a convolution is compiled for: the stages, the pooling and the sizes of the maps.

use kernels::{Activation, PoolKind, Stage, Stages};

use crate::finish::FinishOptions;

/// What is done with a value before the pooling.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Step {
    Nothing,
    Normalize,
    Add,
    Relu,
    Gelu,
    Tanh,
    Sigmoid,
}

impl Step {
    fn new(stage: Stage) -> Self {
        match stage {
            Stage::Normalize => Self::Normalize,
            Stage::Add => Self::Add,
            Stage::Activate(Activation::None) => Self::Nothing,
            Stage::Activate(Activation::Relu) => Self::Relu,
            Stage::Activate(Activation::Gelu) => Self::Gelu,
            Stage::Activate(Activation::Tanh) => Self::Tanh,
            Stage::Activate(Activation::Sigmoid) => Self::Sigmoid,
        }
    }
}

/// Everything about a call that is known before it. Maps are `[n, height, width, channels]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Plan {
    pub steps: [Step; 3],
    pub height: usize,
    pub width: usize,
    pub channels: usize,
    /// Rows and columns of a window; 1 and 1 without pooling.
    pub window: [usize; 2],
    pub takes_maxima: bool,
    pub drops: bool,
    /// Whether the gradient goes through the statistics.
    pub is_of_batch: bool,
}

impl Plan {
    pub(super) fn new([height, width, channels]: [usize; 3], options: &FinishOptions) -> Self {
        let window = options.pooling.map_or([1, 1], |pooling| [pooling.height, pooling.width]);
        Self {
            steps: steps(options.stages),
            height,
            width,
            channels,
            window,
            takes_maxima: options.pooling.is_some_and(|pooling| pooling.kind == PoolKind::Max),
            drops: options.dropout.is_some(),
            is_of_batch: options.is_of_batch,
        }
    }

    pub(super) fn out_height(&self) -> usize {
        self.height / self.window[0]
    }

    pub(super) fn out_width(&self) -> usize {
        self.width / self.window[1]
    }

    /// How many rows and columns of windows cover the maps, together with windows that leave them.
    pub(super) fn covering(&self) -> [usize; 2] {
        [self.height.div_ceil(self.window[0]), self.width.div_ceil(self.window[1])]
    }

    /// How many steps there are up to this one, counted with it, or 0 if it is none of them.
    pub(super) fn up_to(&self, step: Step) -> usize {
        self.steps.iter().position(|other| *other == step).map_or(0, |place| place + 1)
    }
}

fn steps(stages: Stages) -> [Step; 3] {
    let mut steps = [Step::Nothing; 3];
    steps.iter_mut().zip(stages.iter()).for_each(|(step, stage)| *step = Step::new(stage));
    steps
}
