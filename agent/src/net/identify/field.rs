//! Fields at fixed places of an answer that may be cut anywhere.

/// The first line without its end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line<'a> {
    /// What it says. It holds no control characters but tabs.
    pub(super) text: &'a [u8],
    /// CR and LF end it, as the Internet's text protocols have it; it was not cut.
    pub(super) ended: bool,
}

/// The first line of `bytes`, when it is text.
pub(super) fn first_line(bytes: &[u8]) -> Option<Line<'_>> {
    let raw = bytes.split(|&byte| byte == b'\n').next()?;
    let (text, ended) = match raw.strip_suffix(b"\r") {
        Some(text) => (text, raw.len() < bytes.len()),
        None => (raw, false),
    };
    text.iter().all(|&byte| byte == b'\t' || !byte.is_ascii_control()).then_some(Line { text, ended })
}

/// A big-endian number of two bytes.
pub(super) fn u16_be(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().map(|&chunk| u16::from_be_bytes(chunk))
}

/// A little-endian number of two bytes.
pub(super) fn u16_le(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().map(|&chunk| u16::from_le_bytes(chunk))
}

/// A big-endian number of four bytes.
pub(super) fn u32_be(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|&chunk| u32::from_be_bytes(chunk))
}

/// A little-endian number of four bytes.
pub(super) fn u32_le(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|&chunk| u32::from_le_bytes(chunk))
}

/// The bytes behind the first `mark`.
pub(super) fn after<'a>(bytes: &'a [u8], mark: &[u8]) -> Option<&'a [u8]> {
    let at = bytes.windows(mark.len()).position(|window| window == mark)?;
    bytes.get(at + mark.len()..)
}

/// The bytes before the first `end`, or all of them.
pub(super) fn until(bytes: &[u8], end: u8) -> &[u8] {
    bytes.split(|&byte| byte == end).next().unwrap_or(bytes)
}

/// Whether `word` occurs, in any case. The word is given in lower case.
pub(super) fn mentions(text: &[u8], word: &str) -> bool {
    text.windows(word.len()).any(|window| window.eq_ignore_ascii_case(word.as_bytes()))
}

/// Whether the text starts with `word`, in any case.
pub(super) fn starts(text: &[u8], word: &str) -> bool {
    text.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word.as_bytes()))
}
