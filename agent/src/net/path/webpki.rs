//! What webpki, whose verdict is this program's, objects to in a path (RFC 5280 section 6.1, as far as it
//! implements it; `verify_cert.rs`).

use super::constraints::Breach;
use super::objection::{Objection, Place, What, of_dates};
use super::signature::{Signed, by_webpki, is_signed_with};
use super::words::{extension, purposes};
use super::{Path, Reading, Shown};
use x509_parser::asn1_rs::Oid;
use x509_parser::oid_registry as oid;

/// So many intermediate certificates are followed.
pub(super) const DEEPEST: usize = 6;

/// The largest certificate, in bytes.
const LARGEST: usize = 0xffff;

/// The extensions that it knows.
const KNOWN: [Oid<'static>; 6] = [
    oid::OID_X509_EXT_KEY_USAGE,
    oid::OID_X509_EXT_SUBJECT_ALT_NAME,
    oid::OID_X509_EXT_BASIC_CONSTRAINTS,
    oid::OID_X509_EXT_NAME_CONSTRAINTS,
    oid::OID_X509_EXT_CRL_DISTRIBUTION_POINTS,
    oid::OID_X509_EXT_EXTENDED_KEY_USAGE,
];

/// Everything that it objects to in a path, what tells most first.
pub(super) fn objections(path: &Path<'_>, shown: &Shown<'_>) -> Vec<Objection> {
    let Some((anchor, below)) = path.split_last() else { return Vec::new() };
    let mut all = Vec::new();
    for (at, certificate) in below.iter().enumerate() {
        let place = Place::at(at, path.len());
        let found = of_form(certificate).into_iter().chain(of_role(certificate, at, shown));
        let found = found.chain(of_signature(certificate, &path[at + 1], at + 2 == path.len()));
        all.extend(found.map(|what| Objection::new(certificate, place, what)));
    }
    if !shown.roots.has_anchor(anchor) {
        all.push(Objection::new(anchor, Place::Trusted, What::UnusableRoot));
    }
    if below.len() > DEEPEST + 1 {
        all.push(Objection::new(&path[0], Place::Server, What::TooLong(below.len() - 1)));
    }
    all.extend(of_names(path));
    all.extend(of_server_key(&path[0]));
    all.sort_by_key(|one| std::cmp::Reverse(one.rank()));
    all
}

/// What it cannot read.
fn of_form(certificate: &Reading<'_>) -> Option<What> {
    if certificate.der.len() > LARGEST {
        return Some(What::TooLarge);
    }
    if certificate.version() != 3 {
        return Some(What::Version(certificate.version()));
    }
    if !certificate.names_one_algorithm() {
        return Some(What::TwoAlgorithms);
    }
    if certificate.has_unique_identifier() {
        return Some(What::UniqueIdentifier);
    }
    if let Some(twice) = certificate.twice().filter(|one| KNOWN.contains(one)) {
        return Some(What::Twice(extension(twice)));
    }
    if let Some(critical) = certificate.critical_besides(&KNOWN) {
        return Some(What::UnknownCritical(extension(critical)));
    }
    certificate.unreadable_of(&KNOWN).map(|unreadable| What::Unreadable(extension(unreadable)))
}

/// What does not depend on the issuer: dates, basic constraints, purposes. It is at this place of the path.
fn of_role(certificate: &Reading<'_>, at: usize, shown: &Shown<'_>) -> Vec<What> {
    let mut all = Vec::new();
    if certificate.not_before() < 0 || certificate.not_after() < 0 {
        all.push(What::BeforeTheEpoch);
    }
    all.extend(of_dates(certificate, shown));
    match certificate.basic_constraints() {
        Some((true, _)) if at == 0 => all.push(What::CaAsServer),
        Some((true, Some(allowed))) if at > 1 && at - 1 > allowed as usize => {
            all.push(What::TooManyBelow { allowed, are: at - 1 });
        }
        None | Some((false, _)) if at > 0 => all.push(What::NotACa),
        _ => {}
    }
    all.extend(of_purposes(certificate));
    all
}

fn of_purposes(certificate: &Reading<'_>) -> Option<What> {
    let usage = certificate.purposes()?;
    let words = purposes(certificate);
    match (usage.server_auth, words.is_empty()) {
        (true, _) => None,
        (false, true) => Some(What::NoPurpose),
        (false, false) => Some(What::NotForServers { purposes: words }),
    }
}

fn of_signature(certificate: &Reading<'_>, issuer: &Reading<'_>, is_trusted: bool) -> Option<What> {
    match by_webpki(certificate, issuer) {
        Signed::Truly => (!certificate.names_as_issuer(issuer)).then_some(What::NameEncoding),
        Signed::Falsely => Some(What::AnotherKey { is_trusted }),
        Signed::Unknown if is_signed_with(certificate, issuer) == Signed::Falsely => {
            Some(What::AnotherKey { is_trusted })
        }
        Signed::Unknown => {
            let (algorithm, key) = (certificate.algorithm(), issuer.key());
            let fits = algorithm.keys.contains(&key.kind);
            if !fits && !algorithm.keys.is_empty() {
                return Some(What::AnotherKey { is_trusted });
            }
            let is_of_key = !key.is_supported() && algorithm.strength >= 112;
            Some(What::UnsupportedSignature(if is_of_key {
                format!("{} by a key of {} ({})", algorithm.words, issuer.subject(), key.words)
            } else {
                algorithm.words
            }))
        }
    }
}

/// The name constraints of each certificate, against all below it.
fn of_names(path: &Path<'_>) -> Vec<Objection> {
    let mut all = Vec::new();
    for (above, constraining) in path.iter().enumerate().skip(1) {
        let Some(constraints) = constraining.constraints() else { continue };
        for (at, certificate) in path[..above].iter().enumerate() {
            let Some((name, breach)) = constraints.breach_by_webpki(certificate) else { continue };
            // Without a constraint on names of directories, that of the subject is not looked at.
            let bases = match breach {
                Breach::Excluded => constraints.excluded(name.form),
                _ if constraints.permitted(name.form).is_empty() => constraints.excluded(name.form),
                _ => constraints.permitted(name.form),
            };
            let what =
                What::Constraint { name: name.shown(), form: name.form, breach, by: constraining.subject(), bases };
            let place = Place::at(at, path.len());
            all.push(Objection::new(certificate, place, what));
        }
    }
    all
}

/// A server proves with its key that the certificate is its own: this needs a key that can be verified.
pub(super) fn of_server_key(certificate: &Reading<'_>) -> Option<Objection> {
    let key = certificate.key();
    (!key.is_supported()).then(|| Objection::new(certificate, Place::Server, What::UnsupportedKey(key.words)))
}
