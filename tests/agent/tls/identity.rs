//! Our own certificate: encrypted keys (PKCS #8) and PKCS#12 as OpenSSL writes them, old and new.

use super::{ca_file, check, text, tls};
use harness::agent::Agent;
use harness::certs::{Authority, Identity};
use harness::nginx::{Nginx, Site};
use harness::packages;
use harness::scratch::Scratch;
use std::path::{Path, PathBuf};
use std::process::Command;

const PASSWORD: &str = "0pen-s3same";

struct World {
    scratch: Scratch,
    nginx: Nginx,
    servers: Authority,
    client: Identity,
}

impl World {
    fn new() -> Self {
        let (servers, clients) = (Authority::new(), Authority::called("clients"));
        let nginx = Nginx::start([Site::tls("picky", &servers.valid()).client_certificate(&clients)]);
        Self { scratch: Scratch::new(), nginx, servers, client: clients.client("app") }
    }

    /// A file that OpenSSL writes with these arguments.
    fn made(&self, name: &str, arguments: &str) -> PathBuf {
        let path = self.scratch.path().join(name);
        let openssl = packages::find("openssl").expect("openssl is not installed: apt-get install openssl");
        let mut command = Command::new(openssl);
        command.args(arguments.split(' ')).arg("-out").arg(&path).args(["-passout", &format!("pass:{PASSWORD}")]);
        let output = command.current_dir(self.scratch.path()).output().expect("it runs");
        assert!(output.status.success(), "{arguments}: {}", String::from_utf8_lossy(&output.stderr));
        path
    }

    fn encrypted(&self, name: &str, how: &str) -> PathBuf {
        self.made(name, &format!("pkcs8 -topk8 -in {} {how}", self.client.key_file().display()))
    }

    fn pkcs12(&self, name: &str, how: &str) -> PathBuf {
        let (certificate, key) = (self.client.certificate_file().display(), self.client.key_file().display());
        self.made(name, format!("pkcs12 -export -in {certificate} -inkey {key} {how}").trim_end())
    }

    fn options(&self, certificate: &Path, more: &str) -> String {
        format!("{}, client_cert: {}{more}", ca_file(self.servers.file()), certificate.display())
    }

    fn pass(&self, what: &str, more: &str) {
        let options = self.options(Path::new("UNUSED"), "").replace(", client_cert: UNUSED", more);
        let check = check(self.nginx.address("picky"), &options);
        assert_eq!(check["verdict"], "pass", "{what}: {check}");
    }

    fn failure(&self, more: &str) -> serde_json::Value {
        check(self.nginx.address("picky"), &(ca_file(self.servers.file()) + more))["failure"].clone()
    }
}

#[test]
fn encrypted_keys_are_opened_by_their_password() {
    let world = World::new();
    let certificate = world.client.certificate_file().display().to_string();
    for (name, how) in [
        ("aes.pem", "-v2 aes-256-cbc"),
        ("des3.pem", "-v2 des3"),
        ("sha1.pem", "-v2 aes-128-cbc -v2prf hmacWithSHA1"),
        ("scrypt.pem", "-scrypt"),
    ] {
        let key = world.encrypted(name, how);
        let more =
            format!(", client_cert: {certificate}, client_key: {}, client_key_password: {PASSWORD}", key.display());
        world.pass(name, &more);
    }
}

#[test]
fn pkcs12_files_are_opened_by_their_password() {
    let world = World::new();
    for (name, how) in [
        ("new.p12", "-name app"),
        ("legacy.p12", "-name app -legacy"),
        ("unnamed.p12", "-certpbe AES-128-CBC -keypbe AES-128-CBC"),
        ("without-mac.p12", "-nomac"),
    ] {
        let file = world.pkcs12(name, how);
        world.pass(name, &format!(", client_cert: {}, client_key_password: {PASSWORD}", file.display()));
    }
}

#[test]
fn what_takes_too_long_to_open_is_our_limit_and_not_a_broken_file() {
    let world = World::new();
    let certificate = world.client.certificate_file().display().to_string();
    let key = |name: &str, how: &str| {
        format!(", client_cert: {certificate}, client_key: {}", world.encrypted(name, how).display())
    };
    let archive = |name: &str, how: &str| format!(", client_cert: {}", world.pkcs12(name, how).display());
    for (more, next) in [
        (archive("mac.p12", "-macalg sha256 -iter 1000001"), "openssl pkcs12 -export -iter 100000"),
        (archive("alone.p12", "-nomac -iter 1000001"), "openssl pkcs12 -export -iter 100000"),
        (key("rounds.pem", "-v2 aes-256-cbc -iter 1000001"), "openssl pkcs8 -topk8 -iter 100000"),
        (key("lanes.pem", "-scrypt -scrypt_N 1024 -scrypt_r 1 -scrypt_p 17"), "openssl pkcs8 -topk8 -iter 100000"),
    ] {
        let failure = world.failure(&format!("{more}, client_key_password: {PASSWORD}"));
        assert_eq!(text(&failure, "code"), "config.unusable-file", "{failure}");
        assert!(text(&failure, "message").contains("more hashing than conn-check does for a file"), "{failure}");
        assert!(text(&failure, "message").contains("a limit of conn-check's"), "{failure}");
        assert!(text(&failure, "next_step").contains(next), "{failure}");
    }
    for (name, how) in [
        ("most.pem", "-v2 aes-256-cbc -iter 1000000"),
        ("lanes16.pem", "-scrypt -scrypt_N 1024 -scrypt_r 1 -scrypt_p 16"),
    ] {
        world.pass(name, &format!("{}, client_key_password: {PASSWORD}", key(name, how)));
    }
}

#[test]
fn an_encryption_that_is_not_read_is_told_as_that() {
    let world = World::new();
    let certificate = world.client.certificate_file().display().to_string();
    let key = |name: &str, how: &str| {
        format!(", client_cert: {certificate}, client_key: {}", world.encrypted(name, how).display())
    };
    let archive = world.pkcs12("camellia.p12", "-certpbe camellia-256-cbc -keypbe camellia-256-cbc");
    for (more, message, next) in [
        (
            key("camellia.pem", "-v2 camellia-256-cbc"),
            "its key is encrypted in a way that is not supported",
            "openssl pkcs8 -topk8",
        ),
        (
            key("pbe.pem", "-v1 PBE-SHA1-3DES"),
            "its key is encrypted in a way that is not supported",
            "openssl pkcs8 -topk8",
        ),
        (
            format!(", client_cert: {}", archive.display()),
            "it is PKCS#12 (RFC 7292), and there is something in it that conn-check does not read",
            "openssl pkcs12 -export",
        ),
    ] {
        let failure = world.failure(&format!("{more}, client_key_password: {PASSWORD}"));
        assert!(text(&failure, "message").contains(message), "{failure}");
        assert!(text(&failure, "next_step").contains(next), "{failure}");
    }
}

#[test]
fn a_password_that_is_missing_or_wrong_is_told_without_it() {
    let world = World::new();
    let certificate = world.client.certificate_file().display().to_string();
    let key = world.encrypted("key.pem", "-v2 aes-256-cbc");
    let with_key = format!(", client_cert: {certificate}, client_key: {}", key.display());
    let archive = format!(", client_cert: {}", world.pkcs12("app.p12", "-name app").display());
    let wrong = ", client_key_password: Wr0ng-s3same";
    for (more, message) in [
        (with_key.clone(), "client_key: the file cannot be used: the key in it is encrypted"),
        (format!("{with_key}{wrong}"), "client_key_password: it does not open the key"),
        (archive.clone(), "client_cert: the file cannot be used: it is a PKCS#12 file with a password"),
        (format!("{archive}{wrong}"), "client_key_password: it does not open the PKCS#12 file"),
    ] {
        let failure = world.failure(&more);
        assert_eq!(text(&failure, "code"), "config.unusable-file", "{failure}");
        assert!(text(&failure, "message").starts_with(message), "{failure}");
        assert!(!failure.to_string().contains("s3same"), "{failure}");
    }
}

#[test]
fn the_old_form_of_encryption_and_a_lone_password_come_with_what_to_do() {
    let world = World::new();
    let old = world.scratch.write(
        "old.pem",
        "-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\nAAAA\n-----END EC PRIVATE KEY-----\n",
    );
    let certificate = world.client.certificate_file().display().to_string();
    let more = format!(", client_cert: {certificate}, client_key: {}, client_key_password: x", old.display());
    assert!(text(&world.failure(&more), "message").ends_with("in the old form of OpenSSL"), "{}", world.failure(&more));
    assert!(text(&world.failure(&more), "next_step").contains("openssl pkcs8 -topk8"), "{}", world.failure(&more));
    let told = Agent::new(&tls(world.nginx.address("picky"), ", client_key_password: x")).arg("--validate").run();
    assert!(told.err.contains("`client_key_password` has no effect without `client_cert`"), "{}", told.err);
}

#[test]
fn what_a_file_holds_in_the_place_of_what_it_should_is_told_with_what_to_do() {
    let world = World::new();
    let (certificate, key) = (world.client.certificate_file(), world.client.key_file());
    let (certificate, key) = (certificate.display(), key.display());
    let encrypted = world.encrypted("locked.pem", "-v2 aes-256-cbc");
    let request = "-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n";
    let request = world.scratch.write("app.csr", request);
    let openssh = "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n";
    let openssh = world.scratch.write("id", openssh);
    let swapped = "name the certificate's file in `client_cert`, and its key's in `client_key`: they may be swapped";
    for (more, message, next) in [
        (
            format!(", client_cert: {key}, client_key: {certificate}"),
            "client_cert: the file cannot be used: it holds a private key, and no certificate",
            swapped,
        ),
        (
            format!(", client_cert: {}, client_key: {certificate}", encrypted.display()),
            "client_cert: the file cannot be used: it holds a private key, and no certificate",
            swapped,
        ),
        (
            format!(", client_cert: {certificate}, client_key: {certificate}"),
            "client_cert: the file cannot be used: there is no private key in it",
            "add `client_key`, with the file of its key; or put the key into this file, too",
        ),
        (
            format!(", client_cert: {certificate}"),
            "client_cert: the file cannot be used: there is no private key in it",
            "add `client_key`, with the file of its key; or put the key into this file, too",
        ),
        (
            format!(", client_cert: {}, client_key: {key}", request.display()),
            "client_cert: the file cannot be used: it holds a request for a certificate (CSR), and no certificate",
            "name the certificate that the CA has issued for it",
        ),
        (
            format!(", client_cert: {certificate}, client_key: {}", openssh.display()),
            "client_key: the file cannot be used: its private key is in the form of OpenSSH",
            "write it anew with `ssh-keygen -p -m PKCS8`, which OpenSSL and others read",
        ),
        (
            format!(", client_cert: {certificate}, client_key: {}", encrypted.display()),
            "client_key: the file cannot be used: the key in it is encrypted",
            "add `client_key_password`, or write the key anew without a password",
        ),
        (
            format!(", ca_file: {}", encrypted.display()),
            "ca_file: the file cannot be used: it holds a private key, and no certificate",
            "name the CA's certificate, which is no secret",
        ),
    ] {
        let yaml = format!("- {{type: tls, host: 127.0.0.1, port: {}{more}}}", world.nginx.port("picky"));
        let failure =
            harness::agent::Agent::new(&yaml).args(["--format", "json"]).run().json()["checks"][0]["failure"].clone();
        assert_eq!((text(&failure, "message"), text(&failure, "next_step")), (message, next), "{failure}");
    }
}
