//! The feature maps after each unit: forward goes through them, and they shift with the image.

use burn::tensor::Tensor;
use model::Cnn;
use model::equivariance::{Equivariance, compare, measure, shift, step};
use network::config::{Activation, Normalization, Padding, Pool, UnitConfig};
use network::{Architecture, ModelConfig, NamedTensors};
use rand::RngExt;

use crate::{architecture, cnn, cpu, images, rng};

fn unit(filters: usize) -> UnitConfig {
    UnitConfig { filters, kernel_size: 3, ..UnitConfig::default() }
}

/// Noise without an empty border, `[1, 1, size, size]`.
fn noise(size: usize) -> Tensor<4> {
    let mut rng = rng(7);
    let pixels: Vec<u8> = (0..size * size).map(|_| rng.random()).collect();
    model::input::to_input(&pixels, 1, size, size, &cpu())
}

/// The same weights under the names they have once the first unit is cut off.
fn without_the_first_unit(weights: &NamedTensors) -> NamedTensors {
    let mut rest = NamedTensors::default();
    for (name, shape, values) in weights.iter().filter(|(name, _, _)| !name.starts_with("units.0.")) {
        rest.insert(name.replace("units.1.", "units.0."), shape.to_vec(), values.to_vec());
    }
    rest
}

#[test]
fn forward_goes_through_the_feature_maps() {
    let strided = UnitConfig { stride: 2, normalization: Normalization::Batch, ..unit(4) };
    let averaged = UnitConfig { pool: Pool::Average, activation: Activation::Gelu, ..unit(4) };
    for first in [unit(4), strided, averaged] {
        let config = ModelConfig { units: vec![first, unit(6)], ..ModelConfig::default() };
        let whole = Architecture::new(&config, [1, 13, 13], 10).unwrap();
        let weights = whole.initial_tensors(&mut rng(3));
        let network = Cnn::new(&whole, &weights, &cpu()).unwrap();
        let images = images(3, 13, &cpu());
        let maps = network.feature_maps(images.clone());
        for (maps, (_, shape)) in maps.iter().zip(whole.units()) {
            let output = shape.output;
            assert_eq!(maps.dims(), [3, output.channels, output.height, output.width]);
        }

        // A network that begins with the second unit, fed with the feature maps after the first.
        let [n, channels, height, width] = maps[0].dims();
        let config = ModelConfig { units: vec![unit(6)], ..ModelConfig::default() };
        let rest = Architecture::new(&config, [channels, height, width], 10).unwrap();
        let rest = Cnn::new(&rest, &without_the_first_unit(&weights), &cpu()).unwrap();
        assert_eq!(rest.forward(maps[0].clone()).into_data(), network.forward(images).into_data());
        let second = rest.feature_maps(maps[0].clone()).remove(0);
        assert_eq!(second.into_data(), maps[1].to_data());
        assert_eq!((n, maps.len()), (3, 2));
    }
}

#[test]
fn a_dense_network_has_no_feature_maps() {
    let dense = architecture(Vec::new(), vec![5], 0.0, 8);
    let network = cnn(&dense, &cpu());
    assert_eq!(network.feature_maps(noise(8)).len(), 0);
    assert_eq!((step(&dense), measure(&network, &dense, &noise(8), 2)), (None, None));
}

fn measured(unit: &UnitConfig, size: usize, pixels: usize) -> Option<Equivariance> {
    let architecture = architecture(vec![unit.clone()], Vec::new(), 0.0, size);
    measure(&cnn(&architecture, &cpu()), &architecture, &noise(size), pixels)
}

#[test]
fn shifting_the_image_shifts_the_feature_maps() {
    let lectures = UnitConfig::default();
    let stride = UnitConfig { stride: 2, pool: Pool::None, ..unit(5) };
    let both = UnitConfig { stride: 2, pool: Pool::Average, normalization: Normalization::Batch, ..unit(5) };
    let valid = UnitConfig { padding: Padding::Valid, activation: Activation::Gelu, ..UnitConfig::default() };
    let odd = UnitConfig { pool_size: 3, activation: Activation::Tanh, ..unit(4) };
    let even = UnitConfig { kernel_size: 4, pool: Pool::None, activation: Activation::None, ..unit(3) };
    // For images of 28x28: their shift, that of the feature maps, and how many rows are compared.
    for (unit, pixels, positions, rows) in [
        (&lectures, 2, 1, 12),
        (&lectures, 8, 4, 9),
        (&stride, 2, 1, 12),
        (&both, 4, 1, 5),
        (&valid, 2, 1, 11),
        (&odd, 3, 1, 8),
        (&even, 2, 2, 24),
    ] {
        let found = measured(unit, 28, pixels).unwrap();
        let place = format!("{unit:?}: {found:?}");
        assert_eq!((found.positions, found.compared), (positions, [rows; 2]), "{place}");
        assert!(found.difference <= 1e-6 && found.greatest > 0.1, "{place}");
    }
}

/// Every position that is said to be undisturbed is, and one more row or column would not be.
#[test]
fn the_border_that_the_shift_disturbs_begins_where_it_is_said_to() {
    for (unit, positions) in
        [(UnitConfig::default(), 1), (UnitConfig { stride: 3, pool: Pool::None, ..unit(4) }, 1)]
    {
        let architecture = architecture(vec![unit.clone()], Vec::new(), 0.0, 28);
        let network = cnn(&architecture, &cpu());
        let pixels = positions * step(&architecture).unwrap();
        let [rows, columns] = measure(&network, &architecture, &noise(28), pixels).unwrap().compared;
        let maps = |images| network.feature_maps(images).remove(0);
        let [before, after] = [maps(noise(28)), maps(shift(noise(28), pixels))];
        assert!(compare(&before, &after, positions, [rows, columns])[0] <= 1e-6);
        assert!(compare(&before, &after, positions, [rows + 1, columns])[0] > 1e-2, "{unit:?}");
        assert!(compare(&before, &after, positions, [rows, columns + 1])[0] > 1e-2, "{unit:?}");
    }
}

#[test]
fn a_shift_between_two_positions_is_not_equivariant() {
    let found = measured(&UnitConfig::default(), 28, 1).unwrap();
    assert!(found.difference > 0.01 * found.greatest, "{found:?}");
    // A shift by a multiple of the step is not either, if the feature maps are moved differently.
    let architecture = architecture(vec![UnitConfig::default()], Vec::new(), 0.0, 28);
    let network = cnn(&architecture, &cpu());
    let maps = |images| network.feature_maps(images).remove(0);
    let [difference, greatest] = compare(&maps(noise(28)), &maps(shift(noise(28), 4)), 1, [10, 10]);
    assert!(difference > 0.01 * greatest, "{difference} of {greatest}");
}

#[test]
fn a_dense_layer_is_not_equivariant() {
    let config = ModelConfig { units: Vec::new(), ..ModelConfig::default() };
    // From an image of 8x8 to a feature map of 8x8, whose every number depends on the whole image.
    let dense = Architecture::new(&config, [1, 8, 8], 64).unwrap();
    let network = cnn(&dense, &cpu());
    let map = |images| network.forward(images).reshape([1, 1, 8, 8]);
    let [difference, greatest] = compare(&map(noise(8)), &map(shift(noise(8), 2)), 2, [6, 6]);
    assert!(difference > 0.1 * greatest, "{difference} of {greatest}");
}

#[test]
fn a_shift_that_leaves_nothing_to_compare_is_no_measurement() {
    for pixels in [26, 28, 100] {
        assert_eq!(measured(&UnitConfig::default(), 28, pixels), None);
    }
    let whole = UnitConfig { pool_size: 28, ..unit(3) };
    assert_eq!(measured(&whole, 28, 28), None);
}

#[test]
fn a_shift_moves_pixels_down_and_to_the_right() {
    let image = Tensor::<4>::from_floats([[[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]]]], &cpu());
    let expected = Tensor::<4>::from_floats([[[[0.0, 0.0, 0.0], [0.0, 1.0, 2.0], [0.0, 4.0, 5.0]]]], &cpu());
    assert_eq!(shift(image, 1).into_data(), expected.into_data());
}
