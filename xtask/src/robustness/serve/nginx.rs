//! Two servers behind nginx, as `deploy/nginx.conf` has it: one of them ends while everybody asks, and nobody notices.

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::process::Command;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use crate::command::say;
use crate::robustness::serve::bench::Bench;
use crate::robustness::serve::client;
use crate::robustness::serve::program::Served;
use crate::robustness::serve::rate::{CONNECTIONS, Shape, wrk};

pub(super) fn measure(bench: &Bench<'_>) -> Result<()> {
    let allow = ["--allow-host", "digits.example"];
    let mut first = Served::start(&bench.program, &allow)?;
    let second = Served::start(&bench.program, &allow)?;
    let front = free()?;
    let folder = bench.root.join("target/serve/nginx");
    fs::create_dir_all(&folder)?;
    let place = folder.display().to_string();
    let text = fs::read_to_string(bench.root.join("deploy/nginx.conf"))?
        .replace("127.0.0.1:8081", &first.socket.to_string())
        .replace("127.0.0.1:8082", &second.socket.to_string())
        .replace("127.0.0.1:8080", &front.to_string())
        .replace("/tmp/mnist-cnn-nginx", &format!("{place}/nginx"));
    let file = folder.join("nginx.conf");
    fs::write(&file, text)?;
    let mut command = Command::new("nginx");
    // It tells of each request that it hands to the other server, which is a thousand lines here.
    let told = fs::File::create(folder.join("nginx.log"))?;
    command.arg("-c").arg(&file).args(["-p", &place, "-g", "daemon off;"]).stderr(told);
    let nginx = Served::other(command, front).context("nginx is needed (Debian's package nginx-light)")?;

    let direct = wrk(bench.root, second.socket, Shape::Pixels, CONNECTIONS, bench.seconds)?;
    say(&format!("one server            {}", direct.line()));
    let both = wrk(bench.root, nginx.socket, Shape::Pixels, CONNECTIONS, bench.seconds)?;
    say(&format!("two behind nginx      {}", both.line()));
    ensure!(both.failures.is_empty(), "behind nginx: {}", both.failures);
    for server in [&first, &second] {
        let metrics = String::from_utf8(client::get(server.socket, "/metrics")?.body)?;
        let read = metrics.lines().find(|line| line.contains("/api/predict\",status=\"200\""));
        say(&format!("    of one of them: {}", read.unwrap_or("nothing")));
    }
    let while_one_ends = thread::scope(|scope| {
        let asking = scope.spawn(|| wrk(bench.root, nginx.socket, Shape::Pixels, CONNECTIONS, bench.seconds));
        thread::sleep(Duration::from_secs(u64::from(bench.seconds) / 2));
        let ended = first.end("-TERM");
        (asking.join(), ended)
    });
    let (Ok(rate), ended) = while_one_ends else { anyhow::bail!("wrk could not be waited for") };
    let (rate, (status, took)) = (rate?, ended?);
    say(&format!("while one ends        {}", rate.line()));
    ensure!(rate.failures.is_empty(), "while one server ended: {}", rate.failures);
    ensure!(status.code() == Some(143) && took < Duration::from_secs(2), "{status} after {took:?}");
    let hidden = client::get(front, "/metrics")?.status;
    ensure!(hidden == 404, "nginx shows the counters: {hidden}");
    Ok(())
}

/// A port that nobody listens on.
fn free() -> Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}
