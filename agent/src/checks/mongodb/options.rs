//! The options of a mongodb check.

use super::{Mongodb, srv};
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

words! {
    /// How a check logs in.
    pub(super) Mechanism {
        /// By a password, and what the user has of SCRAM.
        Scram "scram",
        /// By the client certificate, which also says who it is.
        X509 "x509",
    }
}

impl Mechanism {
    /// The name in the protocol.
    pub(super) const fn wire_name(self) -> &'static str {
        match self {
            Self::Scram => "SCRAM-SHA-256",
            Self::X509 => "MONGODB-X509",
        }
    }
}

struct Database(String);

pub(super) fn parse(fields: &mut Fields<'_>) -> Result<Mongodb, Noted> {
    let target = target(fields, &services::MONGODB);
    let by_srv = fields.or::<bool>(
        "srv",
        "false",
        "`host` is that of a mongodb+srv:// URL: its SRV records name the servers, all of which are asked at once for the primary (or `role`).",
    );
    let login = Credentials::optional::<Name>(
        fields,
        "Who logs in. Without it, the server must let anybody in.",
        "That user's password.",
    );
    let named = fields.has("database");
    let database = fields.or::<Database>("database", "test", "The database that the user may do something in.").0;
    let source = fields.optional::<Database>(
        "auth_source",
        "The database that keeps the user. Default: with `srv` as the TXT record says; database if given, else admin.",
    );
    let mechanism = fields.or::<Mechanism>(
        "auth_mechanism",
        "scram",
        "scram: by username and password. x509: by client_cert, whose subject is the user.",
    );
    let use_tls = fields.optional::<bool>("use_tls", "Speak TLS from the first byte. Default: false; with `srv` true.");
    let use_tls = use_tls.unwrap_or(by_srv);
    let replica_set = fields.optional::<Name>(
        "replica_set",
        "The name of the set that the server must belong to. Default: any; with `srv` that of the TXT record.",
    );
    let role = fields.optional("role", "What the server must be: primary (takes writes) or secondary.");
    if !fields.has("username") {
        let help = "add `username:` and `password:`, or leave `auth_source` out";
        fields.warn_idle("auth_source", "without `username`: nobody logs in", help);
    }
    let tls = tls_of_target(fields, use_tls, &target);
    by_certificate(fields, mechanism)?;
    let target = target?;
    if by_srv {
        srv::agrees(fields, &target)?;
    }
    let is_source_given = source.is_some();
    let auth_source = source.map_or_else(|| if named { database.clone() } else { "admin".to_owned() }, |name| name.0);
    Ok(Mongodb {
        target,
        by_srv,
        is_source_given,
        is_balanced: false,
        login: login?,
        auth_source,
        database,
        mechanism,
        tls: Some(tls?).filter(|_| use_tls),
        replica_set: replica_set.map(|name| name.0),
        role,
    })
}

/// Refuses what does not go together with a login by certificate, in which the name and the proof are the certificate.
fn by_certificate(fields: &mut Fields<'_>, mechanism: Mechanism) -> Result<(), Noted> {
    if mechanism != Mechanism::X509 {
        return Ok(());
    }
    if !fields.has("client_cert") {
        return Err(fields.refuse_lone("auth_mechanism", "client_cert"));
    }
    if fields.has("username") {
        let misfit = Misfit::new("with `auth_mechanism: x509` the certificate says who logs in");
        return Err(fields.refuse_value("username", misfit.help("leave `username` and `password` out")));
    }
    Ok(())
}

impl Setting for Mechanism {
    const SHAPE: Shape = Shape::plain("scram or x509", "scram or x509", || json!({"enum": ["scram", "x509"]}));

    fn read(field: &Field<'_>) -> Result<Self, Misfit> {
        field.parse(&Self::SHAPE, |text| Self::ALL.into_iter().find(|one| one.slug() == text))
    }
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
