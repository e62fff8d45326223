//! What a record should be, compared as its type has it: addresses and numbers by value, names without regard to case
//! (RFC 4343), texts byte by byte.

use super::{name, presentation};
use crate::net::dns::{Answer, RecordType};
use hickory_proto::rr::rdata::{CAA, CNAME, NS, PTR, SOA};
use hickory_proto::rr::{Name, RData};
use regex_lite::{Regex, RegexBuilder};
use std::fmt;
use std::net::IpAddr;

/// What a record should be: a value, or a regular expression between slashes that is found in it.
#[derive(Clone, Debug)]
pub(crate) enum Expected {
    Value(String),
    Pattern(Regex),
}

impl Expected {
    /// What a text means for records of this type.
    ///
    /// # Errors
    /// A value that no such record has, or no regular expression.
    pub(crate) fn read(text: &str, kind: RecordType) -> Result<Self, String> {
        let pattern = text.strip_prefix('/').and_then(|rest| rest.strip_suffix('/'));
        if let Some(pattern) = pattern.filter(|pattern| !pattern.is_empty()) {
            let opaque = matches!(kind, RecordType::TXT | RecordType::CAA);
            let built = RegexBuilder::new(pattern).case_insensitive(!opaque).build();
            return built.map(Self::Pattern).map_err(|error| format!("no regular expression: {error}"));
        }
        let is_address = |is: fn(&IpAddr) -> bool| text.trim().parse().is_ok_and(|address| is(&address));
        match kind {
            RecordType::A if !is_address(IpAddr::is_ipv4) => Err("an A record has an IPv4 address".to_owned()),
            RecordType::AAAA if !is_address(IpAddr::is_ipv6) => Err("an AAAA record has an IPv6 address".to_owned()),
            RecordType::MX if !has_form(text, 1, 2) => {
                Err("an MX record has a number and a name: `10 mail.example.`, or /mail\\.example/".to_owned())
            }
            RecordType::SRV if !has_form(text, 3, 4) => {
                Err("an SRV record has priority, weight, port and name: `0 5 389 ldap.example.`".to_owned())
            }
            RecordType::SOA if text.split_whitespace().count() != 7 => {
                Err("an SOA record has two names and five numbers; for one of them, write /regex/".to_owned())
            }
            RecordType::CAA if text.split_whitespace().count() < 3 || !has_form(text, 1, usize::MAX) => {
                Err("a CAA record has flags, tag and value: `0 issue \"ca.example\"`".to_owned())
            }
            RecordType::CNAME | RecordType::NS | RecordType::PTR if text.split_whitespace().count() != 1 => {
                Err(format!("a record of type {kind} has one name"))
            }
            _ => Ok(Self::Value(text.to_owned())),
        }
    }

    /// Whether a record is as it should be.
    pub(crate) fn is(&self, answer: &Answer) -> bool {
        match self {
            Self::Value(wanted) => is(&answer.data, wanted),
            Self::Pattern(pattern) => {
                let value = answer.value();
                pattern.is_match(&value) || pattern.is_match(value.trim_end_matches('.'))
            }
        }
    }
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Value(value) => f.write_str(value),
            Self::Pattern(pattern) => write!(f, "/{pattern}/"),
        }
    }
}

impl Answer {
    /// The record as it is compared: the strings of a text joined, without quotes; all else as `dig` prints it.
    pub(crate) fn value(&self) -> String {
        match &self.data {
            RData::TXT(text) => String::from_utf8_lossy(&presentation::joined(text)).into_owned(),
            _ => self.text.clone(),
        }
    }
}

/// Whether a text begins with so many numbers, and has so many words, or as many as it likes.
fn has_form(text: &str, numbers: usize, words: usize) -> bool {
    let all: Vec<_> = text.split_whitespace().collect();
    let numbered = all.iter().take(numbers).filter(|word| word.parse::<u16>().is_ok()).count();
    numbered == numbers && (words == usize::MAX || all.len() == words)
}

fn is(data: &RData, wanted: &str) -> bool {
    let words: Vec<_> = wanted.split_whitespace().collect();
    match (data, &words[..]) {
        (RData::A(address), [wanted]) => wanted.parse() == Ok(IpAddr::from(address.0)),
        (RData::AAAA(address), [wanted]) => wanted.parse() == Ok(IpAddr::from(address.0)),
        (RData::CNAME(CNAME(name)) | RData::NS(NS(name)) | RData::PTR(PTR(name)), [wanted]) => is_name(name, wanted),
        (RData::MX(record), [preference, exchange]) => {
            is_number(record.preference, preference) && is_name(&record.exchange, exchange)
        }
        (RData::SRV(record), [priority, weight, port, target]) => {
            is_number(record.priority, priority)
                && is_number(record.weight, weight)
                && is_number(record.port, port)
                && is_name(&record.target, target)
        }
        (RData::SOA(record), words) => is_soa(record, words),
        (RData::CAA(record), _) => is_caa(record, wanted),
        (RData::TXT(text), _) => is_text(&presentation::joined(text), wanted),
        _ => false,
    }
}

/// A name with or without its last dot, in any case, in Unicode or as it is encoded.
fn is_name(name: &Name, wanted: &str) -> bool {
    let as_text = || presentation::name(name).trim_end_matches('.').eq_ignore_ascii_case(wanted.trim_end_matches('.'));
    name::parse(wanted).map_or_else(as_text, |wanted| wanted == *name)
}

fn is_number(number: impl Into<u32>, wanted: &str) -> bool {
    wanted.parse() == Ok(number.into())
}

fn is_soa(record: &SOA, words: &[&str]) -> bool {
    let [primary, mail, serial, refresh, retry, expire, minimum] = words else { return false };
    let intervals = [(record.refresh, refresh), (record.retry, retry), (record.expire, expire)];
    is_name(&record.mname, primary)
        && is_name(&record.rname, mail)
        && is_number(record.serial, serial)
        && intervals.into_iter().all(|(interval, wanted)| is_number(interval.cast_unsigned(), wanted))
        && is_number(record.minimum, minimum)
}

/// Flags, tag and value, which may stand between quotes.
fn is_caa(record: &CAA, wanted: &str) -> bool {
    let mut words = wanted.trim().splitn(3, char::is_whitespace);
    let (Some(flags), Some(tag), Some(value)) = (words.next(), words.next(), words.next()) else { return false };
    is_number(record.flags(), flags) && record.tag.eq_ignore_ascii_case(tag) && is_text(&record.value, value.trim())
}

/// A text as it is, or as strings between quotes, as zone files and `dig` have it.
fn is_text(text: &[u8], wanted: &str) -> bool {
    wanted.as_bytes() == text || presentation::unquoted(wanted).is_some_and(|wanted| wanted == text)
}
