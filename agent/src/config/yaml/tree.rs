//! Building the tree from the parser's events.

use super::super::scalar;
use super::anchor::{self, Anchors};
use super::budget::{self, Budget};
use super::mapping::{Duplicate, Mapping};
use super::source::Source;
use super::syntax::{self, Place};
use super::tag::Tag;
use super::{Document, Node, Problem, Resolved, Scalar, Span, Value, wording};
use granit_parser::{Event, ScalarStyle, StructureStyle};

/// The tree as far as it is built.
pub(super) struct Tree<'s, 't> {
    source: &'s Source<'t>,
    /// The lists and mappings around the next node, the outermost first.
    frames: Vec<Frame<'t>>,
    root: Option<Node>,
    /// Whether the document has begun.
    begun: bool,
    anchors: Anchors,
    budget: Budget,
    notes: Vec<Problem>,
    /// How many of the TABs in indentation have turned out to be content.
    tabs: usize,
    /// The last node or bracket.
    last: Span,
}

/// A list or mapping of which the end has not been met.
struct Frame<'t> {
    content: Content,
    /// From the beginning to the end of the last child so far.
    span: Span,
    /// Whether it is written with brackets or braces, or is a pair inside brackets.
    flow: bool,
    head: Head<'t>,
}

enum Content {
    Seq(Vec<Node>),
    Map(Mapping),
}

/// What may stand before a node.
#[derive(Clone, Copy)]
struct Head<'t> {
    tag: Option<Tag<'t>>,
    /// The parser's number of the anchor; 0 for none.
    anchor: usize,
}

/// A scalar as the parser gives it.
struct Leaf<'e, 't> {
    text: &'e str,
    style: ScalarStyle,
    span: Span,
    head: Head<'t>,
}

impl<'s, 't> Tree<'s, 't> {
    /// A tree with nothing in it.
    pub(super) fn new(source: &'s Source<'t>) -> Self {
        Self {
            source,
            frames: Vec::new(),
            root: None,
            begun: false,
            anchors: Anchors::default(),
            budget: Budget::default(),
            notes: Vec::new(),
            tabs: 0,
            last: Span::default(),
        }
    }

    /// Takes the next event.
    pub(super) fn accept(&mut self, event: &Event<'t>, place: &granit_parser::Span) -> Result<(), Problem> {
        let span = span_of(place);
        match *event {
            Event::Scalar(ref text, style, anchor, ref tag) => {
                let head = self.head(tag.as_deref(), anchor, place)?;
                self.scalar(&Leaf { text, style, span, head })
            }
            Event::SequenceStart(style, anchor, ref tag) => {
                let head = self.head(tag.as_deref(), anchor, place)?;
                self.open(Content::Seq(Vec::new()), style, span, head)
            }
            Event::MappingStart(style, anchor, ref tag) => {
                let head = self.head(tag.as_deref(), anchor, place)?;
                self.open(Content::Map(Mapping::default()), style, span, head)
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(span),
            Event::Alias(number) => self.alias(number, span),
            Event::UnresolvedAlias(ref name) => Err(anchor::unknown(name, span)),
            Event::DocumentStart(..) => self.document(span),
            _ => Ok(()),
        }
    }

    /// Where the tree has got to, for explaining an error of the parser.
    pub(super) fn place(&self) -> Place<'_, 't> {
        let flows = self.frames.iter().rev().filter(|frame| frame.flow);
        let open = flows.map(|frame| frame.span.start).find(|&at| matches!(self.source.byte(at), Some(b'[' | b'{')));
        Place { source: self.source, open, last: self.last, tab: self.source.tabs().get(self.tabs).copied() }
    }

    /// Gives the tree when the events have ended.
    pub(super) fn finish(self) -> Document {
        Document { root: self.root, notes: self.notes }
    }

    fn head(
        &self,
        tag: Option<&granit_parser::Tag>,
        anchor: usize,
        place: &granit_parser::Span,
    ) -> Result<Head<'t>, Problem> {
        let Some(tag) = tag else {
            return Ok(Head { tag: None, anchor });
        };
        let span = span_of(&place.tag_span().unwrap_or(*place));
        let tag = Tag::new(tag, self.source.slice(span), span)?;
        Ok(Head { tag: Some(tag), anchor })
    }

    fn document(&mut self, span: Span) -> Result<(), Problem> {
        if self.begun {
            let span = match self.source.slice(span) {
                "---" => span,
                _ => self.source.character(span.start),
            };
            let message = "a second document begins here";
            let help = "a configuration is one document: join the two, or remove the `---` line";
            return Err(Problem::new("several-documents", span, message).with_help(help));
        }
        self.begun = true;
        Ok(())
    }

    fn scalar(&mut self, leaf: &Leaf<'_, 't>) -> Result<(), Problem> {
        let plain = leaf.style == ScalarStyle::Plain;
        // The parser gives `~` as the text of an empty value.
        let empty = plain && leaf.span.start == leaf.span.end;
        let bare = empty && leaf.head.tag.is_none() && leaf.head.anchor == 0;
        if bare && self.frames.is_empty() {
            return Ok(());
        }
        let span = self.scalar_span(leaf, bare);
        self.check_tabs(span, !plain)?;
        self.budget.node(span)?;
        let text = if empty { String::new() } else { leaf.text.to_owned() };
        let merge = match leaf.head.tag {
            Some(tag) => tag.is_merge(),
            None => plain && text == "<<",
        };
        let scalar = match leaf.head.tag {
            Some(tag) => tag.scalar(text)?,
            None => untagged(text, plain),
        };
        let value = Value::Scalar(scalar);
        self.complete(Node { span, value }, leaf.head.anchor, merge)
    }

    fn scalar_span(&self, leaf: &Leaf<'_, '_>, bare: bool) -> Span {
        match leaf.style {
            ScalarStyle::Literal | ScalarStyle::Folded => self.block_scalar_span(leaf.span),
            _ if bare => self.bare_span(leaf.span),
            _ => leaf.span,
        }
    }

    /// The parser's span has only the content, with the blank lines after it.
    fn block_scalar_span(&self, content: Span) -> Span {
        let header = self
            .behind_indicator()
            .map(|at| self.source.skip_properties(at))
            .filter(|&at| matches!(self.source.byte(at), Some(b'|' | b'>')));
        let start = header.unwrap_or(content.start);
        let trimmed = self.source.slice(content).trim_end_matches([' ', '\t', '\n', '\r']);
        let end = match (header, trimmed) {
            (Some(at), "") => self.source.word(at).end,
            _ => content.start + trimmed.len(),
        };
        Span { start, end }
    }

    /// The parser puts an empty value before its colon or behind a comment.
    fn bare_span(&self, given: Span) -> Span {
        let waiting = self.frames.last().and_then(Frame::waiting);
        let at = self.behind_indicator().or(waiting).unwrap_or(given.start);
        Span { start: at, end: at }
    }

    /// The place behind the `:` or `-` before the next node.
    fn behind_indicator(&self) -> Option<usize> {
        let frame = self.frames.last()?;
        match &frame.content {
            Content::Map(_) => self.source.after_indicator(frame.waiting()?, b':'),
            Content::Seq(_) if frame.flow => None,
            Content::Seq(_) => self.source.after_indicator(frame.span.end, b'-'),
        }
    }

    fn open(&mut self, content: Content, style: StructureStyle, mut span: Span, head: Head<'t>) -> Result<(), Problem> {
        match (&content, head.tag) {
            (Content::Seq(_), Some(tag)) => tag.check_seq()?,
            (Content::Map(_), Some(tag)) => tag.check_map()?,
            (_, None) => {}
        }
        let flow = style == StructureStyle::Flow;
        if let (Content::Seq(_), false) = (&content, flow) {
            span = self.dash(span);
        }
        self.check_tabs(span, false)?;
        self.budget.node(span)?;
        budget::check_depth(self.frames.len() + 1, span)?;
        self.last = span;
        self.frames.push(Frame { content, span, flow, head });
        Ok(())
    }

    /// The first dash of a list. For a list that is not indented below its key, the parser
    /// gives what follows the dash.
    fn dash(&self, given: Span) -> Span {
        let start = match self.frames.last().map(|frame| &frame.content) {
            Some(Content::Map(_)) => self
                .behind_indicator()
                .map(|at| self.source.skip_properties(at))
                .filter(|&at| self.source.byte(at) == Some(b'-')),
            _ => None,
        };
        let start = start.unwrap_or(given.start);
        Span { start, end: start }
    }

    fn close(&mut self, span: Span) -> Result<(), Problem> {
        let Some(mut frame) = self.frames.pop() else {
            return Ok(());
        };
        // Only a closing bracket has a place of its own.
        if span.start < span.end {
            self.check_tabs(span, false)?;
            frame.span.end = span.end;
        }
        let value = match frame.content {
            Content::Seq(items) => Value::Seq(items),
            Content::Map(mapping) => Value::Map(mapping.finish()),
        };
        let value = match frame.head.tag {
            Some(tag) => tag.shape(value)?,
            None => value,
        };
        let span = frame.span;
        self.complete(Node { span, value }, frame.head.anchor, false)
    }

    fn alias(&mut self, number: usize, span: Span) -> Result<(), Problem> {
        self.check_tabs(span, false)?;
        let name = self.source.slice(span).trim_start_matches('*');
        let depth = self.frames.len();
        let node = self.anchors.resolve(number, (name, span), depth, &mut self.budget)?;
        self.attach(node, false)
    }

    fn complete(&mut self, node: Node, anchor: usize, merge: bool) -> Result<(), Problem> {
        self.anchors.define(anchor, &node, &mut self.budget)?;
        self.attach(node, merge)
    }

    fn attach(&mut self, node: Node, merge: bool) -> Result<(), Problem> {
        self.last = node.span;
        let Some(frame) = self.frames.last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        frame.span.end = frame.span.end.max(node.span.end);
        match &mut frame.content {
            Content::Seq(items) => items.push(node),
            Content::Map(mapping) => {
                if let Some(duplicate) = mapping.push(node, merge)? {
                    self.notes.push(note(&duplicate, self.source));
                }
            }
        }
        Ok(())
    }

    /// Refuses a TAB in the indentation before the end of a node.
    ///
    /// A TAB inside the node is content if the node is `opaque`: quoted or a block scalar.
    fn check_tabs(&mut self, node: Span, opaque: bool) -> Result<(), Problem> {
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

impl Frame<'_> {
    /// Where the key ends that waits for its value.
    fn waiting(&self) -> Option<usize> {
        match &self.content {
            Content::Map(mapping) => mapping.waiting(),
            Content::Seq(_) => None,
        }
    }
}

/// A scalar without a tag: only a plain one can be anything but text.
fn untagged(text: String, plain: bool) -> Scalar {
    let resolved = if plain { scalar::resolve(&text) } else { Resolved::Str };
    Scalar { text, resolved }
}

fn note(duplicate: &Duplicate, source: &Source<'_>) -> Problem {
    let name = wording::name(&duplicate.name);
    let line = source.line(duplicate.first.start);
    let message = format!("the key `{name}` was already given on line {line}; the last one counts");
    Problem::new("duplicate-key", duplicate.again, message).with_help("remove one of the two")
}

/// The byte offsets of a span, which the parser has for every event of a text in memory.
fn span_of(place: &granit_parser::Span) -> Span {
    let range = place.byte_range().unwrap_or_default();
    Span { start: range.start, end: range.end }
}
