//! What OpenSSL objects to in its strict mode alone (`X509_V_FLAG_X509_STRICT`), which is Python's default
//! from 3.13: a profile of RFC 5280 that many private CAs do not keep.

use super::objection::{Place, What};
use super::openssl::{CERT_SIGN, is_self_signed};
use super::reading::Reading;
use super::{Objection, Path};
use x509_parser::oid_registry as oid;

/// A bit of the key usage (RFC 5280 section 4.2.1.3).
const CRL_SIGN: u16 = 1 << 6;

/// The first objection to a path that the usual mode accepts.
pub(super) fn objection(path: &Path<'_>) -> Option<Objection> {
    if path.len() < 2 {
        return None;
    }
    path.iter().enumerate().find_map(|(at, one)| {
        let what = of(one, at + 1 < path.len())?;
        Some(Objection::new(one, Place::at(at, path.len()), What::Strict(what)))
    })
}

/// What is not as the profile has it.
fn of(one: &Reading<'_>, has_issuer: bool) -> Option<&'static str> {
    of_ca(one).or_else(|| of_names(one)).or_else(|| of_keys(one, has_issuer))
}

fn of_ca(one: &Reading<'_>) -> Option<&'static str> {
    let usage = one.key_usage();
    let signs = usage.is_some_and(|usage| usage & CERT_SIGN != 0);
    let is_critical = one.extension(&oid::OID_X509_EXT_BASIC_CONSTRAINTS).is_some_and(|basic| basic.critical);
    match one.basic_constraints() {
        Some((false, Some(_))) => Some("has a path length, and is not that of a CA"),
        Some((true, Some(_))) if !signs && usage.is_some() => {
            Some("has a path length, and a key that is not for signing certificates")
        }
        Some((true, _)) if !is_critical => Some("is that of a CA, and its basic constraints are not critical"),
        Some((true, _)) if usage.is_none() => Some("is that of a CA, and has no key usage"),
        Some((false, _)) | None if signs => Some("has a key for signing certificates, and is not that of a CA"),
        _ => None,
    }
}

fn of_names(one: &Reading<'_>) -> Option<&'static str> {
    let signs = one.key_usage().is_some_and(|usage| usage & CRL_SIGN != 0);
    let names = one.extension(&oid::OID_X509_EXT_SUBJECT_ALT_NAME);
    let has_subject = !one.subject_content().is_empty();
    if one.issuer_content().is_empty() {
        Some("has no name of an issuer")
    } else if !has_subject && (one.is_ca() || signs || names.is_none()) {
        Some("has no subject")
    } else if !has_subject && names.is_some_and(|names| !names.critical) {
        Some("has no subject, and its subject alternative name is not critical")
    } else if one.names().is_some_and(|names| names.is_empty()) {
        Some("has an empty subject alternative name")
    } else if !one.names_one_algorithm() {
        Some("names two different algorithms for its signature")
    } else {
        None
    }
}

fn of_keys(one: &Reading<'_>, has_issuer: bool) -> Option<&'static str> {
    if one.version() < 3 {
        return (!one.extensions().is_empty()).then_some("has extensions, and is not of X.509 version 3");
    }
    let authority = one.authority_key();
    if has_issuer && !is_self_signed(one) && authority.is_none_or(|key| key.key_identifier.is_none()) {
        return Some("has no authority key identifier");
    }
    (one.is_ca() && one.subject_key().is_none()).then_some("is that of a CA, and has no subject key identifier")
}
