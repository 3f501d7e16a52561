//! Measures `predict` on MNIST's test images that were written as files in many ways: larger, smaller, moved, inverted,
//! coloured, transparent, turned by EXIF.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use dataset::Name;
use serde_json::Value;

use crate::command::{build_program, say};

/// How many images.
#[derive(Debug, clap::Args)]
pub(crate) struct PreparedArgs {
    /// The first N images of the test set, each written in every way.
    #[arg(long, value_name = "N", default_value_t = 1000)]
    images: usize,
    /// Directory of the run whose model reads [default: the built-in model].
    #[arg(short = 'p', long, value_name = "DIR")]
    run_dir: Option<PathBuf>,
}

const SIDE: usize = 28;

/// A grey image.
struct Grey {
    height: usize,
    width: usize,
    pixels: Vec<u8>,
}

/// The name of a way, the ending of its files, and how an image becomes one.
type Way = (&'static str, &'static str, fn(&Grey) -> Vec<u8>);

const WAYS: [Way; 13] = [
    ("unchanged", "pgm", pgm),
    ("scaled by 0.5", "pgm", |image| pgm(&scaled(image, 0.5))),
    ("scaled by 0.75", "pgm", |image| pgm(&scaled(image, 0.75))),
    ("scaled by 1.5", "pgm", |image| pgm(&scaled(image, 1.5))),
    ("scaled by 3", "pgm", |image| pgm(&scaled(image, 3.0))),
    ("scaled by 12", "pgm", |image| pgm(&scaled(image, 12.0))),
    ("moved to a corner", "pgm", |image| pgm(&on_canvas(image, [2 * SIDE, 2 * SIDE], [SIDE, 0]))),
    ("inverted", "pgm", |image| pgm(&inverted(image))),
    ("on a large canvas", "pgm", |image| {
        pgm(&inverted(&on_canvas(&scaled(image, 3.0), [1000, 800], [700, 90])))
    }),
    ("blue on yellow", "ppm", |image| coloured(&scaled(image, 3.0))),
    ("black on clear", "pam", |image| on_clear(&scaled(image, 3.0), 0)),
    ("white on clear", "pam", |image| on_clear(&scaled(image, 3.0), 255)),
    ("turned by EXIF", "tif", |image| turned_tiff(&scaled(image, 3.0))),
];

pub(crate) fn run(root: &Path, data_dir: &Path, args: &PreparedArgs) -> Result<()> {
    let program = build_program(root, "")?;
    let test = dataset::load::load_test(Name::MNIST, data_dir)?;
    let images = test.subset();
    let count = args.images.min(images.len());
    let folder = root.join("target/prepared");
    for (name, ending, bytes) in WAYS {
        // Files of an earlier call would be read as well.
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        fs::create_dir_all(&folder)?;
        for i in 0..count {
            let image = Grey { height: SIDE, width: SIDE, pixels: images.image(i).to_vec() };
            fs::write(folder.join(format!("{i}.{ending}")), bytes(&image))?;
        }
        let answers = answers(&program, args, &folder, count)?;
        // What is read is a text.
        let right =
            |(i, answer): &(usize, &Value)| answer["text"].as_str() == Some(&*images.label(*i).to_string());
        let right = answers.iter().enumerate().filter(right).count();
        say(&format!("{name:<20} {right:>6} of {count}  {:>6.2} %", 100.0 * right as f64 / count as f64));
    }
    Ok(fs::remove_dir_all(&folder)?)
}

/// The answer for each file of the folder, in the order of their numbers.
fn answers(program: &str, args: &PreparedArgs, folder: &Path, count: usize) -> Result<Vec<Value>> {
    let mut command = std::process::Command::new(program);
    command.args(["predict", "--json", "--single"]).arg(folder);
    if let Some(run) = &args.run_dir {
        command.arg("-p").arg(run);
    }
    let output = command.output().context("the program could not be started")?;
    let lines = String::from_utf8(output.stdout)?;
    let answers: Vec<Value> = lines.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    if answers.len() != count {
        bail!("{} answers for {count} images: {}", answers.len(), String::from_utf8_lossy(&output.stderr));
    }
    Ok(answers)
}

/// Made smaller by averaging areas, or larger by bilinear interpolation.
fn scaled(image: &Grey, factor: f64) -> Grey {
    let [height, width] = [image.height, image.width].map(|side| (side as f64 * factor).round() as usize);
    let pixel = |y: usize, x: usize| {
        let [(y, high), (x, wide)] =
            [(y, image.height), (x, image.width)].map(|(at, length)| weights(at, factor, length));
        let sum = high.iter().enumerate().flat_map(|(i, down)| {
            wide.iter().enumerate().map(move |(j, across)| [i, j, (down * across * 65_536.0) as usize])
        });
        let mut total = [0.0, 0.0];
        for [i, j, weight] in sum {
            let value = f64::from(image.pixels[(y + i) * image.width + x + j]);
            total = [total[0] + value * weight as f64, total[1] + weight as f64];
        }
        (total[0] / total[1].max(1.0)).round() as u8
    };
    let pixels = (0..height * width).map(|i| pixel(i / width, i % width)).collect();
    Grey { height, width, pixels }
}

/// The first pixel of a line that a scaled one is made of, and the weight of each.
fn weights(at: usize, factor: f64, length: usize) -> (usize, Vec<f64>) {
    // A scaled pixel covers so many pixels; at least one, between whose centres is interpolated.
    let reach = (1.0 / factor).max(1.0);
    let centre = (at as f64 + 0.5) / factor;
    let [low, high] = [centre - reach / 2.0, centre + reach / 2.0];
    let first = low.floor().clamp(0.0, length as f64 - 1.0) as usize;
    let last = (high.ceil() as usize).clamp(first + 1, length);
    let overlap = |pixel: usize| (high.min(pixel as f64 + 1.0) - low.max(pixel as f64)).max(0.0);
    (first, (first..last).map(overlap).collect())
}

fn on_canvas(image: &Grey, [height, width]: [usize; 2], [top, left]: [usize; 2]) -> Grey {
    let mut pixels = vec![0; height * width];
    for (y, row) in image.pixels.chunks(image.width).enumerate() {
        pixels[(top + y) * width + left..][..image.width].copy_from_slice(row);
    }
    Grey { height, width, pixels }
}

fn inverted(image: &Grey) -> Grey {
    Grey { pixels: image.pixels.iter().map(|pixel| 255 - pixel).collect(), ..*image }
}

fn pgm(image: &Grey) -> Vec<u8> {
    [format!("P5 {} {} 255\n", image.width, image.height).as_bytes(), &image.pixels].concat()
}

/// Blue ink on yellow paper.
fn coloured(image: &Grey) -> Vec<u8> {
    let mix = |ink: u8, paper: u32, full: u32| {
        ((paper * (255 - u32::from(ink)) + full * u32::from(ink)) / 255) as u8
    };
    let pixels =
        image.pixels.iter().flat_map(|&ink| [mix(ink, 250, 30), mix(ink, 230, 40), mix(ink, 120, 160)]);
    [format!("P6 {} {} 255\n", image.width, image.height).into_bytes(), pixels.collect()].concat()
}

/// Ink of one tone, as opaque as the image is light.
fn on_clear(image: &Grey, tone: u8) -> Vec<u8> {
    let Grey { height, width, pixels } = image;
    let header = format!(
        "P7\nWIDTH {width}\nHEIGHT {height}\nDEPTH 2\nMAXVAL 255\nTUPLTYPE GRAYSCALE_ALPHA\nENDHDR\n"
    );
    [header.into_bytes(), pixels.iter().flat_map(|&opacity| [tone, opacity]).collect()].concat()
}

/// A TIFF that lies on its side and says so.
fn turned_tiff(image: &Grey) -> Vec<u8> {
    let [height, width] = [image.width, image.height];
    // Row y and column x of the file are the upright image's column from the right and row.
    let pixels =
        (0..height * width).map(|i| image.pixels[i % width * image.width + image.width - 1 - i / width]);
    let entries: [[u32; 3]; 9] = [
        [256, 4, width as u32],
        [257, 4, height as u32],
        [258, 3, 8],
        [259, 3, 1],
        // Black is 0.
        [262, 3, 1],
        // Behind the header, the directory and its end.
        [273, 4, 8 + 2 + 9 * 12 + 4],
        // Row 0 is the upright image's right side, column 0 its top.
        [274, 3, 6],
        [278, 4, height as u32],
        [279, 4, (height * width) as u32],
    ];
    let mut bytes = b"II*\0\x08\0\0\0\x09\0".to_vec();
    for [tag, kind, value] in entries {
        bytes.extend((tag as u16).to_le_bytes());
        bytes.extend((kind as u16).to_le_bytes());
        bytes.extend(1_u32.to_le_bytes());
        bytes.extend(value.to_le_bytes());
    }
    bytes.extend([0; 4]);
    bytes.extend(pixels);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scaling_keeps_the_mean() {
        let image = Grey { height: 2, width: 2, pixels: vec![0, 100, 200, 100] };
        assert_eq!(scaled(&image, 0.5).pixels, [100]);
        assert_eq!(scaled(&image, 1.0).pixels, image.pixels);
        let large = scaled(&image, 4.0);
        assert_eq!((large.height, large.pixels[0], large.pixels[63]), (8, 0, 100));
        let mean = large.pixels.iter().map(|pixel| u32::from(*pixel)).sum::<u32>() / 64;
        assert!((95..=105).contains(&mean), "{mean}");
    }

    #[test]
    fn a_turned_image_has_its_right_side_above() {
        let image = Grey { height: 2, width: 3, pixels: vec![1, 2, 3, 4, 5, 6] };
        assert!(turned_tiff(&image).ends_with(&[0, 0, 0, 0, 3, 6, 2, 5, 1, 4]));
    }
}
