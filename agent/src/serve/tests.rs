//! Runs that were made up, and what is said of them.

use super::*;
use crate::fault::{Cause, Fault, Owner, Phase};
use crate::outcome::{Blocked, Outcome, SkipReason, Step, Verdict, Warning};
use crate::plan::{Defaults, Plan, load};
use crate::probe::MOST_ASKED;
use crate::report::{Stage, View, Warnings, is_well};
use crate::run::Report;
use crate::secret::Redactor;
use crate::select::{Selection, Wanted};
use crate::source::Source;
use std::time::{Duration, SystemTime};

fn plan(yaml: &str) -> Plan {
    let source = Source::own("test", yaml);
    load(&source, Defaults { timeout: Duration::from_secs(1) }, false).expect("valid").0
}

/// A check called `NAME`, with more options.
fn check(name: &str, more: &str) -> String {
    format!("- {{type: tcp, name: '{name}', host: h, port: 1{more}}}\n")
}

/// How a check ended.
enum End {
    Good,
    Skipped,
    Failed(Phase, Cause, Option<Owner>),
    Warned(&'static str),
}

fn outcome(entry: usize, end: &End) -> Outcome {
    let passed = Step::decided(Verdict::Pass, Duration::from_millis(2), Duration::ZERO);
    let good = Outcome { entry, steps: vec![passed], elapsed: Duration::from_millis(2), ..Outcome::default() };
    match end {
        End::Good => good,
        End::Skipped => Outcome::skipped(entry, 1, SkipReason::Interrupted, Duration::ZERO),
        End::Failed(phase, cause, owner) => {
            let fault = Fault::new(*cause, "it <broke>");
            let fault = owner.map_or(fault.clone(), |owner| fault.owner(owner));
            Outcome::failed(entry, 1, Duration::ZERO, fault.in_phase(*phase, &Redactor::default()))
        }
        End::Warned(code) => {
            let kinds = crate::catalogue::WarningKind::ALL.iter();
            let kind = *kinds.clone().find(|kind| kind.code() == *code).expect("a warning");
            let mut warned = Outcome { warnings: vec![Warning { kind, message: "look".into(), result: 0 }], ..good };
            warned.apply_warnings();
            warned
        }
    }
}

fn report(ends: &[End]) -> Report {
    let outcomes = ends.iter().enumerate().map(|(entry, end)| outcome(entry, end)).collect();
    let (started, elapsed) = (SystemTime::now(), Duration::from_millis(5));
    Report { started, elapsed, outcomes, interrupted: false, end: None, comparison: None, waited: None }
}

/// Looks at a made-up run of these checks.
fn look<T>(yaml: &str, ends: &[End], warnings: Warnings, with: impl FnOnce(&View<'_>) -> T) -> T {
    let (plan, report) = (plan(yaml), report(ends));
    let selection = Selection::of(&plan, &Wanted::default());
    with(&View::of(Stage { warnings, config: "c.yaml", plan: &plan, selection: &selection }, &report))
}

/// The verdict over the node, and whether all is well.
fn judged(more: &str, end: End, warnings: Warnings) -> (Standing, bool) {
    look(&check("db", more), &[end], warnings, |view| {
        (Readiness::of(view, &[], Standing::Starting).standing, is_well(view))
    })
}

#[test]
fn a_node_leaves_service_for_its_own_faults_alone() {
    use Cause as C;
    use Phase as P;
    for (end, standing) in [
        (End::Good, Standing::Ready),
        // Its own.
        (End::Failed(P::Connect, C::DeniedLocally, None), Standing::Out),
        (End::Failed(P::Connect, C::NoRoute, None), Standing::Out),
        (End::Failed(P::Connect, C::LocalLimit, None), Standing::Out),
        (End::Failed(P::Connect, C::NoSocket, Some(Owner::Host)), Standing::Out),
        (End::Failed(P::Resolve, C::Timeout, Some(Owner::Host)), Standing::Out),
        (End::Failed(P::Local, C::ReadOnly, None), Standing::Out),
        (End::Failed(P::Config, C::MissingSecret, None), Standing::Out),
        (End::Failed(P::Config, C::UnusableFile, None), Standing::Out),
        // Everybody's.
        (End::Failed(P::Connect, C::Refused, None), Standing::Degraded),
        (End::Failed(P::Connect, C::Refused, Some(Owner::Host)), Standing::Degraded),
        (End::Failed(P::Connect, C::Timeout, None), Standing::Degraded),
        (End::Failed(P::Connect, C::NoSocket, None), Standing::Degraded),
        (End::Failed(P::Auth, C::Rejected, None), Standing::Degraded),
        (End::Failed(P::Request, C::NoSuchQueue, Some(Owner::Config)), Standing::Degraded),
        (End::Failed(P::Resolve, C::NxDomain, None), Standing::Degraded),
        (End::Failed(P::Tls, C::Expired, None), Standing::Degraded),
        (End::Failed(P::Run, C::OwnFault, None), Standing::Degraded),
        (End::Failed(P::Run, C::Deadline, None), Standing::Degraded),
        (End::Skipped, Standing::Degraded),
    ] {
        let told = match &end {
            End::Failed(phase, cause, _) => format!("{phase:?} {cause:?}"),
            _ => String::new(),
        };
        let is_good = standing == Standing::Ready;
        assert_eq!(judged("", end, Warnings::Count), (standing, is_good), "{told}");
    }
}

#[test]
fn a_mark_takes_a_node_out_and_what_is_not_critical_never_counts() {
    let refused = || End::Failed(Phase::Connect, Cause::Refused, None);
    let denied = || End::Failed(Phase::Connect, Cause::DeniedLocally, None);
    assert_eq!(judged(", takes_node_out: true", refused(), Warnings::Count), (Standing::Out, false));
    for end in [refused(), denied(), End::Skipped] {
        assert_eq!(judged(", critical: false", end, Warnings::AreErrors), (Standing::Ready, true));
    }
    assert_eq!(judged(", critical: false, takes_node_out: true", denied(), Warnings::Count), (Standing::Ready, true));
}

#[test]
fn a_check_that_waits_for_one_that_failed_is_no_fault_of_this_node_unless_it_is_marked() {
    for (more, word) in [("", "degraded"), (", takes_node_out: true", "out")] {
        let plan = plan(&(check("base", "") + &check("node", more)));
        let mut report = report(&[End::Failed(Phase::Connect, Cause::Refused, None)]);
        let blocked = Blocked { by: "base".into(), failed: "base".into() };
        report.outcomes.push(Outcome::blocked(1, 1, blocked, Duration::ZERO));
        let selection = Selection::of(&plan, &Wanted::default());
        let stage = Stage { warnings: Warnings::Count, config: "c.yaml", plan: &plan, selection: &selection };
        let readiness = Readiness::of(&View::of(stage, &report), &[], Standing::Starting);
        assert_eq!(readiness.standing.word(), word);
        let waits = "connect.refused node: not tried: `base` failed";
        assert!(readiness.text().lines().any(|line| line == waits), "{}", readiness.text());
    }
}

#[test]
fn warnings_count_as_it_is_said() {
    for (code, warnings, expected) in [
        ("run.slow", Warnings::Count, (Standing::Ready, true)),
        ("run.slow", Warnings::AreFine, (Standing::Ready, true)),
        ("run.slow", Warnings::AreErrors, (Standing::Degraded, false)),
    ] {
        assert_eq!(judged("", End::Warned(code), warnings), expected, "{code} {warnings:?}");
    }
    assert_eq!(judged(", takes_node_out: true", End::Warned("run.slow"), Warnings::AreErrors), (Standing::Out, false));
}

#[test]
fn what_is_not_known_yet_keeps_a_node_out_only_where_it_may_be_this_nodes_own_fault() {
    let plan =
        plan(&(check("db", "") + &check("minor", ", critical: false") + &check("own", ", takes_node_out: true")));
    let with_before = |known: usize, unknown: &[usize], before: Standing| {
        let yaml: Vec<_> = (0..3).map(|_| End::Good).take(known).collect();
        let (report, selection) = (report(&yaml), Selection::of(&plan, &Wanted::default()));
        let stage = Stage { warnings: Warnings::Count, config: "c.yaml", plan: &plan, selection: &selection };
        let unknown: Vec<_> = unknown.iter().map(|at| &plan.entries[*at]).collect();
        Readiness::of(&View::of(stage, &report), &unknown, before)
    };
    let with = |known: usize, unknown: &[usize]| with_before(known, unknown, Standing::Starting);
    assert_eq!(with(1, &[2]).standing, Standing::Starting);
    assert_eq!(with_before(1, &[2], Standing::Ready).standing, Standing::Degraded, "it has served with other files");
    assert_eq!(with_before(1, &[2], Standing::Out).standing, Standing::Starting);
    assert_eq!(with(1, &[1]).standing, Standing::Ready);
    assert_eq!(with(0, &[0]).text(), "degraded\nrun.unfinished db: not answered yet\n");
}

#[test]
fn a_page_counts_what_keeps_it_from_being_well_and_says_why_a_node_is_out() {
    let yaml = check("minor", ", critical: false") + &check("far", "") + &check("near", "");
    let failed = |cause| End::Failed(Phase::Connect, cause, None);
    let ends = [failed(Cause::Refused), failed(Cause::Refused), failed(Cause::DeniedLocally)];
    look(&yaml, &ends, Warnings::Count, |view| {
        let (shelf, readiness) =
            (Shelf::of(&Selection::of(&plan("[]"), &Wanted::default())), Readiness::of(view, &[], Standing::Starting));
        let (age, max_age) = (Duration::ZERO, Duration::from_secs(10));
        let served = Served { view, shelf: &shelf, readiness: &readiness, age, max_age, tags: &[] };
        let page = served.report(Form::Html, &Template::ours(), 500).0.body;
        assert!(page.contains("unavailable: 2 of 3 checks"), "{page}");
        let out = "<p class=\"bad\">near: it &lt;broke&gt; <code>connect.denied-locally</code></p>";
        assert!(page.contains(out) && !page.contains("<p class=\"bad\">far"), "{page}");
    });
}

#[test]
fn the_reasons_of_this_node_come_first_and_are_told_as_briefly_as_is_asked() {
    let yaml = check("far", "") + &check("a, b", "");
    let ends =
        [End::Failed(Phase::Connect, Cause::Refused, None), End::Failed(Phase::Connect, Cause::DeniedLocally, None)];
    let readiness = look(&yaml, &ends, Warnings::Count, |view| Readiness::of(view, &[], Standing::Starting));
    assert_eq!(readiness.text(), "out\nconnect.denied-locally a, b: it <broke>\nconnect.refused far: it <broke>\n");
    assert_eq!(readiness.word(), "out\n");
    assert_eq!(readiness.agent_line(false), "drain #connect.denied-locally a  b\n");
    assert_eq!(readiness.agent_line(true), "drain\n");
    let line = |standing| Readiness { standing, reasons: Vec::new() }.agent_line(false);
    assert_eq!(line(Standing::Ready), "ready up\n");
    assert_eq!(line(Standing::Degraded), "ready up\n");
    assert_eq!(line(Standing::Starting), "down #starting\n");
}

/// The report in a form, of a check that failed and one that passed.
fn told(form: Form, template: &Template) -> (Answer, Option<String>) {
    let yaml = check("far <b>", "") + &check("near", "");
    let ends = [End::Failed(Phase::Connect, Cause::Refused, None), End::Good];
    look(&yaml, &ends, Warnings::Count, |view| {
        let (shelf, readiness) =
            (Shelf::of(&Selection::of(&plan("[]"), &Wanted::default())), Readiness::of(view, &[], Standing::Starting));
        let (age, max_age) = (Duration::from_secs(3), Duration::from_secs(10));
        let tags = &["web".to_owned()];
        Served { view, shelf: &shelf, readiness: &readiness, age, max_age, tags }.report(form, template, 503)
    })
}

#[test]
fn the_report_has_the_same_words_in_every_form() {
    for form in Form::ALL {
        let (answer, broken) = told(form, &Template::ours());
        assert_eq!((answer.status, answer.content_type, broken), (503, form.content_type(), None));
        assert_eq!(answer.age, Some(Duration::from_secs(3)));
        let (name, word) = match form {
            Form::Html => ("far &lt;b&gt;", "unavailable"),
            Form::OpenMetrics => ("far <b>", "connect.refused"),
            Form::Report => ("far <b>", "\"verdict\":\"fail\""),
            _ => ("far <b>", "unavailable: it <broke> [connect.refused, service]"),
        };
        assert!(answer.body.contains(name) && answer.body.contains(word), "{form:?}: {}", answer.body);
    }
    let flat: serde_json::Value = serde_json::from_str(&told(Form::Json, &Template::ours()).0.body).expect("JSON");
    assert_eq!(flat["near"], "working");
    assert_eq!(flat.as_object().map(serde_json::Map::len), Some(2));
    let health: serde_json::Value =
        serde_json::from_str(&told(Form::HealthJson, &Template::ours()).0.body).expect("JSON");
    assert_eq!(
        (&health["status"], &health["checks"]["near:responseTime"][0]["status"]),
        (&"fail".into(), &"pass".into())
    );
    let text = told(Form::Text, &Template::ours()).0.body;
    assert!(text.ends_with("\nnear                     ... working\n"), "{text}");
    let metrics = told(Form::OpenMetrics, &Template::ours()).0.body;
    assert!(metrics.ends_with("conn_check_ready 1\n# EOF\n"), "{metrics}");
}

#[test]
fn the_page_says_all_there_is_to_know_and_loads_nothing() {
    let (Answer { body, is_closed, .. }, _) = told(Form::Html, &Template::ours());
    for said in [
        "<html lang=\"en\">",
        "<main>",
        "<h1>System status</h1>",
        "class=\"status status_0 bad\"",
        "class=\"status status_1 good\"",
        "working</td>",
        "it &lt;broke&gt; <code>connect.refused</code>",
        "service (whoever runs the other end)",
        "3 s ago",
        "Only checks with the tag web.",
        "<meta http-equiv=\"refresh\" content=\"10\">",
        "<strong>degraded</strong>",
        "<th scope=\"col\"",
    ] {
        assert!(body.contains(said), "{said}: {body}");
    }
    for foreign in ["<script", "http://", "https://", "<link", "<img", "url(", "@import", "<b>"] {
        assert!(!body.contains(foreign), "{foreign}: {body}");
    }
    assert!(is_closed);
}

#[test]
fn a_template_of_the_users_is_escaped_and_one_that_breaks_is_no_reason_for_no_page() {
    let scratch = std::env::temp_dir().join(format!("conn-check-template-{}", std::process::id()));
    let of = |text: &str| {
        std::fs::write(&scratch, text).expect("a file");
        let template = Template::of_file(&scratch);
        std::fs::remove_file(&scratch).expect("it is there");
        template
    };
    let own = of("{{ 'COOL' if well else 'SWEATY' }} {{ checks[0].name }} {{ report.schema }}").expect("a template");
    let (answer, broken) = told(Form::Html, &own);
    assert_eq!(
        (answer.body.as_str(), answer.is_closed, broken),
        ("SWEATY far &lt;b&gt; conn-check&#x2f;1", false, None)
    );
    let broken = of("{{ checks | nonsense }}").expect("a template");
    let (answer, why) = told(Form::Html, &broken);
    assert!(answer.body.contains("System status") && answer.status == 503, "{answer:?}");
    assert!(why.is_some_and(|why| why.contains("nonsense")));
    let refused = of("{% for %}").expect_err("no template");
    assert!(refused.contains("line 1") || refused.contains(":1"), "{refused}");
}

#[test]
fn what_polling_costs_is_counted_from_the_checks_and_the_age() {
    let yaml = "- {type: tcp, host: h, port: 1}\n- {type: udp, host: h, port: 1, send: x}\n\
                - {type: redis, host: h, password: hunter2}\n- {type: postgres, host: h, username: u, password: p, database: d}\n";
    let plan = plan(yaml);
    let costs = |age| Costs::of(&plan, &Selection::of(&plan, &Wanted::default()), Duration::from_secs(age));
    assert_eq!(
        costs(10),
        Costs { runs: 360, connections: 1080, redirected: 0, logins: 720, failing: 18_360, waiting: 18 }
    );
    assert_eq!(costs(3600), Costs { runs: 1, connections: 3, redirected: 0, logins: 2, failing: 51, waiting: 3 });
    assert_eq!(
        costs(10).to_string(),
        "polling costs at most 360 runs an hour: while all is well 1080 connections, 720 logins, 1080 times TIME_WAIT \
         (18 at once); what fails takes up to 18360 connections more, for its retries and to find out why"
    );
}

#[test]
fn retries_and_the_logins_of_urls_and_keys_are_counted() {
    let costs = |yaml: &str| {
        let plan = plan(yaml);
        Costs::of(&plan, &Selection::of(&plan, &Wanted::default()), Duration::from_secs(3600))
    };
    let retried = costs("- {type: redis, host: h, retries: 2}\n");
    // Twice again, and what a failure asks each of the three times.
    assert_eq!((retried.connections, retried.failing), (1, 2 + 3 * MOST_ASKED));
    let celery = "- {type: celery, broker: 'redis://:pw@h/0'}\n- {type: celery, broker: 'redis://h/0'}\n\
                  - {type: celery_task, broker: 'amqp://u:pw@h/', result_backend: 'redis://:pw@h/1', task: t}\n";
    assert_eq!(costs(celery).logins, 3);
    let s3 = "- {type: s3, endpoint: 'http://h:9000', bucket: bucket, access_key: a, secret_key: b}\n";
    assert_eq!(costs(s3).logins, 1);
    assert_eq!(costs("- {type: memory}\n").failing, 0);
}

#[test]
fn where_redirects_lead_costs_connections_as_well() {
    let plan = plan("- {type: http, url: 'http://h/', allow_redirects: true}\n- {type: http, url: 'http://h/'}\n");
    let costs = Costs::of(&plan, &Selection::of(&plan, &Wanted::default()), Duration::from_secs(3600));
    assert_eq!(costs, Costs { runs: 1, connections: 12, redirected: 10, logins: 0, failing: 34, waiting: 12 });
    assert!(costs.to_string().contains("12 connections (10 of them by redirects), 0 logins"), "{costs}");
}

#[test]
fn names_that_stand_twice_are_told() {
    let twice = plan(&(check("db", "") + &check("web", "") + &check("db", ", timeout: 3")));
    let problems = doubled(&twice, false);
    assert_eq!(problems.len(), 1);
    assert!(
        problems[0].1.message.contains("line 3") && problems[0].1.message.contains("test:1"),
        "{:?}",
        problems[0].1
    );
    assert!(doubled(&plan(&check("db", "")), true).is_empty());
    // The name of one is what another is called that has none.
    let alike = "- {type: tcp, host: 127.0.0.1, port: 5}\n- {type: tcp, name: 'tcp:127.0.0.1:5', host: h, port: 6}\n";
    let problems = doubled(&plan(alike), false);
    assert!(problems.len() == 1 && problems[0].1.message.contains("`tcp:127.0.0.1:5`"), "{problems:?}");
}
