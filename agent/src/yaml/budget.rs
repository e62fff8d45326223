//! What a file may cost in depth, nodes and copied text.

use super::{Node, Value};
use crate::diagnostic::{Diagnostic, Flaw};
use crate::text::Span;

/// How many lists and mappings may stand inside each other.
pub(super) const MAX_DEPTH: usize = 64;

/// How many nodes a file may have, with what its aliases bring in.
const MAX_NODES: usize = 1_000_000;

/// How many nodes all aliases of a file may bring in.
const MAX_ALIASED: usize = 100_000;

/// How many bytes of text may be copied for anchors and aliases: few nodes with a long text
/// would otherwise get round the limits above.
const MAX_COPIED_BYTES: usize = 16 * 1024 * 1024;

/// How many warnings are kept: nobody reads more, and each costs memory.
pub(super) const MAX_NOTES: usize = 1000;

/// What has been spent so far.
#[derive(Debug, Default)]
pub(super) struct Budget {
    nodes: usize,
    aliased: usize,
    copied_bytes: usize,
}

/// How big a node is with everything inside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Size {
    /// Nodes, the outermost one counted.
    pub(super) nodes: usize,
    /// Bytes of scalar text.
    pub(super) bytes: usize,
    /// Levels of lists and mappings; 0 for a scalar.
    pub(super) height: usize,
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
    pub(super) fn anchor(&mut self, size: Size, span: Span) -> Result<(), Diagnostic> {
        self.nodes += size.nodes;
        self.copied_bytes += size.bytes;
        self.check(span)
    }

    /// Pays for the copy that an alias stands for, before it is made.
    pub(super) fn alias(&mut self, size: Size, span: Span) -> Result<(), Diagnostic> {
        self.nodes += size.nodes;
        self.aliased += size.nodes;
        self.copied_bytes += size.bytes;
        self.check(span)
    }

    fn check(&self, span: Span) -> Result<(), Diagnostic> {
        if self.aliased > MAX_ALIASED {
            return Err(too_large(span, "the aliases stand for more than 100,000 values"));
        }
        if self.copied_bytes > MAX_COPIED_BYTES {
            let message = "the anchors and aliases stand for more than 16 MiB of text";
            return Err(too_large(span, message));
        }
        if self.nodes > MAX_NODES {
            return Err(too_large(span, "the file has more than 1,000,000 values"));
        }
        Ok(())
    }
}

impl Size {
    /// Measures a node; the recursion is bounded by [`MAX_DEPTH`].
    pub(super) fn of(node: &Node) -> Self {
        match &node.value {
            Value::Scalar(scalar) => Self { nodes: 1, bytes: scalar.text.len(), height: 0 },
            Value::Seq(items) => items.iter().fold(Self::COLLECTION, Self::with),
            Value::Map(pairs) => pairs.iter().fold(Self::COLLECTION, |size, (key, value)| size.with(key).with(value)),
        }
    }

    /// A list or mapping with nothing in it.
    const COLLECTION: Self = Self { nodes: 1, bytes: 0, height: 1 };

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
    if levels > MAX_DEPTH {
        return Err(too_deep(span));
    }
    Ok(())
}

/// The problem of a file with too many levels.
pub(super) fn too_deep(span: Span) -> Diagnostic {
    let message = format!("more than {MAX_DEPTH} lists and mappings inside each other");
    Diagnostic::error(Flaw::TooDeep, span, message)
}

fn too_large(span: Span, message: &str) -> Diagnostic {
    Diagnostic::error(Flaw::TooLarge, span, message)
}
