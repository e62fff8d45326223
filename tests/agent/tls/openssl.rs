//! Our verdict on a certificate, held against that of OpenSSL's own client: they agree, or we say that they do not.

use super::{ca_file, check, text};
use harness::certs::{Authority, Identity, Odd, OddServer};
use harness::peers::{TlsManner, TlsPeer};
use serde_json::Value;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A server with a certificate, and what a client knows of it.
struct Case {
    what: &'static str,
    address: SocketAddr,
    name: &'static str,
    trusted: PathBuf,
    _server: Server,
}

enum Server {
    Rustls { _peer: TlsPeer },
    OpenSsl { _server: OddServer },
}

fn with(what: &'static str, identity: &Identity, trusted: &Path, name: &'static str) -> Case {
    let peer = TlsPeer::start(identity, TlsManner::Silent);
    let address = peer.address();
    Case { what, address, name, trusted: trusted.to_owned(), _server: Server::Rustls { _peer: peer } }
}

fn odd(what: &'static str, odd: &Odd<'_>) -> Case {
    let server = OddServer::start(odd);
    let (address, trusted) = (server.address(), server.ca_file());
    Case { what, address, name: "localhost", trusted, _server: Server::OpenSsl { _server: server } }
}

impl Case {
    fn ours(&self) -> Value {
        check(self.address, &format!("{}, server_name: {}", ca_file(&self.trusted), self.name))
    }

    /// Whether OpenSSL accepts it, and what it says.
    fn theirs(&self) -> (bool, String) {
        let mut command = Command::new("openssl");
        command.args(["s_client", "-brief", "-verify_return_error", "-no-CApath", "-no-CAstore"]);
        command.arg("-connect").arg(self.address.to_string()).arg("-CAfile").arg(&self.trusted);
        let is_address = self.name.parse::<std::net::IpAddr>().is_ok();
        if is_address {
            command.args(["-noservername", "-verify_ip", self.name]);
        } else {
            command.args(["-servername", self.name, "-verify_hostname", self.name]);
        }
        let output = command.stdin(Stdio::null()).output().expect("openssl");
        (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
    }

    /// What is wrong with our verdict, beside theirs.
    fn difference(&self) -> Option<String> {
        let (ours, (accepts, said)) = (self.ours(), self.theirs());
        let warned =
            ours["warnings"].as_array().is_some_and(|all| all.iter().any(|one| one["code"] == "tls.others-refuse"));
        let failure = &ours["failure"];
        let evidence = failure["evidence"].as_str().unwrap_or_default();
        let is_limit = evidence.contains("OpenSSL accepts") || evidence.contains("OpenSSL takes it");
        let is_right = match (failure.is_null(), accepts) {
            (true, true) => !warned,
            (true, false) => warned,
            (false, true) => is_limit,
            (false, false) => !is_limit && text(failure, "code") != "tls.unsupported-certificate",
        };
        (!is_right).then(|| format!("{}: OpenSSL accepts: {accepts} ({said}); ours: {ours}", self.what))
    }
}

/// Chains: who has issued what.
fn chains() -> Vec<Case> {
    let (ca, other) = (Authority::new(), Authority::new());
    let middle = ca.intermediate();
    let (ended, silent, bare) = (Authority::ended(), Authority::without_key_usage(), Identity::self_signed());
    let root = ca.file();
    let self_signed_ca = Identity::self_signed_ca();
    vec![
        with("good", &ca.valid(), root, "localhost"),
        with("good, by address", &ca.valid(), root, "127.0.0.1"),
        with("with an intermediate", &middle.valid(), root, "localhost"),
        with("with two", &middle.intermediate().valid(), root, "localhost"),
        with("without the intermediate", &middle.valid().without_chain(), root, "localhost"),
        with("of another CA", &other.valid(), root, "localhost"),
        with("of a CA with another key", &ca.valid(), ca.with_another_key().file(), "localhost"),
        with("an intermediate is trusted", &middle.valid(), middle.file(), "localhost"),
        with("the root has ended", &ended.valid(), ended.file(), "localhost"),
        with("the root has no key usage", &silent.valid(), silent.file(), "localhost"),
        with("the intermediate has not begun", &ca.intermediate_from_day(2).valid(), root, "localhost"),
        with("the intermediate has ended", &ca.intermediate_to_day(-1).valid(), root, "localhost"),
        with("too long a path", &ca.intermediate_without_cas_below().intermediate().valid(), root, "localhost"),
        with("self-signed, trusted", &bare, bare.certificate_file(), "localhost"),
        with("self-signed, not trusted", &bare, root, "localhost"),
        with("self-signed with CA:TRUE, trusted", &self_signed_ca, self_signed_ca.certificate_file(), "localhost"),
        with("self-signed with CA:TRUE, not trusted", &self_signed_ca, root, "localhost"),
    ]
}

/// The server's own certificate.
fn leaves() -> Vec<Case> {
    let ca = Authority::new();
    let root = ca.file();
    let limited = ca.permitting("example.com");
    let wild = ca.leaf().only_named("*.example.com").issue();
    let partial = ca.leaf().only_named("w*.example.com").issue();
    vec![
        with("expired", &ca.expired(), root, "localhost"),
        with("not yet valid", &ca.not_yet_valid(), root, "localhost"),
        with("before 1970", &ca.leaf().starts_in_days(-25_000).issue(), root, "localhost"),
        with("another name", &ca.wrong_name(), root, "localhost"),
        with("another address", &ca.valid(), root, "127.0.0.2"),
        with("a name in capitals", &ca.valid(), root, "LOCALHOST"),
        with("a wildcard", &wild, root, "www.example.com"),
        with("a wildcard for two levels", &wild, root, "a.b.example.com"),
        with("a wildcard for none", &wild, root, "example.com"),
        with("a wildcard within a label", &partial, root, "www.example.com"),
        with("for clients", &ca.leaf().for_clients().issue(), root, "localhost"),
        with("with CA:TRUE", &ca.leaf().with_ca_flag().issue(), root, "localhost"),
        with("outside of the CA's names", &limited.valid(), limited.file(), "localhost"),
        with(
            "within the CA's names",
            &limited.leaf().only_named("a.example.com").issue(),
            limited.file(),
            "a.example.com",
        ),
    ]
}

/// What OpenSSL alone makes.
fn oddities() -> Vec<Case> {
    let names = "subjectAltName=DNS:localhost\n";
    vec![
        odd("X.509 version 1", &Odd { extensions: "", ..Odd::default() }),
        odd("a common name alone", &Odd { extensions: "extendedKeyUsage=serverAuth\n", ..Odd::default() }),
        odd("RSA 1024", &Odd { key: "rsa:1024", ..Odd::default() }),
        odd("SHA-1", &Odd { root_key: "rsa:2048", signing: "-sha1", ..Odd::default() }),
        odd("P-521", &Odd { key: "ec -pkeyopt ec_paramgen_curve:P-521", ..Odd::default() }),
        odd(
            "a critical extension",
            &Odd { extensions: &format!("{names}1.2.3.4=critical,DER:0500\n"), ..Odd::default() },
        ),
        odd(
            "key usage for signing CAs alone",
            &Odd { extensions: &format!("{names}keyUsage=keyCertSign\n"), ..Odd::default() },
        ),
        odd(
            "any extended key usage",
            &Odd { extensions: &format!("{names}extendedKeyUsage=anyExtendedKeyUsage\n"), ..Odd::default() },
        ),
    ]
}

#[test]
fn our_verdict_is_that_of_openssl_or_says_that_it_is_not() {
    let cases: Vec<_> = chains().into_iter().chain(leaves()).chain(oddities()).collect();
    assert!(cases.len() > 30);
    let differences: Vec<_> = std::thread::scope(|scope| {
        let running: Vec<_> = cases.iter().map(|case| scope.spawn(|| case.difference())).collect();
        running.into_iter().filter_map(|one| one.join().expect("a case")).collect()
    });
    assert!(differences.is_empty(), "{}", differences.join("\n\n"));
}
