//! Two network namespaces, which are to the program as two machines: an ssh server in one, `mpirun` in the other.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use crate::command::{output, say};
use crate::robustness::machines::lab::{By, Lab, SMALL, as_sets, finished, sha256};
use crate::robustness::machines::sshd::{self, Sshd};

const NAMES: [&str; 2] = ["mnist-cnn-a", "mnist-cnn-b"];
const LINKS: [&str; 2] = ["mnist-cnn-va", "mnist-cnn-vb"];
const ADDRESSES: [&str; 2] = ["10.77.0.1", "10.77.0.2"];
/// Nobody has this address.
const MISSING: &str = "10.77.0.3";
const NETWORK: &str = "10.77.0.0/24";

/// The bits of two machines, and of a run that one of them did not survive.
pub(super) fn run(lab: &Lab) -> Result<()> {
    let spaces = Spaces::make(lab)?;
    let expected = sha256(&lab.train(By::Itself, "spaces-alone", 2, &SMALL)?)?;
    let found = sha256(&finished(&mut spaces.train(lab, "spaces", &SMALL))?)?;
    ensure!(found == expected, "found {found}, expected {expected}");
    say("two network namespaces, mpirun over ssh between them: the bits of one process");

    let began = Instant::now();
    let output = spaces.train_on(lab, [ADDRESSES[0], MISSING], "missing", &SMALL).output()?;
    let (took, said) = (began.elapsed(), String::from_utf8_lossy(&output.stderr).into_owned());
    ensure!(
        !output.status.success() && said.contains(MISSING),
        "a machine is missing: {} {said}",
        output.status
    );
    ensure!(took < Duration::from_secs(5), "a machine is missing: noticed after {took:?}");
    say(&format!("a machine is missing: named after {:.1} s", took.as_secs_f64()));
    Ok(())
}

/// Two namespaces with a cable between them. They are gone when this value is dropped.
pub(super) struct Spaces {
    server: Option<Sshd>,
}

impl Spaces {
    pub(super) fn make(lab: &Lab) -> Result<Self> {
        sshd::check_root()?;
        remove();
        let ip = |words: &str| {
            output(Path::new("/"), "ip", &words.split(' ').collect::<Vec<_>>())
                .context("Debian's package iproute2 is needed")
        };
        let [a, b] = NAMES;
        let mut spaces = Self { server: None };
        ip(&format!("netns add {a}"))?;
        ip(&format!("netns add {b}"))?;
        ip(&format!("link add {} netns {a} type veth peer name {} netns {b}", LINKS[0], LINKS[1]))?;
        for i in 0..2 {
            ip(&format!("-n {} addr add {}/24 dev {}", NAMES[i], ADDRESSES[i], LINKS[i]))?;
            ip(&format!("-n {} link set {} up", NAMES[i], LINKS[i]))?;
            ip(&format!("-n {} link set lo up", NAMES[i]))?;
        }
        // MPI takes processes with the same host name for neighbours that share memory.
        let name = ["unshare", "--uts", "sh", "-c", "hostname machine-b; exec \"$@\"", "sh"];
        let around = [&["ip", "netns", "exec", b][..], &name].concat();
        let from = ["ip", "netns", "exec", a];
        spaces.server = Some(Sshd::start(&lab.folder.join("spaces-ssh"), ADDRESSES[1], &around, &from)?);
        Ok(spaces)
    }

    /// Lets the cable carry so many bits a second in each direction, as `tc` writes them, or all that it can.
    pub(super) fn limit(&self, rate: Option<&str>) -> Result<()> {
        for (name, link) in NAMES.iter().zip(LINKS) {
            let tc = ["-n", name, "qdisc"];
            let root = ["dev", link, "root"];
            let words = match rate {
                None => [&tc[..], &["del"], &root].concat(),
                Some(rate) => {
                    let shape = ["tbf", "rate", rate, "burst", "16kb", "latency", "400ms"];
                    [&tc[..], &["replace"], &root, &shape].concat()
                }
            };
            let done = Command::new("tc").args(&words).stderr(Stdio::null()).status();
            // Without a limit there is nothing to delete.
            let done = done.context("Debian's package iproute2 is needed")?.success() || rate.is_none();
            ensure!(done, "tc {words:?} failed");
        }
        Ok(())
    }

    /// A command that trains a new run by two processes, one in each namespace.
    pub(super) fn train(&self, lab: &Lab, run: &str, sets: &[&str]) -> Command {
        self.train_on(lab, ADDRESSES, run, sets)
    }

    fn train_on(&self, lab: &Lab, [first, second]: [&str; 2], run: &str, sets: &[&str]) -> Command {
        let agent = self.server.as_ref().map(|server| server.client.clone()).unwrap_or_default();
        let mut command = Command::new("ip");
        command.args(["netns", "exec", NAMES[0], "mpirun", "--allow-run-as-root"]).current_dir(&lab.folder);
        command.args(["-np", "2", "--host", &format!("{first}:1,{second}:1")]);
        command.args(["--mca", "plm_rsh_agent", &agent, "--mca", "btl", "tcp,self"]);
        command.args(["--mca", "btl_tcp_if_include", NETWORK, "--mca", "oob_tcp_if_include", NETWORK]);
        command.args(["-x", "RAYON_NUM_THREADS=1", "-wdir"]).arg(&lab.folder).arg(lab.with_mpi());
        command.args(["train", "--json", "-p", run]).args(as_sets(sets));
        command
    }
}

impl Drop for Spaces {
    fn drop(&mut self) {
        self.server = None;
        remove();
    }
}

fn remove() {
    for name in NAMES {
        drop(Command::new("ip").args(["netns", "del", name]).stderr(Stdio::null()).status());
    }
}
