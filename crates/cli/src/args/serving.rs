//! The flags of the command that reads images over HTTP.

use std::path::PathBuf;

use clap::{Args as ClapArgs, ValueEnum};

#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Ends in good order on INT and TERM: what has arrived is answered first. docs/serve.md has the API and every limit."
)]
#[cfg_attr(not(feature = "serve"), allow(dead_code, reason = "parsed, and answered with what to build"))]
pub(crate) struct ServeArgs {
    /// Directory of the run whose model reads, `latest`, or a model file [default: the model that comes with the program].
    #[arg(short = 'p', long, value_name = "DIR")]
    pub(crate) run_dir: Option<PathBuf>,
    /// A name or an address of this machine; 0.0.0.0 for all of them.
    #[arg(long, value_name = "NAME", default_value = "127.0.0.1")]
    pub(crate) host: String,
    /// 0 takes any that is free.
    #[arg(long, value_name = "N", default_value_t = 8080)]
    pub(crate) port: u16,
    /// Show the page in this folder, which computes in the browser, instead of one that asks the API.
    #[arg(long, value_name = "DIR")]
    pub(crate) web: Option<PathBuf>,
    /// Also answer under this name, as behind another server. Repeatable.
    #[arg(long, value_name = "NAME")]
    pub(crate) allow_host: Vec<String>,
    /// Let pages of this origin ask, such as `https://example.org`. Repeatable.
    #[arg(long, value_name = "ORIGIN")]
    pub(crate) allow_origin: Vec<String>,
    /// How each request is told on standard error.
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = LogFormat::Lines)]
    pub(crate) log: LogFormat,
    /// Decode so many large images at a time [default: the number of processors, at least 2].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) workers: Option<u16>,
    /// Let so many images wait, of the small and of the large ones; further ones are refused at once.
    #[arg(long, value_name = "N", default_value_t = 256, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) queue: u32,
    /// Start no server, but ask the one at this address whether it is well; the exit code tells.
    #[arg(long, value_name = "URL", exclusive = true)]
    pub(crate) check: Option<String>,
}

/// How requests are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// A line for people.
    Lines,
    /// A line of JSON.
    Json,
    Off,
}
