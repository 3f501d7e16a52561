//! Faults on demand, for tests of crash safety. Only the feature `fault-injection` compiles them in.
//!
//! The environment variable `MNIST_CNN_FAULT` chooses a fault. `io:7` makes the seventh write, sync, rename,
//! truncation or removal fail as on a full disk; a write that fails has written half of its bytes. `kill:7`
//! ends the process at that operation, and `nan:12` makes the weights NaN in step 12.

#[cfg(feature = "fault-injection")]
mod injected {
    use std::io;
    use std::path::Path;
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicUsize, Ordering};

    static PASSED: AtomicUsize = AtomicUsize::new(0);
    static INJECTED: OnceLock<String> = OnceLock::new();

    /// The kind of the chosen fault, and the number of the operation or step at which it happens.
    fn chosen() -> Option<&'static (String, usize)> {
        static CHOSEN: OnceLock<Option<(String, usize)>> = OnceLock::new();
        let read = || {
            let text = std::env::var("MNIST_CNN_FAULT").ok()?;
            let (kind, number) = text.split_once(':')?;
            Some((kind.to_owned(), number.parse().ok()?))
        };
        CHOSEN.get_or_init(read).as_ref()
    }

    pub(crate) fn io(operation: &str, path: &Path) -> io::Result<()> {
        let Some((kind, number)) = chosen() else { return Ok(()) };
        let passed = PASSED.fetch_add(1, Ordering::Relaxed) + 1;
        match kind.as_str() {
            "io" if passed == *number => {
                let text = format!("injected fault {number}: {operation} of {}", path.display());
                drop(INJECTED.set(text.clone()));
                Err(io::Error::new(io::ErrorKind::StorageFull, text))
            }
            "kill" if passed == *number => std::process::abort(),
            _ => Ok(()),
        }
    }

    pub(super) fn injected() -> Option<&'static str> {
        INJECTED.get().map(String::as_str)
    }

    pub(crate) fn learning_rate(rate: f64, step: usize) -> f64 {
        match chosen() {
            Some((kind, number)) if kind == "nan" && *number == step + 1 => f64::NAN,
            _ => rate,
        }
    }
}

#[cfg(not(feature = "fault-injection"))]
mod injected {
    use std::io;
    use std::path::Path;

    #[inline(always)]
    pub(crate) fn io(_operation: &str, _path: &Path) -> io::Result<()> {
        Ok(())
    }

    pub(super) fn injected() -> Option<&'static str> {
        None
    }

    #[inline(always)]
    pub(crate) fn learning_rate(rate: f64, _step: usize) -> f64 {
        rate
    }
}

pub(crate) use injected::{io, learning_rate};

/// The text of the I/O error that was injected into this process, or `None` if none was.
///
/// The program prints this text at its end, so that a test notices when code has ignored the error.
pub fn injected() -> Option<&'static str> {
    injected::injected()
}
