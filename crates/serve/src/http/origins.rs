//! Whose pages may ask. A browser says with each request that changes something, or could, which page sends it.

use crate::http::hosts::Authority;

/// Origins that may ask beside the server's own.
#[derive(Debug)]
pub(crate) struct Origins(Vec<String>);

impl Origins {
    /// # Errors
    /// The first that is no origin.
    pub(crate) fn new(allowed: &[String]) -> Result<Self, String> {
        let written = |text: &String| written(text).ok_or_else(|| text.clone());
        Ok(Self(allowed.iter().map(written).collect::<Result<_, _>>()?))
    }

    /// Whether an origin is one of those that were named. A browser lets its pages see the answers.
    pub(crate) fn include(&self, origin: &str) -> bool {
        written(origin).is_some_and(|origin| self.0.contains(&origin))
    }

    pub(crate) fn are_none(&self) -> bool {
        self.0.is_empty()
    }
}

/// Whether a page of this origin came from the server itself, which was asked under the name in `host`.
pub(crate) fn is_own(origin: &str, host: &Authority) -> bool {
    parse(origin).is_some_and(|(scheme, from)| {
        // What stands before the server may speak TLS, so the scheme is not known here.
        let usual = if scheme == "https" { 443 } else { 80 };
        from.host == host.host && from.port.unwrap_or(usual) == host.port.unwrap_or(usual)
    })
}

fn parse(origin: &str) -> Option<(&'static str, Authority)> {
    let (scheme, rest) = origin.split_once("://")?;
    let scheme = ["http", "https"].into_iter().find(|known| scheme.eq_ignore_ascii_case(known))?;
    Some((scheme, Authority::parse(rest)?))
}

/// The one way to write an origin. `null` is that of pages without one, such as a file.
fn written(origin: &str) -> Option<String> {
    if origin == "null" {
        return Some(origin.to_owned());
    }
    let (scheme, Authority { host, port }) = parse(origin)?;
    let usual = if scheme == "https" { 443 } else { 80 };
    Some(format!("{scheme} {host:?} {}", port.unwrap_or(usual)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own(origin: &str, host: &str) -> bool {
        is_own(origin, &Authority::parse(host).unwrap())
    }

    #[test]
    fn the_servers_own_pages_have_its_name_and_port() {
        assert!(
            own("http://localhost:8080", "localhost:8080") && own("http://LOCALHOST:8080", "localhost:8080")
        );
        assert!(own("http://[::1]:8080", "[::1]:8080") && own("http://localhost", "localhost:80"));
        // Behind a server that speaks TLS.
        assert!(own("https://digits.example", "digits.example"));
        for origin in [
            "http://localhost:8081",
            "http://localhost",
            "http://evil.example",
            "http://127.0.0.1:8080",
            "null",
            "",
            "file://localhost:8080",
            "http://localhost:8080/",
            "http://localhost:8080@evil",
            "localhost:8080",
            "http://localhost:8080.evil",
        ] {
            assert!(!own(origin, "localhost:8080"), "{origin}");
        }
    }

    #[test]
    fn further_origins_are_compared_as_browsers_do() {
        let origins = Origins::new(&["https://Example.org".into(), "null".into()]).unwrap();
        assert!(origins.include("https://example.org") && origins.include("https://example.org:443"));
        assert!(origins.include("null") && !origins.include("http://example.org"));
        assert!(!origins.include("https://evil.example.org") && !origins.include("https://example.org/"));
        assert_eq!(Origins::new(&["example.org".into()]).unwrap_err(), "example.org");
        assert!(Origins::new(&["*".into()]).is_err());
    }
}
