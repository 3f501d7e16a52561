//! The three passes of a convolution against its definition, on whatever device wgpu finds.

use burn::backend::ops::FloatTensorOps;
use burn::tensor::TensorData;
use burn::tensor::ops::ConvOptions;
use burn_cubecl::tensor::CubeTensor;
use burn_cubecl::{CubeBackend, CubeDevice};

use super::plan::{ConvPlan, Pass};
use super::product;

/// Numbers between -1 and 1 that look random.
fn numbers<const D: usize>(seed: usize, shape: [usize; D]) -> Vec<f32> {
    let count: usize = shape.iter().product();
    (0..count).map(|i| ((i * 31 + seed * 17) as f32 * 0.7).sin()).collect()
}

fn tensor<const D: usize>(values: &[f32], shape: [usize; D]) -> CubeTensor {
    let data = TensorData::new(values.to_vec(), shape);
    CubeBackend::float_from_data(data, &CubeDevice::Wgpu(Default::default()))
}

fn assert_agree(ours: CubeTensor, expected: &[f64], what: &str) {
    let ours: Vec<f32> = burn_cubecl::ops::into_data_sync(ours).iter::<f32>().collect();
    assert_eq!(ours.len(), expected.len(), "{what}");
    for (i, (x, y)) in ours.iter().zip(expected).enumerate() {
        assert!((f64::from(*x) - y).abs() < 1e-4_f64.max(1e-5 * y.abs()), "{what}, value {i}: {x}, not {y}");
    }
}

/// Output, gradient of the maps and gradient of the filters by the definition: every product of a pixel and a weight.
fn defined(plan: &ConvPlan, n: usize, x: &[f32], weight: &[f32], bias: &[f32], g: &[f32]) -> [Vec<f64>; 3] {
    let ConvPlan { height, width, channels, out_height, out_width, filters, kernel, stride, before } = *plan;
    let mut out: Vec<f64> =
        (0..g.len()).map(|i| f64::from(bias[i / (out_height * out_width) % filters])).collect();
    let (mut of_maps, mut of_filters) = (vec![0.0; x.len()], vec![0.0; weight.len()]);
    for i in 0..g.len() {
        let (column, row) = (i % out_width, i / out_width % out_height);
        let (filter, image) =
            (i / (out_width * out_height) % filters, i / (out_width * out_height * filters));
        assert!(image < n);
        for term in 0..channels * kernel[0] * kernel[1] {
            let (right, down) = (term % kernel[1], term / kernel[1] % kernel[0]);
            let channel = term / (kernel[0] * kernel[1]);
            let (y, x_) = (row * stride[0] + down, column * stride[1] + right);
            if y < before[0] || x_ < before[1] || y - before[0] >= height || x_ - before[1] >= width {
                continue;
            }
            let pixel = ((image * channels + channel) * height + y - before[0]) * width + x_ - before[1];
            let place = filter * channels * kernel[0] * kernel[1] + term;
            let (value, factor, gradient) = (f64::from(x[pixel]), f64::from(weight[place]), f64::from(g[i]));
            out[i] += value * factor;
            of_maps[pixel] += gradient * factor;
            of_filters[place] += gradient * value;
        }
    }
    [out, of_maps, of_filters]
}

/// One tile and several, one part of a sum and more than a thread adds up; strides that meet some pixels only; zeros on one
/// side more than on the other, and none; one channel, one tap; more weights than one row of cubes can add up.
#[test]
fn wgpu_multiplies_as_a_convolution_is_defined() {
    let same = [(2, 2), (2, 2)];
    for (maps, filters, stride, padding) in [
        ([2, 1, 20, 19], [5, 1, 5, 5], [1, 1], same),
        ([3, 5, 9, 8], [70, 5, 3, 3], [1, 1], [(0, 0), (0, 0)]),
        ([2, 20, 7, 6], [18, 20, 3, 2], [2, 3], [(1, 0), (0, 1)]),
        ([4, 33, 5, 5], [3, 33, 1, 1], [1, 1], [(0, 0), (0, 0)]),
        ([1, 1100, 1, 1], [2000, 1100, 1, 1], [1, 1], [(0, 0), (0, 0)]),
    ] {
        let options = ConvOptions::new_with_padding(stride, padding, [1; 2], 1);
        let plan = ConvPlan::new(maps, filters, &options).unwrap();
        let of_output = [maps[0], filters[0], plan.out_height, plan.out_width];
        let (x, weight, bias, g) =
            (numbers(1, maps), numbers(2, filters), numbers(3, [filters[0]]), numbers(4, of_output));
        let [out, of_maps, of_filters] = defined(&plan, maps[0], &x, &weight, &bias, &g);
        let (x, weight, g) = (tensor(&x, maps), tensor(&weight, filters), tensor(&g, of_output));
        let bias = tensor(&bias, [filters[0]]);
        let of = |what: &str| format!("{what} of {maps:?} with {filters:?}");
        assert_agree(product::forward(x.clone(), weight.clone(), bias, plan), &out, &of("the output"));
        assert_agree(product::maps_gradient(g.clone(), weight, plan), &of_maps, &of("the maps' gradient"));
        assert_agree(product::filters_gradient(x, g, plan), &of_filters, &of("the filters' gradient"));
    }
}

/// Where a row of cubes is too short for the tiles, the product leaves the convolution to Burn's.
#[test]
fn wgpu_leaves_too_many_tiles_to_burn() {
    let options = ConvOptions::new([1; 2], [0; 2], [1; 2], 1);
    let plan = ConvPlan::new([1, 8, 1, 1], [8, 8, 1, 1], &options).unwrap();
    // A tile for 8 columns has 256 rows.
    let most = 256 * 65_535;
    for pass in [Pass::Forward, Pass::Maps] {
        assert!(product::takes(&plan, pass, most) && !product::takes(&plan, pass, most + 1), "{pass:?}");
    }
    assert!(product::takes(&plan, Pass::Filters, most + 1));
    for pass in [Pass::Forward, Pass::Maps, Pass::Filters] {
        assert!(!product::takes(&plan, pass, 0), "{pass:?} of no images");
    }
}
