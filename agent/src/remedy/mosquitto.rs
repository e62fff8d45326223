//! Mosquitto: the file of its access lists (mosquitto.conf(5), `acl_file`).

use super::Remedy;
use super::quote::visible;

/// The user, or everybody without a login, may not publish to the topic.
pub(crate) fn let_publish(user: Option<&str>, topic: &str) -> Option<Remedy> {
    // A line ends with itself, and begins and ends with no blanks.
    let plain = |text| visible(text).filter(|text| text.trim() == *text);
    let topic = format!("topic write {}", plain(topic)?);
    let lines = match user {
        Some(user) => vec![format!("user {}", plain(user)?), topic],
        None => vec![topic],
    };
    let place = match user {
        Some(_) => "at the end of Mosquitto's `acl_file`; then let it read that again (SIGHUP)",
        None => "at the top of Mosquitto's `acl_file`, before its first `user`; then let it read that again (SIGHUP)",
    };
    Some(Remedy::new().decide(place, lines))
}
