//! A connection's bytes, with an eye on what the HTTP library says by itself.
//!
//! It refuses what is no HTTP with a head alone. Here that is held back, so that the connection's task can say it in
//! JSON. And a client that takes nothing of its answer is let go.

use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU16, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Sleep, sleep, timeout};

/// What is still taken of a client that was refused, before the connection is cut.
const LINGER: Duration = Duration::from_secs(1);

/// What the HTTP library reads and writes.
pub(super) struct Wire {
    end: Arc<WireEnd>,
    write_time: Duration,
    /// Runs while the client takes nothing.
    stuck: Option<Pin<Box<Sleep>>>,
}

/// What is left for the connection's task once the HTTP library is done.
pub(super) struct WireEnd {
    stream: Mutex<TcpStream>,
    /// Whether something was read since the last answer.
    has_heard: AtomicBool,
    /// The status of an answer that was held back, or 0.
    held_back: AtomicU16,
}

impl Wire {
    pub(super) fn new(stream: TcpStream, write_time: Duration) -> (Self, Arc<WireEnd>) {
        let end = Arc::new(WireEnd {
            stream: Mutex::new(stream),
            has_heard: AtomicBool::new(false),
            held_back: AtomicU16::new(0),
        });
        (Self { end: Arc::clone(&end), write_time, stuck: None }, end)
    }

    fn written(&mut self, cx: &mut Context<'_>, result: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if result.is_ready() {
            self.stuck = None;
            self.end.has_heard.store(false, Ordering::Relaxed);
            return result;
        }
        let stuck = self.stuck.get_or_insert_with(|| Box::pin(sleep(self.write_time)));
        ready!(stuck.as_mut().poll(cx));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl AsyncRead for Wire {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let result = Pin::new(&mut *self.end.stream()).poll_read(cx, buf);
        if buf.filled().len() > before {
            self.end.has_heard.store(true, Ordering::Relaxed);
        }
        result
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        if self.end.hold_back(buf) {
            return Poll::Ready(Ok(buf.len()));
        }
        let result = Pin::new(&mut *self.end.stream()).poll_write(cx, buf);
        self.written(cx, result)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if let [only] = bufs
            && self.end.hold_back(only)
        {
            return Poll::Ready(Ok(only.len()));
        }
        let result = Pin::new(&mut *self.end.stream()).poll_write_vectored(cx, bufs);
        self.written(cx, result)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.end.stream()).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.end.held_back().is_some() {
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut *self.end.stream()).poll_shutdown(cx)
    }
}

impl WireEnd {
    /// It is never locked for long, and by one task alone.
    fn stream(&self) -> MutexGuard<'_, TcpStream> {
        self.stream.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether these bytes are an answer of the HTTP library's own, which has none of the server's headers.
    fn hold_back(&self, bytes: &[u8]) -> bool {
        let is_own = self.has_heard.load(Ordering::Relaxed)
            && bytes.len() < 256
            && bytes.starts_with(b"HTTP/1.")
            && bytes.get(9) == Some(&b'4')
            && bytes.ends_with(b"\r\n\r\n")
            && !bytes.windows(8).any(|name| name == b"nosniff\r");
        if is_own {
            let digits = bytes.get(9..12).unwrap_or_default().iter();
            let status =
                digits.fold(0u16, |status, digit| status * 10 + u16::from(digit.wrapping_sub(b'0') % 10));
            self.held_back.store(status, Ordering::Relaxed);
        }
        is_own
    }

    /// The status of an answer that was held back.
    pub(super) fn held_back(&self) -> Option<u16> {
        Some(self.held_back.load(Ordering::Relaxed)).filter(|status| *status > 0)
    }

    /// Whether a request has begun to arrive.
    pub(super) fn has_heard(&self) -> bool {
        self.has_heard.load(Ordering::Relaxed)
    }

    /// Says the last word on this connection. A client that is cut off while it sends would not read it.
    pub(super) async fn conclude(&self, answer: &[u8]) {
        let all = async {
            let mut rest = answer;
            while !rest.is_empty() {
                let written = poll_fn(|cx| Pin::new(&mut *self.stream()).poll_write(cx, rest)).await?;
                rest = rest.get(written.max(1)..).unwrap_or_default();
            }
            poll_fn(|cx| Pin::new(&mut *self.stream()).poll_shutdown(cx)).await?;
            let mut bytes = [0; 1024];
            loop {
                let mut bytes = ReadBuf::new(&mut bytes);
                poll_fn(|cx| Pin::new(&mut *self.stream()).poll_read(cx, &mut bytes)).await?;
                if bytes.filled().is_empty() {
                    return io::Result::Ok(());
                }
            }
        };
        // Nothing can be said to a client that does not listen.
        drop(timeout(LINGER, all).await);
    }
}
