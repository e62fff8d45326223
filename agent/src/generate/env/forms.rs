//! Values that name a host in the form of some client or tool, without a scheme: `user@host:port/name`, Oracle's
//! descriptors and its `//host:port/service`, `host:/path` of NFS, `user@host:path` of scp and git, `//host/share` of SMB,
//! and the names of container images.

use super::Env;
use super::family::Family;
use super::names::{self, Name};
use super::value::{self, Place};
use crate::generate::{Comment, Item};
use crate::services;
use crate::url::{self, ConnectionSettings};

/// Words of variables that name a machine to log in to.
const LOGIN: [&str; 6] = ["DEPLOY", "REMOTE", "RSYNC", "SCP", "SSH", "TARGET"];

impl Env<'_> {
    /// What such a value stands for, if it is one.
    pub(super) fn of_form(&self, origin: &str, name: &Name, text: &str) -> Option<Vec<Item>> {
        image(origin, name, text)
            .or_else(|| descriptor(origin, text))
            .or_else(|| share(origin, text))
            .or_else(|| path(origin, name, text))
            .or_else(|| colons(origin, name, text))
            .or_else(|| self.login(origin, name, text))
    }

    /// `user:password@host:port/name`.
    fn login(&self, origin: &str, name: &Name, text: &str) -> Option<Vec<Item>> {
        let (login, rest) = text.rsplit_once('@')?;
        if login.is_empty() || text.contains(|c: char| c.is_whitespace() || matches!(c, ',' | '<' | '=' | '"' | '{')) {
            return None;
        }
        if let Some(items) = remote_path(origin, name, login, rest) {
            return Some(items);
        }
        let [place] = value::places(rest)?[..] else { return None };
        let family = Family::of(origin, name, self.all);
        let says_so = name.may_be_host() || family.service.is_some() || family.is_database || is_of_login(name);
        let is_mail = place.port.is_none() && place.text.len() == rest.len();
        if is_mail && !(name.is_host() || is_of_login(name)) || !(says_so || place.is_surely_a_host()) {
            return None;
        }
        let by_port = || services::by_port_alone(place.port?);
        let service = match (family.service.or_else(by_port), family.is_database) {
            (None, true) => match family.database(&place) {
                Ok(service) => Some(service),
                Err(comment) => return Some(vec![comment.into()]),
            },
            (service, _) => service,
        };
        // Oracle's clients have `user/password@host`.
        let text = match service.filter(|service| service.id == "oracle").and_then(|_| login.split_once('/')) {
            Some((user, password)) => format!("{user}:{password}@{rest}"),
            None => text.to_owned(),
        };
        let is_ssh = || name.words.iter().any(|word| word == "SSH" || word == "SCP");
        Some(match (service, place.port) {
            (None, None) if is_ssh() => ConnectionSettings::of(&services::SSH, place.host).items(origin),
            (Some(service), _) => url::items(origin, &format!("{}://{text}", service.scheme().name)),
            (None, Some(port)) => vec![url::tcp(origin, place.host, port).into()],
            (None, None) => vec![unclear(origin).into()],
        })
    }
}

fn is_of_login(name: &Name) -> bool {
    name.words.iter().any(|word| LOGIN.contains(&word.as_str()))
}

fn unclear(origin: &str) -> Comment {
    Comment::gap(origin, "it names a host, and not what is there: add a check by hand")
}

/// The one place that is all of a text, where it cannot well be something else.
fn sure(text: &str) -> Option<Place<'_>> {
    let [place] = value::places(text)?[..] else { return None };
    (place.is_surely_a_host() && place.text.len() == text.len()).then_some(place)
}

/// `host:port:database:password` of Redis, `host:port:weight` of memcached, in PHP; several, separated by commas.
fn colons(origin: &str, name: &Name, text: &str) -> Option<Vec<Item>> {
    let service = names::service_of(name).filter(|_| name.names_host())?;
    let mut items = Vec::new();
    for one in text.split(',') {
        let (host, rest) = one.trim().split_once(':')?;
        let (port, rest) = rest.split_once(':')?;
        port.parse::<u16>().ok()?;
        value::places(host)?;
        let (number, password) = rest.split_once(':').map_or((rest, None), |(number, rest)| (number, Some(rest)));
        number.parse::<u32>().ok()?;
        let is = |id: &str| service.id == id;
        let password = password.filter(|password| !password.is_empty());
        items.extend(match password {
            _ if is("redis") => {
                let name = Some(number);
                let place = ConnectionSettings::of(service, host);
                ConnectionSettings { port: Some(port), password, name, ..place }.items(origin)
            }
            None if is("memcache") => {
                ConnectionSettings { port: Some(port), ..ConnectionSettings::of(service, host) }.items(origin)
            }
            _ => vec![unclear(origin).into()],
        });
    }
    Some(items)
}

/// An image of a registry that is named; whoever runs the container fetches it.
fn image(origin: &str, name: &Name, text: &str) -> Option<Vec<Item>> {
    let is_image = name.words.iter().any(|word| matches!(word.as_str(), "IMAGE" | "IMAGES"));
    let registry = text.split('/').next().filter(|registry| registry.len() < text.len())?;
    let [place] = value::places(registry)?[..] else { return None };
    let is_named = place.port.is_some() || place.is_surely_a_host();
    let why = "the image of a container: who connects to its registry is what runs it, and not the application";
    (is_image && is_named && !text.contains(char::is_whitespace)).then(|| vec![Comment::note(origin, why).into()])
}

/// `(DESCRIPTION=(ADDRESS=(PROTOCOL=TCP)(HOST=db)(PORT=1521))...)`, which may stand in a JDBC URL.
fn descriptor(origin: &str, text: &str) -> Option<Vec<Item>> {
    let squeezed: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let upper = squeezed.to_ascii_uppercase();
    let value = |from: usize, key: &str| {
        let begin = from + upper[from..].find(key)? + key.len();
        let end = begin + upper[begin..].find(')')?;
        Some(&squeezed[begin..end])
    };
    let mut items = Vec::new();
    for (at, _) in upper.match_indices("(HOST=") {
        let host = value(at, "(HOST=").filter(|host| value::places(host).is_some_and(|all| all.len() == 1));
        let Some(host) = host else { return Some(vec![unclear(origin).into()]) };
        let settings = ConnectionSettings {
            port: value(at, "(PORT="),
            ..ConnectionSettings::of(services::by_word("ORACLE")?, host)
        };
        items.extend(settings.items(origin));
    }
    (!items.is_empty()).then_some(items)
}

/// `//host/share` of SMB; with a port, Oracle's `//host:1521/service`.
fn share(origin: &str, text: &str) -> Option<Vec<Item>> {
    let rest = text.strip_prefix("//").or_else(|| text.strip_prefix("\\\\"))?;
    let (host, _share) = rest.split_once(['/', '\\'])?;
    let [place] = value::places(host)?[..] else { return None };
    let service = match place.port {
        Some(port) if services::by_word("ORACLE").is_some_and(|oracle| oracle.ports.has(port)) => {
            services::by_word("ORACLE")?
        }
        Some(_) => &services::TCP,
        None => services::by_word("SMB")?,
    };
    Some(ConnectionSettings::of(service, place.text).items(origin))
}

/// `host:/path`, which is NFS' as a rule, and rsync's, too.
fn path(origin: &str, name: &Name, text: &str) -> Option<Vec<Item>> {
    let (host, path) = text.split_once(":/")?;
    if path.starts_with('/') || host.len() < 2 || host.contains(['@', '/']) {
        return None;
    }
    let service = names::service_of(name);
    let says_so = name.may_be_host() || service.is_some();
    let [place] = value::places(host)?[..] else { return None };
    if place.port.is_some() || !(place.is_surely_a_host() || says_so) {
        return None;
    }
    let why =
        "it names a directory of a host, and not over what it is reached (NFS, rsync ...): add a tcp check by hand";
    Some(match service.filter(|service| service.id == "nfs") {
        Some(nfs) => ConnectionSettings::of(nfs, host).items(origin),
        None => vec![Comment::gap(origin, why).into()],
    })
}

/// `git@host:path`, `user@host:path`: what comes over SSH.
fn remote_path(origin: &str, name: &Name, login: &str, rest: &str) -> Option<Vec<Item>> {
    let (host, path) = rest.split_once(':')?;
    let is_path = !path.is_empty() && path.split('/').next().is_some_and(|first| first.parse::<u16>().is_err());
    let is_plain = login.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'));
    let is_host = sure(host).is_some() || login == "git" && value::places(host).is_some_and(|all| all.len() == 1);
    let is_ssh = is_plain && is_path && (is_host || is_of_login(name) && value::places(host).is_some());
    is_ssh.then(|| ConnectionSettings::of(&services::SSH, host).items(origin))
}

#[cfg(test)]
mod tests {
    use crate::services;

    #[test]
    fn the_services_of_these_forms_have_their_rows() {
        let id = |word: &str| services::by_word(word).map(|service| service.id);
        assert_eq!((id("ORACLE"), id("SMB"), id("NFS")), (Some("oracle"), Some("smb"), Some("nfs")));
    }
}
