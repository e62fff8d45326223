//! The file of checks itself: lines of the check that failed.

use super::Remedy;
use super::quote::yaml;

const HERE: &str = "in this check, in the file of checks";

/// The server wants TLS.
pub(crate) fn use_tls(value: &'static str) -> Remedy {
    Remedy::new().run(HERE, [format!("use_tls: {value}")])
}

/// The site sends its visitors on.
pub(crate) fn follow_redirects() -> Remedy {
    Remedy::new().run(HERE, ["allow_redirects: true".to_owned()])
}

/// The server speaks HTTP/2 alone.
pub(crate) fn speak_http2() -> Remedy {
    Remedy::new().run(HERE, ["http2: true".to_owned()])
}

/// The server wants a password: the name of a variable, which has to have it.
pub(crate) fn add_password(variable: &str) -> Option<Remedy> {
    let place = format!("{HERE}, with the password in that variable of the one who runs it");
    Some(Remedy::new().decide(place, [format!("password: {{env: {}}}", yaml(variable)?)]))
}
