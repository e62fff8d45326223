//! Text in lines that are not wider than asked for.

/// A page for people.
pub(super) struct Page {
    width: usize,
    text: String,
}

/// How far the text of a row stands from the left, where its label leaves room for it.
const COLUMN: usize = 12;

impl Page {
    pub(super) const fn new(width: usize) -> Self {
        Self { width, text: String::new() }
    }

    pub(super) fn text(self) -> String {
        self.text
    }

    /// A heading, with an empty line above unless it is the first.
    pub(super) fn title(&mut self, title: &str) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        self.paragraph(title);
    }

    /// Lines from the left margin.
    pub(super) fn paragraph(&mut self, text: &str) {
        self.wrapped("", text, 0);
    }

    /// A label, and a text that hangs to the right of it.
    pub(super) fn row(&mut self, label: &str, text: &str) {
        let label = format!("  {label}");
        if label.len() < COLUMN {
            self.wrapped(&format!("{label:COLUMN$}"), text, COLUMN);
        } else {
            self.wrapped(&label, "", 0);
            self.wrapped(&" ".repeat(COLUMN), text, COLUMN);
        }
    }

    /// Words, as many in a line as fit.
    pub(super) fn words(&mut self, words: &[&str]) {
        self.wrapped("  ", &words.join(" "), 2);
    }

    /// Lines that stay as they are, to be copied.
    pub(super) fn verbatim(&mut self, text: &str) {
        text.lines().for_each(|line| self.text.extend(["    ", line, "\n"]));
    }

    /// A text behind what its first line begins with; the lines below hang so far in.
    fn wrapped(&mut self, begin: &str, text: &str, indent: usize) {
        let mut line = begin.to_owned();
        let mut is_bare = true;
        for word in text.split_whitespace() {
            if !is_bare && line.chars().count() + 1 + word.chars().count() > self.width {
                self.text.extend([line.trim_end(), "\n"]);
                line = " ".repeat(indent);
                is_bare = true;
            }
            if !is_bare {
                line.push(' ');
            }
            line.push_str(word);
            is_bare = false;
        }
        self.text.extend([line.trim_end(), "\n"]);
    }
}
