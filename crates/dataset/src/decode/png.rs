//! Looks through the chunks of a PNG that stand before its image.

/// How many frames the chunk of animation control announces; `None` without one.
pub(super) fn frames(bytes: &[u8]) -> Option<usize> {
    let (_, data) = chunks(bytes).find(|(name, _)| *name == b"acTL")?;
    data.first_chunk().map(|frames| u32::from_be_bytes(*frames) as usize)
}

/// Whether each colour of a palette has its three values.
pub(super) fn has_whole_colours(bytes: &[u8]) -> bool {
    chunks(bytes)
        .filter(|(name, _)| *name == b"PLTE")
        .all(|(_, data)| data.len() >= 3 && data.len().is_multiple_of(3))
}

/// Name and content of each chunk before the first with pixels.
fn chunks(bytes: &[u8]) -> impl Iterator<Item = (&[u8; 4], &[u8])> {
    let mut rest = bytes.get(8..).unwrap_or_default();
    std::iter::from_fn(move || {
        let (length, behind) = rest.split_first_chunk::<4>()?;
        let (name, behind) = behind.split_first_chunk::<4>()?;
        let length = u32::from_be_bytes(*length) as usize;
        let data = behind.get(..length)?;
        // Behind the checksum.
        rest = behind.get(length.saturating_add(4)..).unwrap_or_default();
        (name != b"IDAT").then_some((name, data))
    })
}
