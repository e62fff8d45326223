//! A URL taken apart. Not by the rules for the web: hosts come in lists, and a password is what
//! stands before the last `@`, as Python's urllib has it.

use super::jdbc;
use crate::services;
use crate::text::{escaped, percent_decoded};
use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::num::NonZero;
use std::rc::Rc;

/// Why a URL cannot be used; never with a part of it that may be a secret.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct Bad(pub(super) String);

impl Bad {
    pub(super) fn new(why: impl Into<String>) -> Self {
        Self(why.into())
    }
}

/// One of the hosts of a URL.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Site {
    /// A name, an address without brackets, or the path of a socket; may be empty.
    pub(crate) host: String,
    /// As it was given.
    pub(crate) port: Option<NonZero<u16>>,
}

impl Site {
    /// The host, or another where none is named.
    pub(super) fn host_or<'a>(&'a self, default: &'a str) -> &'a str {
        if self.host.is_empty() { default } else { &self.host }
    }
}

impl std::fmt::Display for Site {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.port {
            Some(port) if self.host.contains(':') => write!(f, "[{}]:{port}", self.host),
            Some(port) => write!(f, "{}:{port}", self.host),
            None => f.write_str(&self.host),
        }
    }
}

/// A URL taken apart; all but the path is decoded.
#[derive(Clone)]
pub(super) struct Parts {
    /// In small letters, with what follows a plus: `postgresql+psycopg2`.
    pub(super) scheme: String,
    pub(super) user: Option<String>,
    pub(super) password: Option<String>,
    /// At least one.
    pub(super) sites: Vec<Site>,
    /// From the first slash on, that slash included.
    pub(super) path: String,
    pub(super) query: Vec<(String, String)>,
    /// What stands behind a `#`.
    pub(super) fragment: Option<String>,
    /// What of it was looked at; shared with what is made of it.
    pub(super) looked_at: LookedAt,
}

/// The parts of a URL that somebody has asked for: the names of the query, in small letters, and whether the path is
/// one of them.
#[derive(Clone, Debug, Default)]
pub(super) struct LookedAt {
    names: Rc<RefCell<HashSet<String>>>,
    path: Rc<Cell<bool>>,
}

impl Parts {
    /// Takes a URL apart.
    pub(super) fn read(text: &str) -> Result<Self, Bad> {
        let unwrapped = jdbc::unwrapped(text);
        let (text, options) = match unwrapped.find([';', '?']) {
            // Options, the login among them, follow a semicolon: `jdbc:sqlserver://h:1433;user=u`.
            Some(at) if unwrapped.len() < text.len() && unwrapped[at..].starts_with(';') => {
                (&unwrapped[..at], &unwrapped[at + 1..])
            }
            _ => (&*unwrapped, ""),
        };
        let Some((scheme, rest)) = scheme(bare(text)) else {
            return Err(Bad::new("this is not a URL: it does not begin with a scheme, such as `postgres://`"));
        };
        let whole = rest;
        let (rest, fragment) = rest.split_once('#').unwrap_or((rest, ""));
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let after = &whole[authority.len()..];
        let each = said_for_each(authority);
        let (login, hosts) = each.as_ref().map_or_else(
            || authority.rsplit_once('@').map_or((None, authority), |(login, hosts)| (Some(login), hosts)),
            |(login, hosts)| (Some(*login), hosts.as_str()),
        );
        let is_web = services::by_scheme(&scheme).is_some_and(|(service, _)| *service == services::HTTP);
        if login.is_none() && !is_web && after.contains('@') {
            return Err(Bad::new(
                "the URL has an `@` behind its path: a `/`, `?` or `#` in the user or password has to be written `%2F`, `%3F` or `%23`",
            ));
        }
        let (user, password) = match login.map(|login| login.split_once(':').unwrap_or((login, ""))) {
            Some((user, password)) => (some_decoded(user)?, some_decoded(password)?),
            None => (None, None),
        };
        // A semicolon separates hosts, or options from them.
        let (hosts, more) = hosts.split_at(options_at(hosts));
        let sites = hosts.split([',', ';']).map(site).collect::<Result<_, _>>()?;
        let options = options.split(';').chain(more.split(';'));
        let query = query.split('&').chain(options).filter(|pair| !pair.is_empty()).map(pair);
        let query = query.collect::<Result<_, _>>()?;
        Ok(Self {
            scheme,
            user,
            password,
            sites,
            path: path.to_owned(),
            query,
            fragment: some_decoded(fragment).unwrap_or_default(),
            looked_at: LookedAt::default(),
        })
    }

    /// The same with what it does not say itself.
    pub(super) fn completed(mut self, beside: Self) -> Self {
        if let ([site], Some(port)) = (&mut self.sites[..], beside.site().port) {
            site.port = site.port.or(Some(port));
        }
        if self.user.is_none() && self.password.is_none() {
            (self.user, self.password) = (beside.user, beside.password);
        }
        if self.path.len() <= 1 {
            self.path = beside.path;
        }
        self.query.extend(beside.query);
        self
    }

    /// The scheme without what follows a plus.
    pub(super) fn base(&self) -> &str {
        base(&self.scheme)
    }

    /// What follows the plus of the scheme.
    pub(super) fn extra(&self) -> &str {
        self.scheme.split_once('+').map_or("", |(_, extra)| extra)
    }

    /// The first host.
    pub(super) fn site(&self) -> &Site {
        &self.sites[0]
    }

    /// The path without its first slash, decoded; `None` where there is nothing.
    pub(super) fn name(&self) -> Result<Option<String>, Bad> {
        self.looked_at.path.set(true);
        some_decoded(self.path.strip_prefix('/').unwrap_or_default())
    }

    /// An option of the query by one of its names, whatever their case; an empty one does not count.
    pub(super) fn option(&self, names: &[&str]) -> Option<&str> {
        self.looked_at.names.borrow_mut().extend(names.iter().map(|name| name.to_ascii_lowercase()));
        let is_named = |name: &str| names.iter().any(|wanted| wanted.eq_ignore_ascii_case(name));
        let value = self.query.iter().find(|(name, _)| is_named(name)).map(|(_, value)| value.as_str());
        value.filter(|value| !value.is_empty())
    }

    /// Whether the query has an option of this name, whatever its case.
    pub(super) fn has_query(&self, name: &str) -> bool {
        self.query.iter().any(|(own, _)| own.eq_ignore_ascii_case(name))
    }

    /// The path means nothing here, whoever looked at it.
    pub(super) fn pass_path_over(&self) {
        self.looked_at.path.set(false);
    }

    /// Whether it has a path, and nobody has asked for it.
    pub(super) fn leaves_path(&self) -> bool {
        self.path.len() > 1 && !self.looked_at.path.get()
    }

    /// The options of the query that nobody has asked for, as a person names them.
    pub(super) fn left_of_query(&self) -> Vec<String> {
        let names = self.looked_at.names.borrow();
        let left = self.query.iter().filter(|(name, _)| !names.contains(&name.to_ascii_lowercase()));
        left.map(|(name, _)| format!("`{}`", escaped(name))).collect()
    }

    /// Sees that nothing about TLS is said twice and differently: clients differ in which they take.
    pub(super) fn without_contradictions(self) -> Result<Self, Bad> {
        let is_of_tls = |name: &str| ["ssl", "tls"].iter().any(|word| name.to_ascii_lowercase().contains(word));
        for (at, (name, value)) in self.query.iter().enumerate().filter(|(_, (name, _))| is_of_tls(name)) {
            let again = |(other, different): &(String, String)| other.eq_ignore_ascii_case(name) && different != value;
            if self.query[..at].iter().any(again) {
                return Err(Bad::new("the URL says twice, and differently, what is to be with TLS: leave one"));
            }
        }
        Ok(self)
    }

    /// An option of the query that is on or off.
    pub(super) fn switch(&self, names: &[&str]) -> Option<bool> {
        match self.option(names)?.to_ascii_lowercase().as_str() {
            "true" | "1" | "yes" | "on" | "required" | "require" => Some(true),
            "false" | "0" | "no" | "off" | "none" | "disabled" | "disable" => Some(false),
            _ => None,
        }
    }
}

/// A scheme without what follows a plus.
pub(super) fn base(scheme: &str) -> &str {
    scheme.split('+').next().unwrap_or_default()
}

/// Without the word that says what a URL is used for: Celery's `db+` and `cache+`, kombu's `sqla+`
/// and `sqlalchemy+`.
pub(super) fn bare(text: &str) -> &str {
    let uses = ["db+", "cache+", "sqla+", "sqlalchemy+"];
    uses.iter().find_map(|word| text.strip_prefix(word)).unwrap_or(text)
}

/// The scheme of a URL, in small letters, and what follows `://`.
pub(super) fn scheme(text: &str) -> Option<(String, &str)> {
    /// The longest scheme; a look any further would cost a long list of other things dearly.
    const LONGEST: usize = 40;
    let end = text.as_bytes().iter().take(LONGEST + 1).position(|byte| *byte == b':')?;
    let (scheme, rest) = (&text[..end], text[end..].strip_prefix("://")?);
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.' | '_');
    let starts = scheme.starts_with(|first: char| first.is_ascii_alphabetic());
    (starts && scheme.chars().all(legal)).then(|| (scheme.to_ascii_lowercase(), rest))
}

/// The login and the hosts where the same login stands before each of several hosts: `:pw@h1:1,:pw@h2:2`.
fn said_for_each(authority: &str) -> Option<(&str, String)> {
    let pieces: Option<Vec<_>> = authority.split(',').map(|piece| piece.split_once('@')).collect();
    let pieces = pieces.filter(|pieces| pieces.len() > 1)?;
    let login = pieces.first()?.0;
    let hosts: Vec<_> = pieces.iter().map(|(_, host)| *host).collect();
    pieces.iter().all(|(own, _)| *own == login).then(|| (login, hosts.join(",")))
}

/// Where options begin among hosts: at the semicolon before the first `key=value`.
fn options_at(hosts: &str) -> usize {
    let mut semicolons = hosts.match_indices(';').map(|(at, _)| at);
    let is_option = |at: &usize| hosts[at + 1..].split([',', ';']).next().is_some_and(|piece| piece.contains('='));
    semicolons.find(is_option).unwrap_or(hosts.len())
}

/// `HOST`, `HOST:PORT`, `[IPv6]:PORT`, or the path of a socket, percent-encoded.
pub(super) fn site(text: &str) -> Result<Site, Bad> {
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (host, after) = rest
                .split_once(']')
                .ok_or_else(|| Bad::new("the address in brackets has no end: write `[::1]:5432`"))?;
            let port = match after.strip_prefix(':') {
                None if !after.is_empty() => return Err(Bad::new("only a port can follow an address in brackets")),
                port => port,
            };
            (host, port)
        }
        None => match text.rsplit_once(':') {
            Some((host, _)) if host.contains(':') => {
                return Err(Bad::new("an IPv6 address stands in brackets: `[::1]:5432`"));
            }
            Some((host, port)) => (host, Some(port)),
            None => (text, None),
        },
    };
    let port = match port.filter(|port| !port.is_empty()) {
        Some(port) => Some(port.parse().map_err(|_| {
            Bad::new(
                "the port is not a number from 1 to 65535; if it is a part of the password, `/`, `?`, `#` and `@` have to be percent-encoded there",
            )
        })?),
        None => None,
    };
    Ok(Site { host: decode(host)?, port })
}

fn pair(text: &str) -> Result<(String, String), Bad> {
    let text = text.replace('+', " ");
    let (name, value) = text.split_once('=').unwrap_or((&text, ""));
    Ok((decode(name)?, decode(value)?))
}

/// A decoded part, if there is something.
fn some_decoded(text: &str) -> Result<Option<String>, Bad> {
    if text.is_empty() { Ok(None) } else { decode(text).map(Some) }
}

/// Percent-encoding undone.
fn decode(text: &str) -> Result<String, Bad> {
    String::from_utf8(percent_decoded(text)).map_err(|_| Bad::new("what is percent-encoded in the URL is not UTF-8"))
}
