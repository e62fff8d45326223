//! What is kept of a check: what explains a failure later when it is otherwise then.
//!
//! Only what is listed here is kept, so that no fact of a new check gets in unseen: no text that a server made up for one
//! answer, no measurement, nothing of a login. Each value goes through the check's redactor once more.

use super::times::Times;
use crate::outcome::Outcome;
use crate::phase::Phase;
use crate::plan::Entry;
use crate::text::{said, shortened};
use foldhash::quality::FixedState;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::hash::{BuildHasher as _, Hash as _, Hasher};
use std::time::Duration;

/// So many values of one kind are kept: the addresses of a name, the resolvers.
const VALUES: usize = 8;

/// What is kept where there is none: no gateway.
const NONE: &str = "none";

/// What is known of a check, by what it is; the values of each in the alphabet's order.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Facts {
    pub(super) known: BTreeMap<What, Vec<String>>,
    pub(super) times: Times,
}

/// What a value is, what explains most first.
///
/// What the check goes to comes before who answers there, that before how it gets there, and what is ours before what is
/// the server's: a server that was upgraded seldom refuses, and an address that moved often does.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(super) enum What {
    /// Where the file says that it goes.
    Target,
    /// The addresses of a name.
    Address(String),
    /// The hosts behind a name.
    Hosts,
    /// What is said of the certificate.
    Issuer,
    Names,
    Subject,
    Ends,
    /// By which way.
    Gateway,
    Interface,
    Source,
    /// Our address as the server sees it.
    SeenAs,
    Resolver,
    /// An option of the file.
    Option(String),
    Role,
    Server,
    Version,
    /// What a DNS server says.
    Answers,
    /// This program.
    Ours,
}

/// The kinds that have no name of their own: their words for programs and for people.
const WORDS: [(What, &str, &str); 16] = [
    (What::Target, "target", "its target in the file"),
    (What::Hosts, "hosts", "its hosts"),
    (What::Issuer, "certificate.issuer", "the issuer of its certificate changed:"),
    (What::Names, "certificate.names", "the names in its certificate"),
    (What::Subject, "certificate.subject", "the subject of its certificate"),
    (What::Ends, "certificate.ends", "it has another certificate: the end"),
    (What::Gateway, "gateway", "the gateway to it"),
    (What::Interface, "interface", "the interface to it"),
    (What::Source, "source", "the address of this host"),
    (What::SeenAs, "seen-as", "the address of this host as the server sees it"),
    (What::Resolver, "resolver", "the resolvers of this host"),
    (What::Role, "server.role", "the role of the server"),
    (What::Server, "server", "the server"),
    (What::Version, "server.version", "the version of the server"),
    (What::Answers, "answers", "the answers"),
    (What::Ours, "conn-check", "conn-check itself"),
];

impl What {
    /// For programs.
    pub(super) fn slug(&self) -> Cow<'static, str> {
        match self {
            Self::Address(_) => "address".into(),
            Self::Option(name) => format!("file.{name}").into(),
            other => other.words().0.into(),
        }
    }

    /// As people say it.
    pub(super) fn named(&self) -> String {
        match self {
            Self::Address(name) => name.clone(),
            Self::Option(name) => format!("its `{name}` in the file"),
            other => other.words().1.to_owned(),
        }
    }

    /// As it is kept.
    pub(super) fn key(&self) -> Cow<'static, str> {
        match self {
            Self::Address(name) => format!("address {name}").into(),
            other => other.slug(),
        }
    }

    /// What was kept under a key.
    pub(super) fn of_key(key: &str) -> Option<Self> {
        if let Some(name) = key.strip_prefix("address ") {
            return Some(Self::Address(name.to_owned()));
        }
        if let Some(name) = key.strip_prefix("file.") {
            return Some(Self::Option(name.to_owned()));
        }
        WORDS.iter().find(|(_, slug, _)| *slug == key).map(|(what, ..)| what.clone())
    }

    fn words(&self) -> (&'static str, &'static str) {
        WORDS.iter().find(|(what, ..)| what == self).map_or(("", ""), |(_, slug, named)| (slug, named))
    }

    /// All of it is learnt at once, so that what is gone is a difference, too. Of what a check learns bit by bit one
    /// that failed half-way has a part.
    pub(super) const fn is_whole(&self) -> bool {
        matches!(self, Self::Address(_) | Self::Resolver | Self::Names | Self::Answers)
    }

    /// It belongs to a certificate, of which one difference says enough.
    pub(super) const fn is_of_certificate(&self) -> bool {
        matches!(self, Self::Issuer | Self::Names | Self::Subject | Self::Ends)
    }
}

impl Serialize for What {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.key())
    }
}

impl<'de> Deserialize<'de> for What {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let key = Cow::<'de, str>::deserialize(deserializer)?;
        Self::of_key(&key).ok_or_else(|| D::Error::custom("no fact is called so"))
    }
}

/// What becomes of a fact of a check, if anything.
enum Learnt {
    LookUp,
    Route,
    Certificate,
    Version,
    /// Its texts.
    As(What),
}

/// What is learnt from the fact of this name.
fn learnt(fact: &str) -> Option<Learnt> {
    Some(match fact {
        "look_up" => Learnt::LookUp,
        "route" => Learnt::Route,
        "certificate" => Learnt::Certificate,
        "server_version" => Learnt::Version,
        "server_role" | "server_mode" | "replica_set" | "cluster" => Learnt::As(What::Role),
        "server" | "product" => Learnt::As(What::Server),
        "primary" | "srv_hosts" => Learnt::As(What::Hosts),
        "resolver" => Learnt::As(What::Resolver),
        "seen_as" => Learnt::As(What::SeenAs),
        "answers" => Learnt::As(What::Answers),
        _ => return None,
    })
}

/// Makes marks, which are the same in all runs of one version.
fn marker() -> impl Hasher {
    FixedState::with_seed(0).build_hasher()
}

/// A mark of what the file says of a check, and of who reads it.
pub(super) fn mark_of_entry(entry: &Entry) -> u64 {
    let mut hasher = marker();
    env!("CARGO_PKG_VERSION").hash(&mut hasher);
    entry.target.hash(&mut hasher);
    options(entry).for_each(|option| option.hash(&mut hasher));
    hasher.finish()
}

/// What the file says of a check that may make it fail.
fn options(entry: &Entry) -> impl Iterator<Item = (&str, &str)> {
    entry.said().filter(|(option, _)| !IDLE.contains(option))
}

/// A mark of all that a run says of a check: while it is the same, so are its [`Facts`]. Secrets were taken out of all of that
/// when it was noted.
pub(super) fn mark_of_pass(of_entry: u64, outcome: &Outcome, is_all: bool) -> u32 {
    let mut hasher = marker();
    (of_entry, is_all).hash(&mut hasher);
    for (fact, value) in &outcome.facts {
        match learnt(fact) {
            Some(Learnt::Version) => (fact, steady(value)).hash(&mut hasher),
            Some(_) => (fact, value).hash(&mut hasher),
            None => {}
        }
    }
    // Half of it is enough, and there is not much room.
    (hasher.finish() >> 32) as u32
}

/// How long the phases of a check took; of the one that failed nothing: it took as long as it could.
pub(super) fn times(outcome: &Outcome) -> Times {
    let failed = outcome.failure.as_ref().map(|failure| failure.code.phase);
    let mut times = Times::default();
    for timing in outcome.phases.iter().filter(|timing| Some(timing.phase) != failed) {
        times.took(timing.phase, timing.elapsed);
    }
    times
}

impl Facts {
    /// Of a check that was made.
    pub(super) fn of(entry: &Entry, outcome: &Outcome) -> Self {
        let mut facts = Self { times: times(outcome), ..Self::default() };
        facts.add(What::Target, entry.target.clone());
        for (option, value) in options(entry) {
            facts.add(What::Option(option.to_owned()), shortened(value));
        }
        facts.add(What::Ours, env!("CARGO_PKG_VERSION").to_owned());
        outcome.facts.iter().for_each(|(key, value)| facts.learn(key, value));
        facts.cleaned(|text| entry.redactor.clean(text))
    }

    /// Of a check in a record: its target, and what it says of its facts and phases, as `--format json` has them.
    #[must_use]
    pub fn of_record(check: &Value) -> Self {
        let mut facts = Self::default();
        facts.add(What::Target, shortened(check["target"].as_str().unwrap_or_default()));
        for (key, value) in check["facts"].as_object().into_iter().flatten() {
            facts.learn(key, value);
        }
        let failed = &check["failure"]["phase"];
        for phase in check["phases"].as_array().into_iter().flatten().filter(|phase| phase["phase"] != *failed) {
            let time = Duration::try_from_secs_f64(phase["elapsed_seconds"].as_f64().unwrap_or_default());
            if let Some(known) = Phase::ALL.into_iter().find(|known| phase["phase"] == known.slug()) {
                facts.times.took(known, time.unwrap_or_default());
            }
        }
        facts.cleaned(said)
    }

    fn add(&mut self, what: What, value: String) {
        let values = self.known.entry(what).or_default();
        if !values.contains(&value) {
            values.push(value);
            values.sort();
        }
    }

    fn each(&mut self, what: &What, value: &Value) {
        match value {
            Value::String(text) if !text.is_empty() => self.add(what.clone(), shortened(text)),
            Value::Array(all) => all.iter().for_each(|one| self.each(what, one)),
            _ => {}
        }
    }

    /// Something that the check has learnt, once or more often.
    fn learn(&mut self, fact: &str, value: &Value) {
        let Some(learnt) = learnt(fact) else { return };
        match (learnt, value) {
            (Learnt::LookUp | Learnt::Route | Learnt::Certificate, Value::Array(all)) => {
                all.iter().for_each(|one| self.learn(fact, one));
            }
            (Learnt::LookUp, one) => {
                if let Some(name) = one["name"].as_str() {
                    self.each(&What::Address(shortened(name)), &one["addresses"]);
                }
                self.each(&What::Resolver, &one["resolvers"]);
            }
            (Learnt::Route, one) => {
                self.each(&What::Interface, &one["interface"]);
                self.each(&What::Source, &one["source"]);
                let none = Value::from(NONE);
                self.each(&What::Gateway, if one["gateway"].is_null() { &none } else { &one["gateway"] });
            }
            (Learnt::Certificate, one) => {
                self.each(&What::Issuer, &one["issuer"]);
                self.each(&What::Names, &one["names"]);
                self.each(&What::Subject, &one["subject"]);
                self.each(&What::Ends, &one["not_after"]);
            }
            (Learnt::Version, one) => self.each(&What::Version, &steady(one)),
            (Learnt::As(what), one) => self.each(&what, one),
        }
    }

    /// Without secrets, and without what is more than is kept.
    fn cleaned(self, redacted: impl Fn(&str) -> String) -> Self {
        let clean = |(what, values): (What, Vec<String>)| {
            let what = if let What::Address(name) = what { What::Address(redacted(&name)) } else { what };
            let mut kept: Vec<_> = values.iter().take(VALUES).map(|value| redacted(value)).collect();
            kept.extend((values.len() > VALUES).then(|| format!("and {} more", values.len() - VALUES)));
            (what, kept)
        };
        Self { known: self.known.into_iter().map(clean).collect(), times: self.times }
    }
}

/// Options of which a change makes no check fail.
const IDLE: [&str; 9] = ["type", "name", "tags", "hint", "owner", "proves", "critical", "takes_node_out", "warn_after"];

/// A version without the words that are another one in each answer: the time in a greeting, the number of a connection.
fn steady(value: &Value) -> Value {
    let is_steady = |word: &&str| {
        let mut numbers = word.split(|c: char| !c.is_ascii_digit());
        let is_time = word.contains(':') && word.bytes().any(|c| c.is_ascii_digit());
        !(is_time || numbers.any(|number| number.len() >= 6))
    };
    match value {
        Value::String(text) => text.split(' ').filter(is_steady).collect::<Vec<_>>().join(" ").into(),
        Value::Array(all) => all.iter().map(steady).collect(),
        other => other.clone(),
    }
}
