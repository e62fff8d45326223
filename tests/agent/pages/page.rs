//! What stands on a page.

use std::fs;
use std::path::{Path, PathBuf};

/// A page for readers.
pub(super) struct Page {
    pub(super) name: String,
    path: PathBuf,
    text: String,
    pub(super) blocks: Vec<Block>,
}

/// What a page shows, and what changes between.
pub(super) enum Block {
    Session(Vec<Line>),
    File {
        name: String,
        text: String,
    },
    Change(String),
    /// By tests of these names.
    Tried {
        tests: Vec<String>,
    },
}

/// What is typed, and what appears.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) command: String,
    pub(super) printed: String,
}

impl Page {
    pub(super) fn read(path: &Path) -> Self {
        let text = fs::read_to_string(path).expect("a page");
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        Self { blocks: blocks(&name, &text), path: path.to_owned(), name, text }
    }

    pub(super) fn has_sessions(&self) -> bool {
        self.blocks.iter().any(|block| matches!(block, Block::Session(_)))
    }

    /// What is typed, in order.
    pub(super) fn commands(&self) -> Vec<&str> {
        let sessions = self.blocks.iter().filter_map(|block| match block {
            Block::Session(lines) => Some(lines),
            _ => None,
        });
        sessions.flatten().map(|line| line.command.as_str()).collect()
    }

    /// The tests that it names: of blocks, and where it says what proves a guarantee.
    pub(super) fn tests(&self) -> Vec<String> {
        let of_blocks = self.blocks.iter().flat_map(|block| match block {
            Block::Tried { tests } => tests.clone(),
            _ => Vec::new(),
        });
        let is_name = |word: &&str| {
            word.matches('_').count() > 2 && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        };
        let guarantees = if self.name == "guarantees.md" { self.text.as_str() } else { "" };
        let of_text = guarantees.split('`').skip(1).step_by(2).filter(is_name).map(str::to_owned);
        of_blocks.chain(of_text).collect()
    }

    /// The words that look like codes of these phases.
    pub(super) fn codes(&self, phases: &[&str]) -> Vec<String> {
        let words = self.text.split(|c: char| !c.is_ascii_lowercase() && !matches!(c, '.' | '-'));
        let is_code = |word: &&str| {
            let parts = word.split_once('.');
            parts.is_some_and(|(phase, kind)| {
                phases.contains(&phase) && kind.len() > 2 && kind != "internal" && !kind.contains('.')
            })
        };
        words.map(|word| word.trim_end_matches('.')).filter(is_code).map(str::to_owned).collect()
    }

    /// Links to files that are not there, or to headings.
    pub(super) fn lost_links(&self) -> Vec<String> {
        lost(&self.path)
    }
}

/// Links of a document to files that are not there, or to headings.
pub(crate) fn lost(page: &Path) -> Vec<String> {
    let text = fs::read_to_string(page).expect("a document");
    let targets = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    let is_lost = |target: &&str| {
        let (file, heading) = target.split_once('#').unwrap_or((target, ""));
        let path = if file.is_empty() { page.to_owned() } else { page.with_file_name(file) };
        let headings = || fs::read_to_string(&path).unwrap_or_default();
        !path.exists() || !heading.is_empty() && !headings().lines().any(|line| anchor(line) == heading)
    };
    let lost = targets.filter(|target| !target.contains("://")).filter(is_lost);
    lost.map(|target| format!("{}: {target}", page.display())).collect()
}

/// What a heading is called in a link.
fn anchor(line: &str) -> String {
    let Some(title) = line.trim_start_matches('#').strip_prefix(' ').filter(|_| line.starts_with('#')) else {
        return String::new();
    };
    let kept = |c: char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_');
    title.to_lowercase().chars().filter(|c| kept(*c)).map(|c| if c == ' ' { '-' } else { c }).collect()
}

fn blocks(page: &str, text: &str) -> Vec<Block> {
    let (mut blocks, mut tests) = (Vec::new(), Vec::new());
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if let Some(word) = remark(line, "now:") {
            blocks.push(Block::Change(word.to_owned()));
        } else if let Some(names) = remark(line, "tried:") {
            tests = names.split_whitespace().map(str::to_owned).collect();
        } else if let Some(kind) = line.trim_start().strip_prefix("```") {
            let inside: Vec<_> = lines.by_ref().take_while(|line| line.trim() != "```").collect();
            blocks.push(block(kind, &inside, std::mem::take(&mut tests)).unwrap_or_else(|| {
                panic!("{page}: a block that nobody tries:\n{}", inside.join("\n"));
            }));
        }
    }
    blocks
}

fn remark<'a>(line: &'a str, word: &str) -> Option<&'a str> {
    Some(line.trim().strip_prefix("<!-- ")?.strip_prefix(word)?.strip_suffix("-->")?.trim())
}

fn block(kind: &str, lines: &[&str], tests: Vec<String>) -> Option<Block> {
    let text = || lines.iter().map(|line| format!("{line}\n")).collect();
    match (kind.split_once(' '), kind) {
        _ if !tests.is_empty() => Some(Block::Tried { tests }),
        (Some((_, name)), _) => Some(Block::File { name: name.to_owned(), text: text() }),
        (None, "console") => Some(Block::Session(session(lines))),
        (None, _) => None,
    }
}

fn session(lines: &[&str]) -> Vec<Line> {
    let mut typed: Vec<Line> = Vec::new();
    for line in lines {
        match (line.strip_prefix("$ "), typed.last_mut()) {
            (Some(command), _) => typed.push(Line { command: command.to_owned(), printed: String::new() }),
            // A command that goes on in the next line.
            (None, Some(last)) if last.command.ends_with('\\') => last.command += &format!("\n{line}"),
            (None, Some(last)) => last.printed += &format!("{line}\n"),
            (None, None) => panic!("an output without a command: {line}"),
        }
    }
    typed
}
