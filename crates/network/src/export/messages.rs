//! The messages of an ONNX file (<https://github.com/onnx/onnx/blob/main/onnx/onnx.proto>), with the numbers of
//! their fields.

use crate::export::protobuf::Message;

/// `TensorProto.DataType`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DataType {
    Float = 1,
    Uint8 = 2,
}

/// A dimension of an input or an output: a number, or a name if it is free.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Dimension {
    Fixed(usize),
    Free(&'static str),
}

/// The value of a node's attribute.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Attribute {
    Float(f32),
    Whole(usize),
    Wholes(Vec<usize>),
}

/// `NodeProto`: an operator, which computes the value `output` from the values `inputs`. The node is called as its
/// output.
pub(super) fn node(
    operator: &str,
    inputs: &[&str],
    output: &str,
    attributes: &[(&str, Attribute)],
) -> Message {
    Message::default()
        .each(inputs, |message, input| message.text(1, input))
        .text(2, output)
        .text(3, output)
        .text(4, operator)
        .each(attributes, |message, (name, value)| message.message(5, &attribute(name, value)))
}

fn attribute(name: &str, value: &Attribute) -> Message {
    let message = Message::default().text(1, name);
    // The field 20 says which of the others holds the value.
    match value {
        Attribute::Float(value) => message.float(2, *value).whole(20, 1),
        Attribute::Whole(value) => message.whole(3, *value as i64).whole(20, 2),
        Attribute::Wholes(values) => {
            message.each(values, |message, &value| message.whole(8, value as i64)).whole(20, 7)
        }
    }
}

/// `TensorProto`: a constant of `f32`.
pub(super) fn tensor(name: &str, shape: &[usize], values: &[f32]) -> Message {
    let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    Message::default()
        .each(shape, |message, &size| message.whole(1, size as i64))
        .whole(2, DataType::Float as i64)
        .text(8, name)
        .bytes(9, &bytes)
}

/// `ValueInfoProto`: an input or an output, with a sentence about it.
pub(super) fn value_info(name: &str, kind: DataType, shape: &[Dimension], about: &str) -> Message {
    let shape = Message::default().each(shape, |message, dimension| {
        let dimension = match dimension {
            Dimension::Fixed(size) => Message::default().whole(1, *size as i64),
            Dimension::Free(name) => Message::default().text(2, name),
        };
        message.message(1, &dimension)
    });
    let tensor = Message::default().whole(1, kind as i64).message(2, &shape);
    Message::default().text(1, name).message(2, &Message::default().message(1, &tensor)).text(3, about)
}

/// `GraphProto`.
pub(super) struct GraphParts {
    pub(super) nodes: Vec<Message>,
    pub(super) constants: Vec<Message>,
    pub(super) inputs: Vec<Message>,
    pub(super) outputs: Vec<Message>,
}

impl GraphParts {
    pub(super) fn into_message(self, name: &str) -> Message {
        Message::default()
            .each(&self.nodes, |message, node| message.message(1, node))
            .text(2, name)
            .each(&self.constants, |message, constant| message.message(5, constant))
            .each(&self.inputs, |message, input| message.message(11, input))
            .each(&self.outputs, |message, output| message.message(12, output))
    }
}

/// `ModelProto` of format version 8, with operators of this version of their set.
pub(super) fn model(
    producer: [&str; 2],
    about: &str,
    graph: &Message,
    operators: i64,
    properties: &[(&str, String)],
) -> Message {
    let set = Message::default().text(1, "").whole(2, operators);
    Message::default()
        .whole(1, 8)
        .text(2, producer[0])
        .text(3, producer[1])
        .text(6, about)
        .message(7, graph)
        .message(8, &set)
        .each(properties, |message, (key, value)| {
            message.message(14, &Message::default().text(1, key).text(2, value))
        })
}
