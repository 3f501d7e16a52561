//! Once a network has seen an image, it asks for no more memory. This is a program of its own, because it counts what a
//! thread allocates.

#![allow(clippy::unwrap_used, reason = "a test may stop at the first thing that goes wrong")]

use allocation_counter::{AllocationInfo, measure};
use network::config::{ModelConfig, Normalization, Pool, Stage, UnitConfig};
use network::forward::Predictor;
use network::{Architecture, builtin};
use rand::SeedableRng;
use rand::rngs::ChaCha8Rng;

/// What this thread allocates for images, when the network has seen as many before, and other numbers of them since.
fn after_the_first(predictor: &Predictor, n: usize) -> AllocationInfo {
    let input = predictor.architecture().input();
    let image = input.channels * input.height * input.width;
    let classes = predictor.architecture().classes();
    let pixels = vec![100; 2 * n * image];
    let mut logits = vec![0.0; 2 * n * classes];
    let mut compute = |n: usize| predictor.logits_into(&pixels[..n * image], n, &mut logits[..n * classes]);
    // The queues of rayon's threads ask for a block of memory now and then, which is not the network's.
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    pool.install(|| {
        [n, 2 * n, 1].into_iter().for_each(&mut compute);
        measure(|| compute(n))
    })
}

#[test]
fn the_built_in_network_allocates_nothing_after_the_first_image() {
    let model = builtin::digits().unwrap();
    let predictor = Predictor::new(model.architecture, &model.weights).unwrap();
    for n in [1, 3, 32] {
        assert_eq!(after_the_first(&predictor, n).count_total, 0, "{n} images");
    }
    // What is counted is this thread's memory.
    assert!(measure(|| drop(predictor.logits(&[0; 784], 1))).count_total > 0);
}

#[test]
fn shortcuts_large_windows_passes_and_hidden_layers_allocate_nothing_either() {
    let unit = UnitConfig { filters: 4, kernel_size: 3, ..UnitConfig::default() };
    let order = [Stage::Pool, Stage::Activation, Stage::Residual, Stage::Normalization];
    let batch = Normalization::Batch;
    let config = ModelConfig {
        units: vec![
            UnitConfig { pool: Pool::Max, pool_size: 17, filters: 3, ..unit.clone() },
            UnitConfig { pool: Pool::None, normalization: batch, order, ..unit.clone() },
            UnitConfig { pool: Pool::None, residual: 1, ..unit.clone() },
            UnitConfig { pool: Pool::None, residual: 2, ..unit.clone() },
            UnitConfig { pool: Pool::Average, ..unit },
        ],
        dense: vec![7, 5],
        dense_normalization: batch,
        ..ModelConfig::default()
    };
    let architecture = Architecture::new(&config, [3, 70, 90], 3).unwrap();
    let weights = architecture.initial_tensors(&mut ChaCha8Rng::seed_from_u64(5));
    let predictor = Predictor::new(architecture, &weights).unwrap();
    for n in [1, 4] {
        assert_eq!(after_the_first(&predictor, n).count_total, 0, "{n} images");
    }
}
