//! `OpenLDAP`: its access lists (slapd.access(5)).

use super::Remedy;
use super::quote::visible;

/// The user may not read the entry: it alone, and nothing below it.
pub(crate) fn read_entry(user: &str, base: &str) -> Option<Remedy> {
    let quoted = |name| visible(name).filter(|name| !name.contains(['"', '\\']));
    let line = format!("access to dn.base=\"{}\" by dn.exact=\"{}\" read by * break", quoted(base)?, quoted(user)?);
    Some(Remedy::new().decide("in slapd.conf of the directory, above its `access` lines; then restart it", [line]))
}
