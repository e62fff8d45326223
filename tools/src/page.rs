//! What the demo and the rehearsal print, and how it looks.
#![expect(clippy::print_stdout, reason = "programs for people")]

use std::env;
use std::io::{self, IsTerminal as _};
use std::time::Duration;

const BOLD: &str = "\x1b[1m";
const DIM: &str = "\x1b[2m";
const RED: &str = "\x1b[31m";
const CYAN: &str = "\x1b[36m";

/// Standard output.
#[derive(Debug)]
pub struct Page {
    color: bool,
}

impl Page {
    /// With colours on a terminal, unless `NO_COLOR` is set.
    #[must_use]
    pub fn of_this_terminal() -> Self {
        let unwanted = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self { color: io::stdout().is_terminal() && !unwanted }
    }

    /// The same for conn-check's `--color`.
    #[must_use]
    pub const fn color(&self) -> &'static str {
        if self.color { "always" } else { "never" }
    }

    /// A line across the page.
    pub fn heading(&self, text: &str) {
        let line = "─".repeat(76_usize.saturating_sub(text.chars().count()));
        println!("\n{} {}", self.paint(BOLD, text), self.paint(DIM, &line));
    }

    /// For reading.
    pub fn text(text: &str) {
        Self::block(&Self::indented(text, 2));
    }

    /// A file, with its comments in the background.
    pub fn code(&self, text: &str) {
        let line = |line: &str| {
            let (code, comment) = line.split_at(line.find('#').unwrap_or(line.len()));
            format!("{}{}", self.paint(CYAN, code), self.paint(DIM, comment))
        };
        let lines: Vec<_> = text.lines().map(line).collect();
        Self::block(&Self::indented(&lines.join("\n"), 4));
    }

    /// What a person would type.
    pub fn command(&self, text: &str) {
        Self::block(&format!("  {} {}\n", self.paint(DIM, "$"), self.paint(BOLD, text)));
    }

    /// What a program printed.
    pub fn output(text: &str) {
        Self::block(&Self::indented(text, 4));
    }

    /// How a program ended.
    pub fn status(&self, status: i32, meaning: &str, took: Duration) {
        let took = format!("{:.0} ms with start and end", took.as_secs_f64() * 1000.0);
        Self::block(&format!("  {} {status}: {meaning}; {took}\n", self.paint(DIM, "exit status")));
    }

    /// What is not as it has to be; `false`, for the caller to hand on.
    #[expect(clippy::must_use_candidate, reason = "it is printed already")]
    pub fn wrong(&self, text: &str) -> bool {
        Self::block(&format!("  {} {text}\n", self.paint(RED, "not as expected:")));
        false
    }

    /// Lines of our own making, as they are.
    pub fn lines(text: &str) {
        Self::block(text);
    }

    /// In the background.
    #[must_use]
    pub fn dim(&self, text: &str) -> String {
        self.paint(DIM, text)
    }

    /// In the foreground.
    #[must_use]
    pub fn bold(&self, text: &str) -> String {
        self.paint(BOLD, text)
    }

    /// What is new, good, or gone.
    #[must_use]
    pub fn mark(&self, text: &str) -> String {
        self.paint(CYAN, text)
    }

    /// A blank line stands before every block.
    fn block(lines: &str) {
        if !lines.is_empty() {
            print!("\n{lines}");
        }
    }

    fn indented(text: &str, by: usize) -> String {
        let line = |line: &str| if line.is_empty() { "\n".to_owned() } else { format!("{:by$}{line}\n", "") };
        text.lines().map(line).collect()
    }

    fn paint(&self, color: &str, text: &str) -> String {
        if self.color && !text.is_empty() { format!("{color}{text}\x1b[0m") } else { text.to_owned() }
    }
}
