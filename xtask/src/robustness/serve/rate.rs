//! How many requests a second, and how long the slowest hundredth takes: measured by `wrk`, on the same processors.

use std::fmt::Write;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};

use crate::command::{output, say};
use crate::robustness::serve::bench::Bench;
use crate::robustness::serve::client;
use crate::robustness::serve::program::Served;

/// Connections that are kept.
pub(super) const CONNECTIONS: u32 = 64;
/// Different images that are sent in turn.
const IMAGES: usize = 50;

/// What is sent.
#[derive(Clone, Copy)]
pub(super) enum Shape {
    Pixels,
    Png,
}

/// What wrk has measured.
pub(super) struct Rate {
    pub(super) a_second: f64,
    /// All of them.
    pub(super) requests: f64,
    /// In milliseconds.
    pub(super) p50: f64,
    pub(super) p99: f64,
    /// Answers other than 2xx, and connections that failed.
    pub(super) failures: String,
}

impl Rate {
    pub(super) fn line(&self) -> String {
        let Self { a_second, p50, p99, failures, .. } = self;
        let failures = if failures.is_empty() { "no failures" } else { failures };
        format!("{a_second:8.0} requests a second, median {p50:.1} ms, p99 {p99:.1} ms, {failures}")
    }
}

pub(super) fn measure(bench: &Bench<'_>) -> Result<()> {
    let server = Served::start(&bench.program, &[])?;
    for (name, shape) in [("pixels in JSON", Shape::Pixels), ("PNG", Shape::Png)] {
        let before = server.processor_seconds();
        let rate = wrk(bench.root, server.socket, shape, CONNECTIONS, bench.seconds)?;
        let took = (server.processor_seconds() - before) / rate.requests * 1e6;
        say(&format!("{name:<15} {}, {took:.0} µs of a processor each", rate.line()));
        ensure!(rate.failures.is_empty(), "{name}: {}", rate.failures);
    }
    say(&format!("the server took at most {} MiB", server.memory().unwrap_or(0)));
    Ok(())
}

/// Lets wrk ask for some seconds.
pub(super) fn wrk(
    root: &Path,
    socket: SocketAddr,
    shape: Shape,
    connections: u32,
    seconds: u32,
) -> Result<Rate> {
    let script = script(root, shape)?.display().to_string();
    let arguments = [
        "-t1".to_owned(),
        format!("-c{connections}"),
        format!("-d{seconds}s"),
        "--latency".into(),
        "-s".into(),
        script,
        format!("http://{socket}"),
    ];
    let said = output(root, "wrk", &arguments).context("wrk is needed (Debian's package wrk)")?;
    let value = |name: &str| said.lines().find_map(|line| line.trim().strip_prefix(name)).map(str::trim);
    let failures: Vec<&str> = said
        .lines()
        .map(str::trim)
        .filter(|line| line.starts_with("Non-2xx") || line.starts_with("Socket"))
        .collect();
    let (Some(rate), Some(p50), Some(p99)) = (value("Requests/sec:"), value("50%"), value("99%")) else {
        bail!("wrk says something else than expected:\n{said}");
    };
    let requests = said
        .lines()
        .find(|line| line.contains(" requests in "))
        .and_then(|line| line.split_whitespace().next());
    Ok(Rate {
        a_second: rate.parse()?,
        requests: requests.context("wrk counts no requests")?.parse()?,
        p50: milliseconds(p50)?,
        p99: milliseconds(p99)?,
        failures: failures.join(", "),
    })
}

fn milliseconds(text: &str) -> Result<f64> {
    for (unit, factor) in [("us", 0.001), ("ms", 1.0), ("s", 1000.0), ("m", 60_000.0)] {
        if let Some(number) = text.strip_suffix(unit) {
            return Ok(number.parse::<f64>()? * factor);
        }
    }
    bail!("{text} is no time of wrk's")
}

/// A script for wrk that sends images in turn.
fn script(root: &Path, shape: Shape) -> Result<PathBuf> {
    let (kind, bodies) = match shape {
        Shape::Png => ("image/png", client::digits(IMAGES)?),
        Shape::Pixels => {
            let json = |pixels: Vec<u8>| {
                format!("{{\"width\":28,\"height\":28,\"pixels\":\"{}\"}}", base64(&pixels)).into_bytes()
            };
            ("application/json", client::pixels(IMAGES)?.into_iter().map(json).collect())
        }
    };
    let mut text = String::from("local bodies = {\n");
    for body in bodies {
        text.push('"');
        for byte in body {
            // Writing to a string cannot fail.
            let _ = write!(text, "\\x{byte:02x}");
        }
        text += "\",\n";
    }
    let _ = write!(
        text,
        "}}\nlocal i = 0\nwrk.method = \"POST\"\nwrk.headers[\"content-type\"] = \"{kind}\"\n\
         request = function()\n  i = i % #bodies + 1\n  return wrk.format(nil, \"/api/predict\", nil, bodies[i])\nend\n"
    );
    let folder = root.join("target/serve");
    fs::create_dir_all(&folder)?;
    let path = folder.join(format!("{}.lua", kind.replace('/', "-")));
    fs::write(&path, text)?;
    Ok(path)
}

/// Bytes as base64, whose length is a multiple of three or is filled up.
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let letters = bytes.chunks(3).flat_map(|three| {
        let number = three.iter().fold(0usize, |number, byte| number << 8 | usize::from(*byte))
            << (8 * (3 - three.len()));
        let used = three.len() + 1;
        (0..4).map(move |i| {
            let letter = LETTERS.get(number >> (18 - 6 * i) & 63).copied().unwrap_or(b'=');
            char::from(if i < used { letter } else { b'=' })
        })
    });
    letters.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_written_in_base64() {
        assert_eq!(
            ["", "a", "ab", "abc", "abcd"].map(|text| base64(text.as_bytes())),
            ["", "YQ==", "YWI=", "YWJj", "YWJjZA=="]
        );
    }

    #[test]
    fn times_are_read_in_each_unit() {
        assert_eq!(["500us", "1.50ms", "2s"].map(|text| milliseconds(text).unwrap()), [0.5, 1.5, 2000.0]);
        assert!(milliseconds("x").is_err());
    }
}
