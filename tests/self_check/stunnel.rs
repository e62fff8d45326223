//! stunnel, asked by curl.

use harness::certs::{Authority, Identity};
use harness::nginx::{Nginx, Site};
use harness::stunnel::Stunnel;

use super::client::curl_trusting;

#[test]
fn a_plain_server_gets_tls() {
    let ca = Authority::new();
    let nginx = Nginx::start([Site::http("web").page("/", "plain")]);
    let stunnel = Stunnel::start(&ca.valid(), nginx.address("web"));
    let reply = curl_trusting(ca.file(), &[&format!("https://{}/", stunnel.address())]);
    assert!(reply.status == 200 && reply.text.ends_with("plain"), "{reply:?}");
}

#[test]
fn a_client_certificate_is_wanted_in_the_handshake() {
    let (ca, clients) = (Authority::new(), Authority::new());
    let nginx = Nginx::start([Site::http("web").page("/", "plain")]);
    let stunnel = Stunnel::start_requiring(&ca.valid(), &clients, nginx.address("web"));
    let url = format!("https://{}/", stunnel.address());
    let without = curl_trusting(ca.file(), &["--tls-max", "1.2", &url]);
    assert!(without.error.contains("alert handshake failure"), "{without:?}");
    let with = |identity: Identity| {
        let (certificate, key) =
            (identity.certificate_file().display().to_string(), identity.key_file().display().to_string());
        curl_trusting(ca.file(), &["--tls-max", "1.2", "--cert", &certificate, "--key", &key, &url])
    };
    assert_eq!(with(clients.client("alice")).status, 200);
    let stranger = with(Authority::new().client("mallory"));
    assert!(stranger.error.contains("alert unknown ca"), "{stranger:?}");
}
