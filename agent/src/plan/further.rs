//! What the file says of a check beside its target and what its profile tells it apart by: for checks
//! that are alike but for that.

use crate::checks;
use crate::secret::{may_hold_login, redact_url};
use crate::settings::chain::PARTS;
use crate::settings::is_reference;
use crate::settings::shape::Shown;
use crate::text::shortened;
use crate::yaml::{Node, Value};

/// What every check has a word for already: its type, its name and its target; and its parts, which are checks.
const SAID: [&str; 6] = ["type", "name", "host", "port", "url", PARTS];

const STARS: &str = "***";

/// Each further option with its value, in the alphabet's order; of what may be a secret only that it is there,
/// and the names in it, or the words of it that the check knows to be none.
pub(super) fn of(
    pairs: &[(Node, Node)],
    distinction: &[(&'static str, String)],
    words: Option<&(&'static str, String)>,
) -> Box<[(String, String)]> {
    let is_said = |key: &str| SAID.contains(&key) || distinction.iter().any(|(option, _)| *option == key);
    let mut further: Vec<_> = pairs.iter().filter_map(|(key, value)| Some((key.text()?, value))).collect();
    further.retain(|(key, value)| !is_said(key) && !value.is_null());
    further.sort_by_key(|(key, _)| *key);
    let of_check = |key: &str| words.filter(|(option, _)| *option == key).map(|(_, words)| shortened(words));
    let shown = |key, value| of_check(key).unwrap_or_else(|| shown(value, checks::shown(key)));
    further.into_iter().map(|(key, value)| (key.to_owned(), shown(key, value))).collect()
}

/// A value, or what of it holds no secret: of a reference where it leads to, of pairs their names.
fn shown(node: &Node, how: Shown) -> String {
    match (&node.value, how) {
        (Value::Scalar(scalar), Shown::Plain) if !may_hold_login(&scalar.text) => shortened(&scalar.text),
        (Value::Scalar(scalar), Shown::Url) => redact_url(&scalar.text),
        (Value::Scalar(_), _) => STARS.to_owned(),
        (Value::Seq(items), Shown::Never) => {
            let names = items.iter().map(|item| match &item.value {
                Value::Seq(pair) => pair.first().and_then(Node::text).unwrap_or(STARS),
                Value::Scalar(_) | Value::Map(_) => STARS,
            });
            listed(names.map(str::to_owned))
        }
        (Value::Seq(items), _) => listed(items.iter().map(|item| shown(item, how))),
        (Value::Map(pairs), _) if is_reference(pairs) => {
            listed(pairs.iter().flat_map(|(key, value)| [key, value]).filter_map(Node::text).map(str::to_owned))
        }
        (Value::Map(pairs), _) => listed(pairs.iter().filter_map(|(key, _)| key.text()).map(str::to_owned)),
    }
}

fn listed(words: impl Iterator<Item = String>) -> String {
    shortened(&words.collect::<Vec<_>>().join(","))
}
