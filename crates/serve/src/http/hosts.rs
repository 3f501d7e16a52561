//! Under which names the server answers.
//!
//! A page from elsewhere can have its own name lead to this machine (DNS rebinding), and then a browser takes what the
//! server says for that page's own. The request still carries the page's name, so it is refused.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv6Addr};

/// The names, in lower case, and addresses.
#[derive(Debug)]
pub(crate) struct Hosts {
    names: BTreeSet<String>,
    addresses: BTreeSet<IpAddr>,
    /// Whether it listens on all addresses of the machine. No name can be led to an address that is written out.
    any_address: bool,
}

/// A name or an address, with a port if there is one.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Authority {
    pub(crate) host: Host,
    pub(crate) port: Option<u16>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Host {
    Name(String),
    Address(IpAddr),
}

impl Hosts {
    /// Those of this machine, the one that the server was told to listen on, and further ones.
    ///
    /// # Errors
    /// The first that is no name and no address.
    pub(crate) fn new(listening: &str, further: &[String]) -> Result<Self, String> {
        let mut hosts = Self { names: BTreeSet::new(), addresses: BTreeSet::new(), any_address: false };
        let own = ["localhost", "127.0.0.1", "[::1]"].map(String::from);
        let listening = match listening.parse::<Ipv6Addr>() {
            Ok(address) => format!("[{address}]"),
            Err(_) => listening.to_owned(),
        };
        for text in own.iter().chain([&listening]).chain(further) {
            match Authority::parse(text) {
                Some(Authority { host: Host::Name(name), port: None }) => drop(hosts.names.insert(name)),
                Some(Authority { host: Host::Address(address), port: None }) => {
                    hosts.any_address |= address.is_unspecified();
                    hosts.addresses.insert(address);
                }
                _ => return Err(text.clone()),
            }
        }
        Ok(hosts)
    }

    /// Whether a request may be meant for this server. The port is not looked at, because it may have been forwarded.
    pub(crate) fn include(&self, host: &Host) -> bool {
        match host {
            Host::Name(name) => self.names.contains(name),
            Host::Address(address) => self.any_address || self.addresses.contains(address),
        }
    }
}

impl Authority {
    /// Reads what stands in `Host`, or behind `//` in an address.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (host, port) = match text.strip_prefix('[') {
            Some(rest) => {
                let (address, port) = rest.split_once(']')?;
                (Host::Address(address.parse::<Ipv6Addr>().ok()?.into()), port)
            }
            None => {
                let end = text.find(':').unwrap_or(text.len());
                let (name, port) = text.split_at(end);
                (Host::parse(name)?, port)
            }
        };
        let port = match port.strip_prefix(':') {
            Some(digits) if !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit()) => {
                Some(digits.parse().ok()?)
            }
            None if port.is_empty() => None,
            _ => return None,
        };
        Some(Self { host, port })
    }
}

impl Host {
    fn parse(name: &str) -> Option<Self> {
        if let Ok(address) = name.parse::<IpAddr>() {
            return Some(Self::Address(address));
        }
        // A name may end with a dot, which changes nothing.
        let name = name.strip_suffix('.').unwrap_or(name);
        let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        let is_name = !name.is_empty() && !name.starts_with('.') && name.bytes().all(is_letter);
        is_name.then(|| Self::Name(name.to_ascii_lowercase()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn includes(hosts: &Hosts, text: &str) -> bool {
        Authority::parse(text).is_some_and(|authority| hosts.include(&authority.host))
    }

    #[test]
    fn the_machine_itself_and_what_was_named_is_included() {
        let hosts = Hosts::new("digits.lan", &["Digits.Example.org".into()]).unwrap();
        for text in
            ["localhost", "LOCALHOST:1", "localhost.:80", "127.0.0.1:8080", "[::1]", "[0:0:0:0:0:0:0:1]:8080"]
        {
            assert!(includes(&hosts, text), "{text}");
        }
        assert!(includes(&hosts, "digits.lan") && includes(&hosts, "digits.example.org:443"));
    }

    #[test]
    fn anything_else_is_not() {
        let hosts = Hosts::new("127.0.0.1", &[]).unwrap();
        for text in [
            "evil.example",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "localhost@evil.example",
            "192.168.1.2",
            "0.0.0.0",
            "127.0.0.2",
            "[::2]",
            "2130706433",
            "0x7f.0.0.1",
            "127.1",
            "",
            ":80",
            "localhost:",
            "localhost:x",
            "localhost:99999",
            "localhost:80:80",
            "localhost/",
            "localhost evil",
            "[::1",
            "[::1]x",
            "::1",
            "..",
            ".",
        ] {
            assert!(!includes(&hosts, text), "{text:?}");
        }
    }

    #[test]
    fn a_server_on_all_addresses_is_asked_by_any_of_them_and_by_no_name() {
        let hosts = Hosts::new("0.0.0.0", &[]).unwrap();
        assert!(includes(&hosts, "192.168.1.2:8080") && includes(&hosts, "[fd00::1]"));
        assert!(!includes(&hosts, "evil.example"));
        assert!(Hosts::new("::", &[]).unwrap().any_address);
        assert_eq!(Hosts::new("::1", &["a:80".into()]).unwrap_err(), "a:80");
    }
}
