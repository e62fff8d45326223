//! Anchors and the copies that aliases stand for, and what a file may cost: depth, nodes, copied text.

use super::{Node, Value};
use crate::diagnostic::{Diagnostic, Flaw};
use crate::text::{Span, shortened};

/// How many lists and mappings may stand inside each other.
pub(super) const MAX_DEPTH: usize = 64;

/// How many nodes a file may have, with what its aliases bring in.
const MAX_NODES: usize = 1_000_000;

/// How many nodes all aliases of a file may bring in.
const MAX_ALIASED: usize = 100_000;

/// How many bytes of text may be copied for anchors and aliases: few nodes with a long text
/// would otherwise get round the limits above.
const MAX_COPIED_BYTES: usize = 16 * 1024 * 1024;

/// The finished nodes that carry an anchor, by the parser's numbers.
///
/// A name that is given again gets a new number, so that an alias means the last node before
/// it.
#[derive(Default)]
pub(super) struct Anchors {
    known: Vec<Option<Anchor>>,
}

struct Anchor {
    node: Node,
    size: Size,
}

/// What has been spent so far.
#[derive(Debug, Default)]
pub(super) struct Budget {
    nodes: usize,
    aliased: usize,
    copied_bytes: usize,
}

/// How big a node is with everything inside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Size {
    /// Nodes, the outermost one counted.
    nodes: usize,
    /// Bytes of scalar text.
    bytes: usize,
    /// Levels of lists and mappings; 0 for a scalar.
    height: usize,
}

impl Anchors {
    /// Keeps a copy of a finished node; the number 0 means that it has no anchor.
    pub(super) fn define(&mut self, number: usize, node: &Node, budget: &mut Budget) -> Result<(), Diagnostic> {
        if number == 0 {
            return Ok(());
        }
        let size = Size::of(node);
        budget.anchor(size, node.span)?;
        if self.known.len() <= number {
            self.known.resize_with(number + 1, || None);
        }
        self.known[number] = Some(Anchor { node: node.clone(), size });
        Ok(())
    }

    /// The node that an alias stands for, with the span of the alias.
    ///
    /// `depth` is the number of lists and mappings around the alias, `name` is what the file
    /// calls it. An anchor that is known to the parser but not yet here belongs to a node
    /// around the alias.
    pub(super) fn resolve(
        &self,
        number: usize,
        (name, span): (&str, Span),
        depth: usize,
        budget: &mut Budget,
    ) -> Result<Node, Diagnostic> {
        let Some(Some(anchor)) = self.known.get(number) else {
            return Err(recursive_alias(name, span));
        };
        budget.alias(anchor.size, span)?;
        check_depth(depth + anchor.size.height, span)?;
        Ok(Node { span, value: anchor.node.value.clone() })
    }
}

impl Budget {
    /// Pays for one node of the file.
    pub(super) fn node(&mut self, span: Span) -> Result<(), Diagnostic> {
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            return self.check(span);
        }
        Ok(())
    }

    /// Pays for the copy that is kept of an anchored node.
    fn anchor(&mut self, size: Size, span: Span) -> Result<(), Diagnostic> {
        self.nodes += size.nodes;
        self.copied_bytes += size.bytes;
        self.check(span)
    }

    /// Pays for the copy that an alias stands for, before it is made.
    fn alias(&mut self, size: Size, span: Span) -> Result<(), Diagnostic> {
        self.aliased += size.nodes;
        self.anchor(size, span)
    }

    fn check(&self, span: Span) -> Result<(), Diagnostic> {
        let too_large = |message| Err(Diagnostic::error(Flaw::TooLarge, span, message));
        if self.aliased > MAX_ALIASED {
            return too_large("the aliases stand for more than 100,000 values");
        }
        if self.copied_bytes > MAX_COPIED_BYTES {
            return too_large("the anchors and aliases stand for more than 16 MiB of text");
        }
        if self.nodes > MAX_NODES {
            return too_large("the file has more than 1,000,000 values");
        }
        Ok(())
    }
}

impl Size {
    /// A list or mapping with nothing in it.
    const COLLECTION: Self = Self { nodes: 1, bytes: 0, height: 1 };

    /// Measures a node; the recursion is bounded by [`MAX_DEPTH`].
    fn of(node: &Node) -> Self {
        match &node.value {
            Value::Scalar(scalar) => Self { nodes: 1, bytes: scalar.text.len(), height: 0 },
            Value::Seq(items) => items.iter().fold(Self::COLLECTION, Self::with),
            Value::Map(pairs) => pairs.iter().fold(Self::COLLECTION, |size, (key, value)| size.with(key).with(value)),
        }
    }

    fn with(self, child: &Node) -> Self {
        let child = Self::of(child);
        Self {
            nodes: self.nodes + child.nodes,
            bytes: self.bytes + child.bytes,
            height: self.height.max(child.height + 1),
        }
    }
}

/// Refuses a node that would have more than [`MAX_DEPTH`] levels from the root.
pub(super) fn check_depth(levels: usize, span: Span) -> Result<(), Diagnostic> {
    if levels > MAX_DEPTH { Err(too_deep(span)) } else { Ok(()) }
}

/// The problem of a file with too many levels.
pub(super) fn too_deep(span: Span) -> Diagnostic {
    let message = format!("more than {MAX_DEPTH} lists and mappings inside each other");
    Diagnostic::error(Flaw::TooDeep, span, message)
}

/// Refuses an anchor with a name that `PyYAML` refuses: it may well be a text without quotes.
pub(super) fn check_name(name: &str, span: Span) -> Result<(), Diagnostic> {
    if name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')) {
        return Ok(());
    }
    let message = "the name of an anchor has only letters, digits, `-` and `_`";
    Err(Diagnostic::error(Flaw::YamlSyntax, span, message).help("a value that begins with `&` needs quotes"))
}

/// The problem of an alias without an anchor before it.
pub(super) fn unknown_alias(span: Span) -> Diagnostic {
    // Not the name: it may well be a password without quotes.
    let message = "this alias has no anchor of its name before it";
    let help = "check the name; a text that begins with `*` needs quotes";
    Diagnostic::error(Flaw::UnknownAlias, span, message).help(help)
}

fn recursive_alias(name: &str, span: Span) -> Diagnostic {
    let name = shortened(name);
    let message = format!("the alias `*{name}` stands inside the value of its anchor `&{name}`");
    let help = "a value cannot hold itself: move the anchor or remove the alias";
    Diagnostic::error(Flaw::UnknownAlias, span, message).help(help)
}
