//! An ssh server of its own: other keys, another port, nobody's settings.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::command::output;
use crate::robustness::machines::daemon::{Daemon, until};

/// A running server, and how to reach it.
pub(super) struct Sshd {
    _server: Daemon,
    /// `ssh` with all that it needs, but for the machine's name.
    pub(super) client: String,
}

impl Sshd {
    /// Starts a server in a folder. `around` are words before the server's command, such as those that enter a network
    /// namespace; the server is asked from the namespace that `from` enters.
    pub(super) fn start(folder: &Path, address: &str, around: &[&str], from: &[&str]) -> Result<Self> {
        fs::create_dir_all(folder)?;
        // It refuses to start without this folder, which a system without ssh does not have.
        fs::create_dir_all("/run/sshd").context("/run/sshd")?;
        let place = |name: &str| folder.join(name).display().to_string();
        for key in ["host", "user"] {
            output(folder, "ssh-keygen", &["-q", "-t", "ed25519", "-N", "", "-f", &place(key)])
                .context("Debian's package openssh-client is needed")?;
        }
        let port = "42022";
        let server = format!(
            "Port {port}\nListenAddress {address}\nHostKey {}\nAuthorizedKeysFile {}\nStrictModes no\nUsePAM no\n\
             PidFile none\nPermitRootLogin yes\n",
            place("host"),
            place("user.pub"),
        );
        fs::write(folder.join("sshd.conf"), server)?;
        let client = format!(
            "Host *\n  Port {port}\n  IdentityFile {}\n  IdentitiesOnly yes\n  StrictHostKeyChecking no\n  \
             UserKnownHostsFile /dev/null\n  LogLevel ERROR\n",
            place("user"),
        );
        fs::write(folder.join("ssh.conf"), client)?;
        let config = place("sshd.conf");
        let words = [around, &["/usr/sbin/sshd", "-D", "-e", "-f", &config]].concat();
        let server = Daemon::start(Command::new(words[0]).args(&words[1..]), &folder.join("sshd.log"))
            .context("Debian's package openssh-server is needed")?;
        let client = format!("ssh -F {}", place("ssh.conf"));
        let config = place("ssh.conf");
        let ask = [from, &["ssh", "-F", &config, address, "true"]].concat();
        until("the ssh server", 10, || Ok(Command::new(ask[0]).args(&ask[1..]).output()?.status.success()))
            .with_context(|| fs::read_to_string(folder.join("sshd.log")).unwrap_or_default())?;
        Ok(Self { _server: server, client })
    }
}

/// Checks that what is tried may be done here.
pub(super) fn check_root() -> Result<()> {
    let id = output(&PathBuf::from("/"), "id", &["-u"])?;
    ensure!(id.trim() == "0", "network namespaces and an ssh server need root");
    Ok(())
}
