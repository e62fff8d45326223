//! Options that do nothing beside the others of their check: whoever wrote them is told, for every type.

use conn_check::checks::{Described, Spec};
use conn_check::diagnostic::{Diagnostic, Flaw, Severity};
use conn_check::plan::{Defaults, load};
use conn_check::source::Source;
use harness::certs::{Authority, Identity};
use std::fmt::Write as _;
use std::time::Duration;

/// A check of this type with all that it needs, and these options.
fn check(described: &Described, more: &[(&str, String)]) -> String {
    let mut text = format!("- {{type: {}", described.kind);
    for option in described.options.iter().filter(|option| option.required) {
        let value = match (option.key, option.shape.short) {
            ("host", _) => "127.0.0.1",
            ("port", _) => "9",
            ("url" | "endpoint", _) => "'http://127.0.0.1:9/'",
            (_, "broker URL" | "result URL") => "'redis://127.0.0.1:9/0'",
            (_, "mail address") => "a@b.example",
            (_, "full path") => "/some",
            _ => "some",
        };
        write!(text, ", {}: {value}", option.key).expect("a text");
    }
    let known = |key: &str| described.options.iter().any(|option| option.key == key);
    if known("access_key") {
        text += ", object: some";
    }
    if known("send") && known("to_address") {
        text += ", send: false";
    }
    more.iter().filter(|(key, _)| known(key)).for_each(|(key, value)| text += &format!(", {key}: {value}"));
    text + "}\n"
}

/// The options that a file is told of as idle, and whether `--strict` refuses it.
fn idle(yaml: &str) -> (Vec<String>, bool) {
    let source = Source::own("checks.yaml", yaml);
    let read = |strict| load(&source, Defaults { timeout: Duration::from_secs(1) }, strict);
    let (_, warnings) = read(false).unwrap_or_else(|errors| panic!("{yaml}{errors:?}"));
    for one in &warnings {
        let is_complete = one.flaw == Flaw::NoEffect && one.severity == Severity::Warning && one.help.is_some();
        assert!(is_complete, "{yaml}{one:?}");
    }
    let key = |one: &Diagnostic| one.message.split('`').nth(1).map(str::to_owned);
    (warnings.iter().filter_map(key).collect(), read(true).is_err())
}

/// The options for TLS, each with a value that says something.
fn options_for_tls(ca: &Authority, own: &Identity) -> [(&'static str, String); 6] {
    [
        ("disable_tls_verification", "false".to_owned()),
        ("verify_name", "true".to_owned()),
        ("ca_file", ca.file().display().to_string()),
        ("client_cert", own.certificate_file().display().to_string()),
        ("client_key", own.key_file().display().to_string()),
        ("expiry_warning_days", "7".to_owned()),
    ]
}

#[test]
fn what_is_said_about_tls_where_none_is_spoken_is_told_for_every_type() {
    let ca = Authority::new();
    let own = ca.client("app");
    let options = options_for_tls(&ca, &own);
    let keys: Vec<_> = options.iter().map(|(key, _)| (*key).to_owned()).collect();
    let with_tls = Spec::describe().into_iter().filter(|one| one.options.iter().any(|option| option.key == "ca_file"));
    let (mut plain, mut seen) = (0, 0);
    for described in with_tls {
        let has = |key: &str| described.options.iter().any(|option| option.key == key);
        let said = |use_tls: &str| {
            let mut all = vec![("use_tls", use_tls.to_owned())];
            all.extend(options.clone());
            idle(&check(&described, &all))
        };
        seen += 1;
        if has("use_tls") {
            assert_eq!(said("false"), (keys.clone(), true), "{}", described.kind);
            assert_eq!(said("true"), (Vec::new(), false), "{}", described.kind);
            plain += 1;
        }
        let sockets = described.options.iter().any(|option| option.shape.short == "host or socket");
        if sockets {
            let over_socket = check(&described, &options).replace("127.0.0.1", "/run/some.sock");
            assert_eq!(idle(&over_socket), (keys.clone(), true), "{}", described.kind);
        }
    }
    assert!(
        plain >= 9 && seen == plain + 5,
        "{plain} of {seen} types: all but http, s3, tls and Celery's, whose URLs say it"
    );
}

#[test]
fn a_web_check_speaks_tls_by_its_url_its_proxy_or_a_redirect() {
    for (options, wanted) in [
        ("url: 'http://a/'", true),
        ("url: 'https://a/'", false),
        ("url: 'http://a/', allow_redirects: true", false),
        ("url: 'http://a/', proxy_url: 'https://p:1/'", false),
        ("url: 'http://a/', proxy_url: 'http://p:1/'", true),
    ] {
        let (told, refused) = idle(&format!("- {{type: http, {options}, verify_name: false}}"));
        let expected: &[&str] = if wanted { &["verify_name"] } else { &[] };
        assert_eq!((refused, told), (wanted, expected.iter().map(|key| (*key).to_owned()).collect()), "{options}");
    }
}

#[test]
fn a_certificate_that_nobody_verifies_is_told() {
    let ca = Authority::new();
    let file = ca.file().display();
    for (options, wanted) in [
        ("type: postgres, database: d, verify_name: true".to_owned(), &["verify_name"][..]),
        ("type: postgres, database: d, disable_tls_verification: false".to_owned(), &["disable_tls_verification"]),
        ("type: postgres, database: d, disable_tls_verification: true".to_owned(), &[]),
        (format!("type: mysql, verify_name: true, ca_file: {file}"), &[]),
        // It makes TLS a demand.
        (format!("type: mysql, disable_tls_verification: true, ca_file: {file}"), &[]),
        (format!("type: mysql, use_tls: true, disable_tls_verification: true, ca_file: {file}"), &["ca_file"]),
        ("type: redis, use_tls: true, disable_tls_verification: true, verify_name: false".to_owned(), &["verify_name"]),
    ] {
        let (told, _) = idle(&format!("- {{{options}, host: a, username: u, password: p}}"));
        assert_eq!(told, wanted, "{options}");
    }
}
