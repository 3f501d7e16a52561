//! Programs of others: schemathesis asks what the OpenAPI document allows and forbids, and FastAPI serves the same model.

use std::fs;
use std::net::TcpListener;
use std::process::Command;

use anyhow::{Result, bail};

use crate::command::{output, say};
use crate::python::{Environment, requirements, run_visibly};
use crate::robustness::serve::bench::Bench;
use crate::robustness::serve::program::Served;
use crate::robustness::serve::rate::{CONNECTIONS, Rate, Shape, wrk};

/// Rounds in which both servers are measured in turn.
const ROUNDS: usize = 2;

fn environment(bench: &Bench<'_>) -> Result<Environment> {
    let packages = requirements(include_str!("../../../serve/requirements.txt"));
    let environment = Environment::new(bench.root.join("target/serve/python"), packages);
    if !environment.is_ready() {
        if !bench.setup {
            bail!("FastAPI, ONNX Runtime and schemathesis are missing; --setup installs them below target");
        }
        environment.make(bench.root)?;
    }
    Ok(environment)
}

/// Lets schemathesis ask for what is allowed and what is not.
pub(super) fn schemathesis(bench: &Bench<'_>) -> Result<()> {
    let python = environment(bench)?.python();
    let server = Served::start(&bench.program, &[])?;
    let document = format!("http://{}/openapi.json", server.socket);
    let config = bench.root.join("xtask/serve/schemathesis.toml").display().to_string();
    let arguments = [
        "-m",
        "schemathesis.cli",
        "--config-file",
        &config,
        "run",
        &document,
        "--seed",
        "1",
        "--checks",
        "all",
    ];
    let how = ["--max-examples", "500", "--continue-on-failure", "--phases", "examples,coverage,fuzzing"];
    // It writes what it remembers where it runs.
    run_visibly(&bench.root.join("target/serve"), &python, &[&arguments[..], &how].concat())
}

/// Measures both servers in turn, with the same images and the same weights.
pub(super) fn fastapi(bench: &Bench<'_>) -> Result<()> {
    let python = environment(bench)?.python();
    let folder = bench.root.join("target/serve/model");
    drop(fs::remove_dir_all(&folder));
    fs::create_dir_all(&folder)?;
    let at = |name: &str| folder.join(name).display().to_string();
    // An exported model comes from a run, so the built-in weights become one.
    let [run, onnx] = ["run", "digits.onnx"].map(at);
    let weights = "crates/network/models/digits.safetensors";
    let import = ["import", weights, "--config", "configs/real.toml", "-p", &run];
    output(bench.root, &bench.program, &import)?;
    output(bench.root, &bench.program, &["export", "-p", &run, "-o", &onnx])?;

    let cores = std::thread::available_parallelism().map_or(1, usize::from).to_string();
    for (name, shape) in [("pixels in JSON", Shape::Pixels), ("PNG", Shape::Png)] {
        for round in 1..=ROUNDS {
            let ours = measured(bench, &Served::start(&bench.program, &[])?, shape)?;
            say(&format!("{name}, round {round}: serve                {}", described(&ours)));
            for processes in ["1", &cores] {
                let socket = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
                let mut command = Command::new(&python);
                let port = socket.port().to_string();
                command
                    .args(["xtask/serve/fastapi_server.py", &onnx, &port, processes])
                    .current_dir(bench.root);
                let theirs = measured(bench, &Served::other(command, socket)?, shape)?;
                say(&format!("{name}, round {round}: FastAPI, {processes} processes {}", described(&theirs)));
                let (rate, time) = (ours.0.a_second / theirs.0.a_second, theirs.1 / ours.1);
                say(&format!(
                    "    serve answers {rate:.1} times as many, each in {time:.1} times less of a processor"
                ));
            }
        }
    }
    Ok(())
}

fn described((rate, took): &(Rate, f64)) -> String {
    format!("{}, {took:.0} µs of a processor each", rate.line())
}

/// The rate of a server, and the processor time of a request in microseconds.
fn measured(bench: &Bench<'_>, server: &Served, shape: Shape) -> Result<(Rate, f64)> {
    let before = server.processor_seconds();
    let rate = wrk(bench.root, server.socket, shape, CONNECTIONS, bench.seconds)?;
    let took = (server.processor_seconds() - before) / rate.requests * 1e6;
    Ok((rate, took))
}
