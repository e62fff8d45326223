//! Trees, places and problems.

mod bombs;
mod duplicates;
mod merges;
mod mutations;
mod spans;
mod syntax;
mod tags;
mod values;

use super::{Document, Node, Resolved, Value, parse};
use crate::diagnostic::Diagnostic;
use crate::text::Span;

/// Reads a text that has no problem.
fn document(text: &str) -> Document {
    parse(text).unwrap_or_else(|problem| panic!("{text:?}: {problem:?}"))
}

/// The root of a text that has one.
fn root(text: &str) -> Node {
    document(text).root.expect("the text is not empty")
}

/// The problem of a text that has one.
fn problem(text: &str) -> Diagnostic {
    match parse(text) {
        Ok(document) => panic!("{text:?}: {document:?}"),
        Err(problem) => problem,
    }
}

/// The code of a problem, the text it points to, and where that begins.
fn points(text: &str) -> (&'static str, &str, usize) {
    let problem = problem(text);
    let span = place(&problem);
    (problem.flaw.code(), &text[span.start..span.end], span.start)
}

/// Where a problem is.
fn place(problem: &Diagnostic) -> Span {
    problem.span.expect("problems of YAML have a place")
}

/// The values of a text in one line: text in quotes, lists and mappings in brackets.
fn values(text: &str) -> String {
    shown(&root(text))
}

fn shown(node: &Node) -> String {
    match &node.value {
        Value::Scalar(scalar) => match scalar.resolved {
            Resolved::Null => "null".to_owned(),
            Resolved::Bool(value) => value.to_string(),
            Resolved::Int(value) => value.to_string(),
            Resolved::Float(value) => format!("{value:?}"),
            Resolved::Str => format!("{:?}", scalar.text),
        },
        Value::Seq(items) => {
            let items: Vec<_> = items.iter().map(shown).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Map(pairs) => {
            let pair = |(key, value): &(Node, Node)| format!("{}: {}", shown(key), shown(value));
            let pairs: Vec<_> = pairs.iter().map(pair).collect();
            format!("{{{}}}", pairs.join(", "))
        }
    }
}

/// What the spans of all nodes cover, each node before its children.
fn slices(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    visit(&root(text), &mut |node| found.push(&text[node.span.start..node.span.end]));
    found
}

fn visit(node: &Node, see: &mut impl FnMut(&Node)) {
    see(node);
    match &node.value {
        Value::Scalar(_) => {}
        Value::Seq(items) => items.iter().for_each(|item| visit(item, see)),
        Value::Map(pairs) => pairs.iter().flat_map(|(key, value)| [key, value]).for_each(|node| visit(node, see)),
    }
}
