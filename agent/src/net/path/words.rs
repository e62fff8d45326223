//! What extensions and purposes of certificates are called.

use super::Reading;
use x509_parser::asn1_rs::Oid;

/// An extension, for people: its name where it has one, and its OID.
pub(super) fn extension(oid: &Oid<'_>) -> String {
    let number = oid.to_id_string();
    let name = EXTENSIONS.iter().find(|(known, _)| *known == number).map(|(_, name)| *name);
    name.map_or_else(|| number.clone(), |name| format!("{name} ({number})"))
}

const EXTENSIONS: [(&str, &str); 17] = [
    ("2.5.29.14", "subject key identifier"),
    ("2.5.29.15", "key usage"),
    ("2.5.29.17", "subject alternative name"),
    ("2.5.29.18", "issuer alternative name"),
    ("2.5.29.19", "basic constraints"),
    ("2.5.29.30", "name constraints"),
    ("2.5.29.31", "CRL distribution points"),
    ("2.5.29.32", "certificate policies"),
    ("2.5.29.33", "policy mappings"),
    ("2.5.29.35", "authority key identifier"),
    ("2.5.29.36", "policy constraints"),
    ("2.5.29.37", "extended key usage"),
    ("2.5.29.54", "inhibit any policy"),
    ("1.3.6.1.5.5.7.1.1", "authority information access"),
    ("1.3.6.1.5.5.7.1.24", "TLS feature, must-staple"),
    ("1.3.6.1.5.5.7.1.14", "proxy certificate information"),
    ("2.16.840.1.113730.1.1", "Netscape certificate type"),
];

/// A certificate's extended key usage, for people.
pub(super) fn purposes(certificate: &Reading<'_>) -> String {
    let Some(usage) = certificate.purposes() else { return String::new() };
    let known = [
        (usage.any, "anyExtendedKeyUsage"),
        (usage.client_auth, "clientAuth"),
        (usage.code_signing, "codeSigning"),
        (usage.email_protection, "emailProtection"),
        (usage.time_stamping, "timeStamping"),
        (usage.ocsp_signing, "OCSPSigning"),
    ];
    let mut words: Vec<String> = known.iter().filter(|(is, _)| *is).map(|(_, word)| (*word).to_owned()).collect();
    words.extend(usage.other.iter().map(Oid::to_id_string));
    words.join(", ")
}
