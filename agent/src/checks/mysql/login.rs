//! The login: who we are, what the server asks back, and its verdict.

use super::Mysql;
use super::ed25519;
use super::greeting::{Greeting, capability};
use super::packet::{Channel, EOF, ERR, OK, malformed, take_text};
use super::plugin::{Plugin, SessionTransport};
use super::refusal::ErrPacket;
use crate::fault::{Cause, Fault, Owner, Phase};
use crate::secret::{sentence, theirs};

/// What `HandshakeResponse41` and `SSLRequest` begin with, behind the capabilities.
const LARGEST_PACKET: u32 = 1 << 24;
/// `utf8mb4_general_ci`, which every server since `MySQL` 5.5 knows.
const CHARSET: u8 = 45;
const RESERVED: [u8; 23] = [0; 23];

/// The first byte of a packet in which the server's plugin speaks to ours (`AuthMoreData`).
const MORE: u8 = 0x01;
/// What `caching_sha2_password` says in it: the proof was right.
const PROVEN: u8 = 3;
/// It has forgotten the account, and wants the password itself.
const FULL: u8 = 4;

/// Servers with several plugins for one account ask for one after the other.
const MOST_ANSWERS: usize = 8;

pub(super) fn ssl_request(with_database: bool) -> Vec<u8> {
    head(capabilities(with_database) | capability::SSL)
}

const fn capabilities(with_database: bool) -> u32 {
    let all = capability::LONG_PASSWORD
        | capability::PROTOCOL_41
        | capability::TRANSACTIONS
        | capability::SECURE_CONNECTION
        | capability::PLUGIN_AUTH;
    if with_database { all | capability::CONNECT_WITH_DB } else { all }
}

fn head(capabilities: u32) -> Vec<u8> {
    [&capabilities.to_le_bytes()[..], &LARGEST_PACKET.to_le_bytes(), &[CHARSET], &RESERVED].concat()
}

/// A login, with what tells apart the faults for which servers have one number.
#[derive(Clone, Copy, Debug)]
pub(super) struct Login<'a> {
    pub(super) check: &'a Mysql,
    pub(super) offers_tls: bool,
    pub(super) transport: SessionTransport,
}

impl Login<'_> {
    /// Logs in, and says by which plugin.
    pub(super) async fn perform(self, channel: &mut Channel, greeting: &Greeting) -> Result<String, Fault> {
        let (mut plugin, proof) = self.first_proof(greeting);
        let mut salt = greeting.salt.clone();
        channel.write(&self.response(plugin, &proof)).await;
        for _ in 0..MOST_ANSWERS {
            let (_, answer) = channel.read().await?;
            match answer.as_slice() {
                [OK, ..] => return Ok(plugin.slug().to_owned()),
                [ERR, error @ ..] => return Err(ErrPacket::parse(error).of_login(self)),
                [EOF, switch @ ..] => {
                    (plugin, salt) = switched(switch)?;
                    channel.write(&self.reply(plugin, &salt)?).await;
                }
                [MORE, PROVEN] if plugin == Plugin::CachingSha2 => {}
                [MORE, FULL] if plugin == Plugin::CachingSha2 => {
                    channel.write(&self.password(plugin, &salt)?).await;
                }
                [MORE, derivation @ ..] | derivation @ [b'P', ..] if plugin == Plugin::Parsec => {
                    let password = self.check.login.password.expose();
                    channel.write(&ed25519::parsec(password, &salt, derivation)?).await;
                }
                _ => return Err(malformed("it does not answer the login")),
            }
        }
        Err(malformed("the login does not end"))
    }

    /// By the plugin that the server expects, where that one does not show the password: it is
    /// shown to nobody who did not ask for it.
    fn first_proof(self, greeting: &Greeting) -> (Plugin, Vec<u8>) {
        let plugin = match Plugin::named(&greeting.plugin) {
            Some(Plugin::CachingSha2) => Plugin::CachingSha2,
            _ => Plugin::Native,
        };
        (plugin, plugin.proof(self.check.login.password.expose(), &greeting.salt).unwrap_or_default())
    }

    /// `HandshakeResponse41`.
    fn response(self, plugin: Plugin, proof: &[u8]) -> Vec<u8> {
        let tls = if matches!(self.transport, SessionTransport::Tls(_)) { capability::SSL } else { 0 };
        let mut packet = head(capabilities(self.check.database.is_some()) | tls);
        packet.extend_from_slice(self.check.login.user.as_bytes());
        packet.push(0);
        // A proof has 32 bytes at most.
        packet.push(u8::try_from(proof.len()).unwrap_or_default());
        packet.extend_from_slice(proof);
        for text in self.check.database.as_deref().into_iter().chain([plugin.slug()]) {
            packet.extend_from_slice(text.as_bytes());
            packet.push(0);
        }
        packet
    }

    /// The answer to a plugin's salt.
    fn reply(self, plugin: Plugin, salt: &[u8]) -> Result<Vec<u8>, Fault> {
        let proof = plugin.proof(self.check.login.password.expose(), salt);
        proof.map_or_else(|| self.password(plugin, salt), Ok)
    }

    /// The password itself, where nobody else can read it: by what carries it, or by the server's own key, which
    /// servers take where there is no TLS.
    fn password(self, plugin: Plugin, salt: &[u8]) -> Result<Vec<u8>, Fault> {
        let password = self.check.login.password.expose();
        let takes_key = self.transport == SessionTransport::Plain && plugin != Plugin::Clear;
        match &self.check.server_key {
            Some(key) if takes_key && self.check.login.has_password() => key.encrypt(password, salt),
            _ if self.check.login.has_password() && !self.transport.lets_password_pass() => Err(self.exposed(plugin)),
            _ => Ok([password.as_bytes(), &[0]].concat()),
        }
    }

    /// The server wants the password itself, and it would not be safe on the way.
    fn exposed(self, plugin: Plugin) -> Fault {
        let asked = match plugin {
            Plugin::Clear => plugin.slug().into(),
            _ => sentence!["the full exchange of ", plugin.slug()],
        };
        let fault = match self.transport {
            SessionTransport::Plain if plugin != Plugin::Clear => self.needs_tls(plugin),
            transport => unverified(plugin, transport),
        };
        fault.evidence(sentence!["the server asks for ", asked])
    }

    fn needs_tls(self, plugin: Plugin) -> Fault {
        let next_step = if self.offers_tls {
            "set use_tls: true; the server offers TLS"
        } else {
            "enable TLS on the server, and set use_tls: true; or set server_public_key to a copy of its public_key.pem"
        };
        Fault::new(Cause::Required, sentence![asks(plugin), ", which needs TLS"]).next_step(next_step).at(Phase::Tls)
    }
}

/// What `AuthSwitchRequest` asks for: the name of a plugin, and another salt.
fn switched(mut rest: &[u8]) -> Result<(Plugin, Vec<u8>), Fault> {
    let name = String::from_utf8_lossy(take_text(&mut rest)).into_owned();
    let plugin = Plugin::named(&name).ok_or_else(|| unsupported(&name))?;
    Ok((plugin, rest[..rest.len().min(plugin.salt_length())].to_vec()))
}

/// Why the server asks for the password itself.
const fn asks(plugin: Plugin) -> &'static str {
    match plugin {
        Plugin::CachingSha2 => {
            "the server has not cached the password, or it is wrong: it asks for the password itself"
        }
        Plugin::Clear => "the server asks for the password in clear text",
        Plugin::Sha256 | Plugin::Native | Plugin::Ed25519 | Plugin::Parsec => "the server asks for the password itself",
    }
}

/// There is nobody of whom it is known that the password is for them: whoever stands between can ask for it.
fn unverified(plugin: Plugin, transport: SessionTransport) -> Fault {
    let (lacks, next_step) = match transport {
        SessionTransport::Plain => ("there is no TLS", "set use_tls: true, and ca_file if the CA is an internal one"),
        _ => (
            "its certificate is not verified",
            "set ca_file to the CA of the server's certificate (or use_tls: true, if the host's CAs have it)",
        ),
    };
    Fault::new(Cause::MethodUnsupported, sentence![asks(plugin), ", but ", lacks])
        .owner(Owner::Config)
        .next_step(next_step)
}

fn unsupported(plugin: &str) -> Fault {
    // MySQL 4.0 gives it no name.
    let plugin = if plugin.is_empty() { "mysql_old_password" } else { plugin };
    Fault::new(Cause::MethodUnsupported, "the account uses an authentication plugin that conn-check does not support")
        .evidence(sentence!["the server asks for ", theirs(plugin)])
        .owner(Owner::Config)
        .next_step(
            "check the user (the server may ask the same for one that it does not know), or use an account with \
             mysql_native_password, caching_sha2_password, ed25519 or parsec",
        )
}
