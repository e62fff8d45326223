//! `username` and `password`: who logs in.

use crate::diagnostic::{Diagnostic, Flaw};
use crate::secret::Secret;
use crate::settings::{Fields, Noted, Setting};

/// Who logs in, and the proof.
#[derive(Clone, Debug)]
pub(crate) struct Credentials {
    /// The user; empty where the protocol has a user of its own for those who name none.
    pub user: String,
    /// The password; empty where there is none.
    pub password: Secret<String>,
}

/// What the options are called, and what their documentation says.
pub(crate) struct Names {
    /// The key of the user.
    pub(crate) user: (&'static str, &'static str),
    /// The key of the password.
    pub(crate) password: (&'static str, &'static str),
}

impl Names {
    /// `username` and `password`, with what is said about each.
    pub(crate) const fn usual(user: &'static str, password: &'static str) -> Self {
        Self { user: ("username", user), password: ("password", password) }
    }
}

impl Credentials {
    /// Asks for a user and a password that must both be there.
    pub(crate) fn required<U: Setting + Into<String>>(fields: &mut Fields<'_>, names: &Names) -> Result<Self, Noted> {
        let user = fields.required::<U>(names.user.0, names.user.1);
        let password = fields.required(names.password.0, names.password.1);
        Ok(Self { user: user?.into(), password: password? })
    }

    /// Asks for a user that must be there, and a password that may be absent: the server may know
    /// the user otherwise.
    pub(crate) fn of_user<U: Setting + Into<String>>(fields: &mut Fields<'_>, names: &Names) -> Result<Self, Noted> {
        let user = fields.required::<U>(names.user.0, names.user.1);
        let password = fields.optional(names.password.0, names.password.1);
        Ok(Self { user: user?.into(), password: password.unwrap_or_default() })
    }

    /// Asks for a user and a password that belong together; where neither is there, nobody logs in.
    /// One without the other is a problem.
    pub(crate) fn optional<U: Setting + Into<String>>(
        fields: &mut Fields<'_>,
        names: &Names,
    ) -> Result<Option<Self>, Noted> {
        let user = fields.optional::<U>(names.user.0, names.user.1);
        let password = fields.optional(names.password.0, names.password.1);
        match (fields.has(names.user.0), fields.has(names.password.0)) {
            (true, false) => Err(lone(fields, names.user.0, names.password.0)),
            (false, true) => Err(lone(fields, names.password.0, names.user.0)),
            // One that is there and wrong was noted already.
            _ => Ok(user.zip(password).map(|(user, password)| Self { user: user.into(), password })),
        }
    }

    /// Asks for a password, which may belong to a user without a name; an empty password without a
    /// user is none, as clients take an empty variable.
    /// A user without a password is a problem.
    pub(crate) fn of_password<U: Setting + Into<String>>(
        fields: &mut Fields<'_>,
        names: &Names,
    ) -> Result<Option<Self>, Noted> {
        let user = fields.optional::<U>(names.user.0, names.user.1).map(Into::into).unwrap_or_default();
        let password = fields.optional::<Secret<String>>(names.password.0, names.password.1);
        if !user.is_empty() && !fields.has(names.password.0) {
            return Err(lone(fields, names.user.0, names.password.0));
        }
        let none = |password: &Secret<String>| user.is_empty() && password.expose().is_empty();
        Ok(password.filter(|password| !none(password)).map(|password| Self { user, password }))
    }

    /// Whether there is a password to be sent.
    pub(crate) fn has_password(&self) -> bool {
        !self.password.expose().is_empty()
    }
}

fn lone(fields: &mut Fields<'_>, present: &str, missing: &str) -> Noted {
    let diagnostic =
        Diagnostic::error(Flaw::MissingKey, fields.span_of(present), format!("`{present}` without `{missing}`"));
    fields.refuse(diagnostic.help(format!("add `{missing}:`")))
}
