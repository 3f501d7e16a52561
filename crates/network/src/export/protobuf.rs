//! Writes messages of Protocol Buffers, as far as ONNX needs them: three of the wire types, and no reading.
//!
//! A message is a row of fields, each of which begins with its number and its wire type
//! (<https://protobuf.dev/programming-guides/encoding/>). A reader leaves out the fields that it does not know.

/// The wire types: how a reader finds the end of a value.
const VARINT: u64 = 0;
const LENGTH_DELIMITED: u64 = 2;
const FOUR_BYTES: u64 = 5;

/// A message under construction. Its fields stand in the order in which they were added.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Message {
    bytes: Vec<u8>,
}

impl Message {
    /// Adds a whole number: an `int32`, `int64` or an enumeration's value. A negative number takes ten bytes, as the
    /// format has it.
    pub(super) fn whole(mut self, field: u32, value: i64) -> Self {
        self.key(field, VARINT);
        self.varint(value.cast_unsigned());
        self
    }

    /// Adds a `float`.
    pub(super) fn float(mut self, field: u32, value: f32) -> Self {
        self.key(field, FOUR_BYTES);
        self.bytes.extend(value.to_le_bytes());
        self
    }

    /// Adds `bytes`.
    pub(super) fn bytes(mut self, field: u32, value: &[u8]) -> Self {
        self.key(field, LENGTH_DELIMITED);
        self.varint(value.len() as u64);
        self.bytes.extend(value);
        self
    }

    /// Adds a `string`.
    pub(super) fn text(self, field: u32, value: &str) -> Self {
        self.bytes(field, value.as_bytes())
    }

    /// Adds another message.
    pub(super) fn message(self, field: u32, value: &Self) -> Self {
        self.bytes(field, &value.bytes)
    }

    /// Adds a repeated field: what `add` adds for each of the values.
    pub(super) fn each<T>(
        self,
        values: impl IntoIterator<Item = T>,
        add: impl FnMut(Self, T) -> Self,
    ) -> Self {
        values.into_iter().fold(self, add)
    }

    /// The message as it is written.
    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    fn key(&mut self, field: u32, wire_type: u64) {
        self.varint(u64::from(field) << 3 | wire_type);
    }

    /// A number in groups of seven bits, the lowest first. Each byte but the last has its highest bit set.
    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.bytes.push((value & 0x7f) as u8 | 0x80);
            value >>= 7;
        }
        self.bytes.push(value as u8);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bytes_are_those_of_the_format() {
        // The first two are the examples of the format's own description.
        let written = |message: Message| message.into_bytes();
        assert_eq!(written(Message::default().whole(1, 150)), [0x08, 0x96, 0x01]);
        assert_eq!(
            written(Message::default().text(2, "testing")),
            [0x12, 0x07, b't', b'e', b's', b't', b'i', b'n', b'g']
        );
        let inner = Message::default().whole(1, 150);
        assert_eq!(written(Message::default().message(3, &inner)), [0x1a, 0x03, 0x08, 0x96, 0x01]);
        assert_eq!(written(Message::default().float(2, 1.5)), [0x15, 0x00, 0x00, 0xc0, 0x3f]);
        assert_eq!(written(Message::default().whole(20, 0)), [0xa0, 0x01, 0x00]);
        assert_eq!(written(Message::default().whole(1, 127)), [0x08, 0x7f]);
        assert_eq!(written(Message::default().whole(1, 128)), [0x08, 0x80, 0x01]);
        let ten = [0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01];
        assert_eq!(written(Message::default().whole(1, -1)), ten);
        let each = Message::default().each([2, 300], |message, value| message.whole(8, value));
        assert_eq!(written(each), [0x40, 0x02, 0x40, 0xac, 0x02]);
    }
}
