//! Every kind of image file gives the same drawing, and what is no image is refused by name.

#![cfg(feature = "import")]
#![allow(clippy::unwrap_used, reason = "a test may stop at the first thing that goes wrong")]

use std::fs;
use std::path::{Path, PathBuf};

use dataset::decode::{DecodeError, DecodedImage, ReadError, decode, read, read_file};

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/images").join(name)
}

fn decoded(name: &str) -> DecodedImage {
    read_file(&path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// How far the pixels are from those of `grey.png` at most.
fn difference(name: &str, image: &DecodedImage, is_negative: bool) -> u8 {
    let expected = decoded("grey.png").image;
    assert_eq!((image.image.height(), image.image.width()), (20, 24), "{name}");
    let pairs = image.image.pixels().iter().zip(expected.pixels());
    pairs.map(|(pixel, grey)| if is_negative { 255 - pixel } else { *pixel }.abs_diff(*grey)).max().unwrap()
}

#[test]
fn every_kind_of_file_gives_the_same_drawing() {
    let exact = [
        "apng.png",
        "black-on-clear.png",
        "clear.webp",
        "exif6.png",
        "exif6.webp",
        "grey16.png",
        "rgb.png",
        "rgb-trns.png",
        "rgba16.png",
        "animated.gif",
        "animated.webp",
        "rgb.bmp",
        "grey.tif",
        "grey16.tif",
        "lzw.tif",
        "deflate.tif",
        "orientation3.tif",
        "pages.tif",
        "raw.pgm",
        "raw.ppm",
        "plain.pgm",
    ];
    let lossy = [
        "grey.jpg",
        "progressive.jpg",
        "cmyk.jpg",
        "ycck.jpg",
        "exif6.jpg",
        "exif7.jpg",
        "lossy.webp",
        "jpeg.tif",
        "cmyk.tif",
    ];
    // One or two bits a pixel.
    let coarse = ["1bit.png", "1bit.pbm", "g4.tif", "clear.gif", "2bit.png", "palette-trns.png"];
    for (names, most) in [(&exact[..], 0), (&["4bit.png"], 16), (&lossy[..], 32), (&coarse[..], 128)] {
        for name in names {
            let found = difference(name, &decoded(name), false);
            assert!(found <= most, "{name}: a pixel differs by {found}");
        }
    }
    assert_eq!(difference("white-on-clear.png", &decoded("white-on-clear.png"), true), 0);
}

#[test]
fn notes_say_what_became_of_the_file() {
    let frames = ["animated.gif", "animated.webp", "apng.png", "pages.tif", "grey.png"];
    assert_eq!(frames.map(|name| decoded(name).notes.frames), [2, 3, 2, 2, 1]);
    let oriented = ["exif6.jpg", "exif7.jpg", "exif6.png", "exif6.webp", "orientation3.tif", "grey.jpg"];
    assert_eq!(oriented.map(|name| decoded(name).notes.oriented), [true, true, true, true, true, false]);
    let alpha = ["black-on-clear.png", "clear.gif", "rgb-trns.png", "rgba16.png", "rgb.png"];
    assert_eq!(alpha.map(|name| decoded(name).notes.had_alpha), [true, true, true, true, false]);
    assert!(!decoded("rgb.png").notes.was_colour);
    let red = decode(b"P6 1 2 255\n\xff\x00\x00\x00\x00\x00").unwrap();
    assert_eq!((red.notes.was_colour, red.image.pixels()), (true, &[54, 0][..]));
}

#[test]
fn what_is_no_image_is_refused_by_name() {
    let cases: [(&[u8], &str); 22] = [
        (b"", "the file is empty"),
        (b"\0\0\0\x1cftypheic\0\0\0\0", "a HEIC image"),
        (b"\0\0\0\x1cftypavif\0\0\0\0", "an AVIF image"),
        (b"\0\0\0\x14ftypisom\0\0\0\0", "a video"),
        (b"<?xml version=\"1.0\"?>\n<svg width=\"3\"/>", "an SVG drawing"),
        (b"\n <!DOCTYPE html><html>", "a page in HTML"),
        (b"%PDF-1.7", "a PDF document"),
        (b"8BPS\0\x01", "PSD"),
        (b"\0\0\x01\0\x01\0", "ICO"),
        (b"\xff\x0a\xfa\x1f", "JPEG XL"),
        (b"\0\0\0\x0cjP  \r\n\x87\n", "JPEG 2000"),
        (b"II*\0\x10\0\0\0CR\x02\0", "CR2"),
        (b"\0\0\x08\x03\0\0\0\x01", "an IDX file of images"),
        (b"\0\0\x08\x01\0\0\0\x01", "an IDX file of labels"),
        (b"\x30\0\0\0\0\0\0\0{\"a\":1}", "safetensors"),
        (b"\0\0\0\x01Bud1\0", ".DS_Store"),
        (b"label,pixel0\n7,0\n", "a text"),
        ("Größe".as_bytes(), "a text"),
        (b"data:image/png;base64,iVBO", "a data URL"),
        (b"P9 is no image", "a text"),
        (b"BM is a text as well", "a text"),
        (b"\x01\x02\x03\xfe\xff", "begins with 01 02 03 fe ff (.....)"),
    ];
    for (bytes, expected) in cases {
        let error = decode(bytes).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}, expected {expected}");
    }
    for name in ["float-grey.tif", "palette.tif"] {
        let error = read_file(&path(name)).unwrap_err();
        assert!(
            matches!(error, ReadError::Decode(DecodeError::Unsupported { format: "TIFF", .. })),
            "{name}: {error}"
        );
    }
    assert!(matches!(read_file(&path("")), Err(ReadError::Folder)));
    assert!(matches!(read_file(&path("missing.png")), Err(ReadError::Io(_))));
}

#[test]
fn every_file_that_is_cut_short_is_refused() {
    for name in ["grey.png", "grey.jpg", "progressive.jpg", "lossy.webp", "raw.pgm", "grey.tif", "rgb.bmp"] {
        let bytes = fs::read(path(name)).unwrap();
        // The last tenth may hold metadata.
        for length in (8..bytes.len() * 9 / 10).step_by(7) {
            assert!(
                decode(&bytes[..length]).is_err(),
                "{name}: {length} of {} bytes are enough",
                bytes.len()
            );
        }
    }
}

#[test]
fn limits_are_checked_before_decoding() {
    let header = |width: usize, height: usize| format!("P5 {width} {height} 255\n").into_bytes();
    let pixels = |bytes: &[u8]| decode(bytes).map(|decoded| decoded.image.pixels().len());
    let too_many = DecodeError::TooManyPixels { width: 8001, height: 8000 };
    assert_eq!(pixels(&header(8001, 8000)), Err(too_many));
    // The size is allowed, so this one is decoded until the pixels are missing.
    assert!(matches!(
        pixels(&header(8000, 8000)),
        Err(DecodeError::CutShort { .. } | DecodeError::Broken { .. })
    ));
    let too_much = decode(b"P6 7000 7000 65535\n");
    assert!(matches!(too_much, Err(DecodeError::TooMuchMemory { width: 7000, .. })), "{too_much:?}");
    assert!(matches!(read(std::io::repeat(0)), Err(ReadError::TooLong)));
}

#[test]
fn a_large_image_is_reduced() {
    let mut bytes = b"P5 4400 4000 255\n".to_vec();
    bytes.resize(bytes.len() + 4400 * 4000, 200);
    let large = decode(&bytes).unwrap();
    assert_eq!((large.notes.reduced_by, large.image.height(), large.image.width()), (2, 2000, 2200));
    assert!(large.image.pixels().iter().all(|pixel| *pixel == 200));
}

#[test]
fn four_colours_without_adobes_mark_are_not_guessed() {
    let mut bytes = fs::read(path("cmyk.jpg")).unwrap();
    let at = bytes.windows(5).position(|window| window == b"Adobe").unwrap();
    bytes[at] = b'a';
    let error = decode(&bytes).unwrap_err().to_string();
    assert!(error.contains("inverted"), "{error}");
}

#[test]
fn a_palette_with_a_part_of_a_colour_is_refused() {
    let bytes = fs::read(path("palette-trns.png")).unwrap();
    let at = bytes.windows(4).position(|window| window == b"PLTE").unwrap();
    let colours = u32::from_be_bytes(bytes[at - 4..at].try_into().unwrap()) as usize;
    let mut checksum = flate2::Crc::new();
    checksum.update(b"PLTE\0");
    let chunk = [&[0, 0, 0, 1], &b"PLTE\0"[..], &checksum.sum().to_be_bytes()].concat();
    let cut = [&bytes[..at - 4], &chunk, &bytes[at + 4 + colours + 4..]].concat();
    let error = decode(&cut).unwrap_err();
    assert!(matches!(error, DecodeError::Broken { format: "PNG", .. }), "{error}");
}
