//! More at once than a server takes on: what is refused is refused at once, and nothing is left without an answer.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use crate::command::say;
use crate::robustness::serve::bench::Bench;
use crate::robustness::serve::client;
use crate::robustness::serve::program::Served;

const CLIENTS: usize = 200;

pub(super) fn measure(bench: &Bench<'_>) -> Result<()> {
    let server = Served::start(&bench.program, &["--workers", "1", "--queue", "8"])?;
    let request = client::post(server.socket, "image/png", &client::large_png()?);
    let answers: Vec<Option<(u16, Duration)>> = thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS)
            .map(|_| {
                scope.spawn(|| {
                    let began = Instant::now();
                    let mut stream = client::connect(server.socket).ok()?;
                    let answer = client::exchange(&mut stream, &request).ok()?;
                    Some((answer.status, began.elapsed()))
                })
            })
            .collect();
        clients.into_iter().map(|client| client.join().ok().flatten()).collect()
    });
    let of = |status: u16| -> Vec<Duration> {
        answers.iter().flatten().filter(|answer| answer.0 == status).map(|answer| answer.1).collect()
    };
    let (read, refused) = (of(200), of(503));
    let longest = |times: &[Duration]| times.iter().max().copied().unwrap_or_default().as_secs_f64() * 1000.0;
    say(&format!(
        "of {CLIENTS} large images at once {} were read, the last after {:.0} ms, and {} refused, the last after {:.0} ms",
        read.len(),
        longest(&read),
        refused.len(),
        longest(&refused)
    ));
    ensure!(
        read.len() + refused.len() == CLIENTS,
        "{} clients got no answer",
        CLIENTS - read.len() - refused.len()
    );
    ensure!(!refused.is_empty() && !read.is_empty(), "nothing was too much");
    Ok(())
}
