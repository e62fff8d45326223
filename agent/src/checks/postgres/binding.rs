//! The channel binding `tls-server-end-point` (RFC 5929 section 4.1): the hash of the server's
//! certificate, by the hash of the certificate's own signature.

use ring::digest::{Algorithm, SHA256, SHA384, SHA512, digest};
use x509_parser::prelude::{FromDer as _, X509Certificate};

/// The object identifiers of signatures (RFC 3279, RFC 4055, RFC 5758) with the hash to use; MD5 and
/// SHA-1 are replaced.
const HASHES: &[(&str, &Algorithm)] = &[
    // RSA: MD5, SHA-1, SHA-256, SHA-384, SHA-512.
    ("1.2.840.113549.1.1.4", &SHA256),
    ("1.2.840.113549.1.1.5", &SHA256),
    ("1.2.840.113549.1.1.11", &SHA256),
    ("1.2.840.113549.1.1.12", &SHA384),
    ("1.2.840.113549.1.1.13", &SHA512),
    // ECDSA: SHA-1, SHA-256, SHA-384, SHA-512.
    ("1.2.840.10045.4.1", &SHA256),
    ("1.2.840.10045.4.3.2", &SHA256),
    ("1.2.840.10045.4.3.3", &SHA384),
    ("1.2.840.10045.4.3.4", &SHA512),
];

/// The binding to a certificate in DER; `None` for signatures without one hash of their own, for
/// which the binding is not defined and a server cannot compute it either.
pub(super) fn server_end_point(certificate: &[u8]) -> Option<Vec<u8>> {
    let (_, parsed) = X509Certificate::from_der(certificate).ok()?;
    let signature = parsed.signature_algorithm.algorithm.to_id_string();
    let (_, algorithm) = HASHES.iter().find(|(known, _)| *known == signature)?;
    Some(digest(algorithm, certificate).as_ref().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    /// Self-signed, made with `openssl req -x509`; the digests are those of `openssl dgst`.
    const CERTIFICATES: [(&str, &str); 4] = [
        (
            "MIIBbDCCARKgAwIBAgIUJGU/q5cX5FEZdsXgIlpR5spql34wCQYHKoZIzj0EATAMMQowCAYDVQQDDAFiMB4XDTI2MT\
             EyMTEwNDE0N1oXDTI2MTEyMzEwNDE0N1owDDEKMAgGA1UEAwwBYjBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABMbf\
             mD8aZhADT8zjojjWGypiL8Rz2KyLmb8KOSsDTZTkHfARrpXhZrGKE6T1P4fc2+YWghi2+BGz4ACs1sma2VGjUzBRMB\
             0GA1UdDgQWBBTE3mESW0N78+io0pQTQ1w5sdSi9zAfBgNVHSMEGDAWgBTE3mESW0N78+io0pQTQ1w5sdSi9zAPBgNV\
             HRMBAf8EBTADAQH/MAkGByqGSM49BAEDSQAwRgIhAJVnYiN5UDDAnrlA2HtyA6RFUohLbNzGjNZsG6q9MUyfAiEAy7\
             PnXxvGCYEd3eFZqt2rNC/mk9tUYgubtFLaSYUXZ+8=",
            "c4bbb4b16b28c549f78cd1806e4b026a6d0665031b2e5e88679f26671f6ad13f",
        ),
        (
            "MIIBqzCCATCgAwIBAgIUXYVbnXOMDCsnf2i79j54JnJPIAUwCgYIKoZIzj0EAwMwDDEKMAgGA1UEAwwBYjAeFw0yNj\
             ExMjExMDQxNDdaFw0yNjExMjMxMDQxNDdaMAwxCjAIBgNVBAMMAWIwdjAQBgcqhkjOPQIBBgUrgQQAIgNiAAQRzLop\
             uYp2TVXY3aYd6pazBwphQIL6RUVksyHyLec7zT8ROIrv1T1Sy/kb6XLCTx+g3qnLRZorHRInWO6Lj8SD1y6tpJOLNb\
             OU48ephvrZ4pX7xm8G8r65I5c6dvHPnGejUzBRMB0GA1UdDgQWBBR3pzrjD2JSd72Tf6Uvdu7tav2sDjAfBgNVHSME\
             GDAWgBR3pzrjD2JSd72Tf6Uvdu7tav2sDjAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMDA2kAMGYCMQClZWNscX\
             13vqB/8ABvi+na9OwuVRF76k1LBER4fOQ6hJaoc9Olur5Erq3lyBk7+7sCMQDXken7FT9bugfT9CgjMzJy6Mcll1DV\
             F7a9dKu9UuBukrcFJjMy2T/rq4n3rQj7864=",
            "8f1fdc5a008e1fc7f8af9025627604083dee335313d58d8d8e7c70141d3203380f392f814b8614f459108311c4d20b99",
        ),
        (
            "MIIBbjCCAROgAwIBAgIUV9jgiJ63T2muyGvuIDYrSuX4D6swCgYIKoZIzj0EAwQwDDEKMAgGA1UEAwwBYjAeFw0yNj\
             ExMjExMDQxNDdaFw0yNjExMjMxMDQxNDdaMAwxCjAIBgNVBAMMAWIwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAARl\
             kgXVXnkz2BcQgNj20XvOApioj2xIn7a+QoBQwXr/6uYb5ID0JpZZGzW3ucQe1nQwIkukmYjkinGt+cakV/1do1MwUT\
             AdBgNVHQ4EFgQUcxe8l7rIrJ1xzHjm8yt/R8hQtoQwHwYDVR0jBBgwFoAUcxe8l7rIrJ1xzHjm8yt/R8hQtoQwDwYD\
             VR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDBANJADBGAiEA3nwh6yWAR7C4hFqUmdTNqsupzgkUl6YRHXIbtoUQdm8CIQ\
             DUuIbtDuNs+Q6uX06BAWkafsKQBE/CBFdZITdfuHkcIQ==",
            "865cf091f59426e8fa506643db2fe9450ec603cb1590c2503cb7fda44409e2144d30f3d305659c61fbd3e9cb7a4abdc9bc3a9c3eee2e7c575152693e183cc155",
        ),
        (
            "MIIBLDCB36ADAgECAhQ+pZD5OUlnAWnepXI/+SQ3eJ79MTAFBgMrZXAwDDEKMAgGA1UEAwwBYjAeFw0yNjExMjExMD\
             QxNDdaFw0yNjExMjMxMDQxNDdaMAwxCjAIBgNVBAMMAWIwKjAFBgMrZXADIQA4j4Z8eqXkn9jfL0p/gtLnjp/ZSVmB\
             fuJhqMprycYpA6NTMFEwHQYDVR0OBBYEFH2o53f0/8u64h6sgBWSjllLJLb8MB8GA1UdIwQYMBaAFH2o53f0/8u64h\
             6sgBWSjllLJLb8MA8GA1UdEwEB/wQFMAMBAf8wBQYDK2VwA0EAuku1vd+igSQfsDarajk6esFa2XxIyTPX74xp9OKT\
             yl5zcKcX23N/GdUSG+t/xSlpSOeLVv3wgMpmzEIZTDqkAg==",
            "",
        ),
    ];

    #[test]
    fn the_hash_is_that_of_the_signature_and_sha_256_in_the_place_of_sha_1() {
        for (certificate, wanted) in CERTIFICATES {
            let binding = server_end_point(&STANDARD.decode(certificate).expect("base64")).unwrap_or_default();
            let shown = binding.iter().fold(String::new(), |shown, byte| shown + &format!("{byte:02x}"));
            assert_eq!(shown, wanted);
        }
    }

    #[test]
    fn what_is_no_certificate_has_no_binding() {
        assert_eq!(server_end_point(b"0"), None);
    }
}
