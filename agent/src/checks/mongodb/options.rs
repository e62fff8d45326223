//! The options of a mongodb check.

use super::Mongodb;
use crate::phase::words;
use crate::services;
use crate::settings::shape::{Shape, StandIn};
use crate::settings::{Credentials, Field, Fields, Misfit, Name, Noted, Setting, Word, target, tls_of_target};
use serde_json::json;

words! {
    /// What the server should be among the members of its set.
    pub(super) MemberRole {
        /// Takes writes.
        Primary "primary",
        /// Has a copy.
        Secondary "secondary",
    }
}

struct Database(String);

pub(super) fn parse(fields: &mut Fields<'_>) -> Result<Mongodb, Noted> {
    let target = target(fields, &services::MONGODB);
    let login = Credentials::optional::<Name>(
        fields,
        "Who logs in. Without it, the server must let anybody in.",
        "That user's password.",
    );
    let named = fields.has("database");
    let database = fields.or::<Database>("database", "test", "The database that the user may do something in.").0;
    let source = fields.optional::<Database>(
        "auth_source",
        "The database that keeps the user. Default: database if given, else admin.",
    );
    let use_tls = fields.or::<bool>("use_tls", "false", "Speak TLS from the first byte.");
    let replica_set = fields.optional::<Name>("replica_set", "The name of the set that the server must belong to.");
    let role = fields.optional("role", "What the server must be: primary (takes writes) or secondary.");
    if !fields.has("username") {
        let help = "add `username:` and `password:`, or leave `auth_source` out";
        fields.warn_idle("auth_source", "without `username`: nobody logs in", help);
    }
    let tls = tls_of_target(fields, use_tls, &target);
    let auth_source = source.map_or_else(|| if named { database.clone() } else { "admin".to_owned() }, |name| name.0);
    Ok(Mongodb {
        target: target?,
        login: login?,
        auth_source,
        database,
        tls: Some(tls?).filter(|_| use_tls),
        replica_set: replica_set.map(|name| name.0),
        role,
    })
}

impl Setting for MemberRole {
    const SHAPE: Shape =
        Shape::plain("primary or secondary", "primary or secondary", || json!({"enum": ["primary", "secondary"]}));

    fn read(field: &Field<'_>) -> Result<Self, Misfit> {
        field.parse(&Self::SHAPE, |text| Self::ALL.into_iter().find(|role| role.slug() == text))
    }
}

impl Setting for Database {
    /// "Naming restrictions" of the manual's page on limits.
    const SHAPE: Shape = Shape::plain(
        "the name of a database (1 to 63 bytes, without / \\ . \" $ and blanks)",
        "name",
        || json!({"type": ["string", "number", "boolean"], "minLength": 1}),
    )
    .or(StandIn::Like("?"));

    fn read(field: &Field<'_>) -> Result<Self, Misfit> {
        let Word(text) = Word::read_as(field, &Self::SHAPE)?;
        // `$external` keeps users that some other system knows.
        let bare = text.strip_prefix('$').unwrap_or(&text);
        if bare.is_empty() || text.len() > 63 || bare.contains(['/', '\\', '.', '"', '$', ' ']) {
            return Err(field.wrong(&Self::SHAPE));
        }
        Ok(Self(text))
    }
}
