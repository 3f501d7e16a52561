//! Grey pixels inside JSON: what a page sends that has drawn the image itself.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use dataset::decode::MOST_PIXELS;
use prepare::GreyImage;
use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use utoipa::ToSchema;

use crate::failure::Failure;

/// An image as numbers.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PixelImage {
    #[schema(minimum = 1)]
    width: usize,
    #[schema(minimum = 1)]
    height: usize,
    /// `width * height` grey pixels, row by row from the top: 0 is black, 255 is white. Bytes in base64, or a list of
    /// numbers.
    #[schema(value_type = PixelValues)]
    pixels: Grey,
}

/// The two ways to write pixels, for the OpenAPI document.
#[derive(ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "says what `Grey` reads")]
pub(crate) enum PixelValues {
    /// Bytes in base64.
    #[schema(title = "base64")]
    Base64(String),
    #[schema(title = "numbers")]
    Numbers(Vec<u8>),
}

/// The bytes of either way.
struct Grey(Vec<u8>);

impl PixelImage {
    /// The image in a body.
    pub(crate) fn read(body: &[u8]) -> Result<GreyImage, Failure> {
        let Self { width, height, pixels: Grey(pixels) } = serde_json::from_slice(body)
            .map_err(|error| Failure::bad_request("json", format!("the body is not as expected: {error}")))?;
        GreyImage::new(height, width, pixels)
            .map_err(|error| Failure::bad_request("pixels", format!("width, height and pixels: {error}")))
    }
}

impl<'de> Deserialize<'de> for Grey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Bytes).map(Self)
    }
}

/// Takes both ways without a list of JSON values between, which would be thirty times as large.
struct Bytes;

impl<'de> Visitor<'de> for Bytes {
    type Value = Vec<u8>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("pixels as base64 or as a list of numbers from 0 to 255")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Vec<u8>, E> {
        STANDARD.decode(text).map_err(|error| E::custom(format!("pixels are not base64: {error}")))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<u8>, A::Error> {
        let mut pixels = Vec::new();
        while let Some(pixel) = list.next_element::<u8>()? {
            if pixels.len() as u64 == MOST_PIXELS {
                return Err(A::Error::custom(format!("more than {MOST_PIXELS} pixels")));
            }
            pixels.push(pixel);
        }
        Ok(pixels)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(body: &str) -> String {
        let failure = PixelImage::read(body.as_bytes()).err().unwrap();
        assert_eq!(failure.status.as_u16(), 400, "{body}");
        let json: serde_json::Value = serde_json::from_str(&failure.json()).unwrap();
        json["error"]["code"].as_str().unwrap().to_owned()
    }

    #[test]
    fn pixels_are_base64_or_a_list() {
        let base64 = PixelImage::read(br#"{"width": 2, "height": 1, "pixels": "AP8="}"#).unwrap();
        let list = PixelImage::read(br#"{"pixels": [0, 255], "height": 1, "width": 2}"#).unwrap();
        assert_eq!((base64.pixels(), &base64), (&[0, 255][..], &list));
    }

    #[test]
    fn anything_else_is_refused_in_words() {
        for body in [
            "",
            "null",
            "[]",
            "{",
            r#"{"width": 1, "height": 1}"#,
            r#"{"width": 1, "height": 1, "pixels": "AA==", "x": 1}"#,
            r#"{"width": 1, "height": 1, "pixels": "A"}"#,
            r#"{"width": 1, "height": 1, "pixels": [256]}"#,
            r#"{"width": 1, "height": 1, "pixels": [-1]}"#,
            r#"{"width": 1, "height": 1, "pixels": 7}"#,
            r#"{"width": 1.5, "height": 1, "pixels": [1]}"#,
            r#"{"width": 99999999999999999999, "height": 1, "pixels": [1]}"#,
        ] {
            assert_eq!(code(body), "json", "{body}");
        }
        for body in [
            r#"{"width": 0, "height": 1, "pixels": []}"#,
            r#"{"width": 2, "height": 1, "pixels": [1]}"#,
            r#"{"width": 4294967296, "height": 4294967296, "pixels": [1]}"#,
        ] {
            assert_eq!(code(body), "pixels", "{body}");
        }
    }
}
