//! INT while everybody asks: whoever had asked is answered, and the server has gone within two seconds.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Result, ensure};

use crate::command::say;
use crate::robustness::serve::bench::Bench;
use crate::robustness::serve::client;
use crate::robustness::serve::program::Served;

const CLIENTS: usize = 64;
const ROUNDS: usize = 10;
const TIME: Duration = Duration::from_secs(2);

pub(super) fn measure(bench: &Bench<'_>) -> Result<()> {
    let [answered, lost] = [AtomicUsize::new(0), AtomicUsize::new(0)];
    let mut longest = Duration::ZERO;
    for round in 0..ROUNDS {
        let mut server = Served::start(&bench.program, &[])?;
        let socket = server.socket;
        let request =
            client::post(socket, "image/png", client::digits(1)?.first().map_or(&[], Vec::as_slice));
        let ended = thread::scope(|scope| {
            for _ in 0..CLIENTS {
                scope.spawn(|| {
                    let Ok(mut stream) = client::connect(socket) else { return };
                    loop {
                        match client::exchange(&mut stream, &request) {
                            Ok(answer) if answer.status == 200 => {
                                answered.fetch_add(1, Ordering::Relaxed);
                                // The server has said that it takes no more on this connection.
                                if answer.closes {
                                    return;
                                }
                            }
                            _ => {
                                lost.fetch_add(1, Ordering::Relaxed);
                                return;
                            }
                        }
                    }
                });
            }
            thread::sleep(Duration::from_millis(300 + 37 * round as u64));
            server.end("-INT")
        });
        let (status, took) = ended?;
        ensure!(status.code() == Some(130), "the server ended with {status}");
        longest = longest.max(took);
    }
    let [answered, lost] = [answered, lost].map(AtomicUsize::into_inner);
    say(&format!("{ROUNDS} times INT among {CLIENTS} clients: {answered} requests answered, {lost} lost"));
    say(&format!("the server had ended after {:.2} s at the latest", longest.as_secs_f64()));
    ensure!(answered > 0 && lost == 0, "an answer was lost");
    ensure!(longest < TIME, "the end took too long");
    Ok(())
}
