//! The nodes and constants of a network as an ONNX graph: one for each layer and stage, in their order.
//!
//! Feature maps are `[n, channels, height, width]`, and dense layers read them in this order. Values are named after
//! the tensors of the layer that computes them.

use crate::architecture::Architecture;
use crate::config::{Activation, NORMALIZATION_EPSILON, Normalization, Pool, Stage, UnitConfig};
use crate::export::messages::{Attribute, node, tensor};
use crate::export::protobuf::Message;
use crate::shapes::UnitShape;
use crate::tensors::{NamedTensors, TensorsError};

/// A graph that grows at its end.
pub(super) struct Graph<'a> {
    weights: &'a NamedTensors,
    pub(super) nodes: Vec<Message>,
    pub(super) constants: Vec<Message>,
    /// The name of the value that the next node reads.
    last: String,
    has_gelu: bool,
}

impl<'a> Graph<'a> {
    /// A graph without nodes, which begins with the value `input`.
    pub(super) fn new(weights: &'a NamedTensors, input: &str) -> Self {
        Self { weights, nodes: Vec::new(), constants: Vec::new(), last: input.to_owned(), has_gelu: false }
    }

    /// Turns bytes from 0 to 255 into numbers from 0 to 1.
    pub(super) fn scale_bytes(&mut self) {
        self.constants.push(tensor("scale", &[], &[255.0]));
        // 1 is `f32`.
        self.add("Cast", &[], "bytes.float", &[("to", Attribute::Whole(1))]);
        self.add("Div", &["scale"], "bytes.scaled", &[]);
    }

    /// The layers from the images to the value `logits`.
    ///
    /// # Errors
    /// If a tensor of the architecture is missing.
    pub(super) fn network(&mut self, architecture: &Architecture) -> Result<(), TensorsError> {
        let mut entered: Vec<String> = Vec::new();
        for (i, (config, shape)) in architecture.units().enumerate() {
            entered.push(self.last.clone());
            // An architecture has no shortcut that begins before its first unit.
            let shortcut = (i + 1).checked_sub(config.residual).and_then(|source| entered.get(source));
            self.unit(&format!("units.{i}"), config, shape, shortcut.cloned().as_deref())?;
        }
        self.add("Flatten", &[], "flatten", &[("axis", Attribute::Whole(1))]);
        let config = architecture.config();
        for i in 0..architecture.dense().len() - 1 {
            let name = format!("dense.{i}");
            self.gemm(&name, &format!("{name}.gemm"))?;
            if config.dense_normalization == Normalization::Batch {
                self.normalize(&name)?;
            }
            self.activate(&name, config.dense_activation);
        }
        self.gemm("head", "logits")
    }

    /// The softmax of the logits.
    pub(super) fn softmax(&mut self, output: &str) {
        self.add("Softmax", &[], output, &[("axis", Attribute::Whole(1))]);
    }

    fn unit(
        &mut self,
        name: &str,
        config: &UnitConfig,
        shape: &UnitShape,
        shortcut: Option<&str>,
    ) -> Result<(), TensorsError> {
        self.convolve(name, config, shape)?;
        for stage in config.stages() {
            match stage {
                Stage::Normalization => self.normalize(name)?,
                Stage::Residual => {
                    let shortcut: Vec<&str> = shortcut.into_iter().collect();
                    self.add("Add", &shortcut, &format!("{name}.residual"), &[]);
                }
                Stage::Activation => self.activate(name, config.activation),
                Stage::Pool => self.pool(name, config),
            }
        }
        Ok(())
    }

    fn convolve(&mut self, name: &str, config: &UnitConfig, shape: &UnitShape) -> Result<(), TensorsError> {
        let (top, bottom) = config.zeros_around(shape.input.height);
        let (left, right) = config.zeros_around(shape.input.width);
        let attributes = [
            ("kernel_shape", Attribute::Wholes(vec![config.kernel_size; 2])),
            ("strides", Attribute::Wholes(vec![config.stride; 2])),
            ("pads", Attribute::Wholes(vec![top, left, bottom, right])),
            ("group", Attribute::Whole(config.groups)),
        ];
        let name = format!("{name}.conv");
        let [weight, bias] = ["weight", "bias"].map(|field| format!("{name}.{field}"));
        self.constant(&weight)?;
        self.constant(&bias)?;
        self.add("Conv", &[&weight, &bias], &name, &attributes);
        Ok(())
    }

    /// Batch normalization with the running statistics.
    fn normalize(&mut self, layer: &str) -> Result<(), TensorsError> {
        let name = format!("{layer}.norm");
        let fields = ["gamma", "beta", "running_mean", "running_var"].map(|field| format!("{name}.{field}"));
        for field in &fields {
            self.constant(field)?;
        }
        let inputs = fields.each_ref().map(String::as_str);
        self.add(
            "BatchNormalization",
            &inputs,
            &name,
            &[("epsilon", Attribute::Float(NORMALIZATION_EPSILON as f32))],
        );
        Ok(())
    }

    fn activate(&mut self, layer: &str, activation: Activation) {
        let name = format!("{layer}.activation");
        match activation {
            Activation::Relu => self.add("Relu", &[], &name, &[]),
            Activation::Tanh => self.add("Tanh", &[], &name, &[]),
            Activation::Sigmoid => self.add("Sigmoid", &[], &name, &[]),
            Activation::Gelu => self.gelu(&name),
            Activation::None => {}
        }
    }

    /// `0.5 * x * (1 + erf(x / sqrt(2)))`. ONNX has had an operator for it only since version 20 of its set.
    fn gelu(&mut self, name: &str) {
        if !std::mem::replace(&mut self.has_gelu, true) {
            let constants = [("gelu.root", std::f32::consts::SQRT_2), ("gelu.one", 1.0), ("gelu.half", 0.5)];
            self.constants.extend(constants.map(|(name, value)| tensor(name, &[], &[value])));
        }
        let x = self.last.clone();
        self.add("Div", &["gelu.root"], &format!("{name}.scaled"), &[]);
        self.add("Erf", &[], &format!("{name}.erf"), &[]);
        self.add("Add", &["gelu.one"], &format!("{name}.sum"), &[]);
        self.add("Mul", &[&x], &format!("{name}.product"), &[]);
        self.add("Mul", &["gelu.half"], name, &[]);
    }

    /// Windows that do not overlap. Rows and columns at the end that do not fill a window are left out, as ONNX does
    /// unless it is told otherwise.
    fn pool(&mut self, layer: &str, config: &UnitConfig) {
        let size = || Attribute::Wholes(vec![config.pool_size; 2]);
        let windows = [("kernel_shape", size()), ("strides", size())];
        let name = format!("{layer}.pool");
        match config.pool {
            Pool::Max => self.add("MaxPool", &[], &name, &windows),
            Pool::Average => self.add("AveragePool", &[], &name, &windows),
            Pool::GlobalAverage => self.add("GlobalAveragePool", &[], &name, &[]),
            Pool::None => {}
        }
    }

    /// A dense layer. Its weights are `[inputs, outputs]`, as this operator reads them by default.
    fn gemm(&mut self, layer: &str, output: &str) -> Result<(), TensorsError> {
        let [weight, bias] = ["weight", "bias"].map(|field| format!("{layer}.{field}"));
        self.constant(&weight)?;
        self.constant(&bias)?;
        self.add("Gemm", &[&weight, &bias], output, &[]);
        Ok(())
    }

    /// Adds a node that reads the last value and `more`, and computes the value that the next node reads.
    fn add(&mut self, operator: &str, more: &[&str], output: &str, attributes: &[(&str, Attribute)]) {
        let inputs: Vec<&str> = [self.last.as_str()].into_iter().chain(more.iter().copied()).collect();
        self.nodes.push(node(operator, &inputs, output, attributes));
        self.last = output.to_owned();
    }

    /// Adds one of the network's tensors under its own name.
    fn constant(&mut self, name: &str) -> Result<(), TensorsError> {
        let Some((shape, values)) = self.weights.get(name) else {
            return Err(TensorsError::Missing { name: name.to_owned() });
        };
        self.constants.push(tensor(name, shape, values));
        Ok(())
    }
}
