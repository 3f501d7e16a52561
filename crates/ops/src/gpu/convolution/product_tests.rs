//! Our way of each pass against Burn's, on whatever device wgpu finds.

use burn::backend::ops::{FloatTensorOps, ModuleOps};
use burn::tensor::TensorData;
use burn::tensor::ops::ConvOptions;
use burn_cubecl::tensor::CubeTensor;
use burn_cubecl::{CubeBackend, CubeDevice};

use super::plan::ConvPlan;
use super::product;

/// Numbers between -1 and 1 that look random.
fn tensor<const D: usize>(seed: usize, shape: [usize; D]) -> CubeTensor {
    let count: usize = shape.iter().product();
    let values: Vec<f32> = (0..count).map(|i| ((i * 31 + seed * 17) as f32 * 0.7).sin()).collect();
    CubeBackend::float_from_data(TensorData::new(values, shape), &CubeDevice::Wgpu(Default::default()))
}

fn values(tensor: CubeTensor) -> Vec<f32> {
    burn_cubecl::ops::into_data_sync(tensor).iter::<f32>().collect()
}

fn assert_agree(ours: CubeTensor, burns: CubeTensor, what: &str) {
    assert_eq!(ours.meta.shape(), burns.meta.shape(), "{what}");
    let (ours, burns) = (values(ours), values(burns));
    let largest = burns.iter().fold(1.0f32, |most, x| most.max(x.abs()));
    for (i, (x, y)) in ours.iter().zip(&burns).enumerate() {
        assert!((x - y).abs() < 2e-5 * largest, "{what}, value {i}: {x}, and {y} of Burn's");
    }
}

/// One tile and several, one part of a sum and several; strides that meet some pixels only; zeros on one side more than
/// on the other, and none; one channel, one tap.
#[test]
fn wgpu_multiplies_as_burn_convolves() {
    let same = [(2, 2), (2, 2)];
    for (maps, filters, stride, padding) in [
        ([2, 1, 20, 19], [5, 1, 5, 5], [1, 1], same),
        ([3, 5, 9, 8], [70, 5, 3, 3], [1, 1], [(0, 0), (0, 0)]),
        ([2, 20, 7, 6], [18, 20, 3, 2], [2, 3], [(1, 0), (0, 1)]),
        ([4, 33, 5, 5], [3, 33, 1, 1], [1, 1], [(0, 0), (0, 0)]),
    ] {
        let options = ConvOptions::new_with_padding(stride, padding, [1; 2], 1);
        let plan = ConvPlan::new(maps, filters, &options).unwrap();
        let (x, weight, bias) = (tensor(1, maps), tensor(2, filters), tensor(3, [filters[0]]));
        let gradient = tensor(4, [maps[0], filters[0], plan.out_height, plan.out_width]);
        let of = |what: &str| format!("{what} of {maps:?} with {filters:?}");
        let burns = CubeBackend::conv2d(x.clone(), weight.clone(), Some(bias.clone()), options.clone());
        assert_agree(product::forward(x.clone(), weight.clone(), bias, plan), burns, &of("the output"));
        let burns =
            CubeBackend::conv2d_x_backward(x.clone(), weight.clone(), gradient.clone(), options.clone());
        let ours = product::maps_gradient(gradient.clone(), weight.clone(), plan);
        assert_agree(ours, burns, &of("the maps' gradient"));
        let burns = CubeBackend::conv2d_weight_backward(x.clone(), weight, gradient.clone(), options);
        assert_agree(product::filters_gradient(x, gradient, plan), burns, &of("the filters' gradient"));
    }
}
