//! The path from a server's certificate to a trusted one, read by ourselves: what is wrong with it, by the
//! rules of which TLS library, and whose certificate has it.
//!
//! The verdict is webpki's ([`crate::net::tls`]). It comes without the certificate that is meant, and where
//! nothing fits it says "unknown issuer". The reading here is for people: it finds the path that was meant
//! ([`search`]), what webpki objects to in it ([`webpki`]), and what OpenSSL makes of the same certificates
//! ([`openssl`]), which most of the applications use whose connections are checked.

mod algorithm;
mod constraints;
mod names;
mod objection;
pub(crate) mod openssl;
mod reading;
mod search;
mod signature;
mod strict;
mod webpki;
mod words;

pub(crate) use algorithm::Kind;
pub(crate) use names::{Form, Name, takes_name};
pub(crate) use objection::{Objection, Place, What};
pub(crate) use reading::Reading;
pub(crate) use search::{Found, Missing, search, sound};

use crate::net::trust::Roots;
use rustls::pki_types::ServerName;

/// What a server showed, and by what it is judged.
pub(crate) struct Shown<'a> {
    /// The server's own certificate.
    pub(crate) leaf: Reading<'a>,
    /// Those that it sent behind it and that can be read, in its order.
    pub(crate) sent: Vec<Reading<'a>>,
    pub(crate) roots: &'a Roots,
    /// The name that the certificate has to be for, if that counts.
    pub(crate) name: Option<ServerName<'a>>,
    /// In seconds since 1970.
    pub(crate) now: i64,
}

/// A path: the server's certificate first, the trusted one last.
pub(crate) type Path<'a> = Vec<Reading<'a>>;
