//! Converts the numbers of a file to single precision.

use safetensors::tensor::{Dtype, TensorView};

/// How many tensors were converted, of each type.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Converted {
    half: usize,
    brain: usize,
    double: usize,
}

impl Converted {
    /// The values of a tensor; `None` if its type is none of floating-point numbers that all have a place here.
    pub(super) fn convert(&mut self, view: &TensorView<'_>) -> Option<Vec<f32>> {
        let data = view.data();
        Some(match view.dtype() {
            Dtype::F32 => data.as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect(),
            Dtype::F16 => {
                self.half += 1;
                data.as_chunks().0.iter().map(|bytes| from_half(u16::from_le_bytes(*bytes))).collect()
            }
            Dtype::BF16 => {
                self.brain += 1;
                data.as_chunks().0.iter().map(|bytes| from_brain(u16::from_le_bytes(*bytes))).collect()
            }
            Dtype::F64 => {
                self.double += 1;
                data.as_chunks().0.iter().map(|bytes| f64::from_le_bytes(*bytes) as f32).collect()
            }
            _ => return None,
        })
    }

    /// Says what was converted, if anything was.
    pub(super) fn note(self) -> Option<String> {
        let counts = [(self.half, "F16"), (self.brain, "BF16"), (self.double, "F64")];
        let texts: Vec<String> = counts
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, name)| format!("{count} of type {name}"))
            .collect();
        (!texts.is_empty()).then(|| format!("tensors were converted to F32: {}", texts.join(", ")))
    }
}

/// The value of a number of half precision (IEEE 754 binary16): 1 bit of sign, 5 of exponent, 10 of fraction.
fn from_half(bits: u16) -> f32 {
    let sign = if bits >> 15 == 0 { 1.0 } else { -1.0 };
    let (exponent, fraction) = (u32::from(bits >> 10 & 31), f32::from(bits & 1023));
    // A power of two, from its exponent's bits in single precision.
    let power = |exponent: u32| f32::from_bits(exponent << 23);
    let size = match exponent {
        0 => fraction * power(127 - 24),
        31 if fraction == 0.0 => f32::INFINITY,
        31 => f32::NAN,
        exponent => (1024.0 + fraction) * power(exponent + 127 - 25),
    };
    sign * size
}

/// The value of a `bfloat16`, which is the upper half of a number of single precision.
fn from_brain(bits: u16) -> f32 {
    f32::from_bits(u32::from(bits) << 16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_numbers_have_the_values_of_their_formats() {
        let known = [
            (0x0000, 0.0),
            (0x8000, -0.0),
            (0x3c00, 1.0),
            (0xc000, -2.0),
            (0x3555, 0.333_251_95),
            (0x7bff, 65504.0),
            (0x0001, 5.960_464_5e-8),
            (0x03ff, 6.097_555e-5),
            (0x0400, 6.103_515_6e-5),
            (0x7c00, f32::INFINITY),
        ];
        for (bits, value) in known {
            assert_eq!(from_half(bits).to_bits(), value.to_bits(), "{bits:#x}");
        }
        assert!(from_half(0x7e00).is_nan());
        assert_eq!([from_brain(0x3f80), from_brain(0xc040)], [1.0, -3.0]);
    }
}
