//! The messages: ours, the server's, ours with the proof, the server's with its own.

use super::{Hash, broken, hashing, impostor, limits};
use crate::fault::{Cause, Fault, Owner, Phase};
use crate::secret::{Secret, theirs};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;
use ring::rand::{SecureRandom as _, SystemRandom};
use tokio::time::Instant;

/// What ties a login to the TLS session below it.
#[derive(Clone, Debug)]
pub(in crate::checks) enum Binding {
    /// There is nothing to bind to.
    Impossible,
    /// There is, and the server does not offer it; who takes the offer out on the way is found out by this.
    NotOffered,
    /// `tls-server-end-point` (RFC 5929, section 4).
    ServerEndPoint(Vec<u8>),
}

/// A client that has not heard of the server yet.
#[derive(Debug)]
pub(in crate::checks) struct Client {
    hash: Hash,
    password: Secret<Vec<u8>>,
    binding: Binding,
    nonce: String,
    /// The first message without what says of the binding.
    bare: String,
}

/// What the server has to answer the proof with.
#[derive(Debug)]
pub(in crate::checks) struct Signature {
    hash: Hash,
    key: Vec<u8>,
    text: String,
}

impl Client {
    /// A client for this user, with a password that was prepared as its protocol has it.
    pub(in crate::checks) fn new(
        hash: Hash,
        user: &str,
        password: Secret<Vec<u8>>,
        binding: Binding,
    ) -> Result<Self, Fault> {
        let mut random = [0; 24];
        let filled = SystemRandom::new().fill(&mut random);
        filled.map_err(|_| Fault::new(Cause::LocalLimit, "this host has no random numbers").at(Phase::Auth))?;
        Ok(Self::with_nonce(hash, user, password, binding, STANDARD.encode(random)))
    }

    fn with_nonce(hash: Hash, user: &str, password: Secret<Vec<u8>>, binding: Binding, nonce: String) -> Self {
        let bare = format!("n={},r={nonce}", user.replace('=', "=3D").replace(',', "=2C"));
        Self { hash, password, binding, nonce, bare }
    }

    /// The name of the mechanism.
    pub(in crate::checks) const fn mechanism(&self) -> &'static str {
        match (self.hash, &self.binding) {
            (Hash::Sha256, Binding::ServerEndPoint(_)) => "SCRAM-SHA-256-PLUS",
            (hash, _) => hash.slug(),
        }
    }

    /// What the client says first.
    pub(in crate::checks) fn first(&self) -> String {
        format!("{}{}", self.binding.header(), self.bare)
    }

    /// The proof, in answer to what the server says first, by then; and what it has to answer to that.
    ///
    /// # Errors
    /// What it says is not SCRAM, or asks for less or for more hashing than is sane: nothing is shown.
    pub(in crate::checks) async fn prove(
        self,
        server_first: &[u8],
        until: Instant,
    ) -> Result<(String, Signature), Fault> {
        let Self { hash, password, binding, nonce, bare } = self;
        let server_first = std::str::from_utf8(server_first).map_err(|_| broken("its first message is no text"))?;
        let challenge = Challenge::read(server_first)?;
        let rounds = limits::judge(challenge.rounds)?;
        if challenge.nonce.len() <= nonce.len() || !challenge.nonce.starts_with(&nonce) {
            return Err(broken("its first message answers another one than ours (r=)"));
        }
        let time = until.saturating_duration_since(Instant::now());
        let salted = hashing::salted(hash, password, challenge.salt, rounds, time).await?;
        let channel = STANDARD.encode([binding.header().as_bytes(), binding.data()].concat());
        let plain = format!("c={channel},r={}", challenge.nonce);
        let text = format!("{bare},{server_first},{plain}");
        let client = hash.mac(&salted, b"Client Key");
        let signature = hash.mac(&hash.digest(&client), text.as_bytes());
        let proof: Vec<_> = client.iter().zip(&signature).map(|(key, byte)| key ^ byte).collect();
        let expected = Signature { hash, key: hash.mac(&salted, b"Server Key"), text };
        Ok((format!("{plain},p={}", STANDARD.encode(proof)), expected))
    }
}

impl Signature {
    /// Judges the server's last message.
    ///
    /// # Errors
    /// It refuses the login in SCRAM's own words, or cannot prove that it knows the password.
    pub(in crate::checks) fn verify(&self, server_final: &[u8]) -> Result<(), Fault> {
        let text = String::from_utf8_lossy(server_final);
        let first = text.split(',').next().unwrap_or_default();
        if let Some(error) = first.strip_prefix("e=") {
            return Err(refused(error));
        }
        let signature = first.strip_prefix("v=").and_then(|text| STANDARD.decode(text).ok()).ok_or_else(impostor)?;
        hmac::verify(&self.hash.key(&self.key), self.text.as_bytes(), &signature).map_err(|_| impostor())
    }
}

/// What the server names as the reason of its no (RFC 5802, section 7).
fn refused(error: &str) -> Fault {
    let fault = match error {
        "invalid-proof" | "unknown-user" => Fault::new(Cause::Rejected, "the server rejects the user or the password"),
        "channel-bindings-dont-match" => Fault::new(
            Cause::MethodUnsupported,
            "something on the way decrypts and re-encrypts TLS, and channel binding detects it",
        )
        .owner(Owner::Network)
        .next_step("connect to the server itself, or let whatever stands in front of it pass TLS through"),
        "server-does-support-channel-binding"
        | "channel-binding-not-supported"
        | "unsupported-channel-binding-type" => {
            Fault::new(Cause::MethodUnsupported, "the server wants another channel binding than it has offered")
                .owner(Owner::Service)
                .next_step("look for what changes on the way which logins the server offers; else at the server's log")
        }
        "no-resources" => {
            Fault::new(Cause::Overloaded, "the server has no resources left for a login").at(Phase::Protocol)
        }
        _ => Fault::new(Cause::UnexpectedReply, "the server refuses the login, for the reason that it names")
            .owner(Owner::Service)
            .next_step("go by the server's words; its log may have more")
            .at(Phase::Request),
    };
    fault.evidence(theirs(error)).placed(Phase::Auth)
}

impl Binding {
    const fn header(&self) -> &'static str {
        match self {
            Self::Impossible => "n,,",
            Self::NotOffered => "y,,",
            Self::ServerEndPoint(_) => "p=tls-server-end-point,,",
        }
    }

    fn data(&self) -> &[u8] {
        match self {
            Self::ServerEndPoint(hash) => hash,
            Self::Impossible | Self::NotOffered => &[],
        }
    }
}

/// What the server says first: `r=...,s=...,i=...`, and what may follow.
struct Challenge<'a> {
    nonce: &'a str,
    salt: Vec<u8>,
    rounds: u32,
}

impl<'a> Challenge<'a> {
    fn read(text: &'a str) -> Result<Self, Fault> {
        let mut parts = text.split(',');
        let mut next = |name| parts.next().and_then(|part| part.strip_prefix(name));
        let (Some(nonce), Some(salt), Some(rounds)) = (next("r="), next("s="), next("i=")) else {
            return Err(broken("its first message has not r=, s= and i= in this order"));
        };
        let salt = STANDARD.decode(salt).map_err(|_| broken("its salt is not base64 (s=)"))?;
        let is_number = !rounds.is_empty() && rounds.bytes().all(|byte| byte.is_ascii_digit());
        match rounds.parse() {
            Ok(rounds) if is_number => Ok(Self { nonce, salt, rounds }),
            // A number that is too long for any machine.
            Err(_) if is_number => Ok(Self { nonce, salt, rounds: u32::MAX }),
            _ => Err(broken("its number of rounds is none (i=)")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(hash: Hash, password: &str, nonce: &str) -> Client {
        Client::with_nonce(
            hash,
            "user",
            Secret::new(password.as_bytes().to_vec()),
            Binding::Impossible,
            nonce.to_owned(),
        )
    }

    fn prove(client: Client, server_first: &str) -> Result<(String, Signature), Fault> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(client.prove(server_first.as_bytes(), Instant::now() + std::time::Duration::from_secs(60)))
    }

    /// RFC 5802, section 5, and RFC 7677, section 3.
    #[test]
    fn the_exchange_is_that_of_the_standards() {
        for (hash, nonce, server_first, client_final, server_final) in [
            (
                Hash::Sha256,
                "rOprNGfwEbeRWgbNEkqO",
                "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
                "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
                "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
            ),
            (
                Hash::Sha1,
                "fyko+d2lbbFgONRv9qkxdawL",
                "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
                "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
                "v=rmF9pqV8S7suAoZWja4dJRkFsKQ=",
            ),
        ] {
            let client = client(hash, "pencil", nonce);
            assert_eq!(client.first(), format!("n,,n=user,r={nonce}"));
            let (said, signature) = prove(client, server_first).expect("a proof");
            assert_eq!(said, client_final);
            assert!(signature.verify(server_final.as_bytes()).is_ok());
            for wrong in ["v=AAAA", "", "v=", "w=rmF9pqV8S7suAoZWja4dJRkFsKQ="] {
                assert_eq!(
                    signature.verify(wrong.as_bytes()).map_err(|fault| fault.cause),
                    Err(Cause::Malformed),
                    "{wrong}"
                );
            }
            for (error, cause) in [
                ("e=invalid-proof", Cause::Rejected),
                ("e=unknown-user", Cause::Rejected),
                ("e=channel-bindings-dont-match", Cause::MethodUnsupported),
                ("e=no-resources", Cause::Overloaded),
                ("e=other-error", Cause::UnexpectedReply),
            ] {
                assert_eq!(signature.verify(error.as_bytes()).map_err(|fault| fault.cause), Err(cause), "{error}");
            }
        }
    }

    #[test]
    fn many_rounds_give_the_same_beside_the_checks() {
        for rounds in [20_000, 20_001] {
            let (_, signature) =
                prove(client(Hash::Sha1, "pencil", "n"), &format!("r=no,s=c2FsdA==,i={rounds}")).expect("a proof");
            assert_eq!(signature.key.len(), 20);
        }
    }

    #[test]
    fn what_is_no_challenge_gets_no_proof() {
        for (odd, cause) in [
            ("", Cause::Malformed),
            ("r=nonce,s=c2FsdA==", Cause::Malformed),
            ("r=nonce,i=4096,s=c2FsdA==", Cause::Malformed),
            ("r=nonce,s=*,i=4096", Cause::Malformed),
            ("r=nonce,s=c2FsdA==,i=+4096", Cause::Malformed),
            ("r=nonce,s=c2FsdA==,i=", Cause::Malformed),
            // Not longer than ours, and not ours.
            ("r=n,s=c2FsdA==,i=4096", Cause::Malformed),
            ("r=other,s=c2FsdA==,i=4096", Cause::Malformed),
            ("m=must,r=nonce,s=c2FsdA==,i=4096", Cause::Malformed),
            ("r=nonce,s=c2FsdA==,i=1", Cause::MethodUnsupported),
            ("r=nonce,s=c2FsdA==,i=0001", Cause::MethodUnsupported),
            ("r=nonce,s=c2FsdA==,i=1000001", Cause::MethodUnsupported),
            ("r=nonce,s=c2FsdA==,i=99999999999999999999", Cause::MethodUnsupported),
        ] {
            assert_eq!(prove(client(Hash::Sha256, "x", "n"), odd).err().map(|fault| fault.cause), Some(cause), "{odd}");
        }
    }

    #[test]
    fn names_are_escaped_and_the_binding_is_told() {
        let new = |binding| Client::with_nonce(Hash::Sha256, "a=b,c", Secret::default(), binding, "n".to_owned());
        assert_eq!(new(Binding::Impossible).first(), "n,,n=a=3Db=2Cc,r=n");
        assert_eq!(new(Binding::NotOffered).first(), "y,,n=a=3Db=2Cc,r=n");
        let bound = new(Binding::ServerEndPoint(vec![1]));
        assert_eq!(
            (bound.first().as_str(), bound.mechanism()),
            ("p=tls-server-end-point,,n=a=3Db=2Cc,r=n", "SCRAM-SHA-256-PLUS")
        );
    }
}
