//! As much of HTTP as the measurements need, and the images that they send.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use dataset::Name;

/// Longer than any answer takes, unless it never comes.
const PATIENCE: Duration = Duration::from_secs(60);
const SIDE: usize = 28;

/// An answer's status, whether it is the last of its connection, and its body.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) closes: bool,
    pub(super) body: Vec<u8>,
}

pub(super) fn connect(socket: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(socket)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// A request that posts an image.
pub(super) fn post(socket: SocketAddr, kind: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "POST /api/predict HTTP/1.1\r\nhost: {socket}\r\ncontent-type: {kind}\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

pub(super) fn get(socket: SocketAddr, path: &str) -> io::Result<Answer> {
    exchange(&mut connect(socket)?, format!("GET {path} HTTP/1.1\r\nhost: {socket}\r\n\r\n").as_bytes())
}

/// Sends a request and reads its answer.
pub(super) fn exchange(stream: &mut TcpStream, request: &[u8]) -> io::Result<Answer> {
    stream.write_all(request)?;
    answer(stream)
}

/// The next answer of a connection.
pub(super) fn answer(stream: &mut TcpStream) -> io::Result<Answer> {
    let mut bytes = Vec::new();
    let head = loop {
        if let Some(at) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break at + 4;
        }
        more(stream, &mut bytes)?;
    };
    let text = String::from_utf8_lossy(bytes.get(..head).unwrap_or_default()).to_ascii_lowercase();
    let status = text.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
    let length = text.lines().find_map(|line| line.strip_prefix("content-length:"));
    let length: usize = length.and_then(|length| length.trim().parse().ok()).unwrap_or(0);
    while bytes.len() < head + length {
        more(stream, &mut bytes)?;
    }
    let closes = text.lines().any(|line| line == "connection: close");
    Ok(Answer { status, closes, body: bytes.split_off(head) })
}

fn more(stream: &mut TcpStream, bytes: &mut Vec<u8>) -> io::Result<()> {
    let mut buffer = [0; 4096];
    let count = stream.read(&mut buffer)?;
    bytes.extend_from_slice(buffer.get(..count).unwrap_or_default());
    if count == 0 { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(()) }
}

/// Some digits of the sample, as PNG files.
pub(super) fn digits(count: usize) -> Result<Vec<Vec<u8>>> {
    let images = dataset::load::load_test(Name::SAMPLE, Path::new(".")).context("the built-in sample")?;
    let images = images.subset();
    (0..count).map(|i| png(SIDE, images.image(i % images.len()))).collect()
}

/// Their pixels.
pub(super) fn pixels(count: usize) -> Result<Vec<Vec<u8>>> {
    let images = dataset::load::load_test(Name::SAMPLE, Path::new(".")).context("the built-in sample")?;
    let images = images.subset();
    Ok((0..count).map(|i| images.image(i % images.len()).to_vec()).collect())
}

/// A square PNG of grey pixels.
pub(super) fn png(side: usize, pixels: &[u8]) -> Result<Vec<u8>> {
    let mut file = Vec::new();
    let side = u32::try_from(side)?;
    let mut encoder = png::Encoder::new(&mut file, side, side);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.write_header()?.write_image_data(pixels)?;
    Ok(file)
}

/// A PNG that is small as a file and takes some time to read.
pub(super) fn large_png() -> Result<Vec<u8>> {
    const SIDE: usize = 3000;
    png(SIDE, &vec![255; SIDE * SIDE])
}
