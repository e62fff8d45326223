//! nginx, asked by curl.

use harness::certs::Authority;
use harness::nginx::{Nginx, Site};
use harness::wait;

use super::client::{curl, curl_trusting};

#[test]
fn pages_statuses_and_headers_come_as_described() {
    let page = r#"a "quoted" $dollar \ back"#;
    let web = Site::http("web").page("/", page).status("/gone", 410);
    let nginx = Nginx::start([web.header("X-Test", "a $b \"c\"")]);
    let reply = curl(&[&nginx.url("web", "/?query=1")]);
    assert_eq!(reply.status, 200);
    assert!(reply.text.ends_with(r#"a "quoted" $dollar \ back"#), "{reply:?}");
    assert!(reply.text.contains("X-Test: a $b \"c\"\r\n"), "{reply:?}");
    let gone = curl(&["-X", "POST", "-d", "x=1", &nginx.url("web", "/gone")]);
    assert_eq!(gone.status, 410);
    assert!(gone.text.contains("X-Test") && gone.text.ends_with("status 410\n"), "{gone:?}");
    assert_eq!(curl(&[&nginx.url("web", "/elsewhere")]).status, 404);
}

#[test]
fn servers_of_one_daemon_differ_and_write_down_their_own_requests() {
    let sites = [Site::http("one").page("/", "first"), Site::http("two").page("/", "second")];
    let nginx = Nginx::start(sites);
    assert!(curl(&[&nginx.url("one", "/?a=1")]).text.ends_with("first"));
    assert!(curl(&["-I", &nginx.url("two", "/nothing")]).status == 404);
    assert!(curl(&["-g", &format!("http://[::1]:{}/", nginx.port("two"))]).text.ends_with("second"));
    wait::until("the last request to be noted", || nginx.requests("two").len() == 2);
    assert_eq!(nginx.requests("one"), ["GET /?a=1 200"]);
    assert_eq!(nginx.requests("two"), ["HEAD /nothing 404", "GET / 200"]);
}

#[test]
fn the_password_is_wanted_everywhere() {
    let nginx = Nginx::start([Site::http("web").page("/", "hello").zeros("/zeros", 10).basic_auth("app", "secret")]);
    for path in ["/", "/zeros", "/nothing"] {
        assert_eq!(curl(&[&nginx.url("web", path)]).status, 401, "{path}");
        assert_eq!(curl(&["-u", "app:wrong", &nginx.url("web", path)]).status, 401, "{path}");
    }
    assert!(curl(&["-u", "app:secret", &nginx.url("web", "/")]).text.ends_with("hello"));
    assert_eq!(curl(&["-u", "app:secret", &nginx.url("web", "/zeros")]).status, 200);
}

#[test]
fn redirects_lead_within_to_elsewhere_and_in_circles() {
    let other = Nginx::start([Site::http("web").page("/", "other host")]);
    let target = other.url("web", "/");
    let web = Site::http("web").page("/", "home").redirect("/here", 302, "/").redirect("/there", 307, &target);
    let nginx = Nginx::start([web.redirect("/ping", 301, "/pong").redirect("/pong", 308, "/ping")]);
    let here = curl(&[&nginx.url("web", "/here")]);
    assert!(here.status == 302 && here.text.contains(&format!("Location: {}\r\n", nginx.url("web", "/"))), "{here:?}");
    assert!(curl(&["-L", &nginx.url("web", "/here")]).text.ends_with("home"));
    assert!(curl(&["-L", &nginx.url("web", "/there")]).text.ends_with("other host"));
    let circle = curl(&["-L", "--max-redirs", "7", &nginx.url("web", "/ping")]);
    assert!(circle.error.contains("Maximum (7) redirects followed"), "{circle:?}");
}

#[test]
fn the_request_is_echoed() {
    let nginx = Nginx::start([Site::http("web").echo("/echo")]);
    let url = nginx.url("web", "/echo?b=2&a=%20");
    let reply = curl(&["-X", "PUT", "-b", "k=v; l=w", "-A", "me/1", "-H", "Host: virtual.test", "-u", "u:p", &url]);
    for line in [
        "method: PUT",
        "uri: /echo?b=2&a=%20",
        "args: b=2&a=%20",
        "host: virtual.test",
        "cookie: k=v; l=w",
        "user-agent: me/1",
        "authorization: Basic dTpw",
    ] {
        assert!(reply.text.lines().any(|echoed| echoed == line), "{line} in {reply:?}");
    }
}

#[test]
fn gzip_is_for_those_who_accept_it() {
    let nginx =
        Nginx::start([Site::http("web").gzip("/", "hello").gzip_zeros("/bomb", 20_000_000).zeros("/big", 1_000_000)]);
    let packed = curl(&["--compressed", &nginx.url("web", "/")]);
    assert!(packed.text.contains("Content-Encoding: gzip") && packed.text.ends_with("hello"), "{packed:?}");
    let plain = curl(&[&nginx.url("web", "/")]);
    assert!(!plain.text.contains("gzip") && plain.text.ends_with("hello"), "{plain:?}");
    let bomb = curl(&[
        "-H",
        "Accept-Encoding: gzip",
        "-o",
        "/dev/null",
        "-w",
        "%{size_download}\n%{http_code} 0",
        &nginx.url("web", "/bomb"),
    ]);
    let size = bomb.text.trim().parse::<u64>().expect("a size");
    assert!((10_000..200_000).contains(&size), "{size}");
    let big = curl(&["-o", "/dev/null", "-w", "%{size_download}\n%{http_code} 0", &nginx.url("web", "/big")]);
    assert_eq!(big.text.trim(), "1000000");
}

#[test]
fn a_client_certificate_is_wanted_where_it_is_configured() {
    let (ca, clients) = (Authority::new(), Authority::new());
    let nginx = Nginx::start([Site::tls("tls", &ca.valid()).client_certificate(&clients).echo("/")]);
    let url = nginx.url("tls", "/");
    let without = curl_trusting(ca.file(), &[&url]);
    assert!(without.status == 400 && without.text.contains("No required SSL certificate was sent"), "{without:?}");
    let with = |identity: &harness::certs::Identity| {
        let (certificate, key) =
            (identity.certificate_file().display().to_string(), identity.key_file().display().to_string());
        curl_trusting(ca.file(), &["--cert", &certificate, "--key", &key, &url])
    };
    let known = with(&clients.client("alice"));
    assert!(known.status == 200 && known.text.contains("client: CN=alice\n"), "{known:?}");
    let stranger = with(&Authority::new().client("mallory"));
    assert!(stranger.status == 400 && stranger.text.contains("SSL certificate error"), "{stranger:?}");
}

#[test]
fn tls_versions_are_kept_to() {
    let ca = Authority::new();
    let nginx = Nginx::start([
        Site::tls("old", &ca.valid()).old_tls_only().echo("/"),
        Site::tls("middle", &ca.valid()).tls12_only().echo("/"),
        Site::tls("new", &ca.valid()).http2().echo("/"),
    ]);
    let refused = curl_trusting(ca.file(), &["--tlsv1.2", &nginx.url("old", "/")]);
    assert!(refused.status == 0 && refused.error.contains("version"), "{refused:?}");
    let oldest = ["--tlsv1.0", "--tls-max", "1.0", "--ciphers", "ALL:@SECLEVEL=0"];
    let old = curl_trusting(ca.file(), &[&oldest[..], &[&nginx.url("old", "/")]].concat());
    assert!(old.text.contains("tls: TLSv1\n"), "{old:?}");
    assert!(curl_trusting(ca.file(), &[&nginx.url("middle", "/")]).text.contains("tls: TLSv1.2\n"));
    let new = curl_trusting(ca.file(), &[&nginx.url("new", "/")]);
    assert!(new.text.starts_with("HTTP/2 200") && new.text.contains("tls: TLSv1.3\n"), "{new:?}");
}

#[test]
#[should_panic(expected = "no server that, only [\"this\"]")]
fn a_server_that_was_not_described_is_no_server() {
    let nginx = Nginx::start([Site::http("this")]);
    let _port = nginx.port("that");
}
