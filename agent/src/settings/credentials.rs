//! `username` and `password`: who logs in; what is said of each is the check's.

use crate::secret::Secret;
use crate::settings::setting::SecretOrNone;
use crate::settings::{Fields, Noted, Setting};

/// What the documentation says of an option.
type About = &'static str;

/// Who logs in, and the proof.
#[derive(Clone, Debug)]
pub(crate) struct Credentials {
    /// The user; empty where the protocol has a user of its own for those who name none.
    pub user: String,
    /// The password; empty where there is none.
    pub password: Secret<String>,
}

impl Credentials {
    /// Asks for a user and a password that must both be there; where the check logs in otherwise, as `instead` says, they
    /// do nothing.
    pub(crate) fn required_unless<U: Setting + Into<String>>(
        fields: &mut Fields<'_>,
        instead: Option<&'static str>,
        user: About,
        password: About,
    ) -> Result<Option<Self>, Noted> {
        let Some(instead) = instead else {
            let user = fields.required::<U>("username", user);
            let password = fields.required("password", password);
            return Ok(Some(Self::new(fields, user?, password?)));
        };
        let _ = (fields.optional::<U>("username", user), fields.optional::<Secret<String>>("password", password));
        fields.warn_all_idle(&["username", "password"], instead, "");
        Ok(None)
    }

    /// Asks for a user that must be there, and a password that may be absent: the server may know
    /// the user otherwise.
    pub(crate) fn of_user<U: Setting + Into<String>>(
        fields: &mut Fields<'_>,
        user: About,
        password: About,
    ) -> Result<Self, Noted> {
        let user = fields.required::<U>("username", user);
        let password = fields.optional("password", password);
        Ok(Self::new(fields, user?, password.unwrap_or_default()))
    }

    /// Asks for a user and a password that belong together; where neither is there, nobody logs in.
    /// One without the other is a problem.
    pub(crate) fn optional<U: Setting + Into<String>>(
        fields: &mut Fields<'_>,
        user: About,
        password: About,
    ) -> Result<Option<Self>, Noted> {
        let user = fields.optional::<U>("username", user);
        let password = fields.optional("password", password);
        match (fields.has("username"), fields.has("password")) {
            (true, false) => Err(fields.refuse_lone("username", "password")),
            (false, true) => Err(fields.refuse_lone("password", "username")),
            // One that is there and wrong was noted already.
            _ => Ok(user.zip(password).map(|(user, password)| Self::new(fields, user, password))),
        }
    }

    /// Asks for a password, which may belong to a user without a name; an empty password without a
    /// user is none, as clients take an empty variable. A user without a password is a problem.
    pub(crate) fn of_password<U: Setting + Into<String>>(
        fields: &mut Fields<'_>,
        user: About,
        password: About,
    ) -> Result<Option<Self>, Noted> {
        Self::of_password_as::<U>(fields, ["username", "password"], user, password)
    }

    /// The same by other names: those of the user and of the password.
    pub(crate) fn of_password_as<U: Setting + Into<String>>(
        fields: &mut Fields<'_>,
        keys: [&'static str; 2],
        user: About,
        password: About,
    ) -> Result<Option<Self>, Noted> {
        let user = fields.optional::<U>(keys[0], user).map(Into::into).unwrap_or_default();
        let password = fields.optional::<SecretOrNone>(keys[1], password).map(|password| password.0);
        if !user.is_empty() && !fields.has(keys[1]) {
            return Err(fields.refuse_lone(keys[0], keys[1]));
        }
        let none = |password: &Secret<String>| user.is_empty() && password.expose().is_empty();
        Ok(password.filter(|password| !none(password)).map(|password| Self::new(fields, user, password)))
    }

    /// The user's name is shown: who reads of a refused login has to know whose it was.
    fn new(fields: &Fields<'_>, user: impl Into<String>, password: Secret<String>) -> Self {
        let user = user.into();
        fields.show(&user);
        fields.note_login();
        Self { user, password }
    }

    pub(crate) fn has_password(&self) -> bool {
        !self.password.expose().is_empty()
    }
}
