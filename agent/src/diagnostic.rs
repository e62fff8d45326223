//! What is wrong with a file: the problems with their stable codes. How they are shown to a person
//! is [`plan::render`](crate::plan::render)'s.

use crate::phase::words;
use crate::text::{Lines, Span};
use serde::Serialize;

words! {
    /// Whether the file can be used in spite of the problem.
    pub Severity {
        /// The file is refused.
        Error "error",
        /// The file is used; `--strict` refuses it.
        Warning "warning",
        /// The file is used, with `--strict` too.
        Note "note",
    }
}

macro_rules! flaws {
    ($($name:ident $code:literal $about:literal,)*) => {
        /// What kind of problem a file has. Its code is an interface, like the codes of failures.
        #[derive(Clone, Copy, Debug, Eq, PartialEq)]
        pub enum Flaw {
            $(#[doc = $about] $name,)*
        }

        impl Flaw {
            /// Every kind, in the order of the documentation.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The stable code.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code),* }
            }

            /// What it means.
            #[must_use]
            pub const fn about(self) -> &'static str {
                match self { $(Self::$name => $about),* }
            }
        }
    };
}

flaws! {
    Unreadable "unreadable" "the user may not read the file, or the file system fails",
    NotThere "not-there" "there is no file of that name",
    NotAFile "not-a-file" "a directory, a device, a pipe or a socket stands in the file's place",
    OfOtherUnit "of-other-unit" "the file belongs to another unit of Juju on this machine",
    TooLarge "too-large" "the file, or what its aliases stand for, is too large",
    NotUtf8 "not-utf8" "the file is not UTF-8",
    YamlSyntax "yaml-syntax" "the file is not YAML",
    TooDeep "too-deep" "too many lists and mappings stand inside each other",
    SeveralDocuments "several-documents" "a second document begins in the file",
    UnknownAlias "unknown-alias" "an alias without an anchor before it, or inside its own anchor",
    BadMerge "bad-merge" "a merge key without a mapping",
    UnknownTag "unknown-tag" "a tag that has no meaning here",
    BadTag "bad-tag" "a value that its tag does not fit",
    DuplicateKey "duplicate-key" "a key that was given already",
    NoChecks "no-checks" "the file is empty",
    NotAList "not-a-list" "the file is not a list of checks",
    NotAMapping "not-a-mapping" "a check is not a mapping",
    UnknownType "unknown-type" "there is no check of that type",
    DeprecatedAlias "deprecated-alias" "an old name of a type",
    UnknownKey "unknown-key" "the check has no such option",
    MissingKey "missing-key" "an option that must be there is not",
    WrongType "wrong-type" "a list or mapping where another kind of value is wanted",
    BadValue "bad-value" "a value that the option does not take",
    PythonTuple "python-tuple" "a tuple as Python writes it",
    UnreadablePem "unreadable-pem" "a file of certificates or keys cannot be used",
    NothingSelected "nothing-selected" "the tags or patterns of the command line select nothing",
    MailByNagios "mail-by-nagios" "a check that sends a mail has no tag that keeps Nagios from running it",
    NoEffect "no-effect" "an option that does nothing beside the others of the check",
    BadReference "bad-reference" "{env: VAR} or {file: PATH} leads nowhere",
    NoRules "no-rules" "a file of firewall rules holds none",
    Unresolved "unresolved" "the host of a firewall rule has no address",
}

impl Flaw {
    /// Whether the text is not one YAML document: there is no tree of it then.
    pub(crate) const fn is_of_yaml(self) -> bool {
        matches!(
            self,
            Self::YamlSyntax
                | Self::TooDeep
                | Self::TooLarge
                | Self::SeveralDocuments
                | Self::UnknownAlias
                | Self::BadMerge
                | Self::UnknownTag
                | Self::BadTag
        )
    }
}

/// One problem of a file.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Diagnostic {
    /// What kind of problem it is.
    pub flaw: Flaw,
    /// Error or warning.
    pub severity: Severity,
    /// Where it is; `None` when it is about the file as a whole.
    pub span: Option<Span>,
    /// What is wrong, or what was expected; never a secret.
    pub message: String,
    /// What was found instead; never a secret of an option that is known, and yet it may be one
    /// where somebody wrote it in the wrong place.
    pub found: Option<String>,
    /// What to write instead.
    pub help: Option<String>,
    /// The option that could as well not be there ([`Flaw::NoEffect`]).
    pub(crate) idle: Option<&'static str>,
}

impl Diagnostic {
    /// An error at a place.
    pub fn error(flaw: Flaw, span: Span, message: impl Into<String>) -> Self {
        let (message, severity) = (message.into(), Severity::Error);
        Self { flaw, severity, span: Some(span), message, found: None, help: None, idle: None }
    }

    /// A warning at a place.
    pub fn warning(flaw: Flaw, span: Span, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(flaw, span, message) }
    }

    /// An error about the file as a whole.
    pub fn file(flaw: Flaw, message: impl Into<String>) -> Self {
        Self { span: None, ..Self::error(flaw, Span::default(), message) }
    }

    /// Adds what to write instead.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The message with what was found.
    #[must_use]
    pub fn text(&self) -> String {
        match &self.found {
            Some(found) => format!("{}, found {found}", self.message),
            None => self.message.clone(),
        }
    }
}

/// A diagnostic in the form of `--format json`.
#[derive(Debug, Serialize)]
pub struct JsonDiagnostic<'a> {
    code: &'static str,
    severity: &'static str,
    file: &'a str,
    line: Option<usize>,
    column: Option<usize>,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<&'a str>,
}

/// All diagnostics of a text, for machines.
#[must_use]
pub(crate) fn to_json<'a>(file: &'a str, text: &str, diagnostics: &'a [Diagnostic]) -> Vec<JsonDiagnostic<'a>> {
    let lines = Lines::of(text);
    let entry = |one: &'a Diagnostic| {
        let position = one.span.map(|span| lines.position(span.start));
        JsonDiagnostic {
            code: one.flaw.code(),
            severity: one.severity.slug(),
            file,
            line: position.map(|(line, _)| line),
            column: position.map(|(_, column)| column),
            message: one.text(),
            help: one.help.as_deref(),
        }
    };
    diagnostics.iter().map(entry).collect()
}
