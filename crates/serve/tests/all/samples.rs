//! Images to send: digits of the sample, and what is hard on a server.

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use dataset::Name;

/// The side of a digit of the sample.
pub(crate) const SIDE: usize = 28;

/// Pixels of the sample's first test images.
pub(crate) fn digits(count: usize) -> Vec<Vec<u8>> {
    let images = dataset::load::load_test(Name::SAMPLE, Path::new(".")).unwrap();
    let images = images.subset();
    (0..count).map(|i| images.image(i % images.len()).to_vec()).collect()
}

/// A PNG of grey pixels.
pub(crate) fn png(width: usize, height: usize, pixels: &[u8]) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width as u32, height as u32);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.write_header().unwrap().write_image_data(pixels).unwrap();
    file
}

pub(crate) fn digit_png(pixels: &[u8]) -> Vec<u8> {
    png(SIDE, SIDE, pixels)
}

/// JSON with pixels in base64.
pub(crate) fn json(width: usize, height: usize, pixels: &[u8]) -> Vec<u8> {
    format!(r#"{{"width": {width}, "height": {height}, "pixels": "{}"}}"#, STANDARD.encode(pixels))
        .into_bytes()
}

/// Several digits beside each other, dark on light paper.
pub(crate) fn number(digits: &[Vec<u8>]) -> (usize, usize, Vec<u8>) {
    let (width, height) = (digits.len() * 40 + 20, 60);
    let mut pixels = vec![235; width * height];
    for (i, digit) in digits.iter().enumerate() {
        for y in 0..SIDE {
            for x in 0..SIDE {
                let ink = u16::from(digit[y * SIDE + x]) * 200 / 255;
                pixels[(y + 16) * width + i * 40 + 16 + x] = 235 - ink as u8;
            }
        }
    }
    (width, height, pixels)
}

/// A PNG that is small as a file and takes a while to read.
pub(crate) fn large_png() -> Vec<u8> {
    let side = 3000;
    png(side, side, &vec![255; side * side])
}

/// A form with a file in it.
pub(crate) fn form(boundary: &str, disposition: &str, file: &[u8]) -> Vec<u8> {
    let head = format!("--{boundary}\r\ncontent-disposition: form-data; {disposition}\r\n\r\n");
    [head.as_bytes(), file, format!("\r\n--{boundary}--\r\n").as_bytes()].concat()
}
