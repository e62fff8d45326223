//! The names in certificates: how they are compared, and whether one of them is a server's.

use super::Reading;
use crate::text::said;
use rustls::pki_types::ServerName;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use x509_parser::asn1_rs::{Any, Tag};
use x509_parser::prelude::X509Name;

/// The forms of a name that are told apart (RFC 5280 section 4.2.1.6).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Form {
    Other,
    Email,
    Dns,
    X400,
    Directory,
    Edi,
    Uri,
    Address,
    Registered,
}

impl Form {
    const ALL: [Self; 9] = [
        Self::Other,
        Self::Email,
        Self::Dns,
        Self::X400,
        Self::Directory,
        Self::Edi,
        Self::Uri,
        Self::Address,
        Self::Registered,
    ];

    /// In the standard's words.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Other => "otherName",
            Self::Email => "rfc822Name",
            Self::Dns => "dNSName",
            Self::X400 => "x400Address",
            Self::Directory => "directoryName",
            Self::Edi => "ediPartyName",
            Self::Uri => "uniformResourceIdentifier",
            Self::Address => "iPAddress",
            Self::Registered => "registeredID",
        }
    }
}

/// A name of a certificate, or the base of a constraint on names.
#[derive(Clone, Debug)]
pub(crate) struct Name<'a> {
    pub(crate) form: Form,
    pub(crate) bytes: &'a [u8],
}

impl<'a> Name<'a> {
    /// By its tag.
    pub(super) fn of(item: &Any<'a>) -> Self {
        let form = Form::ALL.get(item.header.tag().0 as usize).copied().unwrap_or(Form::Other);
        Self { form, bytes: item.data }
    }

    /// For people.
    pub(crate) fn shown(&self) -> String {
        let text = String::from_utf8_lossy(self.bytes);
        match self.form {
            Form::Dns | Form::Email | Form::Uri => said(&text),
            Form::Address => address(self.bytes).unwrap_or_else(|| format!("{} bytes", self.bytes.len())),
            Form::Directory => self.directory().map_or_else(String::new, |name| super::reading::shown(&name)),
            _ => self.form.word().to_owned(),
        }
    }

    /// It is one by which a server is known.
    pub(crate) const fn is_of_a_host(&self) -> bool {
        matches!(self.form, Form::Dns | Form::Address | Form::Uri | Form::Email)
    }

    /// A name of a directory.
    pub(super) fn directory(&self) -> Option<X509Name<'a>> {
        use x509_parser::prelude::FromDer as _;
        X509Name::from_der(self.bytes).ok().map(|(_, name)| name)
    }
}

/// An address, or an address and its mask.
fn address(bytes: &[u8]) -> Option<String> {
    let ip = |bytes: &[u8]| match bytes.len() {
        4 => <[u8; 4]>::try_from(bytes).ok().map(|octets| IpAddr::from(Ipv4Addr::from(octets))),
        16 => <[u8; 16]>::try_from(bytes).ok().map(|octets| IpAddr::from(Ipv6Addr::from(octets))),
        _ => None,
    };
    match bytes.len() {
        8 | 32 => {
            let (base, mask) = bytes.split_at(bytes.len() / 2);
            Some(format!("{}/{}", ip(base)?, mask.iter().map(|byte| byte.count_ones()).sum::<u32>()))
        }
        _ => ip(bytes).map(|ip| ip.to_string()),
    }
}

/// One attribute of a name: its type, and its value in the form that is compared.
type Attribute = (Vec<u8>, Vec<u8>);

/// A name as OpenSSL compares it (RFC 5280 section 7.1): texts in UTF-8, without regard to case, type of
/// string and spaces.
pub(super) fn canonical(name: &X509Name<'_>) -> Vec<Vec<Attribute>> {
    let set = |rdn: &x509_parser::x509::RelativeDistinguishedName<'_>| {
        rdn.iter().map(|one| (one.attr_type().as_bytes().to_vec(), plain(one.attr_value()))).collect()
    };
    name.iter_rdn().map(set).collect()
}

fn plain(value: &Any<'_>) -> Vec<u8> {
    let bytes = value.data;
    let text = match value.header.tag() {
        Tag::Utf8String | Tag::PrintableString | Tag::Ia5String | Tag::VisibleString => {
            String::from_utf8_lossy(bytes).into_owned()
        }
        Tag::T61String => bytes.iter().map(|byte| char::from(*byte)).collect(),
        Tag::BmpString => char::decode_utf16(bytes.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])))
            .map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER))
            .collect(),
        _ => return bytes.to_vec(),
    };
    text.split_ascii_whitespace().collect::<Vec<_>>().join(" ").to_ascii_lowercase().into_bytes()
}

/// Whether OpenSSL takes a certificate for a name: `X509_check_host` and `X509_check_ip` without flags.
pub(crate) fn takes_name(certificate: &Reading<'_>, name: &ServerName<'_>) -> bool {
    let names = certificate.names().unwrap_or_default();
    match name {
        ServerName::IpAddress(ip) => {
            let wanted = match IpAddr::from(*ip) {
                IpAddr::V4(ip) => ip.octets().to_vec(),
                IpAddr::V6(ip) => ip.octets().to_vec(),
            };
            names.iter().any(|name| name.form == Form::Address && name.bytes == wanted)
        }
        ServerName::DnsName(wanted) => {
            let wanted = wanted.as_ref().as_bytes();
            let mut dns = names.iter().filter(|name| name.form == Form::Dns).peekable();
            match dns.peek() {
                Some(_) => dns.any(|name| is_matched(name.bytes, wanted)),
                None => certificate.common_names().iter().any(|name| is_matched(name.as_bytes(), wanted)),
            }
        }
        _ => false,
    }
}

/// Whether a name, which may have a star, is that of a host.
fn is_matched(pattern: &[u8], host: &[u8]) -> bool {
    if pattern.eq_ignore_ascii_case(host) {
        return true;
    }
    let Some(star) = star(pattern) else { return false };
    let (before, behind) = (&pattern[..star], &pattern[star + 1..]);
    if host.len() < before.len() + behind.len() {
        return false;
    }
    let (head, middle) = host.split_at(before.len());
    let (middle, tail) = middle.split_at(middle.len() - behind.len());
    let is_whole = before.is_empty() && behind.starts_with(b".");
    let is_label = middle.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-');
    head.eq_ignore_ascii_case(before)
        && tail.eq_ignore_ascii_case(behind)
        && (is_label || middle == b"*")
        && if is_whole { !middle.is_empty() } else { !is_idn(host) }
}

/// Where the star of a name stands that OpenSSL takes as one: in the first label, at its beginning or its end,
/// with two labels behind it.
fn star(pattern: &[u8]) -> Option<usize> {
    let labels: Vec<_> = pattern.split(|byte| *byte == b'.').collect();
    let takes = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'-' || *byte == b'*';
    let is_sound = |label: &&[u8]| {
        !label.is_empty() && !label.starts_with(b"-") && !label.ends_with(b"-") && label.iter().all(takes)
    };
    let first = labels.first()?;
    let at = first.iter().position(|byte| *byte == b'*')?;
    let is_alone = !pattern[at + 1..].contains(&b'*');
    let at_an_end = at == 0 || at + 1 == first.len();
    (is_alone && at_an_end && labels.len() > 2 && !is_idn(first) && labels.iter().all(is_sound)).then_some(at)
}

fn is_idn(label: &[u8]) -> bool {
    label.len() >= 4 && label[..4].eq_ignore_ascii_case(b"xn--")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_match_as_openssl_has_it() {
        for (pattern, host, wanted) in [
            ("a.example.com", "A.example.com", true),
            ("*.example.com", "a.example.com", true),
            ("*.example.com", "example.com", false),
            ("*.example.com", "a.b.example.com", false),
            ("ba*.example.com", "baz.example.com", true),
            ("*z.example.com", "baz.example.com", true),
            ("b*z.example.com", "baz.example.com", false),
            ("ba*.example.com", "ba.example.com", true),
            ("*.com", "example.com", false),
            ("*.co.uk", "example.co.uk", true),
            ("foo.*.com", "foo.bar.com", false),
            ("xn--*-1b3c148a.example.com", "xn--bliss-1b3c148a.example.com", false),
            ("*.foo_bar.com", "a.foo_bar.com", false),
            ("foo_bar.com", "foo_bar.com", true),
        ] {
            assert_eq!(is_matched(pattern.as_bytes(), host.as_bytes()), wanted, "{pattern} {host}");
        }
    }
}
