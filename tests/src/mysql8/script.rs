//! What a double is, and how it answers.

use std::path::{Path, PathBuf};

use super::packet::error;
use crate::certs::Identity;

/// What the double is to do.
#[derive(Debug)]
pub struct Script {
    /// The plugin of its greeting.
    pub(super) plugin: &'static str,
    /// The plugin that it asks for instead.
    pub(super) switch: Option<&'static str>,
    /// It knows the proof's other half, so that it need not ask for the password.
    pub(super) cached: bool,
    pub(super) tls: Option<Identity>,
    /// It refuses every login with this packet.
    pub(super) refusal: Option<Vec<u8>>,
    /// It answers every command with these packets instead.
    pub(super) answer: Option<Vec<Vec<u8>>>,
    /// It refuses the statements that contain a word, with this packet.
    pub(super) lacks: Vec<(&'static str, Vec<u8>)>,
    /// The file of the private key with which it takes passwords where there is no TLS.
    pub(super) key: Option<PathBuf>,
    /// The power of two of the rounds of `parsec`.
    pub(super) rounds: u8,
}

impl Script {
    /// `caching_sha2_password` for an account that has logged in before.
    #[must_use]
    pub fn cached() -> Self {
        let plugin = "caching_sha2_password";
        Self {
            plugin,
            switch: None,
            cached: true,
            tls: None,
            refusal: None,
            answer: None,
            lacks: Vec::new(),
            key: None,
            rounds: 0,
        }
    }

    /// The same for one that has not: the server asks for the password itself.
    #[must_use]
    pub fn uncached() -> Self {
        Self { cached: false, ..Self::cached() }
    }

    /// Greets with this plugin.
    #[must_use]
    pub fn greeting_with(mut self, plugin: &'static str) -> Self {
        self.plugin = plugin;
        self
    }

    /// The account has this plugin, whatever the greeting says.
    #[must_use]
    pub fn switching_to(mut self, plugin: &'static str) -> Self {
        self.switch = Some(plugin);
        self
    }

    /// Offers TLS with this certificate.
    #[must_use]
    pub fn tls(mut self, identity: Identity) -> Self {
        self.tls = Some(identity);
        self
    }

    /// Takes passwords that are encrypted for the RSA key in this file (PEM, private).
    #[must_use]
    pub fn key(mut self, file: &Path) -> Self {
        self.key = Some(file.to_owned());
        self
    }

    /// Has the key of `parsec` derived by 1024 times 2 to the power of so many rounds.
    #[must_use]
    pub fn rounds(mut self, power: u8) -> Self {
        self.rounds = power;
        self
    }

    /// Refuses every login with this error.
    #[must_use]
    pub fn refusing(mut self, number: u16, state: &str, text: &str) -> Self {
        self.refusal = Some(error(number, state, text));
        self
    }

    /// Answers every command with these packets.
    #[must_use]
    pub fn answering(mut self, packets: &[&[u8]]) -> Self {
        self.answer = Some(packets.iter().map(|packet| packet.to_vec()).collect());
        self
    }

    /// Refuses statements that contain this word, as a server that has no such variable.
    #[must_use]
    pub fn lacking(self, word: &'static str) -> Self {
        self.refusing_statements(word, 1193, "HY000", &format!("Unknown system variable '{word}'"))
    }

    /// Refuses statements that contain this word with this error.
    #[must_use]
    pub fn refusing_statements(mut self, word: &'static str, number: u16, state: &str, text: &str) -> Self {
        self.lacks.push((word, error(number, state, text)));
        self
    }

    /// Answers every command with this error.
    #[must_use]
    pub fn answering_error(self, number: u16, state: &str, text: &str) -> Self {
        self.answering(&[&error(number, state, text)])
    }
}
