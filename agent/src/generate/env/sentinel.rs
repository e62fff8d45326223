//! Sentinels, and beside them what the primary is called, and the two logins: Redis' own and the sentinels'.

use super::Lookup;
use super::family::Family;
use crate::generate::Value;
use crate::generate::{Comment, Hidden, Item};
use crate::services;
use crate::url::ConnectionSettings;

/// How the variable with the primary's name ends, behind what begins the others.
const NAMES: [&str; 16] = [
    "SENTINELMASTERNAME",
    "SENTINELMASTERID",
    "SENTINELMASTERSET",
    "SENTINELMASTER",
    "SENTINELSERVICENAME",
    "SENTINELSERVICE",
    "SENTINELNAME",
    "SENTINELSMASTERNAME",
    "SENTINELSMASTER",
    "SENTINELSSERVICENAME",
    "SENTINELSNAME",
    "MASTERNAME",
    "MASTERSET",
    "MASTER",
    "SERVICENAME",
    "PRIMARYNAME",
];

/// What else there may be: the option, how its variable ends, and whether it is a secret.
const OPTIONS: [(&str, &[&str], bool); 5] = [
    ("username", &["USERNAME", "USER"], false),
    ("password", &["PASSWORD", "PASS"], true),
    ("sentinel_username", &["SENTINELUSERNAME", "SENTINELSUSERNAME", "SENTINELKWARGSUSERNAME"], false),
    ("sentinel_password", &["SENTINELPASSWORD", "SENTINELSPASSWORD", "SENTINELKWARGSPASSWORD"], true),
    ("database", &["DB", "DATABASE", "SENTINELDB"], false),
];

/// The checks at these sentinels; nothing where the primary's name is not said.
pub(super) fn items(family: &Family<'_>, host: &str, port: Option<&str>) -> Option<Vec<Item>> {
    let (origin, (_, all, _)) = (family.origin(), family.below());
    let squashed: String = origin.chars().filter(char::is_ascii_alphanumeric).collect();
    let squashed = squashed.to_ascii_uppercase();
    let before = &squashed[..squashed.find("SENTINEL")?];
    let find = |ends: &[&str]| {
        let found = ends.iter().map(|end| all.squashed(&format!("{before}{end}")));
        found.into_iter().find(|found| found.is_there() && found.name() != Some(origin)).unwrap_or(Lookup::None)
    };
    let named = match find(&NAMES) {
        Lookup::Known(_, name) if !name.trim().is_empty() => name.trim(),
        Lookup::Unknown(name) => return Some(vec![unknown(origin, name).into()]),
        _ => return None,
    };
    // Else USER, PASSWORD and SSL are those of the application, or of the shell.
    let is_of_redis = services::REDIS.words.iter().any(|word| before.ends_with(word));
    let beside = Some(before).filter(|_| is_of_redis).into_iter();
    let mut options = family.options_below(beside, &services::REDIS);
    options.push(("master_name", named));
    let items = ConnectionSettings { port, options, ..ConnectionSettings::of(&services::SENTINEL, host) }.items(origin);
    let mut more = Vec::new();
    for (option, ends, is_secret) in OPTIONS {
        if !is_of_redis && !option.starts_with("sentinel") {
            continue;
        }
        match find(ends) {
            Lookup::Known(_, "") | Lookup::None => {}
            Lookup::Unknown(name) => return Some(vec![unknown(origin, name).into()]),
            Lookup::Known(name, text) if is_secret => more.push((option, Value::Secret(Hidden::new(text, name)))),
            Lookup::Known(_, text) if option == "database" => {
                let number = text.trim().parse::<u32>().ok().filter(|number| *number > 0);
                more.extend(number.map(|number| (option, Value::Plain(number.into()))));
            }
            Lookup::Known(_, text) => more.push((option, Value::Text(text.to_owned()))),
        }
    }
    let has = |option: &str| more.iter().any(|(own, _)| *own == option);
    let (user, sentinel_user) = (has("password"), has("sentinel_password"));
    let before = more.len();
    more.retain(|(option, _)| match *option {
        "username" => user,
        "sentinel_username" => sentinel_user,
        _ => true,
    });
    let lone = (more.len() < before).then(|| Comment::lone_user(origin).into());
    let with = |item| match item {
        Item::Check(check) => {
            Item::Check(more.iter().fold(check, |check, (key, value)| check.set(*key, value.clone())))
        }
        other @ Item::Comment(_) => other,
    };
    Some(lone.into_iter().chain(items.into_iter().map(with)).collect())
}

fn unknown(origin: &str, name: &str) -> Comment {
    let why =
        format!("what {name} says is not known from here: add a redis check with `sentinel:` by hand, or use --pid");
    Comment::gap(origin, why)
}
