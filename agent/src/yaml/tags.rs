//! Tags: what the file says about the type of a value.

use super::{Node, Resolved, Scalar, Value, scalar};
use crate::diagnostic::{Diagnostic, Flaw};
use crate::text::{Span, shortened};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

/// What all tags of YAML itself begin with; `!!` is short for it.
const PREFIX: &str = "tag:yaml.org,2002:";

/// The tags with which Python objects are made, a longer one before its beginning.
const PYTHON: [&str; 5] = ["python/object/apply", "python/object/new", "python/object", "python/name", "python/module"];

/// A tag and where it stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tag<'t> {
    kind: Kind,
    /// The tag as it is written.
    name: &'t str,
    span: Span,
}

/// The tags with a meaning here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// `!`: as if there were no tag and no quotes, in `PyYAML`.
    Unspecific,
    Str,
    Int,
    Bool,
    Float,
    Null,
    Binary,
    Merge,
    Seq,
    Map,
    /// `!!omap`, `!!pairs`: a list of mappings with one pair each, which is read as a list of pairs.
    Pairs,
    /// A mapping of which only the keys count, which is read as a list.
    Set,
}

impl<'t> Tag<'t> {
    /// Takes a tag of the parser; `name` is how the file writes it.
    ///
    /// A tag without a meaning here is the problem `unknown-tag`.
    pub(super) fn new(tag: &granit_parser::Tag, name: &'t str, span: Span) -> Result<Self, Diagnostic> {
        if tag.handle().is_empty() && tag.suffix() == "!" {
            return Ok(Self { kind: Kind::Unspecific, name, span });
        }
        let own = tag.suffix_in_namespace(PREFIX);
        match own.as_deref().and_then(Kind::named) {
            Some(kind) => Ok(Self { kind, name, span }),
            None => Err(unknown(span, own.as_deref())),
        }
    }

    /// Whether this is `!!merge`, which makes any key a merge key.
    pub(super) fn is_merge(self) -> bool {
        self.kind == Kind::Merge
    }

    /// Reads the text of a scalar as the tag says.
    ///
    /// A text that the tag does not fit is the problem `bad-tag`.
    pub(super) fn scalar(self, text: String) -> Result<Scalar, Diagnostic> {
        let resolved = match self.kind {
            Kind::Unspecific => Some(scalar::resolve(&text)),
            Kind::Str | Kind::Merge => Some(Resolved::Str),
            Kind::Null => Some(Resolved::Null),
            Kind::Int => scalar::integer(&text).map(Resolved::Int),
            Kind::Bool => scalar::tagged_bool(&text).map(Resolved::Bool),
            Kind::Float => scalar::tagged_float(&text).map(Resolved::Float),
            Kind::Binary => return self.binary(&text),
            Kind::Seq | Kind::Map | Kind::Pairs | Kind::Set => None,
        };
        match resolved {
            Some(resolved) => Ok(Scalar { text, resolved, literal: self.kind == Kind::Str, plain: false }),
            None => Err(self.misfit()),
        }
    }

    /// Refuses a tag on a list or a mapping that is not for those.
    pub(super) fn check(self, is_list: bool) -> Result<(), Diagnostic> {
        match (self.kind, is_list) {
            (Kind::Unspecific, _) | (Kind::Seq | Kind::Pairs, true) | (Kind::Map | Kind::Set, false) => Ok(()),
            _ => Err(self.misfit()),
        }
    }

    /// Makes of a finished list or mapping what `PyYAML` makes of it.
    pub(super) fn collection(self, value: Value) -> Result<Value, Diagnostic> {
        match (self.kind, value) {
            (Kind::Set, Value::Map(pairs)) => Ok(Value::Seq(pairs.into_iter().map(|(key, _)| key).collect())),
            (Kind::Pairs, Value::Seq(items)) => {
                Ok(Value::Seq(items.into_iter().map(|item| self.pair(item)).collect::<Result<_, _>>()?))
            }
            (_, value) => Ok(value),
        }
    }

    fn pair(self, item: Node) -> Result<Node, Diagnostic> {
        match item.value {
            Value::Map(pair) if pair.len() == 1 => {
                let value = Value::Seq(pair.into_iter().flat_map(<[Node; 2]>::from).collect());
                Ok(Node { span: item.span, value })
            }
            _ => Err(self.misfit()),
        }
    }

    /// Base64 (RFC 4648, section 4) of a text; white space between its characters means nothing.
    fn binary(self, text: &str) -> Result<Scalar, Diagnostic> {
        let digits: String = text.split_ascii_whitespace().collect();
        let bytes = BASE64_STANDARD.decode(digits);
        let bytes = bytes.map_err(|_| self.problem("the value is not base64, as the tag says"))?;
        let text = String::from_utf8(bytes).map_err(|_| self.problem("the base64 value does not hold UTF-8 text"))?;
        Ok(Scalar { text, resolved: Resolved::Str, literal: true, plain: false })
    }

    fn misfit(self) -> Diagnostic {
        let name = shortened(self.name);
        self.problem(format!("the value does not fit the tag `{name}`"))
            .help("remove the tag, or write a value of that type")
    }

    fn problem(self, message: impl Into<String>) -> Diagnostic {
        Diagnostic::error(Flaw::BadTag, self.span, message)
    }
}

impl Kind {
    /// Finds the kind for a tag of YAML's or `PyYAML`'s own.
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "str" | "timestamp" | "python/str" | "python/unicode" => Self::Str,
            "int" | "python/int" | "python/long" => Self::Int,
            "bool" | "python/bool" => Self::Bool,
            "float" | "python/float" => Self::Float,
            "null" | "python/none" => Self::Null,
            "binary" | "python/bytes" => Self::Binary,
            "merge" => Self::Merge,
            "seq" | "python/list" | "python/tuple" => Self::Seq,
            "map" | "python/dict" => Self::Map,
            "omap" | "pairs" => Self::Pairs,
            "set" => Self::Set,
            _ => return None,
        })
    }
}

/// The problem of a tag without a meaning here.
///
/// `own` is the name below [`PREFIX`], if the tag is one of those.
pub(super) fn unknown(span: Span, own: Option<&str>) -> Diagnostic {
    // A tag of nobody's, and what stands behind one of Python's, may well be a password without quotes.
    let of_python = own.and_then(|own| PYTHON.iter().find(|tag| own.starts_with(**tag)));
    let message = of_python.map_or("unknown tag".to_owned(), |tag| format!("unknown tag `!!{tag}`"));
    let help = match own {
        Some(python) if python.starts_with("python/") => {
            "no Python objects are built from a file: remove the tag and write the plain value"
        }
        Some(_) => "remove the tag: the type of the value is recognised without it",
        None => {
            "remove the tag; a text that begins with `!` needs quotes, \
             and a value kept elsewhere is written {env: NAME} or {file: PATH}"
        }
    };
    Diagnostic::error(Flaw::UnknownTag, span, message).help(help)
}
