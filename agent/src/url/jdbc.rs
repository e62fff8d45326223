//! URLs of Java's clients: JDBC and R2DBC, whose own word comes before the URL, and those that have another form
//! behind it.

use std::borrow::Cow;

/// Words before the URL: the API, and what wraps the driver.
const WRAPPERS: [&str; 8] =
    ["jdbc:", "r2dbc:", "pool:", "p6spy:", "otel:", "tracing:", "jdbc-secretsmanager:", "aws-wrapper:"];

/// Databases inside of the application, or in a file of this host.
const FILES: [&str; 5] = ["h2:", "hsqldb:", "derby:", "sqlite:", "duckdb:"];

/// The URL behind such words.
pub(super) fn unwrapped(text: &str) -> Cow<'_, str> {
    let Some(rest) = stripped(text) else { return Cow::Borrowed(text) };
    if let Some(rest) = rest.strip_prefix("oracle:") {
        return Cow::Owned(oracle(rest));
    }
    // `mysql:replication://`, `mariadb:sequential://`.
    match rest.split_once("://").and_then(|(scheme, rest)| Some((scheme.split_once(':')?.0, rest))) {
        Some((scheme, rest)) => Cow::Owned(format!("{scheme}://{rest}")),
        None => Cow::Borrowed(rest),
    }
}

/// Whether it is one, and there is nothing to connect to.
pub(super) fn is_file(text: &str) -> bool {
    stripped(text).is_some_and(|rest| FILES.iter().any(|file| rest.starts_with(file) && !rest.contains("://")))
}

fn stripped(text: &str) -> Option<&str> {
    let mut rest = text;
    while let Some(inner) = WRAPPERS.iter().find_map(|word| rest.strip_prefix(word)) {
        rest = inner;
    }
    (rest.len() < text.len()).then_some(rest)
}

/// `thin:@//host:1521/service`, `thin:@host:1521:sid`, `thin:@tcps://host:2484/service`; the rest is left as it
/// stands, and is no URL.
fn oracle(text: &str) -> String {
    let Some((_login, place)) = text.split_once('@') else { return format!("oracle:{text}") };
    let place = place.trim_start_matches("tcp:").trim_start_matches("tcps:").trim_start_matches("//");
    match place.splitn(3, ':').collect::<Vec<_>>()[..] {
        _ if place.starts_with('(') => format!("oracle:{text}"),
        [host, port, sid] => format!("oracle://{host}:{port}/{sid}"),
        _ => format!("oracle://{place}"),
    }
}
