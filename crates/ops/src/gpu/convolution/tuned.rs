//! The three passes of a convolution by the faster of two ways: Burn's and ours. Which it is, is timed on the device.

use burn::backend::ops::ModuleOps;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, TensorMetadata, backend_extension};
use burn::tensor::Shape;
use burn::tensor::ops::ConvOptions;
use burn_cubecl::cubecl::tune::{LocalTuner, Tunable, TunableSet, local_tuner};
use burn_cubecl::tensor::CubeTensor;
use burn_cubecl::{CubeBackend, CubeTuneId};

use super::plan::{ConvPlan, Pass};
use super::product;

/// The passes, called when their operands have been computed. Each takes what [`plan`] takes.
#[backend_extension(Cube, Fusion)]
pub(super) trait ConvKernels: Backend {
    /// The output `[n, filters, out height, out width]`.
    #[fusion(dtype = maps, shape = out_shape(maps, weight, options))]
    fn convolved(
        maps: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        options: ConvOptions<2>,
    ) -> FloatTensor<Self>;

    /// The gradient of the maps.
    #[fusion(dtype = maps, shape = maps)]
    fn gradient_of_maps(
        maps: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        options: ConvOptions<2>,
    ) -> FloatTensor<Self>;

    /// The gradient of the filters.
    #[fusion(dtype = maps, shape = weight)]
    fn gradient_of_filters(
        maps: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        options: ConvOptions<2>,
    ) -> FloatTensor<Self>;
}

/// The plan of a convolution, if the passes take it.
pub(super) fn plan(maps: &Shape, weight: &Shape, options: &ConvOptions<2>) -> Option<ConvPlan> {
    let plan = ConvPlan::new(maps.dims(), weight.dims(), options)?;
    let few_enough = |pass| product::takes(&plan, pass, maps[0]);
    [Pass::Forward, Pass::Maps, Pass::Filters].into_iter().all(few_enough).then_some(plan)
}

fn out_shape(maps: &Shape, weight: &Shape, options: &ConvOptions<2>) -> Shape {
    let [height, width] =
        plan(maps, weight, options).map_or([0; 2], |plan| [plan.out_height, plan.out_width]);
    Shape::new([maps[0], weight[0], height, width])
}

/// Maps, filters, and the bias or the gradient of the output.
type Operands = (CubeTensor, CubeTensor, CubeTensor, ConvOptions<2>);
type Tuner = LocalTuner<String, CubeTuneId>;

/// Computes a pass by the way that is faster for operands of this size.
fn faster(
    tuner: &'static Tuner,
    burns: fn(Operands) -> CubeTensor,
    ours: fn(Operands) -> Result<CubeTensor, String>,
    operands: Operands,
) -> CubeTensor {
    let client = operands.0.client.clone();
    let id = CubeTuneId::new(&client, &operands.0.device);
    let ways = tuner.init(&id, move || {
        TunableSet::new(key, |_key: &String, operands: &Operands| operands.clone())
            .with(Tunable::new("burn", move |operands: Operands| Ok::<_, String>(burns(operands))))
            .with(Tunable::new("product", ours))
    });
    tuner.execute(&id, &client, ways, operands)
}

/// What has to be alike for another call to be computed in the same way: the sizes.
fn key((maps, weight, _, options): &Operands) -> String {
    let (maps, weight) = (maps.meta.shape(), weight.meta.shape());
    format!("{:?} {:?} {:?} {:?}", &maps[..], &weight[..], options.stride, options.padding)
}

/// Our way of a pass, for operands that have a plan.
fn planned(
    operands: Operands,
    compute: impl FnOnce(CubeTensor, CubeTensor, CubeTensor, ConvPlan) -> CubeTensor,
) -> Result<CubeTensor, String> {
    let (maps, weight, other, options) = operands;
    let plan = plan(&maps.shape(), &weight.shape(), &options).ok_or("a convolution without a plan")?;
    Ok(compute(maps, weight, other, plan))
}

fn forward(operands: Operands) -> Result<CubeTensor, String> {
    planned(operands, product::forward)
}

fn gradient_of_maps(operands: Operands) -> Result<CubeTensor, String> {
    planned(operands, |_maps, weight, gradient, plan| product::maps_gradient(gradient, weight, plan))
}

fn gradient_of_filters(operands: Operands) -> Result<CubeTensor, String> {
    planned(operands, |maps, _weight, gradient, plan| product::filters_gradient(maps, gradient, plan))
}

impl ConvKernels for CubeBackend {
    fn convolved(
        maps: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        options: ConvOptions<2>,
    ) -> FloatTensor<Self> {
        static TUNER: Tuner = local_tuner!("convolution");
        let burns = |(maps, weight, bias, options)| Self::conv2d(maps, weight, Some(bias), options);
        faster(&TUNER, burns, forward, (maps, weight, bias, options))
    }

    fn gradient_of_maps(
        maps: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        options: ConvOptions<2>,
    ) -> FloatTensor<Self> {
        static TUNER: Tuner = local_tuner!("gradient of the maps");
        let burns =
            |(maps, weight, gradient, options)| Self::conv2d_x_backward(maps, weight, gradient, options);
        faster(&TUNER, burns, gradient_of_maps, (maps, weight, gradient, options))
    }

    fn gradient_of_filters(
        maps: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        options: ConvOptions<2>,
    ) -> FloatTensor<Self> {
        static TUNER: Tuner = local_tuner!("gradient of the filters");
        let burns =
            |(maps, weight, gradient, options)| Self::conv2d_weight_backward(maps, weight, gradient, options);
        faster(&TUNER, burns, gradient_of_filters, (maps, weight, gradient, options))
    }
}
