//! The options of a mongodb check.

use super::Mongodb;
use crate::config::shape::{Shape, Shown};
use crate::config::{Diagnostic, Fields, Given, Misfit, Setting, Word};
use crate::net::{Place, TlsOptions};
use crate::secret::Secret;
use serde_json::json;

/// Who logs in.
#[derive(Clone, Debug)]
pub(super) struct Login {
    pub(super) user: String,
    pub(super) password: Secret<String>,
}

/// What the server should be among the members of its set.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Role {
    Primary,
    Secondary,
}

/// A name that is not empty.
struct Name(String);

/// The name of a database.
struct Database(String);

impl Mongodb {
    /// Asks for every option.
    pub(super) fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let place = Place::parse(fields, "27017");
        let login = login(fields);
        let named = fields.has("database");
        let database = fields.or::<Database>("database", "test", "The database that the user may do something in.").0;
        let source = fields.optional::<Database>(
            "auth_source",
            "The database that keeps the user. Default: database if given, else admin.",
        );
        let use_tls = fields.or::<bool>("use_tls", "false", "Speak TLS from the first byte.");
        let replica_set = fields.optional::<Name>("replica_set", "The name of the set that the server must belong to.");
        let role = fields.optional("role", "What the server must be: primary (takes writes) or secondary.");
        let options = TlsOptions::parse(fields);
        let place = place?;
        if use_tls {
            place.refuse_tls(fields);
        }
        let auth_source =
            source.map_or_else(|| if named { database.clone() } else { "admin".to_owned() }, |name| name.0);
        Some(Self {
            place,
            login: login?,
            auth_source,
            database,
            tls: options.filter(|_| use_tls),
            replica_set: replica_set.map(|name| name.0),
            role,
        })
    }
}

/// A user and a password, or neither. `None` after a problem was noted.
#[expect(clippy::option_option, reason = "the outer one is that of every parser here")]
fn login(fields: &mut Fields<'_>) -> Option<Option<Login>> {
    let user = fields.optional::<Name>("username", "Who logs in. Without it, the server must let anybody in.");
    let password = fields.optional::<Secret<String>>("password", "That user's password.");
    let (here, missing) = match (fields.has("username"), fields.has("password")) {
        (false, false) => return Some(None),
        (true, true) => return Some(Some(Login { user: user?.0, password: password? })),
        (true, false) => ("username", "password"),
        (false, true) => ("password", "username"),
    };
    let span = fields.span_of(here);
    let message = format!("`{here}` without `{missing}`");
    fields.note(Diagnostic::error("missing-key", span, message).help(format!("add `{missing}:`")));
    None
}

impl Setting for Role {
    const SHAPE: Shape = Shape {
        words: "primary or secondary",
        short: "primary or secondary",
        shown: Shown::Plain,
        schema: || json!({"enum": ["primary", "secondary"]}),
    };

    fn read(given: &Given<'_>) -> Result<Self, Misfit> {
        given.parse(&Self::SHAPE, |text| match text {
            "primary" => Some(Self::Primary),
            "secondary" => Some(Self::Secondary),
            _ => None,
        })
    }
}

impl Setting for Name {
    const SHAPE: Shape = Shape { words: "a name that is not empty", ..Word::SHAPE };

    fn read(given: &Given<'_>) -> Result<Self, Misfit> {
        let Word(text) = Word::read(given)?;
        if text.is_empty() { Err(given.wrong(&Self::SHAPE)) } else { Ok(Self(text)) }
    }
}

impl Setting for Database {
    /// "Naming restrictions" of the manual's page on limits.
    const SHAPE: Shape = Shape {
        words: "the name of a database (1 to 63 bytes, without / \\ . \" $ and blanks)",
        short: "name",
        shown: Shown::Plain,
        schema: || json!({"type": ["string", "number", "boolean"], "minLength": 1}),
    };

    fn read(given: &Given<'_>) -> Result<Self, Misfit> {
        let Word(text) = Word::read(given)?;
        // `$external` keeps users that some other system knows.
        let bare = text.strip_prefix('$').unwrap_or(&text);
        if bare.is_empty() || text.len() > 63 || bare.contains(['/', '\\', '.', '"', '$', ' ']) {
            return Err(given.wrong(&Self::SHAPE));
        }
        Ok(Self(text))
    }
}
