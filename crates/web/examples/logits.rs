//! Computes logits as the page does, without a browser, to compare their bits:
//!
//!     cargo run -p web --example logits -- model.safetensors images.bin logits.bin
//!
//! `images.bin` holds inputs of the network, one byte a pixel; `logits.bin` gets 32-bit floats, little-endian.

use std::error::Error;
use std::{env, fs};

use web::engine::Engine;

fn main() -> Result<(), Box<dyn Error>> {
    let files: Vec<String> = env::args().skip(1).collect();
    let [model, images, logits] = files.as_slice() else {
        return Err("expected three files: model, images, logits".into());
    };
    let mut engine = Engine::default();
    answered(engine.load(0, &fs::read(model)?), &engine)?;
    answered(engine.describe(0), &engine)?;
    let description: serde_json::Value = serde_json::from_str(engine.text())?;
    let sides = |i: usize| description["input"][i].as_u64().unwrap_or(0) as usize;
    let size = (sides(1) * sides(2)).max(1);
    let mut bytes = Vec::new();
    for image in fs::read(images)?.chunks(size) {
        answered(engine.logits(0, image, 1), &engine)?;
        bytes.extend(engine.values().iter().flat_map(|value| value.to_le_bytes()));
    }
    Ok(fs::write(logits, bytes)?)
}

/// The engine's words if it has no answer.
fn answered(is_answered: bool, engine: &Engine) -> Result<(), String> {
    if is_answered { Ok(()) } else { Err(engine.text().to_owned()) }
}
