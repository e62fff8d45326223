//! Logins: challenges in every form, and what a 401 is told as.

use super::{answer, check, evidence, message, url_of};
use harness::lighttpd::Lighttpd;
use harness::peers::{Algorithm, Digest, Peer, Recorder, Request};
use harness::tinyproxy::Tinyproxy;

/// The verdict of a Digest login at a server that offers these lines of `WWW-Authenticate`, and what was sent to it.
fn digest(lines: &[&str]) -> (String, Option<String>) {
    let challenge: String = lines.iter().map(|line| format!("WWW-Authenticate: {line}\r\n")).collect();
    let (tell, told) = std::sync::mpsc::channel();
    let peer = Peer::serve(move |wire| {
        while let Some(request) = Request::read(&wire) {
            let sent = request.header("authorization").map(str::to_owned);
            let head =
                if sent.is_some() { "200 OK\r\n".to_owned() } else { format!("401 Unauthorized\r\n{challenge}") };
            if tell.send(sent).is_err() || !wire.send(format!("HTTP/1.1 {head}Content-Length: 0\r\n\r\n").as_bytes()) {
                return;
            }
        }
    });
    let (verdict, check) = check(&url_of(&peer), &["digest_auth: [app, s3cret]"]);
    let sent = told.try_iter().flatten().last();
    assert!(sent.is_some() || verdict != "pass", "{check}");
    (verdict, sent)
}

#[test]
fn a_challenge_of_digest_is_found_in_every_form() {
    let good = "realm=\"r\", nonce=\"n\", qop=\"auth\"";
    for lines in [
        &[&*format!("Basic realm=\"r\", Digest {good}")][..],
        &[&format!("Negotiate, Digest {good}")],
        &["Negotiate YII==", &format!("digest {good}")],
        &[&format!("DIGEST {good}")],
        &[
            "Digest realm=\"r\", nonce=\"m\", algorithm=SHA3-512, qop=\"auth\"",
            &format!("Digest {good}, algorithm=MD5"),
        ],
        &[&format!("Digest {good}, algorithm=sha3-512, Digest {good}, algorithm=md5")],
        &[&format!("Digest {good}, algorithm=md5")],
        &[&format!("Digest {good}, algorithm=\"MD5\"")],
        &[&format!("Digest {good}, algorithm=sha-256-SESS")],
        &["Digest realm=\"r\", nonce=\"n\", qop=\"auth-int,auth,new\""],
        &["Digest realm=\"r\", nonce=\"n\", qop=\"auth-int\""],
        &["Digest realm=\"r\", nonce=\"n\""],
        &["Digest realm=\"gr\u{fc}n, \\\"a\\\"\", nonce=n, qop=auth"],
    ] {
        let (verdict, sent) = digest(lines);
        assert_eq!(verdict, "pass", "{lines:?}");
        let sent = sent.unwrap_or_default();
        assert!(sent.starts_with("Digest ") && sent.contains("nonce=\"n\""), "{lines:?}: {sent}");
    }
}

#[test]
fn what_digest_is_not_known_is_told() {
    let recorder = Recorder::start_with(answer(
        "401 Unauthorized\r\nWWW-Authenticate: Digest realm=\"r\", nonce=\"n\", algorithm=SHA3-512, qop=\"auth\"",
        "",
    ));
    let (verdict, check) = check(&recorder.url("/"), &["digest_auth: [app, s3cret]"]);
    assert_eq!(verdict, "auth.method-unsupported", "{check}");
    assert_eq!(message(&check), "the server offers Digest only in a form that conn-check does not know");
    assert_eq!(evidence(&check), "algorithm SHA3-512, qop auth");
}

/// A server that calls the first so many nonces stale.
fn forgetful(stale: usize) -> Peer {
    let asked = std::sync::atomic::AtomicUsize::new(0);
    Peer::serve(move |wire| {
        while let Some(request) = Request::read(&wire) {
            let login = request.header("authorization").unwrap_or_default().to_owned();
            let number = asked.load(std::sync::atomic::Ordering::SeqCst);
            let good = !login.is_empty() && number > stale && login.contains(&format!("nonce=\"n{number}\""));
            let head = if good {
                "200 OK\r\n".to_owned()
            } else {
                let number = asked.fetch_add(1, std::sync::atomic::Ordering::SeqCst) + 1;
                format!(
                    "401 Unauthorized\r\nWWW-Authenticate: Digest realm=\"r\", nonce=\"n{number}\", qop=\"auth\", stale={}\r\n",
                    !login.is_empty()
                )
            };
            if !wire.send(format!("HTTP/1.1 {head}Content-Length: 0\r\n\r\n").as_bytes()) {
                return;
            }
        }
    })
}

#[test]
fn a_stale_nonce_is_replaced_once() {
    let peer = forgetful(1);
    let (verdict, first) = check(&url_of(&peer), &["digest_auth: [app, s3cret]"]);
    assert_eq!((verdict.as_str(), peer.connections()), ("pass", 1), "{first}");
    let (verdict, check) = check(&url_of(&forgetful(100)), &["digest_auth: [app, s3cret]"]);
    assert_eq!(
        (verdict.as_str(), check["failure"]["owner"].as_str()),
        ("auth.method-unsupported", Some("service")),
        "{check}"
    );
    assert_eq!(message(&check), "the server takes no nonce of Digest: it calls each too old at once, its newest too");
}

#[test]
fn digest_signs_the_path_that_the_server_sees_behind_a_proxy() {
    let (server, proxy) = (Lighttpd::start("digest", "app", "s3cret", ""), Tinyproxy::start());
    let through = format!("proxy_url: {}", proxy.url());
    for more in [&[][..], &[through.as_str()]] {
        let right = [&["digest_auth: [app, s3cret]", "expected_body: welcome"][..], more].concat();
        let (verdict, right) = check(&server.url(), &right);
        assert_eq!(verdict, "pass", "{right}");
        let (verdict, wrong) = check(&server.url(), &[&["digest_auth: [app, wr0ng]"][..], more].concat());
        assert_eq!(verdict, "auth.rejected", "{wrong}");
    }
    let digest = Digest::start(Algorithm::Sha256, "app", "s3cret");
    let (verdict, check) = check(&digest.url("/x?a=b"), &["digest_auth: [app, s3cret]", &through]);
    assert_eq!((verdict.as_str(), digest.accepted()), ("pass", 1), "{check}");
}

/// The code, the message and the next step of a check against a server that wants these logins.
fn told(challenges: &[&str], more: &[&str]) -> (String, String, String) {
    let lines: String = challenges.iter().map(|line| format!("\r\nWWW-Authenticate: {line}")).collect();
    let recorder = Recorder::start_with(answer(&format!("401 Unauthorized{lines}"), "no"));
    let (verdict, check) = check(&recorder.url("/"), more);
    let next = check["failure"]["next_step"].as_str().unwrap_or_default().to_owned();
    assert!(!check.to_string().contains("s3cret"), "{check}");
    (verdict, message(&check).to_owned(), next)
}

#[test]
fn the_logins_that_a_server_wants_are_named_and_the_advice_follows() {
    for (challenges, code, named, next) in [
        (&["Basic realm=\"r\""][..], "auth.required", "(Basic)", "use `auth` (Basic)"),
        (&["Digest realm=\"r\", nonce=\"n\""], "auth.required", "(Digest)", "use `digest_auth`"),
        (&["Negotiate", "Basic realm=\"r\""], "auth.required", "(Negotiate, Basic)", "use `auth` (Basic)"),
        (&["Bearer realm=\"r\""], "auth.required", "(Bearer)", "add a token: `headers: {Authorization: {env: ...}}`"),
        (
            &["Negotiate", "NTLM"],
            "auth.required",
            "(Negotiate, NTLM)",
            "conn-check does not log in by Negotiate, NTLM: have this URL exempted",
        ),
    ] {
        let (verdict, message, step) = told(challenges, &[]);
        assert_eq!(verdict, code, "{message}");
        assert_eq!(message, format!("the server wants a login {named}, and none is configured"));
        assert!(step.starts_with(next), "{step}");
    }
    assert_eq!(told(&[], &[]).1, "the server wants a login, and none is configured");
}

#[test]
fn a_login_of_another_kind_than_is_wanted_is_not_called_wrong() {
    for (challenge, wanted) in
        [("Bearer realm=\"r\"", "Bearer"), ("Negotiate", "Negotiate"), ("Digest realm=\"r\", nonce=\"n\"", "Digest")]
    {
        let (verdict, message, _) = told(&[challenge], &["auth: [app, s3cret]"]);
        assert_eq!(verdict, "auth.method-unsupported");
        assert_eq!(message, format!("the server wants a login by {wanted}, and the check logs in by Basic"));
    }
    let (verdict, _, next) = told(&["Bearer realm=\"r\""], &["digest_auth: [app, s3cret]"]);
    assert_eq!(verdict, "auth.method-unsupported");
    assert!(next.starts_with("add a token"), "{next}");
    let (verdict, message, next) = told(&["Basic realm=\"r\""], &["headers: {Authorization: Bearer s3cret-s3cret}"]);
    assert_eq!(verdict, "auth.method-unsupported", "{message}");
    assert_eq!(
        (message.as_str(), next.as_str()),
        ("the server wants a login by Basic, and the check logs in by Bearer (`headers`)", "use `auth` (Basic)")
    );
}

#[test]
fn a_login_of_the_headers_is_not_called_missing() {
    let (verdict, message, next) = told(
        &["Bearer realm=\"r\", error=\"invalid_token\", error_description=\"The token has expired\""],
        &["headers: {Authorization: Bearer s3cret-s3cret}"],
    );
    assert_eq!(
        (verdict.as_str(), message.as_str()),
        ("auth.rejected", "the server rejects the Authorization that `headers` has (Bearer)")
    );
    assert!(next.starts_with("see whether that token or login has expired"), "{next}");
    // A token without a scheme is not shown.
    let (verdict, message, _) = told(&["Bearer"], &["headers: {authorization: s3cret-s3cret}"]);
    assert_eq!(
        (verdict.as_str(), message.as_str()),
        ("auth.rejected", "the server rejects the Authorization that `headers` has")
    );
}

#[test]
fn what_the_server_says_of_a_token_is_evidence() {
    let head = "401 Unauthorized\r\nWWW-Authenticate: Bearer error=\"invalid_token\", error_description=\"The token has expired\"";
    let recorder = Recorder::start_with(answer(head, ""));
    let (_, check) = check(&recorder.url("/"), &[]);
    assert_eq!(evidence(&check), "401 Unauthorized; it wants Bearer (The token has expired)");
}
