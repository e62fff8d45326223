//! Certificates of servers and clients while they are described.

use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, KeyUsagePurpose,
};
use time::{Duration, OffsetDateTime};

use super::{Authority, Identity, new_key};
use crate::or_panic::OrPanic;

/// What every server certificate is for unless told otherwise.
const NAMES: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// The description of a certificate that [`Leaf::issue`] makes.
#[derive(Clone, Debug)]
pub struct Leaf<'ca> {
    issuer: Option<&'ca Authority>,
    names: Vec<String>,
    first_day: i64,
    last_day: i64,
    purpose: ExtendedKeyUsagePurpose,
    is_ca: bool,
}

impl<'ca> Leaf<'ca> {
    /// A server's certificate without fault.
    pub(super) fn signed_by(authority: &'ca Authority) -> Self {
        Self { issuer: Some(authority), ..Leaf::self_signed() }
    }

    /// A server's certificate that vouches for itself.
    pub(super) fn self_signed() -> Self {
        Self {
            issuer: None,
            names: NAMES.map(str::to_owned).to_vec(),
            first_day: -2,
            last_day: 90,
            purpose: ExtendedKeyUsagePurpose::ServerAuth,
            is_ca: false,
        }
    }

    /// Adds a name: an IP address if it reads as one, else a DNS name.
    #[must_use]
    pub fn also_named(mut self, name: &str) -> Self {
        self.names.push(name.to_owned());
        self
    }

    /// Makes it for this name alone.
    #[must_use]
    pub fn only_named(mut self, name: &str) -> Self {
        self.names = vec![name.to_owned()];
        self
    }

    /// Its last moment is `days` days from now (negative: it has expired), plus half an hour, so that
    /// the number of whole days left is the same throughout a test.
    #[must_use]
    pub fn expires_in_days(mut self, days: i64) -> Self {
        self.last_day = days;
        self.first_day = self.first_day.min(days - 2);
        self
    }

    /// Its first moment is `days` days from now, plus half an hour (negative: in the past).
    #[must_use]
    pub fn starts_in_days(mut self, days: i64) -> Self {
        self.first_day = days;
        self.last_day = self.last_day.max(days + 2);
        self
    }

    /// Makes it a client's certificate: extended key usage clientAuth instead of serverAuth.
    #[must_use]
    pub fn for_clients(mut self) -> Self {
        self.purpose = ExtendedKeyUsagePurpose::ClientAuth;
        self
    }

    /// Says CA:TRUE, as what `openssl req -x509` makes does.
    #[must_use]
    pub fn with_ca_flag(mut self) -> Self {
        self.is_ca = true;
        self
    }

    /// Makes the key and the certificate, and writes both.
    #[must_use]
    pub fn issue(self) -> Identity {
        let key = new_key();
        let parameters = self.parameters();
        let signed = match self.issuer {
            Some(authority) => parameters.signed_by(&key, &authority.issuer),
            None => parameters.self_signed(&key),
        };
        let mut chain = vec![signed.or_panic("sign a certificate")];
        chain.extend(self.issuer.into_iter().flat_map(|authority| authority.served.clone()));
        let folder = self.issuer.map(|authority| authority.folder.clone()).unwrap_or_default();
        Identity::new(folder, chain, Arc::new(key))
    }

    /// The certificate's contents. The names are in the subject alternative name; the common name is the first.
    fn parameters(&self) -> CertificateParams {
        let mut parameters = CertificateParams::new(self.names.clone()).or_panic("put the names into a certificate");
        parameters.distinguished_name = DistinguishedName::new();
        parameters.distinguished_name.push(DnType::CommonName, self.names.first().map_or("nobody", String::as_str));
        parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        parameters.extended_key_usages = vec![self.purpose.clone()];
        parameters.is_ca = if self.is_ca { IsCa::Ca(BasicConstraints::Unconstrained) } else { IsCa::ExplicitNoCa };
        parameters.use_authority_key_identifier_extension = self.issuer.is_some();
        set_days(&mut parameters, self.first_day, self.last_day);
        parameters
    }
}

/// Sets the validity in days from now, both ends plus half an hour.
pub(super) fn set_days(parameters: &mut CertificateParams, first: i64, last: i64) {
    let base = OffsetDateTime::now_utc() + Duration::minutes(30);
    parameters.not_before = base + Duration::days(first);
    parameters.not_after = base + Duration::days(last);
}
