//! Building the tree from the parser's events.

mod collection;
mod leaf;

use super::anchor::{self, Anchors};
use super::budget::Budget;
use super::source::Source;
use super::syntax::{self, Place};
use super::tag::Tag;
use super::{Document, Node};
use crate::diagnostic::{Diagnostic, Flaw};
use crate::text::Span;
use granit_parser::Event;
use leaf::Leaf;

/// The tree as far as it is built.
pub(super) struct Tree<'s, 't> {
    source: &'s Source<'t>,
    /// The lists and mappings around the next node, the outermost first.
    frames: Vec<Frame<'t>>,
    /// The children of all frames so far; of a mapping, keys and values by turns.
    nodes: Vec<Node>,
    /// Where the document has begun, behind its `---` if it has one.
    begun: Option<usize>,
    anchors: Anchors,
    budget: Budget,
    notes: Vec<Diagnostic>,
    /// How many of the TABs in indentation have turned out to be content.
    tabs: usize,
    /// The last node or bracket.
    last: Span,
}

/// A list or mapping of which the end has not been met.
struct Frame<'t> {
    shape: Shape,
    /// Where its children begin in the tree's nodes.
    base: usize,
    /// From the beginning to the end of the last child so far.
    span: Span,
    /// Whether it is written with brackets or braces, or is a pair inside brackets.
    flow: bool,
    head: Head<'t>,
    /// The places of the merge keys in the tree's nodes.
    merges: Vec<usize>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    Seq,
    Map,
}

/// What may stand before a node.
#[derive(Clone, Copy)]
struct Head<'t> {
    tag: Option<Tag<'t>>,
    /// The parser's number of the anchor; 0 for none.
    anchor: usize,
}

impl<'s, 't> Tree<'s, 't> {
    /// A tree with nothing in it.
    pub(super) fn new(source: &'s Source<'t>) -> Self {
        Self {
            source,
            frames: Vec::new(),
            nodes: Vec::new(),
            begun: None,
            anchors: Anchors::default(),
            budget: Budget::default(),
            notes: Vec::new(),
            tabs: 0,
            last: Span::default(),
        }
    }

    /// Takes the next event.
    pub(super) fn accept(&mut self, event: &Event<'t>, place: &granit_parser::Span) -> Result<(), Diagnostic> {
        let span = span_of(place);
        match *event {
            Event::Scalar(ref text, style, anchor, ref tag) => {
                let head = self.head(tag.as_deref(), anchor, place)?;
                self.scalar(&Leaf { text, style, span, head })
            }
            Event::SequenceStart(style, anchor, ref tag) => {
                let head = self.head(tag.as_deref(), anchor, place)?;
                self.open(Shape::Seq, style, span, head)
            }
            Event::MappingStart(style, anchor, ref tag) => {
                let head = self.head(tag.as_deref(), anchor, place)?;
                self.open(Shape::Map, style, span, head)
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(span),
            Event::Alias(number) => self.alias(number, span),
            Event::Anchor(_, ref name) => anchor::check_name(name, span),
            Event::UnresolvedAlias(_) => Err(anchor::unknown(span)),
            Event::DocumentStart(..) => self.document(span),
            _ => Ok(()),
        }
    }

    /// Where the tree has got to, for explaining an error of the parser.
    pub(super) fn place(&self) -> Place<'_, 't> {
        let flows = self.frames.iter().rev().filter(|frame| frame.flow);
        let open = flows.map(|frame| frame.span.start).find(|&at| matches!(self.source.byte(at), Some(b'[' | b'{')));
        Place {
            source: self.source,
            open,
            last: self.last,
            tabs: self.source.tabs().get(self.tabs..).unwrap_or_default(),
        }
    }

    /// Gives the tree when the events have ended.
    pub(super) fn finish(mut self) -> Document {
        // A mapping is sorted out at its end, so the inner ones come first.
        self.notes.sort_by_key(|note| note.span.map(|span| span.start));
        Document { root: self.nodes.pop(), notes: self.notes }
    }

    fn head(
        &self,
        tag: Option<&granit_parser::Tag>,
        anchor: usize,
        place: &granit_parser::Span,
    ) -> Result<Head<'t>, Diagnostic> {
        let tag = match tag {
            Some(tag) => Some(self.tag(tag, place)?),
            None => None,
        };
        Ok(Head { tag, anchor })
    }

    fn tag(&self, tag: &granit_parser::Tag, place: &granit_parser::Span) -> Result<Tag<'t>, Diagnostic> {
        let span = span_of(&place.tag_span().unwrap_or(*place));
        Tag::new(tag, self.source.slice(span), span)
    }

    fn document(&mut self, span: Span) -> Result<(), Diagnostic> {
        let explicit = self.source.slice(span) == "---";
        if self.begun.is_some() {
            let first = self.source.character(span.start);
            let span = if explicit { span } else { first };
            let message = "a second document begins here";
            let help = "a configuration is one document: join the two, or remove the `---` line";
            return Err(Diagnostic::error(Flaw::SeveralDocuments, span, message).help(help));
        }
        self.begun = Some(if explicit { span.end } else { 0 });
        Ok(())
    }

    fn alias(&mut self, number: usize, span: Span) -> Result<(), Diagnostic> {
        self.check_tabs(span, false)?;
        let name = self.source.slice(span).trim_start_matches('*');
        let depth = self.frames.len();
        let node = self.anchors.resolve(number, (name, span), depth, &mut self.budget)?;
        self.attach(node, false);
        Ok(())
    }

    fn complete(&mut self, node: Node, anchor: usize, merge: bool) -> Result<(), Diagnostic> {
        self.anchors.define(anchor, &node, &mut self.budget)?;
        self.attach(node, merge);
        Ok(())
    }

    /// Adds a node to the list or mapping that is open; `merge` says whether it is written
    /// like the merge key.
    fn attach(&mut self, node: Node, merge: bool) {
        self.last = node.span;
        if let Some(frame) = self.frames.last_mut() {
            frame.span.end = frame.span.end.max(node.span.end);
            if merge && frame.shape == Shape::Map && (self.nodes.len() - frame.base).is_multiple_of(2) {
                frame.merges.push(self.nodes.len());
            }
        }
        self.nodes.push(node);
    }

    /// The place behind the `:`, `-`, `?` or `---` before the next node.
    fn behind_indicator(&self) -> Option<usize> {
        let Some(frame) = self.frames.last() else {
            return self.begun;
        };
        match frame.shape {
            Shape::Map if self.waiting_key().is_some() => self.source.after_indicator(frame.span.end, b':'),
            Shape::Map => self.source.after_indicator(frame.span.end, b'?'),
            Shape::Seq if frame.flow => None,
            Shape::Seq => self.source.after_indicator(frame.span.end, b'-'),
        }
    }

    /// Where the key ends that waits for its value, if one does.
    fn waiting_key(&self) -> Option<usize> {
        let frame = self.frames.last()?;
        let waits = frame.shape == Shape::Map && (self.nodes.len() - frame.base) % 2 == 1;
        waits.then_some(frame.span.end)
    }

    /// Refuses a TAB in the indentation before the end of a node.
    ///
    /// A TAB inside the node is content if the node is `opaque`: quoted or a block scalar.
    fn check_tabs(&mut self, node: Span, opaque: bool) -> Result<(), Diagnostic> {
        while let Some(&tab) = self.source.tabs().get(self.tabs) {
            if tab >= node.end.max(node.start + 1) {
                break;
            }
            if !opaque || tab < node.start {
                return Err(syntax::tab(self.source.character(tab)));
            }
            self.tabs += 1;
        }
        Ok(())
    }
}

/// The byte offsets of a span, which the parser has for every event of a text in memory.
fn span_of(place: &granit_parser::Span) -> Span {
    let range = place.byte_range().unwrap_or_default();
    Span { start: range.start, end: range.end }
}
