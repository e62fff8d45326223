//! What OpenSSL makes of the certificates of a server: `X509_verify_cert` of 3.x for a TLS client, with the
//! defaults of Debian and Ubuntu (trusted first, security level 2), told from its sources
//! (`x509_vfy.c`, `v3_purp.c`, `v3_ncons.c`).
//!
//! It takes the first issuer that fits by name and key identifier and never goes back; it looks at the trusted
//! certificate as closely as at the others; and unless the application says otherwise a path has to end in a
//! self-signed certificate (`X509_V_FLAG_PARTIAL_CHAIN`, which curl sets, and Python from 3.13).

use super::constraints::Breach;
use super::names::takes_name;
use super::objection::{Objection, Place, What, of_dates};
use super::reading::has_key_of;
use super::signature::{Signed, is_signed_with};
use super::words::{extension, purposes};
use super::{Path, Reading, Shown, strict};
use x509_parser::asn1_rs::{Oid, oid as literal};
use x509_parser::oid_registry as oid;

/// The longest path, without the server's own certificate.
const DEEPEST: usize = 100;

/// Bits of strength that security level 2 asks for.
const STRENGTH: usize = 112;

/// Bits of the key usage (RFC 5280 section 4.2.1.3).
pub(super) const CERT_SIGN: u16 = 1 << 5;
const FOR_TLS: u16 = 1 | 1 << 2 | 1 << 4;

/// Netscape's certificate type for servers and for any CA.
const NETSCAPE_SERVER: u8 = 0x40;
const NETSCAPE_CA: u8 = 0x07;

/// The extensions that may be critical (`X509_supported_extension`).
pub(super) const KNOWN: [Oid<'static>; 14] = [
    oid::OID_X509_EXT_CERT_TYPE,
    oid::OID_X509_EXT_KEY_USAGE,
    oid::OID_X509_EXT_SUBJECT_ALT_NAME,
    oid::OID_X509_EXT_BASIC_CONSTRAINTS,
    oid::OID_X509_EXT_CERTIFICATE_POLICIES,
    oid::OID_X509_EXT_CRL_DISTRIBUTION_POINTS,
    oid::OID_X509_EXT_EXTENDED_KEY_USAGE,
    literal!(1.3.6.1.5.5.7.1.7),
    literal!(1.3.6.1.5.5.7.1.8),
    literal!(1.3.6.1.5.5.7.48.1.5),
    oid::OID_X509_EXT_POLICY_CONSTRAINTS,
    oid::OID_X509_EXT_NAME_CONSTRAINTS,
    oid::OID_X509_EXT_POLICY_MAPPINGS,
    oid::OID_X509_EXT_INHIBIT_ANY_POLICY,
];

/// The extensions without whose content a certificate is none.
const READ: [Oid<'static>; 9] = [
    oid::OID_X509_EXT_BASIC_CONSTRAINTS,
    oid::OID_X509_EXT_KEY_USAGE,
    oid::OID_X509_EXT_EXTENDED_KEY_USAGE,
    oid::OID_X509_EXT_CERT_TYPE,
    oid::OID_X509_EXT_SUBJECT_KEY_IDENTIFIER,
    oid::OID_X509_EXT_AUTHORITY_KEY_IDENTIFIER,
    oid::OID_X509_EXT_SUBJECT_ALT_NAME,
    oid::OID_X509_EXT_NAME_CONSTRAINTS,
    oid::OID_X509_EXT_CRL_DISTRIBUTION_POINTS,
];

/// What comes of it.
pub(crate) struct Opinion<'a> {
    /// The path that it took, as far as it came.
    pub(crate) path: Path<'a>,
    pub(crate) says: Says,
}

impl Opinion<'_> {
    /// It accepts the server, perhaps only where a path may end below a root.
    pub(crate) const fn accepts(&self) -> bool {
        !matches!(self.says, Says::No(_))
    }
}

/// Whether it accepts the server.
#[derive(Clone, Debug)]
pub(crate) enum Says {
    Yes,
    /// Where a path may end below a root.
    WithPartialChains(Objection),
    No(Objection),
}

/// OpenSSL's opinion; names in another encoding are looked for among all trusted certificates only if `thorough`.
pub(crate) fn opinion<'a>(shown: &Shown<'a>, thorough: bool) -> Opinion<'a> {
    let (path, objection) = judge(shown, false, thorough);
    let Some(objection) = objection else { return Opinion { path, says: Says::Yes } };
    match judge(shown, true, thorough) {
        (path, None) => Opinion { path, says: Says::WithPartialChains(objection) },
        _ => Opinion { path, says: Says::No(objection) },
    }
}

/// What only its strict mode (`X509_V_FLAG_X509_STRICT`, the default of Python from 3.13) objects to in a path
/// that it accepts.
pub(crate) fn strict_objection(path: &Path<'_>) -> Option<Objection> {
    strict::objection(path)
}

fn judge<'a>(shown: &Shown<'a>, partial: bool, thorough: bool) -> (Path<'a>, Option<Objection>) {
    let mut chain = Chain { path: vec![shown.leaf.clone()], untrusted: 1 };
    let objection = chain.build(shown, partial, thorough);
    let objection = objection.or_else(|| chain.objection(shown));
    (chain.path, objection)
}

/// A path while it is built.
struct Chain<'a> {
    path: Path<'a>,
    /// So many of it come from the server.
    untrusted: usize,
}

impl<'a> Chain<'a> {
    /// `build_chain`.
    fn build(&mut self, shown: &Shown<'a>, partial: bool, thorough: bool) -> Option<Objection> {
        let mut left: Vec<&Reading<'a>> = shown.sent.iter().collect();
        loop {
            let current = self.path.last().cloned()?;
            let is_own_root = is_self_signed(&current);
            if self.path.len() <= DEEPEST
                && let Some(issuer) = best(shown.roots.issuers_of(&current, thorough), &current, shown)
            {
                if is_own_root && self.untrusted == self.path.len() {
                    if issuer == current {
                        self.untrusted -= 1;
                    }
                } else if !is_own_root {
                    self.path.push(issuer);
                }
                if self.untrusted < self.path.len() {
                    return self.extend_to_the_root(shown, partial, thorough);
                }
            }
            let issuer = best(left.iter().map(|one| (*one).clone()), &current, shown);
            let Some(issuer) = issuer.filter(|_| !is_own_root && self.path.len() <= DEEPEST) else { break };
            left.retain(|one| **one != issuer);
            self.path.push(issuer);
            self.untrusted += 1;
        }
        if partial && shown.roots.holds(&self.path[0]) {
            self.path.truncate(1);
            self.untrusted = 0;
            return None;
        }
        self.without_issuer(shown, thorough)
    }

    /// Why the path does not go on.
    fn without_issuer(&self, shown: &Shown<'a>, thorough: bool) -> Option<Objection> {
        let last = self.path.last()?;
        let place = self.place(self.path.len() - 1);
        if is_self_signed(last) {
            return Some(Objection::new(last, place, What::UntrustedRoot));
        }
        if let Some(what) = of_content(last) {
            return Some(Objection::new(last, place, what));
        }
        let trusted = shown.roots.issuers_of(last, thorough).into_iter().map(|one| (one, Place::Trusted));
        let sent = shown.sent.iter().filter(|one| last.names_as_issuer_in_any_form(one) && *one != last);
        let by_name = trusted.chain(sent.map(|one| (one.clone(), Place::Intermediate))).next();
        Some(match by_name.map(|(issuer, place)| (of_content(&issuer), issuer, place)) {
            Some((Some(what), issuer, place)) => Objection::new(&issuer, place, what),
            // Nobody here can tell which keys sign so.
            Some(_) if last.algorithm().keys.is_empty() => {
                Objection::new(last, place, What::UnsupportedSignature(last.algorithm().words))
            }
            Some((None, issuer, _)) if !has_key_of(last, &issuer) => Objection::new(last, place, What::KeyIdentifiers),
            Some((None, _, by)) => Objection::new(last, place, What::AnotherKey { is_trusted: by == Place::Trusted }),
            None => Objection::new(last, place, What::NoIssuer),
        })
    }

    /// From the first trusted certificate on, only trusted ones are looked at.
    fn extend_to_the_root(&mut self, shown: &Shown<'a>, partial: bool, thorough: bool) -> Option<Objection> {
        loop {
            let last = self.path.last().cloned()?;
            if is_self_signed(&last) || partial {
                return None;
            }
            let next = best(shown.roots.issuers_of(&last, thorough), &last, shown);
            match next.filter(|_| self.path.len() <= DEEPEST) {
                Some(next) => self.path.push(next),
                None => {
                    let is_root = last.is_self_issued() && is_signed_with(&last, &last) != Signed::Falsely;
                    let what = if is_root { What::RootKeyIdentifier } else { What::NotSelfSigned };
                    return Some(Objection::new(&last, Place::Trusted, what));
                }
            }
        }
    }

    /// What is wrong with the path, in OpenSSL's order.
    fn objection(&self, shown: &Shown<'_>) -> Option<Objection> {
        let all = || self.path.iter().enumerate();
        all()
            .find_map(|(at, one)| self.of_extensions(at).map(|what| Objection::new(one, self.place(at), what)))
            .or_else(|| {
                all().find_map(|(at, one)| self.of_strength(at).map(|what| Objection::new(one, self.place(at), what)))
            })
            .or_else(|| {
                let is_named = shown.name.as_ref().is_none_or(|name| takes_name(&self.path[0], name));
                (!is_named).then(|| Objection::new(&self.path[0], Place::Server, What::Name))
            })
            .or_else(|| {
                all().rev().find_map(|(at, one)| {
                    let what = self.of_signature(at).or_else(|| of_dates(one, shown));
                    what.map(|what| Objection::new(one, self.place(at), what))
                })
            })
            .or_else(|| self.of_constraints())
    }

    const fn place(&self, at: usize) -> Place {
        match at {
            _ if at >= self.untrusted => Place::Trusted,
            0 => Place::Server,
            _ => Place::Intermediate,
        }
    }

    /// `check_extensions`.
    fn of_extensions(&self, at: usize) -> Option<What> {
        let one = &self.path[at];
        if let Some(what) = of_content(one) {
            return Some(what);
        }
        if let Some(critical) = one.critical_besides(&KNOWN) {
            return Some(What::UnknownCritical(extension(critical)));
        }
        let is_last = at + 1 == self.path.len();
        match ca(one) {
            Ca::No if at > 0 => return Some(if lacks(one, CERT_SIGN) { What::KeyNotForSigning } else { What::NotACa }),
            Ca::Perhaps if at > 0 && !is_last => return Some(What::NotACa),
            _ => {}
        }
        if self.path.len() > 1 && one.key().kind == super::algorithm::Kind::ExplicitCurve {
            return Some(What::ExplicitCurve);
        }
        if let Some(what) = of_purpose(one, at) {
            return Some(what);
        }
        let below = self.path[1..at.max(1)].iter().filter(|one| !one.is_self_issued()).count();
        match one.basic_constraints() {
            Some((_, Some(allowed))) if at > 1 && below > allowed as usize => {
                Some(What::TooManyBelow { allowed, are: below })
            }
            _ => None,
        }
    }

    /// `check_auth_level`.
    fn of_strength(&self, at: usize) -> Option<What> {
        let (key, algorithm) = (self.path[at].key(), self.path[at].algorithm());
        if key.strength < STRENGTH {
            return Some(What::WeakKey(key.words));
        }
        let is_weak = at + 1 < self.path.len() && algorithm.strength < STRENGTH;
        is_weak.then_some(match algorithm.keys {
            [] => What::UnsupportedSignature(algorithm.words),
            _ => What::WeakSignature(algorithm.words),
        })
    }

    /// `internal_verify`; that of a root itself does not count.
    fn of_signature(&self, at: usize) -> Option<What> {
        let issuer = self.path.get(at + 1)?;
        let is_trusted = at + 1 >= self.untrusted;
        let is_wrong = is_signed_with(&self.path[at], issuer) == Signed::Falsely;
        is_wrong.then_some(What::AnotherKey { is_trusted })
    }

    /// `check_name_constraints`.
    fn of_constraints(&self) -> Option<Objection> {
        for (at, one) in self.path.iter().enumerate().rev() {
            if at > 0 && one.is_self_issued() {
                continue;
            }
            for above in self.path[at + 1..].iter().rev() {
                let Some(constraints) = above.constraints() else { continue };
                let Some((name, breach)) = constraints.breach_by_openssl(one, at == 0) else { continue };
                let bases = match breach {
                    Breach::Excluded => constraints.excluded(name.form),
                    _ => constraints.permitted(name.form),
                };
                let what = What::Constraint { name: name.shown(), form: name.form, breach, by: above.subject(), bases };
                return Some(Objection::new(one, self.place(at), what));
            }
        }
        None
    }
}

/// The issuer that it takes of these: the first that is in date, else the one that ends last.
fn best<'a>(
    all: impl IntoIterator<Item = Reading<'a>>,
    certificate: &Reading<'_>,
    shown: &Shown<'_>,
) -> Option<Reading<'a>> {
    let mut second: Option<Reading<'a>> = None;
    for one in all.into_iter().filter(|one| may_have_issued(one, certificate)) {
        if of_dates(&one, shown).is_none() {
            return Some(one);
        }
        if second.as_ref().is_none_or(|other| one.not_after() > other.not_after()) {
            second = Some(one);
        }
    }
    second
}

/// `ossl_x509_likely_issued`.
fn may_have_issued(issuer: &Reading<'_>, certificate: &Reading<'_>) -> bool {
    certificate.names_as_issuer_in_any_form(issuer)
        && of_content(issuer).is_none()
        && of_content(certificate).is_none()
        && has_key_of(certificate, issuer)
        && certificate.algorithm().keys.contains(&issuer.key().kind)
}

/// `EXFLAG_SS`.
pub(super) fn is_self_signed(certificate: &Reading<'_>) -> bool {
    certificate.is_self_issued()
        && has_key_of(certificate, certificate)
        && certificate.algorithm().keys.contains(&certificate.key().kind)
}

/// `EXFLAG_INVALID`: such a certificate is none.
fn of_content(certificate: &Reading<'_>) -> Option<What> {
    if let Some(twice) = certificate.twice().filter(|one| READ.contains(one)) {
        return Some(What::Twice(extension(twice)));
    }
    if let Some(unreadable) = certificate.unreadable_of(&READ) {
        return Some(What::Unreadable(extension(unreadable)));
    }
    (certificate.key_usage() == Some(0)).then(|| What::Unreadable(extension(&oid::OID_X509_EXT_KEY_USAGE)))
}

/// What it says of being a CA.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Ca {
    No,
    Yes,
    /// It says nothing, and other parts speak for it: enough for a root.
    Perhaps,
}

/// `check_ca`.
fn ca(certificate: &Reading<'_>) -> Ca {
    match certificate.basic_constraints() {
        _ if lacks(certificate, CERT_SIGN) => Ca::No,
        Some((true, _)) => Ca::Yes,
        Some((false, _)) => Ca::No,
        None => {
            let is_old_root = certificate.version() == 1 && is_self_signed(certificate);
            let is_netscapes = certificate.netscape_type().is_some_and(|bits| bits & NETSCAPE_CA != 0);
            if is_old_root || certificate.key_usage().is_some() || is_netscapes { Ca::Perhaps } else { Ca::No }
        }
    }
}

/// It has a key usage, and none of these bits.
fn lacks(certificate: &Reading<'_>, bits: u16) -> bool {
    certificate.key_usage().is_some_and(|usage| usage & bits == 0)
}

/// `check_purpose_ssl_server`.
fn of_purpose(certificate: &Reading<'_>, at: usize) -> Option<What> {
    if let Some(usage) = certificate.purposes() {
        let gated = [literal!(1.3.6.1.4.1.311.10.3.3), literal!(2.16.840.1.113730.4.1)];
        if !usage.server_auth && !usage.other.iter().any(|one| gated.contains(one)) {
            let words = purposes(certificate);
            return Some(if words.is_empty() { What::NoPurpose } else { What::NotForServers { purposes: words } });
        }
    }
    if at > 0 {
        return None;
    }
    if certificate.netscape_type().is_some_and(|bits| bits & NETSCAPE_SERVER == 0) {
        return Some(What::NetscapeType);
    }
    lacks(certificate, FOR_TLS).then_some(What::KeyNotForServers)
}
