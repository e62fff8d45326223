//! What the names of variables say: that there is a URL or a host in them, and of which service.

use crate::services::{self, Service};

/// Last words of variables that hold URLs.
const URL: [&str; 6] = ["URL", "URI", "DSN", "URLS", "URIS", "DSNS"];

/// Last words of variables that hold hosts; those of the second list may mean many other things, too.
const HOST: [&str; 5] = ["HOST", "HOSTNAME", "HOSTS", "HOSTNAMES", "UPSTREAM"];
const PERHAPS_HOST: [&str; 17] = [
    "ADDR",
    "ADDRESS",
    "ADDRESSES",
    "ADDRS",
    "BROKER",
    "BROKERS",
    "ENDPOINT",
    "ENDPOINTS",
    "IP",
    "LOCATION",
    "NODES",
    "PEERS",
    "POINTS",
    "SEEDS",
    "SERVER",
    "SERVERS",
    "UPSTREAMS",
];

/// What a database is called where its kind is not said.
const DATABASE: [&str; 6] = ["DB", "DATABASE", "DATASOURCE", "RDBMS", "SQL", "SQLSETTINGS"];

/// What stands behind the word for a service and says nothing about it.
const PADDING: [&str; 7] = ["SETTINGS", "CONFIG", "OPTIONS", "CLUSTER", "SERVICE", "CLIENT", "DB"];

/// The name of a variable as words, in capitals.
#[derive(Clone, Debug)]
pub(super) struct Name {
    pub(super) words: Vec<String>,
    /// Parts between double underscores.
    pub(super) sections: usize,
}

impl Name {
    /// Takes a name apart, at all that is no letter or digit, and where a small letter is followed by a
    /// capital one; and a last word that was written in one with what it is: `DBHOST`, `SITEURL`.
    pub(super) fn of(name: &str) -> Self {
        let sections = name.split("__").filter(|section| !section.is_empty()).count();
        let mut words = words(name);
        // `DB_HOST_NAME`, `OPENPROJECT_HOST__NAME`.
        if words.ends_with(&["HOST".to_owned(), "NAME".to_owned()]) {
            words.truncate(words.len() - 2);
            words.push("HOSTNAME".to_owned());
        }
        let last = words.last().cloned().unwrap_or_default();
        let all = HOST.iter().chain(&PERHAPS_HOST).chain(&URL).copied().filter(|end| end.len() > 2);
        let glued = all.filter(|end| last.len() >= end.len() + 2 && last.ends_with(end)).max_by_key(|end| end.len());
        if let Some(end) = glued {
            words.pop();
            words.push(last[..last.len() - end.len()].to_owned());
            words.push(end.to_owned());
        }
        Self { words, sections }
    }

    pub(super) fn last(&self) -> &str {
        self.words.last().map_or("", String::as_str)
    }

    /// Whether the variable holds a URL by its name.
    pub(super) fn is_url(&self) -> bool {
        URL.contains(&self.last())
    }

    /// Whether the variable holds hosts by its name, whatever its value looks like.
    pub(super) fn is_host(&self) -> bool {
        HOST.contains(&self.last()) && !self.ends_with(&["VIRTUAL", "HOST"])
    }

    /// Whether it may well do so.
    pub(super) fn may_be_host(&self) -> bool {
        self.is_host() || PERHAPS_HOST.contains(&self.last()) && !self.is_of_mail()
    }

    /// Whether the address is one of mail: `MAIL_FROM_ADDRESS`, `EMAIL_ADDRESS`.
    fn is_of_mail(&self) -> bool {
        const PEOPLE: [&str; 12] =
            ["ADMIN", "BCC", "CC", "CONTACT", "EMAIL", "FROM", "MAIL", "RECIPIENT", "REPLY", "RETURN", "SENDER", "TO"];
        let before = self.words.len().checked_sub(2).map(|at| self.words[at].as_str());
        self.last().starts_with("ADDR") && before.is_some_and(|before| PEOPLE.contains(&before))
    }

    /// Whether it says that there are several, or that something is handed out there: never the application's own.
    pub(super) fn is_of_others(&self) -> bool {
        let several =
            matches!(self.last(), "BROKERS" | "SERVERS" | "NODES" | "PEERS" | "POINTS" | "SEEDS" | "UPSTREAMS");
        let alone = self.words.len() == 1 && matches!(self.last(), "SERVER" | "HOSTS" | "ENDPOINT" | "ENDPOINTS");
        several || alone || matches!(self.last(), "BROKER" | "UPSTREAM" | "DSN")
    }

    /// What stands before the words that say that it is an address: `REDIS` of `REDIS_HOST`, `SMTP` of
    /// `SMTP_HOST_ADDR`, `KAFKA` of `KAFKA_BOOTSTRAP_SERVERS`; all words where none says so.
    pub(super) fn stem(&self) -> &[String] {
        let mut stem = &self.words[..];
        if let Some((last, rest)) = stem.split_last()
            && (self.may_be_host() || URL.contains(&last.as_str()))
        {
            stem = rest;
        }
        while let [rest @ .., last] = stem
            && !rest.is_empty()
            && matches!(last.as_str(), "HOST" | "BOOTSTRAP" | "CONTACT" | "URL" | "ADDR")
            && stem.len() < self.words.len()
        {
            stem = rest;
        }
        stem
    }

    /// What the service is called, squashed, where the variable is called like one that is set for every service there
    /// is, needed or not: Kubernetes' `*_SERVICE_HOST`, the `*_PORT_6379_TCP_ADDR` of Docker's links, and their
    /// `*_PORT=tcp://10.0.0.1:6379`.
    pub(super) fn injected_for(&self) -> Option<String> {
        let is_link = |words: &[String]| {
            let [.., port, number, protocol] = words else { return false };
            is_protocol(protocol) && number.parse::<u16>().is_ok() && port == "PORT"
        };
        let all = &self.words[..];
        let before = &all[..all.len().saturating_sub(1)];
        let words = match all {
            [service @ .., port] if port == "PORT" => service,
            [service @ .., word, host] if word == "SERVICE" && host == "HOST" => service,
            all if is_link(all) => &all[..all.len() - 3],
            _ if is_link(before) => &before[..before.len() - 3],
            _ => return None,
        };
        Some(words.concat())
    }

    /// Whether it is called a database, and then by its kind, as if that were its host: `REDMINE_DB_POSTGRES`.
    pub(super) fn is_kind_of_database(&self) -> bool {
        let [.., database, kind] = &self.words[..] else { return false };
        is_database(database) && service(kind).is_some_and(|service| !service.drivers.is_empty())
    }

    /// Whether what stands in it, if it can be a host at all, is one; a place may be something else.
    pub(super) fn names_host(&self) -> bool {
        let vague = matches!(self.last(), "LOCATION" | "IP" | "POINTS") || self.last().starts_with("ADDRESS");
        self.may_be_host() && !vague
    }

    fn ends_with(&self, end: &[&str]) -> bool {
        self.words.len() >= end.len() && self.words[self.words.len() - end.len()..].iter().eq(end)
    }

    /// Whether the value is a name for itself that is seldom a host: of a program, a picture, a person.
    pub(super) fn is_of_something_else(&self) -> bool {
        const OTHER: [&str; 30] = [
            "APP",
            "APPLICATION",
            "ARN",
            "CLASS",
            "CLIENT",
            "DIR",
            "DIRECTORY",
            "EMAIL",
            "EXTENSIONS",
            "FILE",
            "FILES",
            "FILENAME",
            "FOLDER",
            "FORMAT",
            "FROM",
            "IMAGE",
            "KEY",
            "LANG",
            "LOCALE",
            "MODULE",
            "PACKAGE",
            "PATH",
            "REGION",
            "REVISION",
            "SENDER",
            "TAG",
            "TIMEZONE",
            "TZ",
            "USER",
            "VERSION",
        ];
        self.words.iter().any(|word| OTHER.contains(&word.as_str()))
    }
}

/// The words of a name, in capitals.
pub(super) fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut was_small = false;
    // Where the last but one ends and the last begins with nothing between them.
    let mut is_glued = false;
    for character in name.chars() {
        let is_part = character.is_ascii_alphanumeric();
        if !is_part || was_small && character.is_ascii_uppercase() {
            unite(&mut words, is_glued);
            is_glued = is_part;
            words.push(String::new());
        }
        if let (true, Some(word)) = (is_part, words.last_mut()) {
            word.push(character.to_ascii_uppercase());
        }
        was_small = character.is_ascii_lowercase();
    }
    unite(&mut words, is_glued);
    words.retain(|word| !word.is_empty());
    words
}

/// Makes one word of the last two where it is one: `RabbitMq`, `HostName`.
fn unite(words: &mut Vec<String>, is_glued: bool) {
    let [.., first, second] = &words[..] else { return };
    let whole = format!("{first}{second}");
    if is_glued && (whole == "HOSTNAME" || services::by_word(&whole).is_some()) {
        words.truncate(words.len() - 2);
        words.push(whole);
    }
}

/// The service that a word means: `POSTGRES`, `POSTGRESDB`, `LDAPSETTINGS`, `REDIS2`, `AMAZONS3`.
pub(super) fn service(word: &str) -> Option<&'static Service> {
    let bare = word.trim_end_matches(|c: char| c.is_ascii_digit());
    let padded = || PADDING.iter().find_map(|end| services::by_word(word.strip_suffix(end)?));
    let glued = || word.ends_with("S3").then(|| services::by_word("S3")).flatten();
    services::by_word(word).or_else(|| services::by_word(bare)).or_else(padded).or_else(glued)
}

/// The service that a name means: the last word of it that means one.
pub(super) fn service_of(name: &Name) -> Option<&'static Service> {
    name.stem().iter().rev().find_map(|word| service(word))
}

/// Whether a word is that of what a port is for, as Kubernetes has it.
pub(super) fn is_protocol(word: &str) -> bool {
    matches!(word, "TCP" | "UDP" | "SCTP")
}

/// Whether the word says that it is a database, and not which.
pub(super) fn is_database(word: &str) -> bool {
    DATABASE.contains(&word.trim_end_matches(|c: char| c.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stem_is_what_stands_before_the_words_for_an_address() {
        for (name, stem) in [
            ("REDIS_HOST", "REDIS"),
            ("SMTP_HOST_ADDR", "SMTP"),
            ("KAFKA_BOOTSTRAP_SERVERS", "KAFKA"),
            ("KC_DB_URL_HOST", "KC_DB"),
            ("PAPERLESS_DBHOST", "PAPERLESS_DB"),
            ("Redis__Host", "REDIS"),
            ("database__connection__host", "DATABASE_CONNECTION"),
            ("CASSANDRA_CONTACT_POINTS", "CASSANDRA"),
            ("MM_EMAILSETTINGS_SMTPSERVER", "MM_EMAILSETTINGS_SMTP"),
            ("RabbitMq__HostName", "RABBITMQ"),
            ("DB_HOST_NAME", "DB"),
            ("http_proxyHost", "HTTP_PROXY"),
            ("GHOST", "GHOST"),
            ("SNUBA", "SNUBA"),
            ("HOST", ""),
        ] {
            assert_eq!(Name::of(name).stem().join("_"), stem, "{name}");
        }
    }

    #[test]
    fn what_is_set_for_every_service_is_known_by_its_name() {
        for name in ["REDIS_SERVICE_HOST", "REDIS_PORT_6379_TCP_ADDR", "REDIS_PORT_6379_TCP", "REDIS_PORT"] {
            assert_eq!(Name::of(name).injected_for().as_deref(), Some("REDIS"), "{name}");
        }
        assert_eq!((Name::of("REDIS_HOST").injected_for(), Name::of("SERVICE_URL").injected_for()), (None, None));
    }
}
