//! Which parts of a file may be shown in a diagnostic.
//!
//! Passwords stand in these files, also under misspelt keys and in lines that are not YAML at all.
//! So the rule is the safe one: a value is shown only when it belongs to an option that is known
//! not to be a secret; everything else is `***`.

use crate::checks;
use crate::secret::{may_hold_login, url_secrets};
use crate::settings::is_reference;
use crate::settings::shape::Shown;
use crate::text::Span;
use crate::yaml::{self, Node, Value};

const STARS: &str = "***";

/// The parts of a text that must not be shown.
#[derive(Debug)]
pub(crate) struct Mask {
    /// `None` when the text is not YAML: then each line is judged by itself.
    hidden: Option<Vec<Span>>,
    /// Keys whose values are shown, beside the options of checks.
    plain: &'static [&'static str],
}

impl Mask {
    /// Finds what to hide in a file. The values of the keys in `plain` may be shown, too: it is not
    /// a file of checks.
    pub(crate) fn of(text: &str, plain: &'static [&'static str]) -> Self {
        let hidden = yaml::parse(text).ok().map(|document| {
            let mut hidden = Vec::new();
            if let Some(root) = &document.root {
                hide(root, Shown::Never, text, plain, &mut hidden);
            }
            hidden.sort_by_key(|span| span.start);
            hidden
        });
        Self { hidden, plain }
    }

    /// For a text that is known not to be YAML.
    pub(crate) const fn by_line(plain: &'static [&'static str]) -> Self {
        Self { hidden: None, plain }
    }

    /// A line with its hidden parts replaced, and where `inside` (a part of the line) is in it.
    pub(crate) fn apply(&self, text: &str, line: Span, inside: Span) -> (String, Span) {
        let hidden = match &self.hidden {
            Some(hidden) => cut_to(hidden, line),
            None => hidden_in_line(text, line, self.plain),
        };
        let mut shown = String::new();
        let mut moved = Span { start: usize::MAX, end: usize::MAX };
        let mut at = line.start;
        for span in hidden.iter().copied().chain([Span { start: line.end, end: line.end }]) {
            let span = Span { start: span.start.max(at), end: span.end.max(at) };
            for (target, original) in [(&mut moved.start, inside.start), (&mut moved.end, inside.end)] {
                if *target == usize::MAX && original <= span.start {
                    *target = shown.len() + original.saturating_sub(at);
                }
            }
            shown.push_str(&text[at..span.start]);
            if span.end > span.start {
                if moved.start == usize::MAX && inside.start < span.end {
                    moved.start = shown.len();
                }
                shown.push_str(STARS);
                if moved.end == usize::MAX && inside.end <= span.end {
                    moved.end = shown.len();
                }
            }
            at = span.end;
        }
        let start = moved.start.min(shown.len());
        (shown.clone(), Span { start, end: moved.end.clamp(start, shown.len()) })
    }
}

/// Hides what stands below a node and does not belong to an option that may be shown.
fn hide(node: &Node, shown: Shown, text: &str, plain: &[&str], hidden: &mut Vec<Span>) {
    match &node.value {
        Value::Scalar(scalar) => match shown {
            Shown::Plain if !may_hold_login(&scalar.text) => {}
            Shown::Url => hide_in_url(node.span, text, hidden),
            Shown::Plain | Shown::Never => hidden.push(with_comment(node.span, text)),
        },
        Value::Seq(items) => items.iter().for_each(|item| hide(item, shown, text, plain, hidden)),
        Value::Map(pairs) => pairs.iter().for_each(|(key, value)| match &key.value {
            // Where a secret stands is none.
            Value::Scalar(name) if is_named_reference(&name.text, key, value) => {
                hidden.extend(comment_behind(value.span, text));
            }
            Value::Scalar(name) if shown_of(&name.text, plain) == Shown::Never => {
                hidden.push(behind(key.span, value.span, text));
            }
            Value::Scalar(name) => hide(value, shown_of(&name.text, plain), text, plain, hidden),
            Value::Seq(_) | Value::Map(_) => hidden.extend([key.span, behind(key.span, value.span, text)]),
        }),
    }
}

/// All from behind the colon of a key to the end of its value: tags, anchors, keys and comments, too.
fn behind(key: Span, value: Span, text: &str) -> Span {
    let line_end = key.end + text[key.end..].find('\n').unwrap_or(text.len() - key.end);
    // The value of an alias stands elsewhere, an empty one nowhere.
    let end = if value.start < key.end || value.start == value.end { line_end } else { value.end };
    let colon = text[key.end..end].find(':').map_or(key.end, |at| key.end + at + 1);
    let start = end - text[colon..end].trim_start().len();
    with_comment(Span { start, end }, text)
}

/// Whether the value of an option is `{env: NAME}` or `{file: PATH}`, and stands there itself and not by an alias.
fn is_named_reference(option: &str, key: &Node, value: &Node) -> bool {
    let is_there = value.span.start >= key.span.end && value.span.start < value.span.end;
    is_there && checks::is_option(option) && matches!(&value.value, Value::Map(pairs) if is_reference(pairs))
}

/// The comment that follows a part of the text on its last line.
fn comment_behind(span: Span, text: &str) -> Option<Span> {
    let end = Span { start: span.end, end: span.end };
    Some(with_comment(end, text)).filter(|comment| comment.end > comment.start)
}

/// A part of the text with the comment that follows it on its last line.
fn with_comment(span: Span, text: &str) -> Span {
    let rest = text[span.end..].lines().next().unwrap_or_default();
    let end = if rest.trim_start().starts_with('#') { span.end + rest.len() } else { span.end };
    Span { start: span.start, end }
}

fn shown_of(key: &str, plain: &[&str]) -> Shown {
    if plain.contains(&key) { Shown::Plain } else { checks::shown(key) }
}

fn hide_in_url(span: Span, text: &str, hidden: &mut Vec<Span>) {
    let Some(url) = text.get(span.start..span.end) else { return };
    if !url.contains("://") && may_hold_login(url) {
        return hidden.push(with_comment(span, text));
    }
    for secret in url_secrets(url) {
        // `secret` is a slice of `url`: its place is its distance from the beginning.
        let start = span.start + (secret.as_ptr() as usize - url.as_ptr() as usize);
        hidden.push(Span { start, end: start + secret.len() });
    }
}

fn cut_to(hidden: &[Span], line: Span) -> Vec<Span> {
    hidden
        .iter()
        .filter(|span| span.start < line.end && span.end > line.start)
        .map(|span| Span { start: span.start.max(line.start), end: span.end.min(line.end) })
        .collect()
}

/// The hidden part of a line of a file that is not YAML: from the first word that does not belong
/// to a key which may be shown, to the end.
fn hidden_in_line(text: &str, line: Span, plain: &[&str]) -> Vec<Span> {
    let content = &text[line.start..line.end];
    let words_from = indent(content);
    let hide_from = match key_of(content) {
        Some(key) if !is_below_secret(&text[..line.start], words_from, plain) => {
            let value = content[words_from..].find(':').map_or(content.len(), |colon| words_from + colon + 1);
            // A second key, or a tag on the value: the line is not what it seems.
            let plain = shown_of(key, plain) == Shown::Plain && !content[value..].contains([':', '!', '@']);
            let word = content[value..].find(|c: char| !c.is_whitespace() && !"[{'\"(,&*!|>-".contains(c));
            if plain { None } else { word.map(|at| value + at) }
        }
        _ => (words_from < content.len()).then_some(words_from),
    };
    hide_from.map(|from| Span { start: line.start + from, end: line.end }).into_iter().collect()
}

/// Where the first word of a line begins.
fn indent(line: &str) -> usize {
    line.find(char::is_alphanumeric).unwrap_or(line.len())
}

fn key_of(line: &str) -> Option<&str> {
    let (key, _) = line[indent(line)..].split_once(':')?;
    Some(key.trim().trim_matches(['"', '\'']))
}

/// Whether what follows a text, so far indented, stands within the value of a key that is not to be shown.
fn is_below_secret(before: &str, mut indented: usize, plain: &[&str]) -> bool {
    let is_parent = |line: &&str| {
        let is_less = !line.trim().is_empty() && indent(line) < indented;
        indented = if is_less { indent(line) } else { indented };
        is_less
    };
    before.lines().rev().filter(is_parent).filter_map(key_of).any(|key| shown_of(key, plain) == Shown::Never)
}
