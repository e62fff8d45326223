//! What a double is, and how it misbehaves.

use bson::{Document, doc};

use super::{DATABASE, Mongodb};

/// What a server says it is.
#[derive(Clone, Copy, Debug, Default)]
pub enum Member {
    /// A server of its own.
    #[default]
    Alone,
    /// mongos, in front of a sharded cluster.
    Router,
    /// The primary of this set.
    Primary(&'static str),
    /// A secondary of this set.
    Secondary(&'static str),
    /// A member of this set that is neither, because it is starting, recovering or rolling back.
    Recovering(&'static str),
    /// A member of this set that only votes.
    Arbiter(&'static str),
    /// Started for a set that nobody has initiated.
    Uninitiated,
}

impl Member {
    /// What it adds to a hello.
    pub(super) fn hello(self) -> Document {
        let of = |set: &str, more: Document| {
            let mut all = doc! {"setName": set, "setVersion": 1, "hosts": ["db1:27017", "db2:27017"], "primary": "db1:27017", "me": "db2:27017"};
            all.extend(more);
            all
        };
        match self {
            Self::Alone => doc! {"ismaster": true},
            Self::Router => doc! {"ismaster": true, "msg": "isdbgrid"},
            Self::Primary(set) => of(set, doc! {"ismaster": true, "secondary": false}),
            Self::Secondary(set) => of(set, doc! {"ismaster": false, "secondary": true}),
            Self::Recovering(set) => of(set, doc! {"ismaster": false, "secondary": false}),
            Self::Arbiter(set) => of(set, doc! {"ismaster": false, "secondary": false, "arbiterOnly": true}),
            Self::Uninitiated => doc! {
                "ismaster": false, "secondary": false, "isreplicaset": true,
                "info": "Does not have a valid replica set config",
            },
        }
    }
}

/// What a double does instead of answering a command.
#[derive(Clone, Debug)]
pub(super) enum Mischief {
    /// Refuses with this code, its name, and this text.
    Refuses(i32, &'static str, &'static str),
    /// Never answers.
    Mutes,
    /// Ends the connection.
    Closes,
    /// Sends half of the answer and ends the connection.
    Truncates,
    /// Puts so many bytes into the answer.
    Bloats(usize),
    /// Puts documents into documents, so deep, into the answer.
    Nests(usize),
    /// Puts these fields into the answer.
    Adds(Document),
    /// Answers with other bytes.
    Says(Vec<u8>),
}

/// The description of a double that [`Mongodb::start`] starts.
#[derive(Clone, Debug)]
pub struct Setup {
    pub(super) login: bool,
    pub(super) users_in: &'static str,
    pub(super) mechanisms: Vec<&'static str>,
    pub(super) member: Member,
    pub(super) wire_versions: (i32, i32),
    pub(super) iterations: u32,
    pub(super) is_impostor: bool,
    pub(super) is_thorough: bool,
    pub(super) mischiefs: Vec<(&'static str, Mischief)>,
}

impl Setup {
    /// Everybody may do everything, as with mongod's own defaults.
    #[must_use]
    pub fn open() -> Self {
        Self {
            login: false,
            users_in: DATABASE,
            mechanisms: vec!["SCRAM-SHA-1", "SCRAM-SHA-256"],
            member: Member::Alone,
            wire_versions: (0, 21),
            iterations: 4096,
            is_impostor: false,
            is_thorough: false,
            mischiefs: Vec::new(),
        }
    }

    /// Only [`super::USER`] may do anything, and only in [`DATABASE`].
    #[must_use]
    pub fn with_login() -> Self {
        Self { login: true, ..Self::open() }
    }

    /// The database that keeps the user; [`DATABASE`] unless given.
    #[must_use]
    pub fn users_in(self, database: &'static str) -> Self {
        Self { users_in: database, ..self }
    }

    /// The mechanisms that the user may log in with; both of SCRAM unless given.
    #[must_use]
    pub fn mechanisms(self, names: &[&'static str]) -> Self {
        Self { mechanisms: names.to_vec(), ..self }
    }

    /// What the server is; a server of its own unless given.
    #[must_use]
    pub fn member(self, member: Member) -> Self {
        Self { member, ..self }
    }

    /// The least and the highest wire version; 0 and 21 (`MongoDB` 7.0) unless given.
    #[must_use]
    pub fn wire_versions(self, least: i32, highest: i32) -> Self {
        Self { wire_versions: (least, highest), ..self }
    }

    /// How often the password is hashed; 4096 times unless given.
    #[must_use]
    pub fn iterations(self, iterations: u32) -> Self {
        Self { iterations, ..self }
    }

    /// Accepts the proof, and cannot prove that it knows the password itself.
    #[must_use]
    pub fn impostor(self) -> Self {
        Self { is_impostor: true, ..self }
    }

    /// Knows a user by the certificate that a client shows (`MONGODB-X509`), which the TLS below has to ask for.
    #[must_use]
    pub fn by_certificate(self) -> Self {
        self.mechanisms(&["MONGODB-X509"])
    }

    /// Wants an empty message at the end of a login, as before 4.4 and as `FerretDB` does.
    #[must_use]
    pub fn thorough(self) -> Self {
        Self { is_thorough: true, ..self }
    }

    /// Refuses a command with this code, its name, and this text.
    #[must_use]
    pub fn refuses(self, command: &'static str, code: i32, name: &'static str, text: &'static str) -> Self {
        self.mischief(command, Mischief::Refuses(code, name, text))
    }

    /// Never answers a command.
    #[must_use]
    pub fn mutes(self, command: &'static str) -> Self {
        self.mischief(command, Mischief::Mutes)
    }

    /// Ends the connection instead of answering a command.
    #[must_use]
    pub fn closes(self, command: &'static str) -> Self {
        self.mischief(command, Mischief::Closes)
    }

    /// Sends half of the answer to a command and ends the connection.
    #[must_use]
    pub fn truncates(self, command: &'static str) -> Self {
        self.mischief(command, Mischief::Truncates)
    }

    /// Adds so many bytes to the answer to a command.
    #[must_use]
    pub fn bloats(self, command: &'static str, bytes: usize) -> Self {
        self.mischief(command, Mischief::Bloats(bytes))
    }

    /// Adds documents, one in the other, to the answer to a command.
    #[must_use]
    pub fn nests(self, command: &'static str, levels: usize) -> Self {
        self.mischief(command, Mischief::Nests(levels))
    }

    /// Adds these fields to the answer to a command, or changes them.
    #[must_use]
    pub fn adds(self, command: &'static str, fields: Document) -> Self {
        self.mischief(command, Mischief::Adds(fields))
    }

    /// Answers a command with these bytes.
    #[must_use]
    pub fn says(self, command: &'static str, bytes: impl Into<Vec<u8>>) -> Self {
        self.mischief(command, Mischief::Says(bytes.into()))
    }

    /// Starts it; the same as [`Mongodb::start`].
    #[must_use]
    pub fn start(self) -> Mongodb {
        Mongodb::start(self)
    }

    fn mischief(mut self, command: &'static str, mischief: Mischief) -> Self {
        self.mischiefs.push((command, mischief));
        self
    }
}
