//! Certificates: what this host has to trust, and what a server has to send.

use super::Remedy;
use super::quote::word;

/// Where `update-ca-certificates(8)` of Debian puts what this host trusts.
pub(crate) const SYSTEM: &str = "/etc/ssl/certs";

/// The server's certificate comes from an authority that this host does not know.
pub(crate) fn install_authority(name: &str) -> Option<Remedy> {
    /// Of the name of a file.
    const LONGEST: usize = 100;
    let file: String =
        name.chars().map(|one| if one.is_ascii_alphanumeric() { one.to_ascii_lowercase() } else { '-' }).collect();
    let file = word(file.trim_matches('-')).filter(|file| file.len() <= LONGEST)?;
    let place = "in a shell on this host, as root, with ca.pem as the authority itself hands it out (never as the server sends it)";
    Some(Remedy::new().decide(
        place,
        [
            format!("install -m 0644 ca.pem /usr/local/share/ca-certificates/{file}.crt"),
            "update-ca-certificates".to_owned(),
        ],
    ))
}
