//! What a check is called where people read it: its `name`, what it connects to, and as whom.

use crate::plan::{Entry, Plan};
use crate::text::shortened;
use std::collections::HashMap;

/// The titles of the checks of a plan: those that would read the same say in what they differ.
#[must_use]
pub fn of(plan: &Plan) -> Vec<String> {
    let mut titles: Vec<_> = plan.entries.iter().map(short).collect();
    // First what every check of the type has, then whatever else the file says of it.
    for more in [rest, |entry: &Entry| entry.redactor.clean(&entry.further())] {
        let mut count: HashMap<_, usize> = HashMap::new();
        for (entry, title) in plan.entries.iter().zip(&titles) {
            *count.entry((entry.kind, title.clone())).or_default() += 1;
        }
        for (entry, title) in plan.entries.iter().zip(&mut titles) {
            if count[&(entry.kind, title.clone())] > 1 {
                title.push_str(&more(entry));
            }
        }
    }
    titles
}

/// The options that a short title has a place for.
const IN_PLACE: [&str; 4] = ["username", "database", "vhost", "server_name"];

/// What a short title says of a check beside its target.
pub(super) fn shown(entry: &Entry) -> Vec<(&'static str, String)> {
    distinct(entry, |option| IN_PLACE.contains(&option))
}

/// The options that set a check apart, as they are shown.
pub(super) fn distinct(entry: &Entry, is_wanted: impl Fn(&str) -> bool) -> Vec<(&'static str, String)> {
    let wanted = entry.distinction.iter().filter(|(option, _)| is_wanted(option));
    wanted.map(|(option, value)| (*option, entry.redactor.clean(&shortened(value)))).collect()
}

/// `NAME (USER@TARGET/DATABASE)`, or the latter alone.
fn short(entry: &Entry) -> String {
    let mut place = entry.target.clone();
    for (option, value) in shown(entry) {
        match option {
            "username" => place = format!("{value}@{place}"),
            "database" | "vhost" => place = format!("{place}/{value}"),
            _ => place = format!("{place} as {value}"),
        }
    }
    match entry.label.as_deref().filter(|label| !label.is_empty()) {
        Some(label) => format!("{label} ({place})"),
        None => place,
    }
}

/// The options that the short title has no place for.
fn rest(entry: &Entry) -> String {
    let rest = distinct(entry, |option| !IN_PLACE.contains(&option));
    rest.into_iter().map(|(option, value)| [" ", option, ": ", &value].concat()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Defaults, load};
    use crate::source::Source;
    use std::time::Duration;

    fn titles(yaml: &str) -> Vec<String> {
        let source = Source::own("test", yaml);
        let (plan, _) = load(&source, Defaults { timeout: Duration::from_secs(1) }, false).expect("valid");
        of(&plan)
    }

    #[test]
    fn a_title_says_who_goes_where() {
        let login = "username: web, password: hunter2";
        for (options, expected) in [
            (format!("type: postgres, host: db, {login}, database: shop"), "web@db:5432/shop"),
            (format!("type: amqp, host: mq, {login}, vhost: jobs"), "web@mq:5671/jobs"),
            (format!("type: amqp, host: mq, {login}"), "web@mq:5671"),
            ("type: redis, host: c, database: 3, name: cache".to_owned(), "cache (c:6379/3)"),
            ("type: tls, host: h, port: 443, server_name: a.example".to_owned(), "h:443 as a.example"),
            (format!("type: postgres, host: db, {login}, database: hunter2"), "web@db:5432/***"),
        ] {
            assert_eq!(titles(&format!("- {{{options}}}\n")), [expected]);
        }
    }

    #[test]
    fn only_titles_that_would_be_equal_say_more() {
        let yaml = "- {type: http, url: 'http://h/'}\n- {type: http, url: 'http://h/', method: head}\n\
                    - {type: http, url: 'http://i/', method: head}\n";
        let tagged = "- {type: tcp, host: h, port: 1, tags: a}\n- {type: tcp, host: h, port: 1, tags: b}\n";
        assert_eq!(titles(tagged), ["h:1 tags:a", "h:1 tags:b"]);
        assert_eq!(titles(yaml), ["http://h/", "http://h/ method: HEAD", "http://i/"]);
    }
}
