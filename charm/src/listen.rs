//! Where the endpoint of the option `health_listen` listens.

use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// An address that `conn-check-serve --listen` takes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Listen {
    /// An address of the machine and a port.
    Tcp(SocketAddr),
    /// A socket at this absolute path.
    Unix(PathBuf),
    /// A socket of this name in a directory of the unit's own, so that no two units want the same.
    Own(String),
}

/// Others need root's rights, and the user conn-check has none.
const LOWEST_PORT: u16 = 1024;

/// A socket's path has at most 107 bytes (unix(7), `sun_path`); the unit's own directory takes of that.
const MAX_PATH: usize = 107;
const MAX_NAME: usize = 32;

impl Listen {
    /// Its port, where it has one.
    pub(crate) fn port(&self) -> Option<u16> {
        match self {
            Self::Tcp(address) => Some(address.port()),
            Self::Unix(_) | Self::Own(_) => None,
        }
    }

    /// Reads `ADDRESS:PORT`, `unix:PATH` or `unix:NAME`; the error is what the option has to be.
    ///
    /// # Errors
    /// It is none of them, or cannot be had.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if let Some(path) = text.strip_prefix("unix:") {
            return Self::unix(path);
        }
        match text.parse::<SocketAddr>() {
            Ok(address) if address.port() >= LOWEST_PORT => Ok(Self::Tcp(address)),
            Ok(_) => Err(format!("must have a port from {LOWEST_PORT} on, as the user conn-check serves it")),
            Err(_) => Err("must be ADDRESS:PORT, such as 127.0.0.1:9842, unix:PATH or unix:NAME".to_owned()),
        }
    }

    /// The characters are those that mean nothing to systemd, and to a shell.
    fn unix(path: &str) -> Result<Self, String> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-".contains(&byte);
        let is_file = path.rsplit('/').next().is_some_and(|name| !["", ".", ".."].contains(&name));
        if !is_file || !path.bytes().all(plain) {
            return Err("must be unix: and a path of letters, digits and /._-".to_owned());
        }
        match path {
            path if path.starts_with('/') && path.len() <= MAX_PATH => Ok(Self::Unix(PathBuf::from(path))),
            name if !name.contains('/') && name.len() <= MAX_NAME => Ok(Self::Own(name.to_owned())),
            path if path.starts_with('/') => Err(format!("must have a path of at most {MAX_PATH} bytes")),
            _ => Err(format!("must be unix: and an absolute path, or a name of at most {MAX_NAME} characters")),
        }
    }

    /// The path of a socket; `runtime` is the unit's own directory.
    #[must_use]
    pub(crate) fn path(&self, runtime: &Path) -> Option<PathBuf> {
        match self {
            Self::Tcp(_) => None,
            Self::Unix(path) => Some(path.clone()),
            Self::Own(name) => Some(runtime.join(name)),
        }
    }

    /// As the program takes it.
    #[must_use]
    pub(crate) fn argument(&self, runtime: &Path) -> String {
        match (self, self.path(runtime)) {
            (_, Some(path)) => format!("unix:{}", path.display()),
            (listen, None) => listen.to_string(),
        }
    }
}

/// As people write it.
impl fmt::Display for Listen {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => write!(formatter, "{address}"),
            Self::Unix(path) => write!(formatter, "unix:{}", path.display()),
            Self::Own(name) => write!(formatter, "unix:{name}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_sockets_are_given_to_the_program_as_they_are() {
        let argument = |text: &str| Listen::parse(text).expect("an address").argument(Path::new("/run/conn-check/a-0"));
        for text in ["127.0.0.1:9842", "0.0.0.0:1024", "[::1]:9842", "unix:/run/lb/health.sock"] {
            assert_eq!(
                (argument(text), Listen::parse(text).expect("an address").to_string()),
                (text.into(), text.into())
            );
        }
        assert_eq!(argument("unix:health.sock"), "unix:/run/conn-check/a-0/health.sock");
    }

    #[test]
    fn what_cannot_be_listened_at_is_refused_with_what_it_has_to_be() {
        for (text, why) in [
            ("9842", "ADDRESS:PORT"),
            ("localhost:9842", "ADDRESS:PORT"),
            ("127.0.0.1:80", "a port from 1024 on"),
            ("127.0.0.1:0", "a port from 1024 on"),
            ("unix:", "letters, digits"),
            ("unix:/run/", "letters, digits"),
            ("unix:/run/a b", "letters, digits"),
            ("unix:/run/%n", "letters, digits"),
            ("unix:run/a", "an absolute path, or a name"),
            (&format!("unix:/{}", "x".repeat(107)), "at most 107 bytes"),
        ] {
            let said = Listen::parse(text).expect_err(text);
            assert!(said.contains(why), "{text}: {said}");
        }
    }
}
