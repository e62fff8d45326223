//! Sentinels, and beside them what the primary is called, and the two logins: Redis' own and the sentinels'.

use super::Lookup;
use super::family::Family;
use crate::generate::Value;
use crate::generate::{Comment, Hidden, Item};
use crate::services;
use crate::url::ConnectionSettings;
use crate::url::{self, UrlSite};

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

/// The checks at the sentinels of URLs that do not say themselves what the primary is called.
pub(super) fn of_urls(family: &Family<'_>, text: &str) -> Option<Vec<Item>> {
    let sites = url::sites_of_sentinels(text)?;
    let of_site = |site: &UrlSite| {
        let alone = || {
            let options = site.is_secure.then_some(("ssl", "true")).into_iter().collect();
            ConnectionSettings { options, ..ConnectionSettings::of(&services::SENTINEL, &site.place) }
                .items(family.origin())
        };
        items_at(family, &site.place, None, Some(site)).unwrap_or_else(alone)
    };
    Some(sites.iter().flat_map(of_site).collect())
}

/// The checks at these sentinels; nothing where the primary's name is not said.
pub(super) fn items(family: &Family<'_>, host: &str, port: Option<&str>) -> Option<Vec<Item>> {
    items_at(family, host, port, None)
}

/// What begins the names of the variables around a sentinel's address: what stands before the word, or the family.
fn beginning(family: &Family<'_>) -> Option<String> {
    let squashed: String = family.origin().chars().filter(char::is_ascii_alphanumeric).collect();
    let squashed = squashed.to_ascii_uppercase();
    match squashed.find("SENTINEL") {
        Some(at) => Some(squashed[..at].to_owned()),
        None => family.below().0.map(str::to_owned),
    }
}

fn items_at(family: &Family<'_>, host: &str, port: Option<&str>, site: Option<&UrlSite>) -> Option<Vec<Item>> {
    let (origin, (_, all, _)) = (family.origin(), family.below());
    let before = beginning(family)?;
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
    let is_of_redis = services::REDIS.words.iter().any(|word| before.contains(word));
    let mut options = options(family, Some(before.as_str()).filter(|_| is_of_redis), &before);
    options.extend(site.filter(|site| site.is_secure).map(|_| ("ssl", "true")));
    options.push(("master_name", named));
    let (user, password) = site.map_or((None, None), |site| (site.user.as_deref(), site.password.as_deref()));
    let database = site.and_then(|site| site.database.as_deref());
    let settings = ConnectionSettings {
        port,
        user,
        password,
        name: database,
        options,
        ..ConnectionSettings::of(&services::SENTINEL, host)
    };
    let items = settings.items(origin);
    let mut more = Vec::new();
    for (option, ends, is_secret) in OPTIONS {
        let is_said = match option {
            "username" | "password" => password.is_some(),
            "database" => database.is_some(),
            _ => false,
        };
        if is_said || !is_of_redis && !option.starts_with("sentinel") {
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
    Some(with_logins(origin, items, more))
}

/// What the variables say of TLS: of Redis below its own name, of the sentinels below theirs.
fn options<'a>(family: &Family<'a>, redis: Option<&str>, before: &str) -> Vec<(&'a str, &'a str)> {
    let mut options = family.options_below(redis.into_iter(), &services::REDIS);
    let own = ["SENTINELS", "SENTINEL"].map(|word| format!("{before}{word}"));
    for (option, value) in family.options_below(own.iter().map(String::as_str), &services::SENTINEL) {
        match option {
            "tls" | "ssl" if options.iter().all(|(known, _)| *known != url::TLS_OF_SENTINELS) => {
                options.push((url::TLS_OF_SENTINELS, value));
            }
            "tls" | "ssl" => {}
            // The files are those of the check, whichever of the two they are for.
            _ if options.iter().any(|(known, _)| *known == option) => {}
            _ => options.push((option, value)),
        }
    }
    options
}

/// The checks with what is said of the logins; half of one is told.
fn with_logins(origin: &str, items: Vec<Item>, mut more: Vec<(&'static str, Value)>) -> Vec<Item> {
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
    lone.into_iter().chain(items.into_iter().map(with)).collect()
}

fn unknown(origin: &str, name: &str) -> Comment {
    let why =
        format!("what {name} says is not known from here: add a redis check with `sentinel:` by hand, or use --pid");
    Comment::gap(origin, why)
}
