//! Text that flows over as many lines as it takes.

use crate::text::screen::columns;
use std::io::{self, Write};

/// How a piece of text is drawn, on a terminal with colours.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) enum Ink {
    Plain,
    Bold,
    Dim,
    Red,
    Green,
    Yellow,
}

impl Ink {
    /// The sequence that begins it (ECMA-48, SGR).
    const fn start(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Bold => "\x1b[1m",
            Self::Dim => "\x1b[2m",
            Self::Red => "\x1b[31m",
            Self::Green => "\x1b[32m",
            Self::Yellow => "\x1b[33m",
        }
    }
}

/// The screen that is written to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Screen {
    pub(super) columns: usize,
    pub(super) color: bool,
}

impl Screen {
    pub(super) fn paint(self, ink: Ink, text: &str) -> String {
        if self.color && ink != Ink::Plain && !text.is_empty() {
            format!("{}{text}\x1b[0m", ink.start())
        } else {
            text.to_owned()
        }
    }
}

/// Some pieces of text with a blank between each two. What does not fit into the first line hangs below it.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(super) struct Paragraph {
    hang: usize,
    pieces: Vec<(Ink, String)>,
    /// It is to be copied: no line of it is broken.
    is_verbatim: bool,
}

impl Paragraph {
    pub(super) fn of(ink: Ink, text: impl Into<String>) -> Self {
        Self { hang: 0, pieces: vec![(ink, text.into())], is_verbatim: false }
    }

    /// A line to be copied as it is, however long it is.
    pub(super) fn verbatim(text: &str) -> Self {
        Self { is_verbatim: true, ..Self::of(Ink::Plain, text) }
    }

    /// A word, and the text that belongs to it: later lines begin below the text.
    pub(super) fn titled(title: &str, text: impl Into<String>) -> Self {
        let hang = columns(title) + 1;
        let pieces = vec![(Ink::Dim, title.to_owned()), (Ink::Plain, text.into())];
        Self { hang, pieces, is_verbatim: false }
    }

    pub(super) fn and(mut self, ink: Ink, text: impl Into<String>) -> Self {
        self.pieces.push((ink, text.into()));
        self
    }

    /// The columns of all of it on one line.
    pub(super) fn width(&self) -> usize {
        self.pieces.iter().map(|(_, text)| columns(text) + 1).sum::<usize>().saturating_sub(1)
    }

    pub(super) fn on_one_line(&self, screen: Screen) -> String {
        let mut line = Line::default();
        self.pieces.iter().for_each(|(ink, text)| line.push(*ink, text));
        line.painted(screen)
    }

    /// Writes it, so many columns from the left.
    pub(super) fn write(&self, indent: usize, screen: Screen, out: &mut dyn Write) -> io::Result<()> {
        write!(out, "{:indent$}", "")?;
        self.write_from(indent, screen, out)
    }

    /// Writes it where so many columns of the line are taken.
    pub(super) fn write_from(&self, indent: usize, screen: Screen, out: &mut dyn Write) -> io::Result<()> {
        let (mut line, mut at) = (Line::default(), indent);
        for (ink, word) in self.pieces.iter().flat_map(|(ink, text)| text.split(' ').map(move |word| (*ink, word))) {
            let width = columns(word);
            if !self.is_verbatim && !line.is_empty() && at + 1 + width > screen.columns {
                let hang = indent + self.hang;
                write!(out, "{}\n{:hang$}", line.painted(screen), "")?;
                (line, at) = (Line::default(), hang);
            }
            at += width + usize::from(!line.is_empty());
            line.push(ink, word);
        }
        writeln!(out, "{}", line.painted(screen))
    }
}

/// What is on one line, in runs of one ink.
#[derive(Default)]
struct Line(Vec<(Ink, String)>);

impl Line {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn push(&mut self, ink: Ink, word: &str) {
        match self.0.last_mut() {
            Some((last, text)) if *last == ink => {
                text.push(' ');
                text.push_str(word);
            }
            _ => self.0.push((ink, word.to_owned())),
        }
    }

    fn painted(&self, screen: Screen) -> String {
        let runs: Vec<_> = self.0.iter().map(|(ink, text)| screen.paint(*ink, text)).collect();
        runs.join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(paragraph: &Paragraph, columns: usize, color: bool) -> String {
        let mut out = Vec::new();
        paragraph.write(2, Screen { columns, color }, &mut out).expect("a vector takes it");
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn what_does_not_fit_hangs_below_the_text() {
        let advice = Paragraph::titled("next:", "look at the log");
        assert_eq!(written(&advice, 80, false), "  next: look at the log\n");
        assert_eq!(written(&advice, 16, false), "  next: look at\n        the log\n");
        // A word is never cut: it may be a command.
        assert_eq!(written(&advice, 3, false), "  next:\n        look\n        at\n        the\n        log\n");
    }

    #[test]
    fn what_is_to_be_copied_is_one_line() {
        assert_eq!(written(&Paragraph::verbatim("a  b c"), 3, false), "  a  b c\n");
    }

    #[test]
    fn colours_end_with_the_line() {
        let message = Paragraph::of(Ink::Bold, "it is gone").and(Ink::Red, "[code]");
        assert_eq!(written(&message, 12, true), "  \x1b[1mit is gone\x1b[0m\n  \x1b[31m[code]\x1b[0m\n");
        assert_eq!(written(&message, 80, false), "  it is gone [code]\n");
    }
}
