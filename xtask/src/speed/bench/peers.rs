//! The programs that this one is compared with, and the Python environments that they live in.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::command::{executable, output, say};
use crate::python::{Environment, PYTORCH};
use crate::speed::contender::Contender;

/// A peer that is written in Python.
#[derive(Clone, Copy, Debug)]
pub(super) struct Peer {
    pub name: &'static str,
    /// The folder of its environment.
    environment: &'static str,
    takes_part: TakesPart,
}

/// On which networks and beside which of our backends a peer is timed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum TakesPart {
    Always,
    /// On the lecture's network only.
    OnLecture,
    /// Beside wgpu only, because it computes on a GPU.
    BesideGpu,
}

pub(super) const PEERS: [Peer; 8] = [
    peer("pytorch", "python", TakesPart::Always),
    peer("pytorch-channels-last", "python", TakesPart::Always),
    peer("tensorflow", "tensorflow", TakesPart::Always),
    peer("torch-compile", "python", TakesPart::OnLecture),
    peer("jax", "jax", TakesPart::OnLecture),
    peer("onnxruntime", "python", TakesPart::Always),
    peer("pytorch-gpu", "python", TakesPart::BesideGpu),
    peer("pytorch-gpu-channels-last", "python", TakesPart::BesideGpu),
];

const fn peer(name: &'static str, environment: &'static str, takes_part: TakesPart) -> Peer {
    Peer { name, environment, takes_part }
}

impl Peer {
    /// Whether it computes on the same device as this backend of ours.
    fn is_beside(&self, backend: &str) -> bool {
        (backend == "wgpu") == (self.takes_part == TakesPart::BesideGpu)
    }
}

/// The folders of the environments and what is in them. Their packages do not agree on versions of others, so
/// each framework has an environment of its own.
const ENVIRONMENTS: [(&str, &[&str]); 3] =
    [("python", &PYTORCH), ("tensorflow", &["tensorflow-cpu", "numpy"]), ("jax", &["jax", "numpy"])];

/// Which peers take part, and where they are.
pub(super) struct Peers {
    folder: PathBuf,
    chosen: Vec<Peer>,
    pub candle: Option<String>,
}

impl Peers {
    /// The peers whose environments exist; with `setup`, the others' are made. `given` is a folder with environments
    /// that are used as they are. `names` chooses among the peers; if it is empty, all take part that fit our
    /// backends: a GPU is compared with the same GPU, and CPUs with the same CPU.
    ///
    /// # Errors
    /// If there is no peer of a name, or an environment cannot be made.
    pub(super) fn new(
        root: &Path,
        given: Option<&Path>,
        setup: bool,
        names: &[String],
        backends: &[String],
    ) -> Result<Self> {
        if let Some(name) = names.iter().find(|name| PEERS.iter().all(|peer| peer.name != **name)) {
            bail!("{name:?} is no contender; there are {}", PEERS.map(|peer| peer.name).join(", "));
        }
        let folder = given.map_or_else(|| root.join("target/bench"), Path::to_path_buf);
        let is_chosen = |peer: &Peer| match names {
            [] => backends.iter().any(|backend| peer.is_beside(backend)),
            names => names.iter().any(|name| name == peer.name),
        };
        let mut chosen: Vec<Peer> = PEERS.into_iter().filter(is_chosen).collect();
        for (name, packages) in ENVIRONMENTS {
            let packages = packages.iter().map(|package| (*package).to_owned()).collect();
            let environment = Environment::new(folder.join(name), packages);
            let is_needed = chosen.iter().any(|peer| peer.environment == name);
            if !is_needed || given.is_some() || environment.is_ready() {
                continue;
            }
            if setup {
                environment.make(root)?;
            } else {
                chosen.retain(|peer| peer.environment != name);
                say(&format!("without --setup there is no {name} environment to compare with"));
            }
        }
        Ok(Self { folder, chosen, candle: None })
    }

    /// Starts the peers that are timed on this network, whose description is in the file.
    ///
    /// # Errors
    /// If one cannot be started.
    pub(super) fn start(
        &self,
        root: &Path,
        network: &Path,
        data: &str,
        threads: usize,
        is_lecture: bool,
    ) -> Result<Vec<Contender>> {
        let chosen = self.chosen.iter().filter(|peer| is_lecture || peer.takes_part != TakesPart::OnLecture);
        let mut started = chosen
            .map(|peer| self.start_one(root, peer, network, data, threads))
            .collect::<Result<Vec<_>>>()?;
        if let Some(candle) = self.candle.as_ref().filter(|_| is_lecture) {
            started.push(Contender::start(root, "candle", candle, &[data], threads)?);
        }
        Ok(started)
    }

    fn start_one(
        &self,
        root: &Path,
        peer: &Peer,
        network: &Path,
        data: &str,
        threads: usize,
    ) -> Result<Contender> {
        let python = self.folder.join(peer.environment).join("bin/python").display().to_string();
        let (network, number) = (network.display().to_string(), threads.to_string());
        let words = ["xtask/bench/contender", peer.name, &network, data, &number];
        Contender::start(root, peer.name, &python, &words, threads)
    }
}

/// Whether a contender is another project's program.
pub(super) fn is_foreign(name: &str) -> bool {
    name == "candle" || PEERS.iter().any(|peer| peer.name == name)
}

/// Builds candle's program, which has a workspace of its own because nothing else here needs candle.
///
/// # Errors
/// If it cannot be built.
pub(super) fn build_candle(root: &Path) -> Result<String> {
    say("building candle's program");
    let arguments = "build --release --manifest-path xtask/bench/candle/Cargo.toml --target-dir target/bench/candle --message-format json-render-diagnostics";
    let messages = output(root, "cargo", &arguments.split(' ').collect::<Vec<_>>())?;
    executable(&messages).context("cargo named no executable")
}
