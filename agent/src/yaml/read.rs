//! From the parser's events to nodes with their spans.

use super::expand::{self, Anchors, Budget};
use super::mapping::{Duplicate, Mapping};
use super::source::Source;
use super::tags::Tag;
use super::{Document, Node, Resolved, Scalar, Value, scalar, syntax};
use crate::diagnostic::{Diagnostic, Flaw};
use crate::text::{Span, shortened};
use granit_parser::{Event, ScalarStyle, StructureStyle};

/// How many warnings are kept: nobody reads more, and each costs memory.
pub(super) const MAX_NOTES: usize = 1000;

/// The document as far as it is read.
pub(super) struct Reader<'s, 't> {
    source: &'s Source<'t>,
    /// The collections around the next node, the outermost first.
    open: Vec<Collection<'t>>,
    /// The children of all open collections so far; of a mapping, keys and values by turns.
    nodes: Vec<Node>,
    /// Where the document has begun, behind its `---` if it has one.
    begun: Option<usize>,
    anchors: Anchors,
    budget: Budget,
    notes: Vec<Diagnostic>,
    /// How many of the TABs in indentation have turned out to be content.
    tabs: usize,
}

/// A list or mapping of which the end has not been met.
struct Collection<'t> {
    kind: Kind,
    /// Where its children begin in the reader's nodes.
    base: usize,
    /// From the beginning to the end of the last child so far.
    span: Span,
    /// Whether it is written with brackets or braces, or is a pair inside brackets.
    flow: bool,
    properties: Properties<'t>,
    /// The places of the merge keys in the reader's nodes.
    merges: Vec<usize>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Seq,
    Map,
}

/// What may stand before a node (YAML 1.2.2, section 6.9).
#[derive(Clone, Copy)]
struct Properties<'t> {
    tag: Option<Tag<'t>>,
    /// The parser's number of the anchor; 0 for none.
    anchor: usize,
}

/// A scalar as the parser gives it.
struct Parsed<'e, 't> {
    /// The text after quotes and escapes are undone.
    text: &'e str,
    style: ScalarStyle,
    /// The parser's idea of where it stands.
    span: Span,
    properties: Properties<'t>,
}

impl<'s, 't> Reader<'s, 't> {
    /// Nothing is read yet.
    pub(super) fn new(source: &'s Source<'t>) -> Self {
        Self {
            source,
            open: Vec::new(),
            nodes: Vec::new(),
            begun: None,
            anchors: Anchors::default(),
            budget: Budget::default(),
            notes: Vec::new(),
            tabs: 0,
        }
    }

    /// Takes the next event.
    pub(super) fn accept(&mut self, event: &Event<'t>, at: &granit_parser::Span) -> Result<(), Diagnostic> {
        let span = span_of(at);
        match *event {
            Event::Scalar(ref text, style, anchor, ref tag) => {
                let properties = self.properties(tag.as_deref(), anchor, at)?;
                self.scalar(&Parsed { text, style, span, properties })
            }
            Event::SequenceStart(style, anchor, ref tag) => {
                let properties = self.properties(tag.as_deref(), anchor, at)?;
                self.start(Kind::Seq, style, span, properties)
            }
            Event::MappingStart(style, anchor, ref tag) => {
                let properties = self.properties(tag.as_deref(), anchor, at)?;
                self.start(Kind::Map, style, span, properties)
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(span),
            Event::Alias(number) => self.alias(number, span),
            Event::Anchor(_, ref name) => expand::check_name(name, span),
            Event::UnresolvedAlias(_) => Err(expand::unknown_alias(span)),
            Event::DocumentStart(..) => self.document(span),
            _ => Ok(()),
        }
    }

    /// Gives the document when the events have ended.
    pub(super) fn finish(mut self) -> Document {
        // A mapping is sorted out at its end, so the inner ones come first.
        self.notes.sort_by_key(|note| note.span.map(|span| span.start));
        Document { root: self.nodes.pop(), notes: self.notes }
    }

    fn properties(
        &self,
        tag: Option<&granit_parser::Tag>,
        anchor: usize,
        at: &granit_parser::Span,
    ) -> Result<Properties<'t>, Diagnostic> {
        let tag = tag.map(|tag| {
            let span = span_of(&at.tag_span().unwrap_or(*at));
            Tag::new(tag, self.source.slice(span), span)
        });
        Ok(Properties { tag: tag.transpose()?, anchor })
    }

    fn document(&mut self, span: Span) -> Result<(), Diagnostic> {
        let explicit = self.source.slice(span) == "---";
        if self.begun.is_some() {
            let span = if explicit { span } else { self.source.character(span.start) };
            let help = "a file is one document: join the two, or remove the `---` line";
            return Err(Diagnostic::error(Flaw::SeveralDocuments, span, "a second document begins here").help(help));
        }
        self.begun = Some(if explicit { span.end } else { 0 });
        Ok(())
    }

    fn alias(&mut self, number: usize, span: Span) -> Result<(), Diagnostic> {
        self.check_tabs(span, false)?;
        let name = self.source.slice(span).trim_start_matches('*');
        let node = self.anchors.resolve(number, (name, span), self.open.len(), &mut self.budget)?;
        self.attach(node, false);
        Ok(())
    }

    fn complete(&mut self, node: Node, anchor: usize, merge: bool) -> Result<(), Diagnostic> {
        self.anchors.define(anchor, &node, &mut self.budget)?;
        self.attach(node, merge);
        Ok(())
    }

    /// Adds a node to the innermost collection; `merge` says whether it is written like the
    /// merge key.
    fn attach(&mut self, node: Node, merge: bool) {
        if let Some(parent) = self.open.last_mut() {
            parent.span.end = parent.span.end.max(node.span.end);
            if merge && parent.kind == Kind::Map && (self.nodes.len() - parent.base).is_multiple_of(2) {
                parent.merges.push(self.nodes.len());
            }
        }
        self.nodes.push(node);
    }

    /// The place behind the `:`, `-`, `?` or `---` before the next node.
    fn behind_indicator(&self) -> Option<usize> {
        let Some(parent) = self.open.last() else {
            return self.begun;
        };
        match parent.kind {
            Kind::Map if self.waiting_key().is_some() => self.source.after_indicator(parent.span.end, b':'),
            Kind::Map => self.source.after_indicator(parent.span.end, b'?'),
            Kind::Seq if parent.flow => None,
            Kind::Seq => self.source.after_indicator(parent.span.end, b'-'),
        }
    }

    /// Where the key ends that waits for its value, if one does.
    fn waiting_key(&self) -> Option<usize> {
        let parent = self.open.last()?;
        let waits = parent.kind == Kind::Map && (self.nodes.len() - parent.base) % 2 == 1;
        waits.then_some(parent.span.end)
    }

    /// Refuses a TAB in the indentation before the end of a node, as `PyYAML` does.
    ///
    /// A TAB inside the node is content if the node is `opaque`: quoted or a block scalar.
    fn check_tabs(&mut self, node: Span, opaque: bool) -> Result<(), Diagnostic> {
        while let Some(&tab) = self.source.tabs.get(self.tabs) {
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

/// Lists and mappings.
impl<'t> Reader<'_, 't> {
    fn start(
        &mut self,
        kind: Kind,
        style: StructureStyle,
        mut span: Span,
        properties: Properties<'t>,
    ) -> Result<(), Diagnostic> {
        if let Some(tag) = properties.tag {
            tag.check(kind == Kind::Seq)?;
        }
        let flow = style == StructureStyle::Flow;
        if kind == Kind::Seq && !flow {
            span = self.dash(span);
        }
        self.check_tabs(span, false)?;
        self.budget.node(span)?;
        expand::check_depth(self.open.len() + 1, span)?;
        self.open.push(Collection { kind, base: self.nodes.len(), span, flow, properties, merges: Vec::new() });
        Ok(())
    }

    fn end(&mut self, span: Span) -> Result<(), Diagnostic> {
        let Some(mut ended) = self.open.pop() else {
            return Ok(());
        };
        // Only a closing bracket has a span of its own.
        if span.start < span.end {
            self.check_tabs(span, false)?;
            ended.span.end = span.end;
        }
        let value = match ended.kind {
            Kind::Seq if ended.base == 0 => Value::Seq(std::mem::take(&mut self.nodes)),
            Kind::Seq => Value::Seq(self.nodes.split_off(ended.base)),
            Kind::Map => self.mapping(&ended)?,
        };
        let value = match ended.properties.tag {
            Some(tag) => tag.collection(value)?,
            None => value,
        };
        self.complete(Node { span: ended.span, value }, ended.properties.anchor, false)
    }

    fn mapping(&mut self, ended: &Collection<'_>) -> Result<Value, Diagnostic> {
        let mapping = Mapping::take(&mut self.nodes, ended.base, &ended.merges)?;
        let room = MAX_NOTES.saturating_sub(self.notes.len());
        for duplicate in mapping.duplicates.iter().take(room) {
            self.notes.push(note(duplicate, self.source, self.open.len()));
        }
        Ok(Value::Map(mapping.pairs))
    }

    /// The first dash of a list. For a list that is not indented below its key, the parser
    /// gives what follows the dash.
    fn dash(&self, parsed: Span) -> Span {
        let start = match self.open.last().map(|parent| parent.kind) {
            Some(Kind::Map) => self
                .behind_indicator()
                .map(|at| self.source.skip_properties(at))
                .filter(|&at| self.source.byte(at) == Some(b'-')),
            _ => None,
        };
        let start = start.unwrap_or(parsed.start);
        Span { start, end: start }
    }
}

/// Scalars.
impl<'t> Reader<'_, 't> {
    fn scalar(&mut self, parsed: &Parsed<'_, 't>) -> Result<(), Diagnostic> {
        let properties = parsed.properties;
        let plain = parsed.style == ScalarStyle::Plain;
        // The parser gives `~` as the text of an empty value.
        let empty = plain && parsed.span.start == parsed.span.end;
        let bare = empty && properties.tag.is_none() && properties.anchor == 0;
        if bare && self.open.is_empty() {
            return Ok(());
        }
        let span = self.scalar_span(parsed, bare);
        self.check_tabs(span, !plain)?;
        self.budget.node(span)?;
        let text = if empty { String::new() } else { self.without_made_up_break(parsed).to_owned() };
        let (merge, scalar) = match properties.tag {
            Some(tag) => (tag.is_merge(), tag.scalar(text)?),
            None => (plain && text == "<<", untagged(text, plain)),
        };
        self.complete(Node { span, value: Value::Scalar(scalar) }, properties.anchor, merge)
    }

    /// The text of a scalar; the parser ends a text block with a line break even where the
    /// file ends without one, and `PyYAML` does not.
    fn without_made_up_break<'e>(&self, parsed: &Parsed<'e, '_>) -> &'e str {
        let block = matches!(parsed.style, ScalarStyle::Literal | ScalarStyle::Folded);
        if !block || parsed.span.end < self.source.text.len() {
            return parsed.text;
        }
        let content = self.source.slice(parsed.span).trim_end_matches([' ', '\t']);
        match parsed.text.strip_suffix('\n') {
            Some(text) if !content.ends_with(['\n', '\r']) => text,
            _ => parsed.text,
        }
    }

    fn scalar_span(&self, parsed: &Parsed<'_, '_>, bare: bool) -> Span {
        match parsed.style {
            ScalarStyle::Literal | ScalarStyle::Folded => self.block_scalar_span(parsed.span),
            // The parser puts an empty value before its colon or behind a comment.
            _ if bare => {
                let at = self.behind_indicator().or(self.waiting_key()).unwrap_or(parsed.span.start);
                Span { start: at, end: at }
            }
            _ => parsed.span,
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
            (Some(at), "") => self.source.word_end(at),
            _ => content.start + trimmed.len(),
        };
        Span { start, end }
    }
}

/// A scalar without a tag: only a plain one can be anything but text.
fn untagged(text: String, plain: bool) -> Scalar {
    let resolved = if plain { scalar::resolve(&text) } else { Resolved::Str };
    Scalar { text, resolved, literal: false, plain }
}

/// The note on a key that is given again so deep in the file.
fn note(duplicate: &Duplicate, source: &Source<'_>, depth: usize) -> Diagnostic {
    let line = source.line(duplicate.first.start);
    // What stands within the value of an option may be a secret.
    let name = if depth > 1 { String::new() } else { format!(" `{}`", shortened(&duplicate.name)) };
    let message = format!("the key{name} was already given on line {line}; the last one counts");
    Diagnostic::warning(Flaw::DuplicateKey, duplicate.again, message).help("remove one of the two")
}

/// The byte offsets of a span, which the parser has for every event of a text in memory.
fn span_of(at: &granit_parser::Span) -> Span {
    let range = at.byte_range().unwrap_or_default();
    Span { start: range.start, end: range.end }
}
