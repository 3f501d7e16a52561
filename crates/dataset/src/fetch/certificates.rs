//! The certificates that HTTPS servers are checked with: Mozilla's, which are part of the program, and the
//! system's.
//!
//! A system may be old or bare, as in a container, so Mozilla's have to be there. A network that inspects what
//! goes through it signs with a certificate of its own, which only the system knows.

use std::sync::OnceLock;

use ureq::tls::{Certificate, RootCerts};

/// All certificates. They are loaded once.
///
/// The system's are those in the file `SSL_CERT_FILE` and the folders `SSL_CERT_DIR`, where one of these
/// variables is set. What cannot be loaded is passed over: it matters only if a server needs it.
pub(super) fn roots() -> RootCerts {
    static ROOTS: OnceLock<RootCerts> = OnceLock::new();
    ROOTS
        .get_or_init(|| {
            let system = rustls_native_certs::load_native_certs().certs;
            let system = system.iter().map(|der| Certificate::from_der(der).to_owned());
            let mozilla = webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter();
            system.chain(mozilla.map(|der| Certificate::from_der(der))).into()
        })
        .clone()
}
