//! What is answered, in which form, and with which status.

use super::{peer, refused, tcp};
use harness::ports;
use harness::serve::Serving;
use harness::wait;
use serde_json::Value;

#[test]
fn a_report_is_200_when_all_is_well_and_500_when_not() {
    let peer = peer();
    let well = Serving::start(&tcp("db", peer.port(), ""), &[]);
    let answer = well.get("/ht/");
    assert_eq!(answer.status, 200, "{answer:?}");
    for said in ["System status", "working", "status_1"] {
        assert!(answer.body.contains(said), "{said}: {}", answer.body);
    }
    for field in ["content-type: text/html; charset=utf-8", "cache-control: no-store", "age: 0", "vary: accept"] {
        assert!(answer.head.contains(field), "{field}: {}", answer.head);
    }
    let bad = Serving::start(&(tcp("db", peer.port(), "") + &refused("cache", "")), &[]);
    let answer = bad.accepting("/ht/", "application/json");
    assert_eq!(answer.status, 500, "{answer:?}");
    assert!(answer.head.contains("content-type: application/json\r\n"), "{}", answer.head);
    let flat: Value = serde_json::from_str(&answer.body).expect("JSON");
    assert_eq!(flat["db"], "working");
    assert!(flat["cache"].as_str().is_some_and(|text| text.starts_with("unavailable: 127.0.0.1:1 refused")), "{flat}");
    assert_eq!(bad.get("/ht/?format=json").body, answer.body);
}

#[test]
fn the_form_is_as_the_query_or_the_field_accept_says_and_406_where_there_is_none() {
    let peer = peer();
    let serving = Serving::start(&tcp("db", peer.port(), ""), &[]);
    for (path, accept, content_type) in [
        ("/ht/", "application/json;q=0.2, text/plain;q=0.9", "text/plain; charset=utf-8"),
        ("/ht", "application/health+json", "application/health+json"),
        ("/ht/?format=report", "text/html", "application/json"),
        ("/ht/?format=health%2Bjson", "", "application/health+json"),
        ("/ht/?format=text", "text/html", "text/plain; charset=utf-8"),
        ("/ht/", "application/openmetrics-text", "application/openmetrics-text; version=1.0.0; charset=utf-8"),
        ("/ht/?format=html", "application/json", "text/html; charset=utf-8"),
    ] {
        let answer = serving.accepting(path, accept);
        assert_eq!(answer.status, 200, "{path} {accept}: {answer:?}");
        assert!(answer.head.contains(&format!("content-type: {content_type}\r\n")), "{path} {accept}: {}", answer.head);
    }
    for answer in [serving.accepting("/ht/", "image/png"), serving.get("/ht/?format=xml")] {
        assert_eq!(answer.status, 406);
        assert!(answer.body.contains("?format=json"), "{}", answer.body);
    }
    let report: Value = serde_json::from_str(&serving.get("/ht/?format=report").body).expect("JSON");
    assert_eq!((&report["schema"], &report["verdict"]), (&"conn-check/1".into(), &"pass".into()));
}

#[test]
fn a_head_is_an_answer_without_its_body_and_nothing_is_changed_by_asking() {
    let peer = peer();
    let serving = Serving::start(&tcp("db", peer.port(), ""), &[]);
    let (head, get) = (serving.ask("HEAD", "/ht/?format=json", &[]), serving.get("/ht/?format=json"));
    assert_eq!((head.status, head.body.as_str()), (200, ""));
    assert!(head.head.contains(&format!("content-length: {}", get.body.len())), "{}", head.head);
    let post = serving.ask("POST", "/ht/", &[("Content-Length", "0")]);
    assert_eq!(post.status, 405);
    assert!(post.head.contains("allow: get, head"), "{}", post.head);
    let missing = serving.get("/elsewhere");
    assert_eq!(missing.status, 404);
    assert!(missing.body.contains("/ht/") && missing.body.contains("/ready"), "{}", missing.body);
}

#[test]
fn path_status_and_page_are_as_one_likes() {
    let serving = Serving::start_with(&refused("db", ""), |scratch| {
        let page = "{{ 'COOL' if well else 'SWEATY' }}: {% for check in checks %}{{ check.name }} {{ check.status }}{% endfor %}";
        let page = scratch.write("page.html", page).display().to_string();
        ["--path", "/up", "--fail-status", "503", "--template"].map(str::to_owned).into_iter().chain([page]).collect()
    });
    let answer = serving.get("/up/");
    assert_eq!(answer.status, 503);
    assert!(answer.body.starts_with("SWEATY: db unavailable: "), "{}", answer.body);
    assert_eq!(serving.get("/ht/").status, 404);
}

#[test]
fn tags_filter_the_last_run_and_never_start_one() {
    let peer = peer();
    let yaml = tcp("db", peer.port(), ", tags: [data]")
        + &refused("cache", ", tags: [data, fast]")
        + &tcp("web", peer.port(), "");
    let serving = Serving::start(&yaml, &["--max-age", "1"]);
    assert_eq!(serving.get("/ht/").status, 500);
    let before = peer.connections();
    let too_old = || serving.get("/ht/?tags=data").head.to_ascii_lowercase().contains("age: 2");
    wait::until("a result that is too old", too_old);
    let names = |path: &str| {
        let answer = serving.get(path);
        let flat: Value = serde_json::from_str(&answer.body).expect("JSON");
        let names: Vec<_> = flat.as_object().expect("an object").keys().cloned().collect();
        (answer.status, names.join(" "))
    };
    assert_eq!(names("/ht/?format=json&tags=data"), (500, "db cache".to_owned()));
    assert_eq!(names("/ht/?format=json&tags=fast,other"), (500, "cache".to_owned()));
    assert_eq!(serving.get("/ht/?tags=other").status, 404, "nothing fails of no checks, which is no good news");
    assert_eq!(peer.connections(), before);
}

#[test]
fn who_polls_sends_no_mail_unless_that_is_asked_for() {
    let peer = peer();
    let yaml = tcp("db", peer.port(), "") + &refused("mail", ", tags: no-nagios");
    assert_eq!(Serving::start(&yaml, &[]).get("/ht/").status, 200);
    let names = |arguments: &[&str]| {
        let text = Serving::start(&yaml, arguments).get("/ht/?format=text").body;
        text.lines().filter_map(|line| line.split_whitespace().next().map(str::to_owned)).collect::<Vec<_>>()
    };
    assert_eq!(names(&["--include-tags", "no-nagios"]), ["mail"]);
    assert_eq!(names(&["--poll-all"]), ["db", "mail"]);
    assert_eq!(names(&["--poll-all", "--exclude-tags", "no-nagios"]), ["db"]);
}

#[test]
fn a_template_that_cannot_be_filled_is_told_once_and_our_page_shown() {
    let peer = peer();
    let serving = Serving::start_with(&tcp("db", peer.port(), ""), |scratch| {
        let page = scratch.write("page.html", "{{ checks | nonsense }}").display().to_string();
        vec!["--template".to_owned(), page, "--max-age".to_owned(), "0".to_owned()]
    });
    for _ in 0..5 {
        assert!(serving.get("/ht/").body.contains("System status"));
    }
    wait::until("the line", || serving.log().contains("nonsense"));
    assert_eq!(serving.log().matches("our own page is shown instead").count(), 1, "{}", serving.log());
}

#[test]
fn a_part_of_this_host_is_called_as_its_result_is() {
    let serving = Serving::start("- {type: memory}\n- {type: load, critical: false}\n", &[]);
    let flat: Value = serde_json::from_str(&serving.get("/ht/?format=json").body).expect("JSON");
    let names: Vec<_> = flat.as_object().expect("an object").keys().collect();
    assert_eq!(names, ["memory", "load"]);
    let metrics = serving.get("/metrics").body;
    assert!(metrics.contains("series=\"memory\"} 1\n") && metrics.contains("series=\"load\"} 0\n"), "{metrics}");
}

#[test]
fn a_node_is_ready_unless_it_has_a_fault_of_its_own() {
    let peer = peer();
    let db = tcp("db", peer.port(), "");
    let ready = |yaml: &str| {
        let serving = Serving::start(yaml, &[]);
        // The first run is over then.
        let report = serving.get("/ht/").status;
        let answer = serving.get("/ready");
        assert_eq!(serving.get("/live").body, "live\n");
        (report, answer.status, answer.body)
    };
    assert_eq!(ready(&db), (200, 200, "ready\n".to_owned()));
    let (report, status, body) = ready(&(db.clone() + &refused("cache", "")));
    assert_eq!((report, status), (500, 200));
    assert!(body.starts_with("degraded\nconnect.refused cache: 127.0.0.1:1 refused"), "{body}");
    let secret = "- {type: redis, name: store, host: 127.0.0.1, port: 1, password: {env: NO_SUCH_VARIABLE}}\n";
    let (report, status, body) = ready(&(db.clone() + secret));
    assert_eq!((report, status), (500, 503));
    assert!(body.starts_with("out\nconfig.missing-secret store: "), "{body}");
    let (report, status, body) = ready(&(db.clone() + &refused("cache", ", takes_node_out: true")));
    assert_eq!((report, status), (500, 503));
    assert!(body.starts_with("out\nconnect.refused cache: "), "{body}");
    assert_eq!(ready(&(db + &refused("cache", ", critical: false"))), (200, 200, "ready\n".to_owned()));
}

#[test]
fn whether_a_node_is_ready_is_said_while_a_dependency_does_not_answer() {
    let peer = peer();
    // Nobody answers there (RFC 5737).
    let yaml = tcp("db", peer.port(), "") + "- {type: tcp, name: far, host: 192.0.2.1, port: 1, timeout: 4}\n";
    let serving = Serving::start(&yaml, &["--max-age", "0"]);
    let _first = serving.get("/ht/");
    let began = std::time::Instant::now();
    let answer = serving.get("/ready");
    assert!(began.elapsed().as_secs() < 3, "a load balancer has no patience: {:?}", began.elapsed());
    assert!(answer.body.starts_with("degraded\n") || answer.body.starts_with("out\n"), "{answer:?}");
}

#[test]
fn warnings_are_no_errors_unless_that_is_said() {
    let peer = peer();
    let slow = tcp("db", peer.port(), ", warn_after: 0.000001");
    for (arguments, status, ready) in [
        (&[][..], 200, "ready\n"),
        (&["--warnings-as-errors=false"], 200, "ready\n"),
        (&["--warnings-as-errors=true"], 500, "degraded\nrun.slow db: "),
    ] {
        let serving = Serving::start(&slow, arguments);
        assert_eq!(serving.get("/ht/").status, status, "{arguments:?}");
        let answer = serving.get("/ready");
        assert!(answer.status == 200 && answer.body.starts_with(ready), "{arguments:?}: {answer:?}");
    }
}

#[test]
fn a_name_that_stands_twice_is_told_and_both_checks_are_there() {
    let peer = peer();
    let other = ports::free();
    let serving = Serving::start(&(tcp("db", peer.port(), "") + &tcp("db", other.number(), "")), &[]);
    let flat: Value = serde_json::from_str(&serving.get("/ht/?format=json").body).expect("JSON");
    assert_eq!(flat.as_object().map(serde_json::Map::len), Some(2), "{flat}");
    assert!(serving.log().contains("the check of line 2 has the name `db`"), "{}", serving.log());
    let yaml = tcp("db", peer.port(), "") + &tcp("db", other.number(), "");
    let ran =
        harness::agent::Agent::called("conn-check-serve", &yaml).args(["--strict", "--listen", "127.0.0.1:0"]).run();
    assert!(ran.status == 3 && ran.err.contains("error[duplicate-check]"), "{ran:?}");
}

#[test]
fn what_polling_costs_is_told_at_the_start() {
    let peer = peer();
    let serving = Serving::start(&tcp("db", peer.port(), ""), &["--max-age", "60"]);
    let expected = "polling costs at most 60 runs an hour: while all is well 60 connections, 0 logins, 60 times TIME_WAIT (1 at once)";
    harness::wait::until("the line", || serving.log().contains(expected));
}
