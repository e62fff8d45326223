//! Places in a text: bytes, lines and columns.

/// A part of a text, as byte offsets; the end is not part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Span {
    /// Offset of the first byte.
    pub start: usize,
    /// Offset behind the last byte.
    pub end: usize,
}

/// Where the lines of a text begin.
#[derive(Debug)]
pub(crate) struct Lines<'a> {
    text: &'a str,
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    /// Finds them, once.
    pub(crate) fn of(text: &'a str) -> Self {
        let starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { text, starts }
    }

    /// The line (from 1) of a byte of the text.
    pub(crate) fn number(&self, at: usize) -> usize {
        self.starts.partition_point(|start| *start <= at)
    }

    /// The line (from 1) and the column (from 1, in characters) of a byte of the text.
    pub(crate) fn position(&self, at: usize) -> (usize, usize) {
        let at = floor_boundary(self.text, at);
        let line = self.number(at);
        (line, self.text[self.starts[line - 1]..at].chars().count() + 1)
    }

    /// As [`Lines::line`], where there is one of this number.
    pub(crate) fn get(&self, number: usize) -> Option<Span> {
        (1..=self.starts.len()).contains(&number).then(|| self.line(number))
    }

    /// A line (from 1) without its end.
    pub(crate) fn line(&self, number: usize) -> Span {
        let start = self.starts[number - 1];
        let end = self.starts.get(number).map_or(self.text.len(), |next| next - 1);
        Span { start, end: start + self.text[start..end].trim_end_matches('\r').len() }
    }
}

/// The nearest character boundary at or before `at`.
pub(crate) fn floor_boundary(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}
