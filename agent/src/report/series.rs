//! What a check is called where its results become time series: in Nagios' performance data, in
//! Prometheus, in the history that a CI system keeps of a test.
//!
//! It is the check's `name`; without one its type, its target and what tells it from other checks of
//! that target (the user, the database, ...), and where that is not enough, whatever else the file says of it.
//! It depends on the file alone, not on the order of its checks nor on what is selected of it, and a check that
//! is added to the file does not rename the others, unless it takes the name of one. Checks that differ in
//! nothing are numbered.

use crate::plan::{Entry, Plan};
use crate::report::title;
use foldhash::fast::RandomState;
use std::borrow::Cow;
use std::collections::HashMap;

/// How often something is called so.
pub(super) type Calls<Name> = HashMap<Name, usize, RandomState>;

/// The series of every check of a plan, each another one.
pub(crate) fn of(plan: &Plan) -> Vec<String> {
    each_its_own(names(plan).iter().map(|name| plain(&name.series())))
}

/// What every check of a plan is called where any text may stand: its own name as it is written, or its series.
pub(super) fn shown(plan: &Plan) -> Vec<String> {
    each_its_own(unnumbered(plan).into_iter())
}

/// The same without the numbers that tell alike ones apart.
pub(crate) fn unnumbered(plan: &Plan) -> Vec<String> {
    let shown = |name: &Name<'_>| if name.label.is_some() { name.series().into_owned() } else { plain(&name.series()) };
    names(plan).iter().map(shown).collect()
}

/// What every check of a plan is called in a line for people: `NAME (TYPE:TARGET)`, or as its series.
pub(super) fn titles(plan: &Plan) -> Vec<String> {
    each_its_own(names(plan).iter().map(Name::title))
}

fn each_its_own(names: impl Iterator<Item = String>) -> Vec<String> {
    let mut taken = Calls::with_capacity_and_hasher(names.size_hint().0, RandomState::default());
    names.map(|name| unique(&name, &mut taken)).collect()
}

/// What is said of a check, so that nothing else is called so.
struct Name<'a> {
    entry: &'a Entry,
    label: Option<&'a str>,
    /// Its target with what distinguishes it, where the label does not do that alone.
    place: Option<String>,
}

impl Name<'_> {
    fn series(&self) -> Cow<'_, str> {
        match (self.label, &self.place) {
            (Some(label), Some(place)) => format!("{label} ({place})").into(),
            (Some(label), None) => label.into(),
            (None, place) => place.as_deref().unwrap_or_default().into(),
        }
    }

    fn title(&self) -> String {
        match (self.label, &self.place) {
            (Some(label), None) => format!("{label} ({})", place(self.entry)),
            _ => self.series().into_owned(),
        }
    }
}

fn names(plan: &Plan) -> Vec<Name<'_>> {
    let mut labels: Calls<&str> = Calls::default();
    plan.entries.iter().filter_map(label).for_each(|label| *labels.entry(label).or_default() += 1);
    let name = |entry| {
        let label = label(entry);
        let is_enough = label.is_some_and(|label| labels[label] == 1);
        Name { entry, label, place: (!is_enough).then(|| described(entry)) }
    };
    let mut names: Vec<_> = plan.entries.iter().map(name).collect();
    let mut alike = Calls::with_capacity_and_hasher(names.len(), RandomState::default());
    names.iter().for_each(|name| *alike.entry(name.series()).or_default() += 1);
    let is_alike: Vec<_> = names.iter().map(|name| name.place.is_some() && alike[&name.series()] > 1).collect();
    for (name, _) in names.iter_mut().zip(is_alike).filter(|(_, is_alike)| *is_alike) {
        let further = name.entry.redactor.clean(&name.entry.further());
        name.place.get_or_insert_default().push_str(&further);
    }
    names
}

/// The type and the target.
pub(super) fn of_target(entry: &Entry) -> String {
    plain(&place(entry))
}

/// `TYPE:TARGET`; the part of this host that has no place is its type alone, as is its result: `memory`.
fn place(entry: &Entry) -> String {
    match entry.results.first().filter(|_| entry.is_local) {
        Some(result) => result.name.clone(),
        None => format!("{}:{}", entry.kind, entry.target),
    }
}

fn label(entry: &Entry) -> Option<&str> {
    entry.label.as_deref().filter(|label| !label.is_empty())
}

/// `TYPE:TARGET KEY:VALUE ...`.
fn described(entry: &Entry) -> String {
    let mut text = place(entry);
    for (key, value) in title::distinct(entry, |_| true) {
        text = format!("{text} {key}:{value}");
    }
    text
}

/// Without what no label of Nagios' performance data may hold, so that it is the same everywhere.
fn plain(text: &str) -> String {
    let fits = |c: char| !matches!(c, '\'' | '=' | '|') && !c.is_control();
    text.chars().map(|c| if fits(c) { c } else { '_' }).collect()
}

/// The name, with a number behind it when another check of the file has it already.
pub(super) fn unique(name: &str, taken: &mut Calls<String>) -> String {
    let mut free = name.to_owned();
    while taken.contains_key(&free) {
        let number = taken.entry(name.to_owned()).or_insert(1);
        *number += 1;
        free = format!("{name}#{number}");
    }
    taken.insert(free.clone(), 1);
    free
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Defaults, load};
    use crate::source::Source;
    use std::time::Duration;

    fn series(yaml: &str) -> Vec<String> {
        let source = Source::own("test", yaml);
        let (plan, _) = load(&source, Defaults { timeout: Duration::from_secs(1) }, false).expect("valid");
        of(&plan)
    }

    #[test]
    fn what_tells_checks_of_one_target_apart_is_in_their_series_in_any_order() {
        let login = "username: web, password: hunter2";
        for (one, other, expected) in [
            (
                "type: http, url: 'http://h/'",
                "type: http, url: 'http://h/', expected_code: [404, 5xx]",
                ["http:http://h/", "http:http://h/ expected_code:404 or 5xx"],
            ),
            (
                "type: http, url: 'http://h/', method: head",
                "type: http, url: 'http://h/', expected_body: '/o.k/'",
                ["http:http://h/ method:HEAD", "http:http://h/ expected_body:/o.k/"],
            ),
            (
                &format!("type: postgres, host: h, {login}, database: a"),
                &format!("type: postgres, host: h, {login}, database: hunter2"),
                ["postgres:h:5432 username:web database:a", "postgres:h:5432 username:web database:***"],
            ),
            (
                &format!("type: amqp, host: h, {login}"),
                &format!("type: amqp, host: h, {login}, vhost: a, queue: q"),
                ["amqp:h:5671 username:web", "amqp:h:5671 username:web vhost:a queue:q"],
            ),
            (
                "type: dns, name: h.test",
                "type: dns, name: h.test, record: MX, port: 54",
                ["dns:h.test record:A", "dns:h.test record:MX port:54"],
            ),
            (
                "type: tls, host: h, port: 1",
                "type: tls, host: h, port: 1, server_name: s.test",
                ["tls:h:1", "tls:h:1 server_name:s.test"],
            ),
            ("type: redis, host: h", "type: redis, host: h, database: 2", ["redis:h:6379", "redis:h:6379 database:2"]),
            (
                "type: http, url: 'http://h/', expected_headers: {x-a: y}",
                "type: http, url: 'http://h/', headers: [[x-b, hunter2]], tags: [b, c]",
                ["http:http://h/ expected_headers:x-a", "http:http://h/ headers:x-b tags:b,c"],
            ),
            (
                "type: command, command: [check_disk, -w, 10%, -p, /srv]",
                "type: command, command: [check_disk, -w, 10%, -p, /var, hunter2]",
                ["command:check_disk command:-w 10% -p /srv", "command:check_disk command:-w 10% -p /var ***"],
            ),
            (
                "type: redis, host: h, password: hunter2",
                "type: redis, host: h, timeout: 3, tags: b",
                ["redis:h:6379 password:***", "redis:h:6379 tags:b timeout:3"],
            ),
        ] {
            let [first, second] = expected;
            assert_eq!(series(&format!("- {{{one}}}\n- {{{other}}}")), [first, second]);
            assert_eq!(series(&format!("- {{{other}}}\n- {{{one}}}")), [second, first]);
        }
    }

    #[test]
    fn a_part_of_this_host_is_called_as_its_result_is() {
        let yaml = "- {type: memory}\n- {type: load}\n- {type: disk, path: /}\n- {type: clock}\n- {type: memory, min_available: 1G}";
        assert_eq!(series(yaml), ["memory", "load", "disk:/", "clock", "memory min_available:1G"]);
    }

    #[test]
    fn a_name_is_the_series_and_one_that_comes_twice_is_not() {
        let tcp = |label: &str, port: u16| format!("- {{type: tcp, name: '{label}', host: h, port: {port}}}\n");
        assert_eq!(series(&(tcp("cache", 1) + &tcp("it''s a=b|c", 2))), ["cache", "it_s a_b_c"]);
        assert_eq!(series(&(tcp("x", 1) + &tcp("x", 2))), ["x (tcp:h:1)", "x (tcp:h:2)"]);
        assert_eq!(series(&(tcp("", 1) + &tcp("", 2))), ["tcp:h:1", "tcp:h:2"]);
    }

    #[test]
    fn the_same_check_many_times_is_numbered_and_nothing_is_taken_twice() {
        let tcp = "- {type: tcp, host: h, port: 1}\n";
        assert_eq!(series(&tcp.repeat(3)), ["tcp:h:1", "tcp:h:1#2", "tcp:h:1#3"]);
        let taken = "- {type: tcp, name: 'tcp:h:1#2', host: other, port: 1}\n";
        assert_eq!(series(&format!("{taken}{tcp}{tcp}")), ["tcp:h:1#2", "tcp:h:1", "tcp:h:1#3"]);
        let many = series(&tcp.repeat(20_000));
        assert_eq!(many.last().map(String::as_str), Some("tcp:h:1#20000"));
    }
}
