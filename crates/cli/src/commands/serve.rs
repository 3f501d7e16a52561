//! `serve`: reads images over HTTP.

#[cfg(feature = "serve")]
mod log_lines;

use crate::args::ServeArgs;
use crate::signals::Signals;

/// A program without the feature says how to build one that has it.
#[cfg(not(feature = "serve"))]
pub(crate) fn run(_args: &ServeArgs, _signals: &Signals) -> anyhow::Result<()> {
    let what = "this program was built without its server; build it with: cargo build --release -p cli --features serve";
    Err(crate::exit::usage(what.into()))
}

#[cfg(feature = "serve")]
pub(crate) fn run(args: &ServeArgs, signals: &Signals) -> anyhow::Result<()> {
    use anyhow::Context;
    use serve::{Limits, Model, Server, Settings};

    use self::log_lines::Lines;
    use crate::exit::{Interrupted, note};
    use crate::open::model;

    if let Some(url) = &args.check {
        return Ok(serve::check(url)?);
    }
    let (file, name) = model::file(args.run_dir.as_deref())?;
    let model = Model::new(file).with_context(|| format!("{name} cannot be used"))?;
    let mut limits = Limits { waiting: args.queue as usize, ..Limits::default() };
    limits.workers = args.workers.map_or(limits.workers, usize::from);
    let settings = Settings {
        host: args.host.clone(),
        port: args.port,
        web: args.web.clone(),
        allowed_hosts: args.allow_host.clone(),
        allowed_origins: args.allow_origin.clone(),
        limits,
    };
    let lines = Lines::new(args.log)?;
    let server = Server::bind(&settings, model, lines.sink.clone()).map_err(explained)?;
    note(&format!("open {} in a browser; Ctrl-C ends the server", server.address()));
    // A fault ends the request that met it, and has to be told where an operator looks.
    std::panic::set_hook(Box::new(|panic| note(&format!("error: a bug in this server: {panic}"))));
    signals.are_seen();
    server.run(|| signals.received().is_some())?;
    lines.end();
    let signal = signals.received().unwrap_or_default();
    Err(Interrupted { signal, text: "the server has ended; what had arrived was answered".into() }.into())
}

/// Says what to type, and gives what is wrong on the command line its exit code.
#[cfg(feature = "serve")]
fn explained(error: serve::ServeError) -> anyhow::Error {
    use serve::ServeError::{AllowedHost, AllowedOrigin, Host, Open, Start, Taken, Web};

    match &error {
        Taken { .. } => {
            anyhow::anyhow!("{error}; choose another one with --port, or any that is free with --port 0")
        }
        AllowedHost(_) | AllowedOrigin(_) | Host { .. } | Web { .. } => crate::exit::usage(error.to_string()),
        Open { .. } | Start(_) => error.into(),
    }
}
