//! Which stages follow a convolution, and the sizes of what goes in and comes out.

use crate::functions::activation::Activation;

/// How many pixels the largest window of max-pooling has: each place in it has to fit into a byte.
const LARGEST_MAX_WINDOW: usize = 256;

/// What is done with each value before the pooling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Batch normalization (Ioffe and Szegedy 2015), with a mean and a variance for each channel.
    Normalize,
    /// A shortcut is added (He et al. 2016): feature maps of the same shape.
    Add,
    Activate(Activation),
}

/// How the values of a window become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PoolKind {
    Max,
    Average,
}

/// Pooling in windows that do not overlap. Rows and columns that fill no window are left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pooling {
    pub kind: PoolKind,
    /// Rows of a window.
    pub height: usize,
    /// Columns of a window.
    pub width: usize,
}

/// Feature maps `[n, height, width, channels]`, the stages that each value goes through, and the pooling that
/// comes last.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FinishShape {
    pub height: usize,
    pub width: usize,
    pub channels: usize,
    /// The stages in their order, each kind at most once.
    pub stages: Stages,
    pub pooling: Option<Pooling>,
}

/// Up to three stages, in the order in which they are done.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Stages([Option<Stage>; 3]);

impl Stages {
    /// The stages in this order.
    ///
    /// # Panics
    /// If one kind comes twice.
    pub fn new(stages: impl IntoIterator<Item = Stage>) -> Self {
        let mut all = Self::default();
        for (i, stage) in stages.into_iter().enumerate() {
            let kind = std::mem::discriminant(&stage);
            assert!(all.iter().all(|other| std::mem::discriminant(&other) != kind), "{stage:?} comes once");
            all.0[i] = Some(stage);
        }
        all
    }

    /// The stages, in the order in which they are done.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = Stage> {
        self.0.into_iter().flatten()
    }

    /// The stages before the normalization, if there is one.
    pub fn before_normalization(&self) -> Self {
        let mut before = Self::default();
        let stages = self.iter().take_while(|stage| *stage != Stage::Normalize);
        for (place, stage) in before.0.iter_mut().zip(stages) {
            *place = Some(stage);
        }
        before
    }

    pub(crate) fn slots(&self) -> &[Option<Stage>; 3] {
        &self.0
    }

    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.0[0].is_none()
    }

    /// Whether one of the stages is a normalization.
    pub fn normalizes(&self) -> bool {
        self.iter().any(|stage| stage == Stage::Normalize)
    }

    /// Whether one of the stages adds a shortcut.
    pub fn adds(&self) -> bool {
        self.iter().any(|stage| stage == Stage::Add)
    }
}

impl FinishShape {
    /// Values of one input image.
    pub fn input_len(&self) -> usize {
        self.height * self.width * self.channels
    }

    /// Rows of an output image.
    pub fn out_height(&self) -> usize {
        self.pooling.map_or(self.height, |pooling| self.height / pooling.height)
    }

    /// Columns of an output image.
    pub fn out_width(&self) -> usize {
        self.pooling.map_or(self.width, |pooling| self.width / pooling.width)
    }

    /// Values of one output image.
    pub fn output_len(&self) -> usize {
        self.out_height() * self.out_width() * self.channels
    }

    /// How many places of maxima one image has: one for each output value behind max-pooling, otherwise none.
    pub fn places_len(&self) -> usize {
        if self.takes_maxima() { self.output_len() } else { 0 }
    }

    /// Whether the kernels take this shape: neither the maps nor a window are empty, at least one window fits,
    /// and each place in a window of max-pooling fits into a byte.
    pub fn is_taken(&self) -> bool {
        let fits = |pooling: Pooling| {
            let pixels = pooling.height * pooling.width;
            pixels > 0 && (pooling.kind == PoolKind::Average || pixels <= LARGEST_MAX_WINDOW)
        };
        self.input_len() > 0 && self.pooling.is_none_or(fits) && self.output_len() > 0
    }

    pub(crate) fn takes_maxima(&self) -> bool {
        self.pooling.is_some_and(|pooling| pooling.kind == PoolKind::Max)
    }
}
