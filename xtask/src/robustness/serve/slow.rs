//! 500 clients that are slow on purpose: how long the others wait meanwhile, and how much memory that takes.

use std::io::Write;
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Result, ensure};

use crate::command::say;
use crate::robustness::serve::bench::Bench;
use crate::robustness::serve::client;
use crate::robustness::serve::program::Served;
use crate::robustness::serve::rate::{CONNECTIONS, Shape, wrk};

const SLOW_CLIENTS: usize = 500;
/// The most memory of the server, in MiB.
const MEMORY: u64 = 200;

pub(super) fn measure(bench: &Bench<'_>) -> Result<()> {
    let server = Served::start(&bench.program, &[])?;
    let rate = || wrk(bench.root, server.socket, Shape::Pixels, CONNECTIONS, bench.seconds);
    let alone = rate()?;
    let is_over = AtomicBool::new(false);
    let among = thread::scope(|scope| {
        scope.spawn(|| slowly(server.socket, &is_over));
        // Until all of them are there.
        thread::sleep(Duration::from_secs(2));
        let among = rate();
        is_over.store(true, Ordering::Relaxed);
        among
    })?;
    say(&format!("alone                     {}", alone.line()));
    say(&format!("among {SLOW_CLIENTS} slow clients    {}", among.line()));
    let longer = among.p99 / alone.p99;
    say(&format!("p99 is {longer:.2} times as long (wanted: under 2)"));
    let memory = server.memory().unwrap_or(0);
    say(&format!("the server took at most {memory} MiB (wanted: under {MEMORY})"));
    ensure!(memory < MEMORY, "the slow clients cost {memory} MiB");
    ensure!(among.failures.is_empty(), "among slow clients: {}", among.failures);
    ensure!(longer < 2.0, "the others wait {longer:.2} times as long");
    Ok(())
}

/// Half of the clients never end their head, half of them their body. Who is cut off comes again.
fn slowly(socket: SocketAddr, is_over: &AtomicBool) {
    let begin = |i: usize| -> Option<TcpStream> {
        let mut stream = client::connect(socket).ok()?;
        let head = if i.is_multiple_of(2) {
            "GET /healthz HTTP/1.1\r\n".to_owned()
        } else {
            format!("POST /api/predict HTTP/1.1\r\nhost: {socket}\r\ncontent-length: 9999999\r\n\r\n")
        };
        stream.write_all(head.as_bytes()).ok()?;
        Some(stream)
    };
    let mut clients: Vec<Option<TcpStream>> = (0..SLOW_CLIENTS).map(begin).collect();
    while !is_over.load(Ordering::Relaxed) {
        thread::sleep(Duration::from_millis(500));
        for (i, client) in clients.iter_mut().enumerate() {
            let drop_of = if i % 2 == 0 { "x: y\r\n" } else { "x" };
            let is_there = client.as_mut().is_some_and(|stream| stream.write_all(drop_of.as_bytes()).is_ok());
            if !is_there {
                *client = begin(i);
            }
        }
    }
}
