//! The stages before the pooling, for four pixels at a time: forward, and backward with the values computed again.

use crate::finish::lanes::{Block, PIXELS, Pixels, Place, blocks, lanes_of, load_block, total};
use crate::finish::shape::{Stage, Stages};
use crate::functions::activation::Activation;
use crate::simd::vector::Vector;

/// What normalization needs of each channel, `[channels]` each.
#[derive(Clone, Copy)]
pub(crate) struct Norm<'a> {
    pub mean: &'a [f32],
    /// One divided by the standard deviation.
    pub inverse: &'a [f32],
    /// `gamma` times `inverse`.
    pub scale: &'a [f32],
    pub beta: &'a [f32],
    /// The means over the batch of the gradient behind the normalization, and of its product with the
    /// normalized value. Both are zero if the statistics are not those of the batch.
    pub gradient_means: [&'a [f32]; 2],
}

/// The values of [`Norm`] for one vector of channels.
#[derive(Clone, Copy)]
struct NormLanes<S: Vector> {
    mean: S::f32s,
    inverse: S::f32s,
    scale: S::f32s,
    beta: S::f32s,
    gradient_means: [S::f32s; 2],
}

impl<S: Vector> NormLanes<S> {
    #[inline(always)]
    fn new(simd: S, norm: Option<&Norm<'_>>, block: Block) -> Self {
        let zero = simd.splat_f32s(0.0);
        let Some(norm) = norm else {
            return Self { mean: zero, inverse: zero, scale: zero, beta: zero, gradient_means: [zero; 2] };
        };
        let [gradient, product] = norm.gradient_means;
        Self {
            mean: load_block(simd, norm.mean, block),
            inverse: load_block(simd, norm.inverse, block),
            scale: load_block(simd, norm.scale, block),
            beta: load_block(simd, norm.beta, block),
            gradient_means: [load_block(simd, gradient, block), load_block(simd, product, block)],
        }
    }
}

/// The stages of some pixels, with what they need.
#[derive(Clone, Copy)]
pub(crate) struct Chain<'a> {
    pub stages: Stages,
    pub channels: usize,
    /// `None` if no stage normalizes.
    pub norm: Option<Norm<'a>>,
}

impl Chain<'_> {
    /// Applies the stages to whole pixels of `x`. `shortcut` is as long as `x`, or empty if no stage adds it.
    #[inline(always)]
    pub(crate) fn forward<S: Vector>(&self, simd: S, x: &[f32], shortcut: &[f32], out: &mut [f32]) {
        let pixels = x.len() / self.channels;
        for block in blocks::<S>(self.channels) {
            let norm = NormLanes::new(simd, self.norm.as_ref(), block);
            for pixel in (0..pixels).step_by(PIXELS) {
                let place = Place::new(pixel, pixels, self.channels, block);
                let mut values = place.load(simd, x);
                for stage in self.stages.slots().iter().flatten() {
                    values = forward(simd, *stage, &norm, values, place, shortcut);
                }
                place.store(simd, out, &values);
            }
        }
    }

    /// Adds, for each channel, the gradient behind the normalization to `sums[0]`, and its product with the
    /// normalized value to `sums[1]`. `gradient` is that behind all stages.
    #[inline(always)]
    pub(crate) fn sum_gradients<S: Vector>(
        &self,
        simd: S,
        [x, shortcut, gradient]: [&[f32]; 3],
        sums: [&mut [f64]; 2],
    ) {
        let pixels = x.len() / self.channels;
        for block in blocks::<S>(self.channels) {
            let norm = NormLanes::new(simd, self.norm.as_ref(), block);
            let mut part = [[simd.splat_f32s(0.0); PIXELS]; 2];
            for pixel in (0..pixels).step_by(PIXELS) {
                let place = Place::new(pixel, pixels, self.channels, block);
                let kept = self.kept(simd, &norm, place, [x, shortcut]);
                let mut g = place.load(simd, gradient);
                for (stage, values) in self.stages.slots().iter().zip(&kept).rev() {
                    match stage {
                        None | Some(Stage::Add) => (),
                        Some(Stage::Activate(activation)) => g = through(simd, *activation, values, g),
                        Some(Stage::Normalize) => {
                            for i in 0..PIXELS {
                                let normalized = normalized(simd, &norm, values[i]);
                                part[0][i] = simd.add_f32s(part[0][i], g[i]);
                                part[1][i] = simd.multiply_add(g[i], normalized, part[1][i]);
                            }
                            break;
                        }
                    }
                }
            }
            for i in 0..2 {
                let lanes = lanes_of(simd, total(simd, part[i]));
                for (sum, lane) in sums[i][block.first..][..block.lanes].iter_mut().zip(lanes) {
                    *sum += f64::from(lane);
                }
            }
        }
    }

    /// Overwrites `x` with its gradient, and `shortcut_gradient`, unless it is empty, with the shortcut's.
    /// `gradient` is that behind all stages.
    #[inline(always)]
    pub(crate) fn backward<S: Vector>(
        &self,
        simd: S,
        x: &mut [f32],
        [shortcut, gradient]: [&[f32]; 2],
        shortcut_gradient: &mut [f32],
    ) {
        let pixels = x.len() / self.channels;
        for block in blocks::<S>(self.channels) {
            let norm = NormLanes::new(simd, self.norm.as_ref(), block);
            for pixel in (0..pixels).step_by(PIXELS) {
                let place = Place::new(pixel, pixels, self.channels, block);
                let kept = self.kept(simd, &norm, place, [x, shortcut]);
                let mut g = place.load(simd, gradient);
                for (stage, values) in self.stages.slots().iter().zip(&kept).rev() {
                    match stage {
                        Some(Stage::Activate(activation)) => g = through(simd, *activation, values, g),
                        Some(Stage::Normalize) => g = through_norm(simd, &norm, values, g),
                        Some(Stage::Add) if !shortcut_gradient.is_empty() => {
                            place.store(simd, shortcut_gradient, &g);
                        }
                        None | Some(Stage::Add) => (),
                    }
                }
                place.store(simd, x, &g);
            }
        }
    }

    /// What each stage's backward pass needs: of an activation what it keeps, of the others the values that enter.
    #[inline(always)]
    fn kept<S: Vector>(
        &self,
        simd: S,
        norm: &NormLanes<S>,
        place: Place,
        [x, shortcut]: [&[f32]; 2],
    ) -> [Pixels<S>; 3] {
        let stages = self.stages.slots();
        let mut values = place.load(simd, x);
        let mut kept = [values; 3];
        for i in 0..stages.len() {
            kept[i] = values;
            // What comes out of the last stage is not needed.
            let is_last = i + 1 == stages.len() || stages[i + 1].is_none();
            match stages[i] {
                None => break,
                Some(Stage::Activate(activation)) => {
                    [values, kept[i]] = apply_and_keep(simd, activation, values);
                }
                Some(stage) if !is_last => values = forward(simd, stage, norm, values, place, shortcut),
                Some(_) => (),
            }
        }
        kept
    }
}

/// The values behind a stage.
#[inline(always)]
fn forward<S: Vector>(
    simd: S,
    stage: Stage,
    norm: &NormLanes<S>,
    mut values: Pixels<S>,
    place: Place,
    shortcut: &[f32],
) -> Pixels<S> {
    match stage {
        Stage::Normalize => {
            for i in 0..PIXELS {
                let centred = simd.sub_f32s(values[i], norm.mean);
                values[i] = simd.multiply_add(centred, norm.scale, norm.beta);
            }
        }
        Stage::Add => {
            let shortcut = place.load(simd, shortcut);
            for i in 0..PIXELS {
                values[i] = simd.add_f32s(values[i], shortcut[i]);
            }
        }
        // The cheapest and most frequent one is chosen once for all pixels.
        Stage::Activate(Activation::Relu) => {
            for i in 0..PIXELS {
                values[i] = Activation::Relu.apply(simd, values[i]);
            }
        }
        Stage::Activate(activation) => {
            for i in 0..PIXELS {
                values[i] = activation.apply(simd, values[i]);
            }
        }
    }
    values
}

/// The values behind an activation, and what its backward pass needs.
#[inline(always)]
fn apply_and_keep<S: Vector>(simd: S, activation: Activation, mut values: Pixels<S>) -> [Pixels<S>; 2] {
    let mut kept = values;
    if activation == Activation::Relu {
        for i in 0..PIXELS {
            [values[i], kept[i]] = Activation::Relu.apply_and_keep(simd, values[i]);
        }
    } else {
        for i in 0..PIXELS {
            [values[i], kept[i]] = activation.apply_and_keep(simd, values[i]);
        }
    }
    [values, kept]
}

/// The gradient in front of an activation that kept these values.
#[inline(always)]
fn through<S: Vector>(simd: S, activation: Activation, kept: &Pixels<S>, mut g: Pixels<S>) -> Pixels<S> {
    if activation == Activation::Relu {
        for i in 0..PIXELS {
            g[i] = Activation::Relu.pull_back(simd, kept[i], g[i]);
        }
    } else {
        for i in 0..PIXELS {
            g[i] = activation.pull_back(simd, kept[i], g[i]);
        }
    }
    g
}

/// The gradient in front of the normalization of these inputs.
#[inline(always)]
fn through_norm<S: Vector>(simd: S, norm: &NormLanes<S>, inputs: &Pixels<S>, mut g: Pixels<S>) -> Pixels<S> {
    let [mean, product] = norm.gradient_means;
    for i in 0..PIXELS {
        let along = simd.mul_f32s(normalized(simd, norm, inputs[i]), product);
        let rest = simd.sub_f32s(simd.sub_f32s(g[i], mean), along);
        g[i] = simd.mul_f32s(rest, norm.scale);
    }
    g
}

#[inline(always)]
fn normalized<S: Vector>(simd: S, norm: &NormLanes<S>, value: S::f32s) -> S::f32s {
    simd.mul_f32s(simd.sub_f32s(value, norm.mean), norm.inverse)
}
