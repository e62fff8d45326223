//! Redis: access lists (<https://redis.io/docs/latest/operate/oss_and_stack/management/security/acl/>).

use super::Remedy;
use super::quote::bare;

const CLIENT: &str = "in redis-cli on that server, as a user who may change users";

/// The user may not run these commands, or not on these keys.
pub(crate) fn permit(user: Option<&str>, commands: &[&str], keys: Option<&'static str>) -> Option<Remedy> {
    let user = bare(user.unwrap_or("default"))?;
    let keys = keys.map(|keys| format!(" ~{keys}")).unwrap_or_default();
    let commands = commands.iter().flat_map(|command| [" +", *command]).collect::<String>();
    let place = format!("{CLIENT}; `ACL SAVE` or `CONFIG REWRITE` keeps it");
    let remedy = Remedy::new().run(place, [format!("ACL SETUSER {user}{keys}{commands}")]);
    Some(remedy.look(CLIENT, format!("ACL GETUSER {user}")))
}
