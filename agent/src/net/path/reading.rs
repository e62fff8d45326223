//! One certificate, as the rules of RFC 5280 look at it.

use super::algorithm::{Algorithm, Key};
use super::constraints::Constraints;
use super::names::{Form, Name, canonical};
use crate::text::said;
use x509_parser::asn1_rs::{Any, FromDer as _, Oid};
use x509_parser::extensions::{AuthorityKeyIdentifier, ExtendedKeyUsage, ParsedExtension, X509Extension};
use x509_parser::oid_registry as oid;
use x509_parser::prelude::{X509Certificate, X509Name};

/// A certificate that was read.
#[derive(Clone)]
pub(crate) struct Reading<'a> {
    /// As it was sent.
    pub(crate) der: &'a [u8],
    pub(super) parsed: X509Certificate<'a>,
}

impl<'a> Reading<'a> {
    /// Reads a certificate; `None` when it is not X.509.
    pub(crate) fn of(der: &'a [u8]) -> Option<Self> {
        let (rest, parsed) = X509Certificate::from_der(der).ok()?;
        rest.is_empty().then_some(Self { der, parsed })
    }

    /// Its subject, for people.
    pub(crate) fn subject(&self) -> String {
        shown(self.parsed.subject())
    }

    /// Its issuer, for people.
    pub(crate) fn issuer(&self) -> String {
        shown(self.parsed.issuer())
    }

    /// The common names of its subject.
    pub(crate) fn common_names(&self) -> Vec<String> {
        let names = self.parsed.subject().iter_common_name();
        names.filter_map(|name| name.as_str().ok().map(str::to_owned)).collect()
    }

    /// Subject and issuer are the same, as OpenSSL compares names.
    pub(crate) fn is_self_issued(&self) -> bool {
        canonical(self.parsed.subject()) == canonical(self.parsed.issuer())
    }

    /// This certificate names that one as its issuer, as webpki compares: byte by byte.
    pub(crate) fn names_as_issuer(&self, issuer: &Self) -> bool {
        self.parsed.issuer().as_raw() == issuer.parsed.subject().as_raw()
    }

    /// The same as OpenSSL compares: whatever the string type, the case and the spaces (RFC 5280 section 7.1).
    pub(crate) fn names_as_issuer_in_any_form(&self, issuer: &Self) -> bool {
        self.names_as_issuer(issuer) || canonical(self.parsed.issuer()) == canonical(issuer.parsed.subject())
    }

    /// The bytes of its issuer's name, without the head.
    pub(crate) fn issuer_content(&self) -> &'a [u8] {
        content(self.parsed.tbs_certificate.issuer.as_raw())
    }

    /// The bytes of its subject's name, without the head.
    pub(crate) fn subject_content(&self) -> &'a [u8] {
        content(self.parsed.tbs_certificate.subject.as_raw())
    }

    /// Its X.509 version: 1, 2 or 3.
    pub(super) fn version(&self) -> u32 {
        self.parsed.version().0.saturating_add(1)
    }

    /// Seconds since 1970.
    pub(crate) fn not_before(&self) -> i64 {
        self.parsed.validity().not_before.timestamp()
    }

    /// Seconds since 1970.
    pub(crate) fn not_after(&self) -> i64 {
        self.parsed.validity().not_after.timestamp()
    }

    /// What it says of being a CA (RFC 5280 section 4.2.1.9): nothing, or yes or no, and how many CAs may be
    /// below it.
    pub(super) fn basic_constraints(&self) -> Option<(bool, Option<u32>)> {
        match self.extension(&oid::OID_X509_EXT_BASIC_CONSTRAINTS)?.parsed_extension() {
            ParsedExtension::BasicConstraints(basic) => Some((basic.ca, basic.path_len_constraint)),
            _ => None,
        }
    }

    /// It says CA:TRUE.
    pub(super) fn is_ca(&self) -> bool {
        self.basic_constraints().is_some_and(|(ca, _)| ca)
    }

    /// The bits of its key usage (RFC 5280 section 4.2.1.3), the first one lowest.
    pub(super) fn key_usage(&self) -> Option<u16> {
        match self.extension(&oid::OID_X509_EXT_KEY_USAGE)?.parsed_extension() {
            ParsedExtension::KeyUsage(usage) => Some(usage.flags),
            _ => None,
        }
    }

    /// Its purposes (RFC 5280 section 4.2.1.12).
    pub(super) fn purposes(&self) -> Option<&ExtendedKeyUsage<'a>> {
        match self.extension(&oid::OID_X509_EXT_EXTENDED_KEY_USAGE)?.parsed_extension() {
            ParsedExtension::ExtendedKeyUsage(purposes) => Some(purposes),
            _ => None,
        }
    }

    /// Netscape's purposes, the first bit highest.
    pub(super) fn netscape_type(&self) -> Option<u8> {
        let value = self.extension(&oid::OID_X509_EXT_CERT_TYPE)?.value;
        let (_, bits) = Any::from_der(value).ok()?;
        Some(bits.data.get(1).copied().unwrap_or_default())
    }

    /// The key of its issuer (RFC 5280 section 4.2.1.1).
    pub(super) fn authority_key(&self) -> Option<&AuthorityKeyIdentifier<'a>> {
        match self.extension(&oid::OID_X509_EXT_AUTHORITY_KEY_IDENTIFIER)?.parsed_extension() {
            ParsedExtension::AuthorityKeyIdentifier(key) => Some(key),
            _ => None,
        }
    }

    /// Its own key (RFC 5280 section 4.2.1.2).
    pub(super) fn subject_key(&self) -> Option<&'a [u8]> {
        match self.extension(&oid::OID_X509_EXT_SUBJECT_KEY_IDENTIFIER)?.parsed_extension() {
            ParsedExtension::SubjectKeyIdentifier(key) => Some(key.0),
            _ => None,
        }
    }

    /// The identifier of its issuer's key, where it has it.
    pub(crate) fn issuers_key(&self) -> Option<&'a [u8]> {
        self.authority_key()?.key_identifier.as_ref().map(|key| key.0)
    }

    /// The identifier of its own key, where it has it.
    pub(crate) fn own_key(&self) -> Option<&'a [u8]> {
        self.subject_key()
    }

    /// Its names (RFC 5280 section 4.2.1.6); `None` where there are none or they cannot be read.
    pub(crate) fn names(&self) -> Option<Vec<Name<'a>>> {
        let value = self.extension(&oid::OID_X509_EXT_SUBJECT_ALT_NAME)?.value;
        let (_, list) = Any::from_der(value).ok()?;
        Some(items(list.data)?.iter().map(Name::of).collect())
    }

    /// It has a name that stands for a host in the DNS.
    pub(crate) fn has_dns_name(&self) -> bool {
        self.names().is_some_and(|names| names.iter().any(|name| name.form == Form::Dns))
    }

    /// What it permits and excludes below it (RFC 5280 section 4.2.1.10).
    pub(super) fn constraints(&self) -> Option<Constraints<'a>> {
        Constraints::of(self.extension(&oid::OID_X509_EXT_NAME_CONSTRAINTS)?.value)
    }

    /// Its key.
    pub(crate) fn key(&self) -> Key {
        Key::of(&self.parsed.tbs_certificate.subject_pki)
    }

    /// Its key with what kind it is, in DER.
    pub(crate) const fn key_info(&self) -> &'a [u8] {
        self.parsed.tbs_certificate.subject_pki.raw
    }

    /// Its key, as signatures are verified with it.
    pub(crate) fn key_bytes(&self) -> &[u8] {
        &self.parsed.tbs_certificate.subject_pki.subject_public_key.data
    }

    /// With what it was signed.
    pub(super) fn algorithm(&self) -> Algorithm {
        Algorithm::of(&self.parsed.signature_algorithm)
    }

    /// The two places that name this algorithm agree (RFC 5280 section 4.1.1.2).
    pub(super) fn names_one_algorithm(&self) -> bool {
        self.parsed.signature_algorithm == self.parsed.tbs_certificate.signature
    }

    /// It has one of the identifiers that were given up (RFC 5280 section 4.1.2.8).
    pub(super) const fn has_unique_identifier(&self) -> bool {
        let tbs = &self.parsed.tbs_certificate;
        tbs.issuer_uid.is_some() || tbs.subject_uid.is_some()
    }

    /// The extension, where it stands once.
    pub(super) fn extension(&self, wanted: &Oid<'_>) -> Option<&X509Extension<'a>> {
        let mut all = self.extensions().iter().filter(|one| one.oid == *wanted);
        all.next().filter(|_| all.next().is_none())
    }

    pub(super) fn extensions(&self) -> &[X509Extension<'a>] {
        self.parsed.extensions()
    }

    /// An extension that stands there twice (RFC 5280 section 4.2).
    pub(super) fn twice(&self) -> Option<&Oid<'a>> {
        let all = self.extensions();
        let again = |(at, one): (usize, &X509Extension<'_>)| all[..at].iter().any(|other| other.oid == one.oid);
        all.iter().enumerate().find(|one| again(*one)).map(|(_, one)| &one.oid)
    }

    /// A critical extension that is none of these.
    pub(super) fn critical_besides(&self, known: &[Oid<'_>]) -> Option<&Oid<'a>> {
        self.extensions().iter().find(|one| one.critical && !known.contains(&one.oid)).map(|one| &one.oid)
    }

    /// An extension of these whose content cannot be read.
    pub(super) fn unreadable_of(&self, known: &[Oid<'_>]) -> Option<&Oid<'a>> {
        let unreadable = |one: &&X509Extension<'_>| {
            let names = [oid::OID_X509_EXT_NAME_CONSTRAINTS, oid::OID_X509_EXT_SUBJECT_ALT_NAME];
            match names.iter().position(|name| *name == one.oid) {
                Some(0) => Constraints::of(one.value).is_none(),
                Some(_) => Any::from_der(one.value).ok().and_then(|(_, list)| items(list.data)).is_none(),
                None => matches!(one.parsed_extension(), ParsedExtension::ParseError { .. }),
            }
        };
        self.extensions().iter().filter(|one| known.contains(&one.oid)).find(unreadable).map(|one| &one.oid)
    }
}

impl PartialEq for Reading<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.der == other.der
    }
}

/// Whether the identifiers of the issuer's key and name fit, as OpenSSL has it (`X509_check_akid`).
pub(super) fn has_key_of(certificate: &Reading<'_>, issuer: &Reading<'_>) -> bool {
    let Some(authority) = certificate.authority_key() else { return true };
    let is_key = match (&authority.key_identifier, issuer.subject_key()) {
        (Some(wanted), Some(own)) => wanted.0 == own,
        _ => true,
    };
    let is_serial = authority.authority_cert_serial.is_none_or(|serial| serial == issuer.parsed.raw_serial());
    let mut names = authority.authority_cert_issuer.iter().flatten();
    let name = names.find_map(|name| match name {
        x509_parser::extensions::GeneralName::DirectoryName(name) => {
            Name { form: Form::Directory, bytes: name.as_raw() }.directory()
        }
        _ => None,
    });
    is_key && is_serial && name.is_none_or(|name| canonical(&name) == canonical(issuer.parsed.issuer()))
}

/// The parts of a DER value, one behind the other; `None` when it is none.
pub(super) fn items(mut bytes: &[u8]) -> Option<Vec<Any<'_>>> {
    let mut items = Vec::new();
    while !bytes.is_empty() {
        let (rest, item) = Any::from_der(bytes).ok()?;
        items.push(item);
        bytes = rest;
    }
    Some(items)
}

/// A name, for people.
pub(super) fn shown(name: &X509Name<'_>) -> String {
    let text = said(&name.to_string());
    if text.is_empty() { "(no name)".to_owned() } else { text }
}

fn content(value: &[u8]) -> &[u8] {
    Any::from_der(value).map_or(&[], |(_, any)| any.data)
}
