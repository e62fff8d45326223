//! Whose fault a refused certificate is: the certificate, or the authority that is not trusted, told from others of the
//! same name.

use crate::net::path::{Objection, Place, Reading, Shown};
use crate::net::tls::TlsOptions;
use crate::secret::{Sentence, ours, sentence};
use ring::digest::{SHA256, digest};
use std::fmt::Write as _;

/// So many bytes tell it from others of its name.
const TOLD: usize = 4;

/// A certificate: its subject, and the beginning of its SHA-256.
pub(super) fn certificate(reading: &Reading<'_>) -> Sentence {
    sentence![reading.subject(), " (", ours(&hex(digest(&SHA256, reading.der).as_ref())), ")"]
}

/// The certificate that is objected to.
pub(super) fn objected(objection: &Objection, shown: &Shown<'_>) -> Sentence {
    let whose = &objection.whose;
    let is_it = |one: &&Reading<'_>| one.subject() == whose.subject && one.issuer() == whose.issuer;
    match whose.place {
        Place::Server => certificate(&shown.leaf),
        Place::Intermediate => shown.sent.iter().find(is_it).map_or_else(|| (&whose.subject).into(), certificate),
        Place::Trusted => (&whose.subject).into(),
    }
}

/// The authority that has issued a certificate: its name, and the beginning of its key's identifier where the
/// certificate has it (RFC 5280 section 4.2.1.1).
pub(super) fn issuer(reading: &Reading<'_>, options: &TlsOptions) -> Sentence {
    authority(reading.issuer(), reading.issuers_key(), options)
}

/// The authority that a certificate is of.
pub(super) fn itself(reading: &Reading<'_>, options: &TlsOptions) -> Sentence {
    authority(reading.subject(), reading.own_key(), options)
}

/// Whom this host trusts and whom a check's own file names are two lists.
fn authority(name: String, key: Option<&[u8]>, options: &TlsOptions) -> Sentence {
    let mut told = Sentence::from(name);
    if let Some(key) = key {
        told.push(sentence![" (", ours(&hex(key)), ")"]);
    }
    if let Some(path) = &options.ca_file {
        told.push(sentence![" in ", ours(&path.display())]);
    }
    told
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().take(TOLD).fold(String::new(), |mut text, byte| {
        // A text takes everything.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The certificate by which a check logs in.
pub(super) fn own(options: &TlsOptions) -> Sentence {
    let own = options.client.as_ref().and_then(|client| client.cert.first());
    match own.and_then(|der| Reading::of(der)) {
        Some(reading) => certificate(&reading),
        None => "no certificate".into(),
    }
}
