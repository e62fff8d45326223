//! Lists and mappings: where they begin and end, and what becomes of their children.

use super::super::mapping::{Duplicate, Mapping};
use super::super::source::Source;
use super::super::{Node, Value, budget};
use super::{Frame, Head, Shape, Tree};
use crate::diagnostic::{Diagnostic, Flaw};
use crate::text::{Span, shortened};
use granit_parser::StructureStyle;

impl<'t> Tree<'_, 't> {
    /// Begins a list or mapping.
    pub(super) fn open(
        &mut self,
        shape: Shape,
        style: StructureStyle,
        mut span: Span,
        head: Head<'t>,
    ) -> Result<(), Diagnostic> {
        match (shape, head.tag) {
            (Shape::Seq, Some(tag)) => tag.check_seq()?,
            (Shape::Map, Some(tag)) => tag.check_map()?,
            (_, None) => {}
        }
        let flow = style == StructureStyle::Flow;
        if shape == Shape::Seq && !flow {
            span = self.dash(span);
        }
        self.check_tabs(span, false)?;
        self.budget.node(span)?;
        budget::check_depth(self.frames.len() + 1, span)?;
        self.last = span;
        self.frames.push(Frame { shape, base: self.nodes.len(), span, flow, head, merges: Vec::new() });
        Ok(())
    }

    /// Ends the innermost list or mapping.
    pub(super) fn close(&mut self, span: Span) -> Result<(), Diagnostic> {
        let Some(mut frame) = self.frames.pop() else {
            return Ok(());
        };
        // Only a closing bracket has a place of its own.
        if span.start < span.end {
            self.check_tabs(span, false)?;
            frame.span.end = span.end;
        }
        let value = match frame.shape {
            Shape::Seq if frame.base == 0 => Value::Seq(std::mem::take(&mut self.nodes)),
            Shape::Seq => Value::Seq(self.nodes.split_off(frame.base)),
            Shape::Map => self.mapping(&frame)?,
        };
        let value = match frame.head.tag {
            Some(tag) => tag.shape(value)?,
            None => value,
        };
        let span = frame.span;
        self.complete(Node { span, value }, frame.head.anchor, false)
    }

    fn mapping(&mut self, frame: &Frame<'_>) -> Result<Value, Diagnostic> {
        let mapping = Mapping::take(&mut self.nodes, frame.base, &frame.merges)?;
        let room = budget::MAX_NOTES.saturating_sub(self.notes.len());
        for duplicate in mapping.duplicates.iter().take(room) {
            self.notes.push(note(duplicate, self.source));
        }
        Ok(Value::Map(mapping.pairs))
    }

    /// The first dash of a list. For a list that is not indented below its key, the parser
    /// gives what follows the dash.
    fn dash(&self, given: Span) -> Span {
        let start = match self.frames.last().map(|frame| frame.shape) {
            Some(Shape::Map) => self
                .behind_indicator()
                .map(|at| self.source.skip_properties(at))
                .filter(|&at| self.source.byte(at) == Some(b'-')),
            _ => None,
        };
        let start = start.unwrap_or(given.start);
        Span { start, end: start }
    }
}

fn note(duplicate: &Duplicate, source: &Source<'_>) -> Diagnostic {
    let name = shortened(&duplicate.name);
    let line = source.line(duplicate.first.start);
    let message = format!("the key `{name}` was already given on line {line}; the last one counts");
    Diagnostic::warning(Flaw::DuplicateKey, duplicate.again, message).help("remove one of the two")
}
