//! The server's first packet: who it is, what it can do, and the salt for the login.

use super::packet::{Channel, ERR, malformed, take, take_text};
use super::refusal::ErrPacket;
use crate::fault::{Cause, Fault, Owner};
use crate::secret::sentence;

/// What the server can do; the names are those of the protocol's documentation
/// (`HandshakeV10`, "Capabilities Flags").
pub(super) mod capability {
    pub(crate) const LONG_PASSWORD: u32 = 1;
    pub(crate) const CONNECT_WITH_DB: u32 = 1 << 3;
    pub(crate) const PROTOCOL_41: u32 = 1 << 9;
    pub(crate) const SSL: u32 = 1 << 11;
    pub(crate) const TRANSACTIONS: u32 = 1 << 13;
    pub(crate) const SECURE_CONNECTION: u32 = 1 << 15;
    pub(crate) const PLUGIN_AUTH: u32 = 1 << 19;
}

/// The salt's length, without the zero byte behind it.
pub(super) const SALT: usize = 20;

/// The first bytes of `MySQL`'s X Protocol (port 33060): a notice.
const X_PROTOCOL: [u8; 4] = [0x0b, 0x08, 0x05, 0x1a];

/// What the server said about itself.
#[derive(Debug)]
pub(super) struct Greeting {
    /// `8.0.36`, `10.11.19-MariaDB-0+deb12u1`.
    pub(super) version: String,
    pub(super) salt: Vec<u8>,
    /// The plugin that it expects most accounts to have.
    pub(super) plugin: String,
    capabilities: u32,
}

impl Greeting {
    pub(super) async fn read(channel: &mut Channel) -> Result<Self, Fault> {
        let (number, payload) = channel.read().await?;
        if number != 0 {
            return Err(malformed("its first packet has a number other than 0"));
        }
        match payload.as_slice() {
            [ERR, error @ ..] => Err(ErrPacket::parse(error).before_greeting()),
            [10, rest @ ..] => Self::parse(rest).ok_or_else(|| malformed("its greeting is cut short")),
            start if start.starts_with(&X_PROTOCOL) => Err(x_protocol()),
            // Version 9 was the last before 10: MySQL 3.21. The server's own version follows.
            [version @ 1..=20, b'0'..=b'9', ..] => Err(unsupported(*version)),
            _ => Err(malformed("its first packet is not a greeting")),
        }
    }

    /// Whether it takes an `SSLRequest`.
    pub(super) const fn offers_tls(&self) -> bool {
        self.capabilities & capability::SSL != 0
    }

    /// Whether it is `MariaDB`, whose variables have names of their own.
    pub(super) fn is_mariadb(&self) -> bool {
        self.version.contains("MariaDB")
    }

    /// `HandshakeV10`, behind its version byte.
    fn parse(mut rest: &[u8]) -> Option<Self> {
        const THREAD: usize = 4;
        const FIRST_SALT: usize = 8;
        const RESERVED: usize = 10;
        let version = take_text(&mut rest);
        // MariaDB puts a version before its own that replicas of old can read.
        let version = String::from_utf8_lossy(version.strip_prefix(b"5.5.5-").unwrap_or(version)).into_owned();
        take(&mut rest, THREAD)?;
        let mut salt = take(&mut rest, FIRST_SALT)?.to_vec();
        let &[_filler, c0, c1, _charset, _status0, _status1, c2, c3, _salt_length] = take(&mut rest, 9)? else {
            return None;
        };
        take(&mut rest, RESERVED)?;
        salt.extend_from_slice(take(&mut rest, SALT - FIRST_SALT)?);
        take(&mut rest, 1)?;
        let capabilities = u32::from_le_bytes([c0, c1, c2, c3]);
        let plugin = String::from_utf8_lossy(take_text(&mut rest)).into_owned();
        Some(Self { version, salt, plugin, capabilities })
    }
}

fn unsupported(version: u8) -> Fault {
    Fault::new(Cause::UnsupportedVersion, sentence!["the server speaks version ", version, " of the protocol, not 10"])
        .evidence(sentence!["the greeting begins with ", version])
}

fn x_protocol() -> Fault {
    Fault::new(Cause::WrongService, "this is MySQL's X Protocol, not the classic protocol")
        .owner(Owner::Config)
        .next_step("use the port of the classic protocol, usually 3306")
}
