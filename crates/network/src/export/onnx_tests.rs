//! What is written is read back by a small reader of its own: the graph's operators, attributes, names and constants.

use super::*;
use crate::config::{Activation, ModelConfig, Normalization, Padding, Pool, Stage, UnitConfig};
use crate::export::protobuf::Message;
use crate::tensors::NamedTensors;

/// A message as it is read: its fields in order, each with its number.
struct Read(Vec<(u64, Value)>);

#[derive(Clone, Debug, PartialEq)]
enum Value {
    Whole(i64),
    Float(f32),
    Bytes(Vec<u8>),
}

fn varint(bytes: &mut &[u8]) -> u64 {
    let mut value = 0;
    for shift in (0..70).step_by(7) {
        let (&byte, rest) = bytes.split_first().unwrap();
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return value;
        }
    }
    panic!("a number without an end");
}

impl Read {
    fn new(mut bytes: &[u8]) -> Self {
        let mut fields = Vec::new();
        while !bytes.is_empty() {
            let key = varint(&mut bytes);
            let value = match key & 7 {
                0 => Value::Whole(varint(&mut bytes).cast_signed()),
                2 => {
                    let length = varint(&mut bytes) as usize;
                    let (value, rest) = bytes.split_at(length);
                    bytes = rest;
                    Value::Bytes(value.to_vec())
                }
                5 => {
                    let (value, rest) = bytes.split_first_chunk().unwrap();
                    bytes = rest;
                    Value::Float(f32::from_le_bytes(*value))
                }
                other => panic!("wire type {other}"),
            };
            fields.push((key >> 3, value));
        }
        Self(fields)
    }

    fn all(&self, field: u64) -> impl Iterator<Item = &Value> {
        self.0.iter().filter(move |(number, _)| *number == field).map(|(_, value)| value)
    }

    fn messages(&self, field: u64) -> Vec<Self> {
        self.bytes(field).iter().map(|bytes| Self::new(bytes)).collect()
    }

    fn message(&self, field: u64) -> Self {
        let [message] = self.messages(field).try_into().ok().unwrap();
        message
    }

    fn bytes(&self, field: u64) -> Vec<Vec<u8>> {
        let bytes = |value: &Value| match value {
            Value::Bytes(bytes) => bytes.clone(),
            other => panic!("{other:?}"),
        };
        self.all(field).map(bytes).collect()
    }

    fn texts(&self, field: u64) -> Vec<String> {
        self.bytes(field).into_iter().map(|bytes| String::from_utf8(bytes).unwrap()).collect()
    }

    fn text(&self, field: u64) -> String {
        self.texts(field).concat()
    }

    fn wholes(&self, field: u64) -> Vec<i64> {
        let whole = |value: &Value| match value {
            Value::Whole(whole) => *whole,
            other => panic!("{other:?}"),
        };
        self.all(field).map(whole).collect()
    }

    /// The whole numbers of a node's attribute, one or several.
    fn attribute(&self, name: &str) -> Vec<i64> {
        let attributes = self.messages(5);
        let attribute = attributes.iter().find(|attribute| attribute.text(1) == name).unwrap();
        attribute.wholes(3).into_iter().chain(attribute.wholes(8)).collect()
    }
}

fn weights(architecture: &Architecture) -> NamedTensors {
    let mut tensors = NamedTensors::default();
    for (i, spec) in architecture.tensor_specs().into_iter().enumerate() {
        let count: usize = spec.shape.iter().product();
        let values = (0..count).map(|j| (i * 100 + j % 100) as f32).collect();
        tensors.insert(spec.name, spec.shape, values);
    }
    tensors
}

fn written(config: &ModelConfig, input: Input) -> (Architecture, Read) {
    let architecture = Architecture::new(config, [1, 28, 27], 3).unwrap();
    let classes = ["one", "a \"b\"", "c\\\n"].map(str::to_owned);
    let about = About { classes: &classes, preparation: "ink", weights_sha256: "0123", version: "9.9.9" };
    let bytes = onnx(&architecture, &weights(&architecture), input, &about).unwrap();
    assert_eq!(bytes, onnx(&architecture, &weights(&architecture), input, &about).unwrap());
    (architecture, Read::new(&bytes))
}

fn operators(graph: &Read) -> Vec<String> {
    graph.messages(1).iter().map(|node| node.text(4)).collect()
}

/// Each stage, in an order that is not the usual one, and normalized dense layers.
fn everything() -> ModelConfig {
    let first = UnitConfig { filters: 8, stride: 2, pool: Pool::None, ..UnitConfig::default() };
    let second = UnitConfig {
        filters: 8,
        kernel_size: 4,
        groups: 4,
        normalization: Normalization::Batch,
        residual: 1,
        activation: Activation::Gelu,
        pool: Pool::Average,
        order: [Stage::Residual, Stage::Activation, Stage::Pool, Stage::Normalization],
        ..UnitConfig::default()
    };
    ModelConfig {
        units: vec![first, second],
        dense: vec![5],
        dense_normalization: Normalization::Batch,
        dense_activation: Activation::Tanh,
        ..ModelConfig::default()
    }
}

#[test]
fn the_stages_are_operators_in_the_order_of_the_configuration() {
    let (_, model) = written(&everything(), Input::Scaled);
    let gelu = ["Div", "Erf", "Add", "Mul", "Mul"];
    let expected = [
        &["Conv", "Relu", "Conv", "Add"][..],
        &gelu[..],
        &["AveragePool", "BatchNormalization", "Flatten", "Gemm", "BatchNormalization", "Tanh"],
        &["Gemm", "Softmax"],
    ];
    assert_eq!(operators(&model.message(7)), expected.concat());
    let (_, model) = written(&ModelConfig::default(), Input::Scaled);
    let unit = ["Conv", "Relu", "MaxPool"];
    let expected = [&unit[..], &unit[..], &["Flatten", "Gemm", "Softmax"][..]].concat();
    assert_eq!(operators(&model.message(7)), expected);
    let (_, model) = written(&ModelConfig { units: Vec::new(), ..ModelConfig::default() }, Input::Bytes);
    assert_eq!(operators(&model.message(7)), ["Cast", "Div", "Flatten", "Gemm", "Softmax"]);
}

#[test]
fn a_convolution_names_its_uneven_padding_and_a_pool_its_windows() {
    let (_, model) = written(&everything(), Input::Scaled);
    let nodes = model.message(7).messages(1);
    // 28x27 with 5x5 and stride 2: an even height is filled up at the end, an odd width on both sides.
    assert_eq!(nodes[0].attribute("pads"), [1, 2, 2, 2]);
    assert_eq!(nodes[0].attribute("strides"), [2, 2]);
    // 14x14 with 4x4 and stride 1.
    assert_eq!(nodes[2].attribute("pads"), [1, 1, 2, 2]);
    assert_eq!(nodes[2].attribute("kernel_shape"), [4, 4]);
    assert_eq!(nodes[2].attribute("group"), [4]);
    let pool = nodes.iter().find(|node| node.text(4) == "AveragePool").unwrap();
    assert_eq!([pool.attribute("kernel_shape"), pool.attribute("strides")], [[2, 2], [2, 2]]);
    // The shortcut brings what entered the unit, which is the output of the first.
    assert_eq!(nodes[3].texts(1), ["units.1.conv", "units.0.activation"]);
    let valid = UnitConfig { padding: Padding::Valid, ..UnitConfig::default() };
    let (_, model) = written(&ModelConfig { units: vec![valid], ..ModelConfig::default() }, Input::Scaled);
    assert_eq!(model.message(7).messages(1)[0].attribute("pads"), [0; 4]);
    let norm = nodes.iter().find(|node| node.text(4) == "BatchNormalization").unwrap();
    let expected = ["beta", "running_mean", "running_var"].map(|field| format!("units.1.norm.{field}"));
    assert_eq!(norm.texts(1)[2..], expected);
    assert_eq!(norm.messages(5)[0].all(2).next(), Some(&Value::Float(1e-5)));
}

#[test]
fn every_value_is_known_before_it_is_read_and_every_constant_is_a_tensor_of_the_network() {
    for (config, input) in [(everything(), Input::Bytes), (ModelConfig::default(), Input::Scaled)] {
        let (architecture, model) = written(&config, input);
        let graph = model.message(7);
        let mut known: Vec<String> = graph.messages(5).iter().map(|constant| constant.text(8)).collect();
        known.push("images".to_owned());
        for node in graph.messages(1) {
            assert!(node.texts(1).iter().all(|input| known.contains(input)), "{:?}", node.texts(1));
            assert!(!known.contains(&node.text(2)), "{}", node.text(2));
            known.push(node.text(2));
        }
        let weights = weights(&architecture);
        for spec in architecture.tensor_specs() {
            let constants = graph.messages(5);
            let constant = constants.iter().find(|constant| constant.text(8) == spec.name).unwrap();
            let shape: Vec<usize> = constant.wholes(1).iter().map(|&size| size as usize).collect();
            assert_eq!(shape, spec.shape);
            assert_eq!(constant.wholes(2), [1]);
            let bytes: Vec<u8> =
                weights.get(&spec.name).unwrap().1.iter().flat_map(|value| value.to_le_bytes()).collect();
            assert_eq!(constant.bytes(9), [bytes]);
        }
    }
}

/// The type of the elements and the dimensions of an input or output, a free one as its name.
fn type_of(value: &Read) -> (i64, Vec<String>) {
    let tensor = value.message(2).message(1);
    let dimensions = tensor.message(2).messages(1);
    let text = |dimension: &Read| match dimension.wholes(1)[..] {
        [size] => size.to_string(),
        _ => dimension.text(2),
    };
    (tensor.wholes(1)[0], dimensions.iter().map(text).collect())
}

#[test]
fn inputs_and_outputs_say_what_they_are_and_take_any_number_of_images() {
    for (input, element, words) in [(Input::Scaled, 1, "divided by 255"), (Input::Bytes, 2, "uint8")] {
        let (_, model) = written(&ModelConfig::default(), input);
        let graph = model.message(7);
        let [images] = graph.messages(11).try_into().ok().unwrap();
        assert_eq!(images.text(1), "images");
        assert!(images.text(3).contains(words), "{}", images.text(3));
        assert_eq!(type_of(&images), (element, ["n", "1", "28", "27"].map(str::to_owned).to_vec()));
        let outputs = graph.messages(12);
        let names: Vec<String> = outputs.iter().map(|output| output.text(1)).collect();
        assert_eq!(names, ["logits", "probabilities"]);
        assert!(outputs.iter().all(|output| type_of(output) == (1, vec!["n".into(), "3".into()])));
        assert_eq!(
            (model.wholes(1), model.text(2), model.text(3)),
            (vec![8], "mnist-cnn".into(), "9.9.9".into())
        );
        assert_eq!(model.message(8).wholes(2), [17]);
        let properties: Vec<[String; 2]> =
            model.messages(14).iter().map(|entry| [entry.text(1), entry.text(2)]).collect();
        let classes = r#"["one", "a \"b\"", "c\\\u000a"]"#;
        assert_eq!(properties[0], ["classes", classes]);
        assert_eq!(properties[2..], [["preparation", "ink"], ["weights_sha256", "0123"]]);
    }
}

#[test]
fn tensors_of_another_network_are_refused() {
    let architecture = Architecture::new(&ModelConfig::default(), [1, 28, 28], 10).unwrap();
    let about = About { classes: &[], preparation: "ink", weights_sha256: "", version: "" };
    let refused = onnx(&architecture, &NamedTensors::default(), Input::Scaled, &about);
    assert!(matches!(refused, Err(TensorsError::Missing { .. })));
    // The reader of these tests reads what the writer writes, not only what it is given here.
    let message = Message::default().whole(1, -5).float(2, 0.5).text(3, "x").into_bytes();
    let read = Read::new(&message);
    assert_eq!((read.wholes(1), read.text(3)), (vec![-5], "x".to_owned()));
}
