//! A step's batch in equal parts, the shards, whose gradients are added in a fixed order.
//!
//! The order is that of a binary tree over the shards, whatever computes them: each process adds up a subtree, and all of
//! them finish the tree with the sums of the others. So the bits depend on the number of shards and not on that of
//! processes.

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Gradients, Tensor};
use model::Cnn;
use ops::Teams;

use crate::exchange::Exchange;
use crate::train::window;

/// What a batch, or a part of it, gives in a step.
pub(super) struct Part {
    pub(super) gradients: Gradients,
    /// The mean loss of the images with labels: `[1]`.
    pub(super) loss: Tensor<1>,
    /// Their logits: `[n, classes]`.
    pub(super) logits: Tensor<2>,
    pub(super) labels: Vec<u8>,
}

/// What all shards of a batch give together.
pub(super) struct Whole {
    /// The mean of the shards' gradients.
    pub(super) gradients: Gradients,
    pub(super) loss: f64,
    /// How many images with labels there are, and how many of them are classified correctly.
    pub(super) images: usize,
    pub(super) hits: usize,
    /// Whether a process wants the run to stop, and a checkpoint, after this step.
    pub(super) wants: [bool; 2],
}

/// Computes a batch in so many parts. `compute` gets the network, a part of the batch and where it begins. The processes
/// have to be no more than the shards, and the teams no more than the shards of a process.
///
/// Each shard's batch statistics move the running ones from where they were before the step; the mean of what comes out
/// is what the step leaves.
pub(super) fn compute(
    model: &Cnn,
    batch: &[u32],
    shards: usize,
    exchange: &dyn Exchange,
    teams: &Teams,
    wants: [bool; 2],
    compute: impl Fn(&Cnn, &[u32], usize) -> Part + Sync,
) -> Whole {
    let (len, before) = (batch.len() / shards, model.running_statistics());
    let of_process = shards / exchange.size();
    let of_team = of_process / teams.number();
    let first_of_process = exchange.rank() * of_process;
    let apart: Vec<Cnn> = (1..teams.number()).map(|_| apart(model)).collect();
    let blocks = teams.each(|team| {
        let model = if team == 0 { model } else { &apart[team - 1] };
        let first = first_of_process + team * of_team;
        let (mut subtree, mut last) = (Tree::default(), None);
        for shard in first..first + of_team {
            model.set_running_statistics(&before);
            let start = shard * len;
            let part = compute(model, &batch[start..start + len], start);
            subtree.add(numbers(model, &part));
            last = Some(part.gradients);
        }
        (subtree.sum(), last)
    });
    let (sums, mut gradients): (Vec<_>, Vec<_>) = blocks.into_iter().unzip();
    let mut own = sum(sums);
    own.extend(wants.map(|wants| f32::from(u8::from(wants))));
    let all = exchange.all_gather(&own);
    let sums = sum(all.chunks_exact(own.len()).map(<[f32]>::to_vec));
    let Some(gradients) = gradients.swap_remove(0) else { unreachable!("each team has a shard") };
    into_whole(model, gradients, &sums, before.len(), shards)
}

/// A copy of the network that shares neither running statistics nor a graph with it. Burn keeps all that comes from a
/// parameter in one graph, in which only one thread at a time may work, and a clone has the same parameters.
fn apart(model: &Cnn) -> Cnn {
    model.valid().train()
}

/// All that is added over shards: the gradients, the running statistics, loss, images and hits.
fn numbers(model: &Cnn, part: &Part) -> Vec<f32> {
    let mut flat = Flat { gradients: &part.gradients, values: Vec::new() };
    model.visit(&mut flat);
    let mut values = flat.values;
    values.extend(model.running_statistics());
    let (loss, hits) = window::loss_and_hits(part.loss.clone(), part.logits.clone(), &part.labels);
    // A loss is a number of four bytes, and a batch is small enough for its images to be counted in one.
    values.extend([loss as f32, part.labels.len() as f32, hits as f32]);
    values
}

/// The sums as what a step needs. The mean is exact, because the number of shards is a power of two.
fn into_whole(model: &Cnn, gradients: Gradients, sums: &[f32], statistics: usize, shards: usize) -> Whole {
    let scale = 1.0 / shards as f32;
    let mean = |sums: &[f32]| sums.iter().map(|sum| sum * scale).collect::<Vec<f32>>();
    let [sums @ .., loss, images, hits, stop, checkpoint] = sums else {
        unreachable!("`numbers` has these five")
    };
    let (of_gradients, of_statistics) = sums.split_at(sums.len() - statistics);
    model.set_running_statistics(&mean(of_statistics));
    let mut replace = Replace { gradients, values: &mean(of_gradients) };
    model.visit(&mut replace);
    Whole {
        gradients: replace.gradients,
        loss: f64::from(loss * scale),
        images: *images as usize,
        hits: *hits as usize,
        wants: [*stop > 0.0, *checkpoint > 0.0],
    }
}

/// Copies the gradients of a network's parameters one behind another.
struct Flat<'a> {
    gradients: &'a Gradients,
    values: Vec<f32>,
}

impl ModuleVisitor for Flat<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let parameter = param.val();
        let gradient = parameter.is_require_grad().then(|| parameter.grad(self.gradients)).flatten();
        let Some(gradient) = gradient else { return };
        if ops::on_host(&gradient, |values| self.values.extend_from_slice(values)).is_none() {
            self.values.extend(gradient.into_data().iter::<f32>());
        }
    }
}

/// Puts other gradients in the place of a network's.
struct Replace<'a> {
    gradients: Gradients,
    values: &'a [f32],
}

impl ModuleVisitor for Replace<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let parameter = param.val();
        if !parameter.is_require_grad() || parameter.grad(&self.gradients).is_none() {
            return;
        }
        let shape = parameter.dims();
        let (now, later) = self.values.split_at(shape.iter().product());
        self.values = later;
        let gradient = ops::from_values(now.to_vec(), shape, &parameter.clone().inner().device());
        parameter.grad_replace(&mut self.gradients, gradient);
    }
}

/// Adds up rows of numbers in pairs, then the pairs' sums in pairs, and so on.
#[derive(Default)]
struct Tree {
    /// Sums that wait for the other one of their pair, each with the number of its rows: from many to few.
    open: Vec<(usize, Vec<f32>)>,
}

impl Tree {
    fn add(&mut self, row: Vec<f32>) {
        let mut sum = (1, row);
        while let Some((rows, left)) = self.open.pop_if(|(rows, _)| *rows == sum.0) {
            let added = left.iter().zip(&sum.1).map(|(left, right)| left + right).collect();
            sum = (2 * rows, added);
        }
        self.open.push(sum);
    }

    /// The sum of a power of two of rows.
    fn sum(mut self) -> Vec<f32> {
        self.open.pop().map(|(_rows, sum)| sum).unwrap_or_default()
    }
}

/// The sum of a power of two of rows.
fn sum(rows: impl IntoIterator<Item = Vec<f32>>) -> Vec<f32> {
    let mut tree = Tree::default();
    rows.into_iter().for_each(|row| tree.add(row));
    tree.sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subtrees_of_processes_end_in_the_sum_of_all_rows() {
        // Numbers whose sum depends on the order in which they are added.
        let rows: Vec<Vec<f32>> = (0..16).map(|i| vec![1e8 / f32::from(i + 1_u8), 0.1, 3.7]).collect();
        let sum = |rows: &[Vec<f32>]| sum(rows.iter().cloned());
        let whole = sum(&rows);
        for rows_of_process in [1, 2, 4, 8] {
            let subtrees: Vec<Vec<f32>> = rows.chunks(rows_of_process).map(sum).collect();
            assert_eq!(sum(&subtrees), whole, "{rows_of_process}");
        }
        let in_turn = rows.iter().fold(0.0, |sum, row| sum + row[1]);
        assert_ne!(in_turn, whole[1], "the order matters for these numbers");
    }
}
