//! What a certificate says, for people: reported also when it was not accepted.

use crate::secret::{Sentence, ours, sentence};
use crate::text::said;
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer as _, X509Certificate};

/// The readable parts of one certificate, each text as [`said`] makes it.
#[derive(Clone, Debug)]
pub(crate) struct Certificate {
    pub(crate) subject: String,
    pub(crate) issuer: String,
    pub(crate) names: Vec<String>,
    pub(crate) not_before: OffsetDateTime,
    pub(crate) not_after: OffsetDateTime,
}

impl Certificate {
    /// Reads a certificate; `None` when it is not X.509.
    pub(crate) fn read(der: &[u8]) -> Option<Self> {
        let (_, parsed) = X509Certificate::from_der(der).ok()?;
        let names = parsed.subject_alternative_name().ok().flatten();
        Some(Self {
            subject: said(&parsed.subject().to_string()),
            issuer: said(&parsed.issuer().to_string()),
            names: names.map(|names| names.value.general_names.iter().filter_map(name).collect()).unwrap_or_default(),
            not_before: parsed.validity().not_before.to_datetime(),
            not_after: parsed.validity().not_after.to_datetime(),
        })
    }

    /// Whole days until it ends; negative when it has ended.
    pub(crate) fn days_left(&self) -> i64 {
        // Rounded down, also below zero: one that ended an hour ago has no day left.
        self.time_left().whole_seconds().div_euclid(24 * 60 * 60)
    }

    fn time_left(&self) -> time::Duration {
        self.not_after - OffsetDateTime::now_utc()
    }

    /// When it ends, or that it has ended (which passes where verification is off).
    pub(crate) fn end_in_words(&self) -> Sentence {
        let end = match self.days_left() {
            ..=-1 => sentence![" ended on ", ours(&rfc3339(self.not_after))],
            0 => sentence![
                " ends in ",
                self.time_left().whole_hours(),
                " h ",
                self.time_left().whole_minutes() % 60,
                " min"
            ],
            1 => " ends in 1 day".into(),
            days => sentence![" ends in ", days, " days"],
        };
        sentence!["the certificate of ", &self.subject, end]
    }

    /// The facts in the form of `--format json`, of one that may not end within so many days.
    pub(crate) fn facts(&self, warning_days: u32) -> Value {
        json!({
            "subject": self.subject,
            "issuer": self.issuer,
            "names": self.names,
            "not_before": rfc3339(self.not_before),
            "not_after": rfc3339(self.not_after),
            "days_left": self.days_left(),
            "warning_days": warning_days,
        })
    }
}

/// A time as RFC 3339 writes it, in UTC, to the second.
pub(crate) fn rfc3339(time: OffsetDateTime) -> String {
    time.replace_nanosecond(0).unwrap_or(time).format(&Rfc3339).unwrap_or_default()
}

fn name(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(name) | GeneralName::URI(name) | GeneralName::RFC822Name(name) => Some(said(name)),
        GeneralName::IPAddress(bytes) => match bytes.len() {
            4 => <[u8; 4]>::try_from(*bytes).ok().map(|octets| std::net::Ipv4Addr::from(octets).to_string()),
            16 => <[u8; 16]>::try_from(*bytes).ok().map(|octets| std::net::Ipv6Addr::from(octets).to_string()),
            _ => None,
        },
        _ => None,
    }
}
