//! The kernels with no images, no inputs or no outputs: sums of no terms are zeros, and nothing else happens.

use kernels::{DenseShape, Gradients, Keep, Level};

use crate::cases::Case;
use crate::owned;

/// The output of a dense layer of `n` rows for each level, with and without keeping the weights. All inputs
/// are 1, all weights 2, and the bias counts up from 0.
fn outputs(n: usize, shape: DenseShape) -> Vec<Vec<f32>> {
    let DenseShape { inputs, outputs } = shape;
    let (x, weight) = (vec![1.0; n * inputs], vec![2.0; inputs * outputs]);
    let bias: Vec<f32> = (0..outputs).map(|i| i as f32).collect();
    let run = |(level, keep)| {
        let mut out = vec![f32::NAN; n * outputs];
        kernels::dense(level, shape, &x, &weight, &bias, keep, &mut out);
        out
    };
    Level::available()
        .into_iter()
        .flat_map(|level| [(level, Keep::No), (level, Keep::ByValue)])
        .map(run)
        .collect()
}

/// The gradients of input, weight and bias for each level, if every gradient of the output is 1.
fn gradients(n: usize, shape: DenseShape) -> Vec<[Vec<f32>; 3]> {
    let DenseShape { inputs, outputs } = shape;
    let (x, weight, upstream) = (vec![1.0; n * inputs], vec![2.0; inputs * outputs], vec![1.0; n * outputs]);
    let run = |level| {
        let [mut input, mut weights, mut bias] =
            [x.len(), weight.len(), outputs].map(|len| vec![f32::NAN; len]);
        let gradients = Gradients { input: Some(&mut input), weight: &mut weights, bias: &mut bias };
        kernels::dense_backward(level, shape, &x, &weight, &upstream, gradients);
        [input, weights, bias]
    };
    Level::available().into_iter().map(run).collect()
}

#[test]
fn a_dense_layer_of_no_rows() {
    let shape = DenseShape { inputs: 3, outputs: 2 };
    assert!(outputs(0, shape).iter().all(Vec::is_empty));
    for found in gradients(0, shape) {
        assert_eq!(found, [vec![], vec![0.0; 6], vec![0.0; 2]]);
    }
}

#[test]
fn a_dense_layer_of_no_inputs_gives_its_bias() {
    let shape = DenseShape { inputs: 0, outputs: 2 };
    for found in outputs(3, shape) {
        assert_eq!(found, [0.0, 1.0, 0.0, 1.0, 0.0, 1.0]);
    }
    for found in gradients(3, shape) {
        assert_eq!(found, [vec![], vec![], vec![3.0; 2]]);
    }
}

#[test]
fn a_dense_layer_of_no_outputs() {
    let shape = DenseShape { inputs: 2, outputs: 0 };
    assert!(outputs(3, shape).iter().all(Vec::is_empty));
    for found in gradients(3, shape) {
        assert_eq!(found, [vec![0.0; 6], vec![], vec![]]);
    }
}

#[test]
fn a_dense_layer_of_nothing() {
    let shape = DenseShape { inputs: 0, outputs: 0 };
    assert!(outputs(0, shape).iter().all(Vec::is_empty));
    assert!(gradients(0, shape).iter().flatten().all(Vec::is_empty));
}

#[test]
fn convolutions_of_no_images() {
    // The second case is filtered by Winograd's method if there are images.
    for case in [Case::same(0, 1, 6, 3, 3), Case::same(0, 32, 14, 64, 5)] {
        let numbers = case.numbers(true);
        let (shape, conv) = (&case.shape, &case.shape.conv);
        for level in Level::available() {
            for keep in [false, true] {
                assert!(owned::conv2d(level, conv, &[], &numbers.weight, &numbers.bias, keep).is_empty());
                let pooled =
                    owned::conv2d_max_pool2d(level, shape, &[], &numbers.weight, &numbers.bias, keep);
                assert!(pooled.values.is_empty() && pooled.argmax.is_empty());
            }
            let no_maps = owned::PooledMaps { values: vec![], argmax: vec![], slopes: vec![] };
            for found in [
                owned::conv2d_backward(level, conv, &[], &numbers.weight, &[]),
                owned::conv2d_max_pool2d_backward(level, shape, &[], &numbers.weight, &no_maps, &[]),
            ] {
                assert!(found.input.is_empty());
                assert!(found.weight.iter().chain(&found.bias).all(|gradient| *gradient == 0.0));
            }
        }
    }
}
