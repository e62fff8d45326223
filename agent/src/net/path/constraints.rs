//! Name constraints (RFC 5280 section 4.2.1.10), as webpki and as OpenSSL look at them.

use super::Reading;
use super::names::{Form, Name, canonical};
use super::reading::items;
use x509_parser::asn1_rs::{Any, FromDer as _};

/// So many comparisons are made at most: webpki's limit, and OpenSSL's.
const MOST_BY_WEBPKI: usize = 250_000;
const MOST_BY_OPENSSL: usize = 1 << 20;

/// What a CA may certify.
pub(super) struct Constraints<'a> {
    permitted: Vec<Subtree<'a>>,
    excluded: Vec<Subtree<'a>>,
}

/// A part of the space of names.
struct Subtree<'a> {
    base: Name<'a>,
    /// It has a minimum or a maximum, which the profile forbids.
    is_ranged: bool,
}

/// Why a name is not within the constraints.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Breach {
    NotPermitted,
    Excluded,
    /// Constraints on names of this form are not looked at, and so such names not taken.
    Unsupported,
    /// The constraint is none by the rules of its form.
    BadConstraint,
    /// The name is none by the rules of its form.
    BadName,
    /// More names and constraints than are compared.
    TooMany,
}

/// What one library makes of one name and one base: whether it is below it.
type Rule = fn(&Name<'_>, &Name<'_>, bool) -> Result<bool, Breach>;

impl<'a> Constraints<'a> {
    /// Reads the extension's value; `None` when it is malformed.
    pub(super) fn of(value: &'a [u8]) -> Option<Self> {
        let (_, whole) = Any::from_der(value).ok()?;
        let mut constraints = Self { permitted: Vec::new(), excluded: Vec::new() };
        for list in items(whole.data)? {
            let subtrees =
                items(list.data)?.into_iter().map(|one| Subtree::of(one.data)).collect::<Option<Vec<_>>>()?;
            match list.header.tag().0 {
                0 => constraints.permitted = subtrees,
                1 => constraints.excluded = subtrees,
                _ => return None,
            }
        }
        Some(constraints)
    }

    /// The first name of a certificate that webpki does not accept.
    pub(super) fn breach_by_webpki(&self, certificate: &Reading<'a>) -> Option<(Name<'a>, Breach)> {
        let mut names = certificate.names().unwrap_or_default();
        if names.len().saturating_mul(self.permitted.len() + self.excluded.len()) > MOST_BY_WEBPKI {
            return names.into_iter().next().map(|name| (name, Breach::TooMany));
        }
        // Always asked for, whatever the subject is.
        names.push(subject(certificate));
        self.first(names, webpki)
    }

    /// The same of OpenSSL; `is_server` is true for the server's own certificate.
    pub(super) fn breach_by_openssl(&self, certificate: &Reading<'a>, is_server: bool) -> Option<(Name<'a>, Breach)> {
        let names = Self::names_by_openssl(certificate, is_server);
        if names.len().saturating_mul(self.permitted.len() + self.excluded.len()) > MOST_BY_OPENSSL {
            return names.into_iter().next().map(|name| (name, Breach::TooMany));
        }
        self.first(names, openssl)
    }

    /// The subject, the addresses of mail in it, the names, and of a server without a name for the DNS the
    /// common names.
    fn names_by_openssl(certificate: &Reading<'a>, is_server: bool) -> Vec<Name<'a>> {
        let subject_name = &certificate.parsed.tbs_certificate.subject;
        let mut names = Vec::new();
        if subject_name.iter().next().is_some() {
            names.push(subject(certificate));
        }
        let attributes = || subject_name.iter_attributes();
        let mails = attributes().filter(|one| one.attr_type().to_id_string() == "1.2.840.113549.1.9.1");
        names.extend(mails.map(|one| Name { form: Form::Email, bytes: one.attr_value().data }));
        names.extend(certificate.names().unwrap_or_default());
        if is_server && !certificate.has_dns_name() {
            let commons = attributes().filter(|one| one.attr_type().to_id_string() == "2.5.4.3");
            let hosts = commons.filter(|one| is_host_like(one.attr_value().data));
            names.extend(hosts.map(|one| Name { form: Form::Dns, bytes: one.attr_value().data }));
        }
        names
    }

    fn first(&self, names: Vec<Name<'a>>, rule: Rule) -> Option<(Name<'a>, Breach)> {
        names.into_iter().find_map(|name| self.breach(&name, rule).map(|breach| (name, breach)))
    }

    fn breach(&self, name: &Name<'_>, rule: Rule) -> Option<Breach> {
        let matched = |subtree: &Subtree<'_>, permitted| {
            if subtree.is_ranged { Err(Breach::BadConstraint) } else { rule(name, &subtree.base, permitted) }
        };
        let of_form = |subtree: &&Subtree<'_>| subtree.base.form == name.form;
        let mut permitted = self.permitted.iter().filter(of_form).peekable();
        if permitted.peek().is_some() {
            let mut is_within = false;
            for subtree in permitted {
                match matched(subtree, true) {
                    Ok(within) => is_within |= within,
                    Err(breach) => return Some(breach),
                }
            }
            if !is_within {
                return Some(Breach::NotPermitted);
            }
        }
        self.excluded.iter().filter(of_form).find_map(|subtree| match matched(subtree, false) {
            Ok(within) => within.then_some(Breach::Excluded),
            Err(breach) => Some(breach),
        })
    }

    /// What is permitted of a form, for people.
    pub(super) fn permitted(&self, form: Form) -> String {
        shown(&self.permitted, form)
    }

    /// What is excluded of a form, for people.
    pub(super) fn excluded(&self, form: Form) -> String {
        shown(&self.excluded, form)
    }
}

impl<'a> Subtree<'a> {
    fn of(content: &'a [u8]) -> Option<Self> {
        let mut parts = items(content)?.into_iter();
        let base = Name::of(&parts.next()?);
        Some(Self { base, is_ranged: parts.next().is_some() })
    }
}

fn subject<'a>(certificate: &Reading<'a>) -> Name<'a> {
    Name { form: Form::Directory, bytes: certificate.parsed.tbs_certificate.subject.as_raw() }
}

/// The first three.
fn shown(subtrees: &[Subtree<'_>], form: Form) -> String {
    let all: Vec<_> = subtrees.iter().filter(|one| one.base.form == form).map(|one| one.base.shown()).collect();
    let first = all.iter().take(3).cloned().collect::<Vec<_>>().join(", ");
    if all.len() > 3 { format!("{first} and {} more", all.len() - 3) } else { first }
}

/// webpki's rules: `check_presented_id_conforms_to_constraints`.
fn webpki(name: &Name<'_>, base: &Name<'_>, permitted: bool) -> Result<bool, Breach> {
    match name.form {
        Form::Dns => dns_by_webpki(name.bytes, base.bytes, permitted),
        Form::Address => address(name.bytes, base.bytes),
        _ => Err(Breach::Unsupported),
    }
}

/// OpenSSL's: `nc_match_single`.
fn openssl(name: &Name<'_>, base: &Name<'_>, _permitted: bool) -> Result<bool, Breach> {
    match name.form {
        Form::Dns => Ok(dns(name.bytes, base.bytes)),
        Form::Address => address(name.bytes, base.bytes),
        Form::Email => mail(name.bytes, base.bytes),
        Form::Uri => uri(name.bytes, base.bytes),
        Form::Directory => directory(name, base),
        _ => Err(Breach::Unsupported),
    }
}

/// Any number of labels before the base is below it.
fn dns(name: &[u8], base: &[u8]) -> bool {
    let Some(room) = name.len().checked_sub(base.len()) else { return false };
    let (before, rest) = name.split_at(room);
    let at_a_label = before.is_empty() || base.is_empty() || base.starts_with(b".") || before.ends_with(b".");
    at_a_label && rest.eq_ignore_ascii_case(base)
}

fn dns_by_webpki(name: &[u8], base: &[u8], permitted: bool) -> Result<bool, Breach> {
    if !is_dns_name(name.strip_prefix(b"*.").unwrap_or(name)) {
        return Err(Breach::BadName);
    }
    if !base.is_empty() && !is_dns_name(base.strip_prefix(b".").unwrap_or(base)) {
        return Err(Breach::BadConstraint);
    }
    // A star may stand for a name that is excluded.
    let reaches = !permitted && name.starts_with(b"*.") && {
        let parent = base.iter().position(|byte| *byte == b'.').map_or(&[][..], |dot| &base[dot + 1..]);
        name[2..].eq_ignore_ascii_case(parent)
    };
    Ok(dns(name, base) || reaches)
}

/// The preferred syntax of names (RFC 1034 section 3.5), underscores taken.
fn is_dns_name(name: &[u8]) -> bool {
    let takes = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let is_label = |label: &[u8]| {
        matches!(label.len(), 1..=63) && label.iter().all(takes) && !label.starts_with(b"-") && !label.ends_with(b"-")
    };
    let last = name.rsplit(|byte| *byte == b'.').next().unwrap_or_default();
    name.len() <= 253 && name.split(|byte| *byte == b'.').all(is_label) && !last.iter().all(u8::is_ascii_digit)
}

fn address(name: &[u8], base: &[u8]) -> Result<bool, Breach> {
    match (name.len(), base.len()) {
        (4, 8) | (16, 32) => {}
        (4, 32) | (16, 8) => return Ok(false),
        (4 | 16, _) => return Err(Breach::BadConstraint),
        _ => return Err(Breach::BadName),
    }
    let (network, mask) = base.split_at(name.len());
    Ok(name.iter().zip(network).zip(mask).all(|((one, other), mask)| (one ^ other) & mask == 0))
}

fn mail(name: &[u8], base: &[u8]) -> Result<bool, Breach> {
    let at = name.iter().rposition(|byte| *byte == b'@').ok_or(Breach::BadName)?;
    let host = &name[at + 1..];
    Ok(match base.iter().rposition(|byte| *byte == b'@') {
        None if base.starts_with(b".") => name.len() > base.len() && dns(name, base),
        None => host.eq_ignore_ascii_case(base),
        Some(0) => host.eq_ignore_ascii_case(&base[1..]),
        Some(own) => name[..at] == base[..own] && host.eq_ignore_ascii_case(&base[own + 1..]),
    })
}

fn uri(name: &[u8], base: &[u8]) -> Result<bool, Breach> {
    let text = std::str::from_utf8(name).map_err(|_| Breach::BadName)?;
    let (_, rest) = text.split_once("://").ok_or(Breach::BadName)?;
    let host = rest.split([':', '/']).next().filter(|host| !host.is_empty()).ok_or(Breach::BadName)?.as_bytes();
    let below = base.starts_with(b".") && host.len() > base.len() && dns(host, base);
    Ok(below || host.eq_ignore_ascii_case(base))
}

/// A name of a directory is below another whose parts it begins with.
fn directory(name: &Name<'_>, base: &Name<'_>) -> Result<bool, Breach> {
    let base = base.directory().ok_or(Breach::BadConstraint)?;
    let name = name.directory().ok_or(Breach::BadName)?;
    Ok(canonical(&name).starts_with(&canonical(&base)))
}

/// A common name that OpenSSL takes for a host's (`cn2dnsid`): it has a dot.
fn is_host_like(name: &[u8]) -> bool {
    let takes = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let is_label = |label: &[u8]| {
        !label.is_empty() && label.iter().all(takes) && !label.starts_with(b"-") && !label.ends_with(b"-")
    };
    name.contains(&b'.') && name.split(|byte| *byte == b'.').all(is_label)
}
