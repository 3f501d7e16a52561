//! Takes a body: no larger and no slower than is allowed, and never for nothing.

use std::time::Duration;

use axum::body::Body;
use axum::http::header::{CONTENT_LENGTH, EXPECT};
use axum::http::{HeaderMap, StatusCode};
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use tokio::time::{Instant, timeout, timeout_at};

use crate::failure::Failure;
use crate::http::held::{Account, Held};
use crate::settings::Limits;

/// How often the rate of a slow body is looked at.
const TICK: Duration = Duration::from_millis(500);
/// What is still taken of a body that was refused, and thrown away: a client that is cut off while it sends does not
/// read the answer.
const REFUSED_TIME: Duration = Duration::from_secs(2);
const REFUSED_BYTES: usize = 64 << 20;

/// The whole body. It is not asked for (`Expect: 100-continue`) before it is clear that it may be as long as it says.
///
/// # Errors
/// If it is too large, too slow, broken, or more than all bodies together may have.
pub(crate) async fn take(
    headers: &HeaderMap,
    mut body: Body,
    limits: &Limits,
    account: &Account,
) -> Result<(Bytes, Held), Failure> {
    let announced = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > limits.body as u64) {
        refuse(headers, body);
        return Err(Failure::body_too_large(limits.body));
    }
    let mut held = account.open();
    let mut taken = BytesMut::new();
    let began = Instant::now();
    loop {
        let next = (Instant::now() + TICK).min(began + limits.body_time);
        match timeout_at(next, body.frame()).await {
            Ok(None) => return Ok((taken.freeze(), held)),
            Ok(Some(Ok(frame))) => {
                let Ok(data) = frame.into_data() else { continue };
                if taken.len() + data.len() > limits.body {
                    refuse(headers, body);
                    return Err(Failure::body_too_large(limits.body));
                }
                if let Err(failure) = held.take(data.len()) {
                    refuse(headers, body);
                    return Err(failure);
                }
                taken.extend_from_slice(&data);
            }
            Ok(Some(Err(_))) => {
                let message = "the body is not what its headers say, or ends before its end";
                return Err(Failure::bad_request("body", message).closing());
            }
            Err(_) => {}
        }
        if is_too_slow(began.elapsed(), taken.len(), limits) {
            let message = format!("the body arrives too slowly: {} bytes until now", taken.len());
            return Err(Failure::new(StatusCode::REQUEST_TIMEOUT, "timeout", message).closing());
        }
    }
}

fn is_too_slow(elapsed: Duration, bytes: usize, limits: &Limits) -> bool {
    let judged = elapsed.saturating_sub(limits.body_grace).as_secs_f64();
    elapsed >= limits.body_time || (bytes as f64) < judged * limits.least_rate as f64
}

/// Throws away what still comes, for a while, beside the answer.
pub(crate) fn refuse(headers: &HeaderMap, mut body: Body) {
    // A client that waits to be asked is not asked, and sends nothing.
    if headers.contains_key(EXPECT) {
        return;
    }
    let rest = async move {
        let mut bytes = 0;
        while let Some(Ok(frame)) = body.frame().await {
            bytes += frame.data_ref().map_or(0, Bytes::len);
            if bytes > REFUSED_BYTES {
                break;
            }
        }
    };
    drop(tokio::spawn(timeout(REFUSED_TIME, rest)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_may_be_slow_for_a_while_and_not_for_long() {
        let limits = Limits::default();
        let slow = |seconds, bytes| is_too_slow(Duration::from_secs(seconds), bytes, &limits);
        assert!(!slow(5, 0) && slow(6, 1000) && !slow(6, 1024));
        assert!(!slow(29, 1 << 20) && slow(30, 1 << 20));
    }
}
