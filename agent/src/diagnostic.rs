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
    ($($name:ident $code:literal $about:literal $(=> $fix:literal, $example:literal)?,)*) => {
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

            /// What to do about it, where the file at hand tells nothing finer.
            #[must_use]
            pub const fn fix(self) -> &'static str {
                match self { $(Self::$name => concat!($($fix)?)),* }
            }

            /// A file that has it; empty where a file alone does not.
            #[must_use]
            pub const fn example(self) -> &'static str {
                match self { $(Self::$name => concat!($($example)?)),* }
            }
        }
    };
}

flaws! {
    Unreadable "unreadable" "the user may not read the file, or the file system fails"
        => "let the user who runs conn-check read it (the group nagios, when NRPE runs it)", "",
    NotThere "not-there" "there is no file of that name"
        => "check the path", "",
    NotAFile "not-a-file" "a directory, a device, a pipe or a socket stands in the file's place"
        => "name the YAML file itself, or `-` for standard input", "",
    OfOtherUnit "of-other-unit" "the file belongs to another unit of Juju on this machine"
        => "name a file of this unit", "",
    TooLarge "too-large" "the file, or what its aliases stand for, is too large"
        => "split it, or check that this is the right file", "",
    NotUtf8 "not-utf8" "the file is not UTF-8"
        => "save the file as UTF-8", "",
    YamlSyntax "yaml-syntax" "the file is not YAML"
        => "look at the marked place and before it: a bracket, a quote, a colon, the indentation", "- {type: tcp, host: db.internal, port: 5432",
    TooDeep "too-deep" "too many lists and mappings stand inside each other"
        => "write a list of checks, without more lists around it", "",
    SeveralDocuments "several-documents" "a second document begins in the file"
        => "take the line `---` away", "- {type: tcp, host: db.internal, port: 5432}\n---\n- {type: tcp, host: db.internal, port: 5433}",
    UnknownAlias "unknown-alias" "an alias without an anchor before it, or inside its own anchor"
        => "write the anchor (`&name`) above the alias (`*name`)", "- {type: tcp, host: *db, port: 5432}",
    BadMerge "bad-merge" "a merge key without a mapping"
        => "write `<<:` with the alias of a mapping, or a list of such", "- {<<: db, type: tcp, host: db.internal, port: 5432}",
    UnknownTag "unknown-tag" "a tag that has no meaning here"
        => "take the tag away", "- {type: tcp, host: !host db.internal, port: 5432}",
    BadTag "bad-tag" "a value that its tag does not fit"
        => "take the tag away, or write a value that it fits", "- {type: tcp, host: db.internal, port: !!int postgres}",
    DuplicateKey "duplicate-key" "a key that was given already"
        => "take one of them away", "- {type: tcp, host: a.internal, host: b.internal, port: 5432}",
    NoChecks "no-checks" "the file is empty"
        => "write a list: `- type: tcp`, with `host:` and `port:` in the lines below", "# nothing yet",
    NotAList "not-a-list" "the file is not a list of checks"
        => "begin each check with `- `", "type: tcp\nhost: db.internal\nport: 5432",
    NotAMapping "not-a-mapping" "a check is not a mapping"
        => "write `- type: tcp`, then the options in lines below it, indented by two spaces", "- tcp",
    UnknownType "unknown-type" "there is no check of that type"
        => "write one of those that `conn-check explain` lists", "- {type: tpc, host: db.internal, port: 5432}",
    DeprecatedAlias "deprecated-alias" "an old name of a type"
        => "write the name that it has now", "- {type: ssl, host: app.internal, port: 443}",
    UnknownKey "unknown-key" "the check has no such option"
        => "write one of those that `conn-check explain TYPE` lists", "- {type: tcp, host: db.internal, port: 5432, tiemout: 3}",
    MissingKey "missing-key" "an option that must be there is not"
        => "add it", "- {type: tcp, host: db.internal}",
    WrongType "wrong-type" "a list or mapping where another kind of value is wanted"
        => "write the value itself", "- {type: tcp, host: [db.internal], port: 5432}",
    BadValue "bad-value" "a value that the option does not take"
        => "write one that it takes: `conn-check explain OPTION` tells which", "- {type: tcp, host: db.internal, port: 99999}",
    PythonTuple "python-tuple" "a tuple as Python writes it"
        => "write a list: [user, password], or [[name, value], [name, value]]", "- {type: http, url: 'http://app.internal/', auth: '(user, password)'}",
    UnreadablePem "unreadable-pem" "a file of certificates or keys cannot be used"
        => "name a PEM file (-----BEGIN ...) that the user who runs conn-check can read", "- {type: tls, host: app.internal, port: 443, ca_file: /nonexistent/ca.pem}",
    NothingSelected "nothing-selected" "the tags or patterns of the command line select nothing"
        => "see with --dry-run which results and tags there are", "",
    MailByNagios "mail-by-nagios" "a check that sends a mail has no tag that keeps Nagios from running it"
        => "tag it `no-nagios`, or set `send: false`", "- {type: smtp, host: mail.internal, port: 465, from_address: app@internal, to_address: ops@internal}",
    NoEffect "no-effect" "an option that does nothing beside the others of the check"
        => "leave it out, or write what gives it an effect", "- {type: redis, host: cache.internal, use_tls: false, verify_name: false}",
    Unexpanded "unexpanded-variable" "a value is nothing but a variable, which nobody expands here"
        => "write {env: NAME} in its place; where it is meant as it stands, `!!str` before it says so", "- {type: redis, host: cache.internal, password: '${REDIS_PASSWORD}'}",
    Twin "duplicate-check" "a check stands in the file more than once"
        => "leave one of them out", "- {type: tcp, host: db.internal, port: 5432}\n- {type: tcp, host: db.internal, port: 5432}",
    Untrusted "untrusted-file" "the file names a program to start, and somebody else could have written it"
        => "give the file and its directory to root, and let nobody else write there", "",
    BadInclude "bad-include" "`include` leads nowhere, in a circle, or too deep"
        => "correct the path; it is seen from the directory of the file that includes", "",
    BadReference "bad-reference" "{env: VAR} or {file: PATH} leads nowhere"
        => "set the variable, or put the file there", "- {type: redis, host: cache.internal, password: {file: /nonexistent/password}}",
    NoRules "no-rules" "a file of firewall rules holds none"
        => "write what conn-check-export-fw prints", "",
    Unresolved "unresolved" "the host of a firewall rule has no address"
        => "correct the name, or use --keep-going", "",
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

/// How many there are of each kind, for a last line: `3 errors, 1 warning`.
#[must_use]
pub fn counted<'a>(diagnostics: impl IntoIterator<Item = &'a Diagnostic>) -> String {
    let mut counts = Severity::ALL.map(|severity| (severity, 0_usize));
    for one in diagnostics {
        counts.iter_mut().filter(|(severity, _)| *severity == one.severity).for_each(|(_, count)| *count += 1);
    }
    let there = counts.iter().filter(|(_, count)| *count > 0);
    let words =
        there.map(|(severity, count)| format!("{count} {}{}", severity.slug(), if *count == 1 { "" } else { "s" }));
    words.collect::<Vec<_>>().join(", ")
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
