//! `conn-check-configs env`: from where the variables come, and where passwords go.

use super::{configs, from_file, objections, run};
use harness::scratch::Scratch;
use std::os::unix::fs::MetadataExt as _;
use std::process::{Command, Stdio};

/// One variable for each kind of check, with a password in most.
const VARIABLES: &str = "\
# an application's
export DATABASE_URL=postgres://app:tiger-1@db.internal/shop?sslmode=require
REPLICA_URL='mysql://app:tiger-2@replica.internal:3307/shop'
CELERY_BROKER_URL=amqps://app:tiger-3@mq.internal//
CACHE_URL=rediss://:tiger-4@cache.internal:6380/1
MEMCACHED_SERVERS=m1.internal,m2.internal:11212
MONGO_URL=mongodb://app:tiger-5@a.internal,b.internal/shop?replicaSet=rs0&tls=true
EMAIL_HOST=mail.internal
EMAIL_HOST_USER=app
EMAIL_HOST_PASSWORD=tiger-6
EMAIL_USE_TLS=1
API_URL=https://app:tiger-7@api.internal/v1?token=tiger-8
SENTRY_DSN=https://tiger9@sentry.internal/2
STATSD_HOST=stats.internal
KAFKA_BOOTSTRAP_SERVERS=k1.internal:9092
PGHOST=/var/run/postgresql
PGUSER=app
PGDATABASE=shop
SITE_URL=https://shop.example.com
";

#[test]
fn every_kind_of_variable_becomes_a_check_that_strict_accepts() {
    let made = from_file(VARIABLES);
    assert_eq!((made.status, made.err.as_str()), (0, ""), "{made:?}");
    assert_eq!(objections(&made.out, &[]), None, "{}", made.out);
    insta::assert_snapshot!("every_kind_of_variable", made.out);
}

#[test]
fn this_environment_a_file_and_a_process_say_the_same() {
    let expected = from_file("A_URL=redis://h\nB_URL=postgres://u:p%20q@h/d\n");
    let variables = [("A_URL", "redis://h"), ("B_URL", "postgres://u:p%20q@h/d")];
    let own = run(configs(&["env"]).envs(variables));
    assert_eq!(own.out, expected.out);

    let mut other = Command::new("cat").env_clear().envs(variables).stdin(Stdio::piped()).spawn().expect("cat");
    let pid = other.id().to_string();
    let made = run(&mut configs(&["env", "--pid", &pid]));
    drop(other.stdin.take());
    other.wait().expect("cat ends");
    assert_eq!((made.status, made.out), (0, expected.out), "{}", made.err);
}

#[test]
fn a_process_that_is_not_there_is_named() {
    let made = run(&mut configs(&["env", "--pid", "4194305"]));
    assert_eq!((made.status, made.out.as_str()), (3, ""));
    assert_eq!(made.err, "conn-check-configs: --pid: there is no process 4194305\n");
}

#[test]
fn a_process_of_somebody_else_is_refused_with_whom_to_be() {
    if !nix::unistd::Uid::effective().is_root() {
        // The first process is root's.
        let made = run(&mut configs(&["env", "--pid", "1"]));
        assert!(made.status == 3 && made.err.contains("not yours to read"), "{made:?}");
        return;
    }
    let mut command = Command::new("setpriv");
    command
        .args(["--reuid=nobody", "--regid=nogroup", "--clear-groups"])
        .arg(harness::agent::program_called("conn-check-configs"));
    let made = run(command.args(["env", "--pid", &std::process::id().to_string()]));
    assert_eq!((made.status, made.out.as_str()), (3, ""), "{made:?}");
    assert!(made.err.contains("not yours to read: run this as its user, or as root"), "{}", made.err);
}

/// No password of [`VARIABLES`], in either output.
fn without_secrets(out: &str, err: &str) {
    for text in [out, err] {
        assert!(!text.contains("tiger"), "{text}");
    }
}

#[test]
fn with_secrets_in_the_environment_the_file_has_references_and_stderr_says_which() {
    let scratch = Scratch::new();
    let file = scratch.write("app.env", VARIABLES);
    let made = run(&mut configs(&["env", "--secrets", "env", file.to_str().expect("path")]));
    assert_eq!(made.status, 0, "{made:?}");
    without_secrets(&made.out, &made.err);
    let needed: Vec<_> = made.err.lines().filter_map(|line| line.split("need the variable ").nth(1)).collect();
    let names: Vec<_> = needed.iter().filter_map(|line| line.split(' ').next()).collect();
    let expected = [
        "API_URL_PASSWORD",
        "CACHE_URL_PASSWORD",
        "CELERY_BROKER_URL_PASSWORD",
        "DATABASE_URL_PASSWORD",
        "EMAIL_HOST_PASSWORD",
        "MONGO_URL_PASSWORD",
        "REPLICA_URL_PASSWORD",
    ];
    assert_eq!(names, expected, "{}", made.err);
    let missing = objections(&made.out, &[]).expect("the variables are not set");
    assert!(missing.contains("DATABASE_URL_PASSWORD"), "{missing}");
    assert_eq!(objections(&made.out, &expected.map(|name| (name, "x"))), None);
}

#[test]
fn with_secrets_in_files_the_file_has_their_paths() {
    let scratch = Scratch::new();
    let file = scratch.write("app.env", VARIABLES);
    let folder = scratch.path().join("secrets");
    let folder = folder.to_str().expect("path");
    let made = run(&mut configs(&["env", "--secrets", "file", "--secrets-dir", folder, file.to_str().expect("path")]));
    assert_eq!(made.status, 0, "{made:?}");
    without_secrets(&made.out, &made.err);
    let wrote = |made: &super::Made| made.err.matches("conn-check-configs: wrote ").count();
    assert_eq!(wrote(&made), 7, "{}", made.err);
    assert_eq!(std::fs::metadata(folder).expect("the folder").mode() & 0o7777, 0o700);
    let password = scratch.path().join("secrets/EMAIL_HOST_PASSWORD");
    assert_eq!(std::fs::read_to_string(&password).expect("a file"), "tiger-6");
    assert_eq!(std::fs::metadata(&password).expect("a file").mode() & 0o7777, 0o600);

    // What is there stays, a link with nothing behind it, too.
    let (link, outside) = (scratch.path().join("secrets/API_URL_PASSWORD"), scratch.path().join("outside"));
    std::fs::write(&password, "own").expect("a file");
    std::fs::remove_file(&link).expect("a file");
    std::os::unix::fs::symlink(&outside, &link).expect("a link");
    let again = run(&mut configs(&["env", "--secrets", "file", "--secrets-dir", folder, file.to_str().expect("path")]));
    assert_eq!((again.status, wrote(&again), again.err.matches("was left as it is").count()), (0, 0, 7), "{again:?}");
    assert_eq!(std::fs::read_to_string(&password).expect("a file"), "own");
    assert!(!outside.exists(), "written through a link");
    std::fs::remove_file(&link).expect("a link");
    std::fs::write(&link, "x").expect("a secret");
    assert_eq!(objections(&made.out, &[]), None, "{}", made.out);
}

#[test]
fn what_cannot_be_put_into_files_is_told_and_with_strict_an_error() {
    let folder = "/proc/secrets";
    let variables = b"A_URL=redis://:tiger@h\n";
    let call = |more: &[&str]| {
        let all = [&["env", "-", "--secrets", "file", "--secrets-dir", folder], more].concat();
        super::run_with(&mut configs(&all), variables)
    };
    let made = call(&[]);
    without_secrets(&made.out, &made.err);
    assert!(made.status == 0 && made.out.contains("{file: /proc/secrets/A_URL_PASSWORD}"), "{made:?}");
    assert!(
        made.err.contains("need the file /proc/secrets/A_URL_PASSWORD (for A_URL), which cannot be written"),
        "{made:?}"
    );
    assert_eq!(call(&["--strict"]).status, 1);
    if !nix::unistd::Uid::effective().is_root() {
        return;
    }
    let scratch = Scratch::new();
    let (theirs, link) = (scratch.folder("theirs"), scratch.path().join("link"));
    std::os::unix::fs::symlink(&theirs, &link).expect("a link");
    std::os::unix::fs::lchown(&link, Some(1001), None).expect("an owner");
    for path in [&link, &theirs] {
        std::os::unix::fs::chown(&theirs, Some(if path == &theirs { 1001 } else { 0 }), None).expect("an owner");
        let path = path.to_str().expect("path");
        let made = super::run_with(&mut configs(&["env", "-", "--secrets", "file", "--secrets-dir", path]), variables);
        assert!(made.err.contains("of the user 1001: name one of your own"), "{made:?}");
    }
    assert_eq!(std::fs::read_dir(&theirs).expect("the folder").count(), 0);
}

#[test]
fn a_template_has_the_variables_to_be_filled_in_and_is_never_written_over() {
    let scratch = Scratch::new();
    let template = scratch.path().join("secrets.env");
    let write = || {
        let path = template.to_str().expect("path");
        let words = ["env", "-", "--secrets", "env", "--secrets-template", path];
        super::run_with(&mut configs(&words), b"A_URL=redis://:tiger@h\nB_URL=redis://:tiger2@i\n")
    };
    assert_eq!(write().status, 0);
    let text = std::fs::read_to_string(&template).expect("a file");
    assert_eq!(text, "# A_URL\nA_URL_PASSWORD=\n# B_URL\nB_URL_PASSWORD=\n");
    assert_eq!(std::fs::metadata(&template).expect("a file").mode() & 0o7777, 0o600);
    std::fs::write(&template, "mine").expect("a file");
    assert!(write().err.contains("is there already, and was left as it is"));
    assert_eq!(std::fs::read_to_string(&template).expect("a file"), "mine");
}

#[test]
fn a_file_that_is_there_and_does_not_do_is_not_to_be_looked_for_elsewhere() {
    let scratch = Scratch::new();
    let file = scratch.write("ca.pem", "no certificate\n");
    let url = |file: &str| format!("A_URL=postgres://u:p@h/d?sslmode=verify-full&sslrootcert={file}\n");
    let made = super::run_with(&mut configs(&["env", "-"]), url(&file.display().to_string()).as_bytes());
    assert!(
        made.out.contains("there is no certificate in it; the check below does without: name a PEM file"),
        "{made:?}"
    );
    let made = super::run_with(&mut configs(&["env", "-"]), url("/not/there.pem").as_bytes());
    assert!(made.out.contains("does without: add the option on the host that has the file"), "{made:?}");
}

#[test]
fn a_template_without_variables_to_fill_in_is_not_written_and_that_is_said() {
    let scratch = Scratch::new();
    let (template, secrets) = (scratch.path().join("secrets.env"), scratch.path().join("secrets"));
    std::fs::create_dir(&secrets).expect("a folder");
    let (path, secrets) = (template.to_str().expect("path"), secrets.to_str().expect("path"));
    for words in [&["--secrets", "file", "--secrets-dir", secrets][..], &[]] {
        let words = [&["env", "-", "--secrets-template", path], words].concat();
        let made = super::run_with(&mut configs(&words), b"A_URL=redis://:tiger@h\n");
        assert!(made.err.contains("--secrets-template means nothing without --secrets env"), "{made:?}");
        assert!(!template.exists(), "{made:?}");
    }
}

#[test]
fn a_pipe_in_the_place_of_a_file_comes_with_what_to_do() {
    let made = super::run_with(&mut configs(&["env", "/dev/stdin"]), b"A_URL=redis://h\n");
    assert_eq!((made.status, made.out.as_str()), (3, ""));
    assert!(made.err.contains("this is not a regular file; use `-`"), "{}", made.err);
}

/// Files as known applications have them.
const APPLICATIONS: [(&str, &str); 34] = [
    ("airflow", include_str!("applications/airflow.env")),
    ("airflow-amqp", include_str!("applications/airflow-amqp.env")),
    ("authentik", include_str!("applications/authentik.env")),
    ("bookstack", include_str!("applications/bookstack.env")),
    ("chatwoot", include_str!("applications/chatwoot.env")),
    ("dify", include_str!("applications/dify.env")),
    ("dotnet", include_str!("applications/dotnet.env")),
    ("ghost", include_str!("applications/ghost.env")),
    ("gitea", include_str!("applications/gitea.env")),
    ("gitlab", include_str!("applications/gitlab.env")),
    ("grafana", include_str!("applications/grafana.env")),
    ("harbor", include_str!("applications/harbor.env")),
    ("immich", include_str!("applications/immich.env")),
    ("keycloak", include_str!("applications/keycloak.env")),
    ("keycloak-host", include_str!("applications/keycloak-host.env")),
    ("laravel", include_str!("applications/laravel.env")),
    ("mastodon", include_str!("applications/mastodon.env")),
    ("mattermost", include_str!("applications/mattermost.env")),
    ("metabase", include_str!("applications/metabase.env")),
    ("moodle", include_str!("applications/moodle.env")),
    ("n8n", include_str!("applications/n8n.env")),
    ("nextcloud", include_str!("applications/nextcloud.env")),
    ("outline", include_str!("applications/outline.env")),
    ("paperless", include_str!("applications/paperless.env")),
    ("penpot", include_str!("applications/penpot.env")),
    ("plausible", include_str!("applications/plausible.env")),
    ("quarkus", include_str!("applications/quarkus.env")),
    ("redmine", include_str!("applications/redmine.env")),
    ("sentry", include_str!("applications/sentry.env")),
    ("spring", include_str!("applications/spring.env")),
    ("superset", include_str!("applications/superset.env")),
    ("taiga", include_str!("applications/taiga.env")),
    ("temporal", include_str!("applications/temporal.env")),
    ("zitadel", include_str!("applications/zitadel.env")),
];

#[test]
fn every_value_with_a_host_is_a_check_or_a_comment() {
    for (name, variables) in APPLICATIONS {
        let made = from_file(variables);
        assert_eq!(made.status, 0, "{made:?}");
        assert_eq!(objections(&made.out, &[]), None, "{}", made.out);
        insta::assert_snapshot!(format!("application_{name}"), made.out);
        for line in variables.lines() {
            let (variable, value) = line.split_once('=').expect("a variable");
            // Hosts of these files lie in one of two domains; nobody connects to names of files and of mail domains.
            let is_address = value.contains(".internal") || value.contains(".example.");
            assert!(!is_address || made.out.contains(variable), "{name}: {variable} is silent:\n{}", made.out);
        }
        let hidden = super::run_with(&mut configs(&["env", "-", "--secrets", "env"]), variables.as_bytes());
        without_secrets(&hidden.out, &hidden.err);
    }
}

#[test]
fn what_cannot_be_mapped_is_a_comment_a_line_on_stderr_and_with_strict_status_1() {
    let variables = "A_URL=redis://h\nB_URL=gopher://u:tiger@h\nC_URL=redis://:${PW}@h\nDATABASE_URL=sqlite:///x.db\n";
    let made = from_file(variables);
    assert_eq!(made.status, 0);
    without_secrets(&made.out, &made.err);
    assert_eq!(objections(&made.out, &[]), None, "{}", made.out);
    assert!(made.out.contains("\n# DATABASE_URL: sqlite: a file of this host"), "{}", made.out);
    for name in ["B_URL", "C_URL"] {
        assert!(made.out.contains(&format!("# {name}: ")), "{}", made.out);
        assert!(made.err.contains(&format!("conn-check-configs: {name}: ")), "{}", made.err);
    }
    assert!(!made.err.contains("DATABASE_URL"), "{}", made.err);
    let strict = super::run_with(&mut configs(&["env", "-", "--strict"]), variables.as_bytes());
    assert_eq!((strict.status, strict.out, strict.err), (1, made.out, made.err));
    let fine = super::run_with(&mut configs(&["env", "-", "--strict"]), b"A_URL=redis://h\nB_URL=sqlite:///x.db\n");
    assert_eq!((fine.status, fine.err.as_str()), (0, ""));
}

#[test]
fn one_bad_line_is_told_and_the_others_count_but_not_with_strict() {
    let variables = "A_URL=redis://h\nthis is tiger\nB='open\nC_URL=redis://c\n";
    let made = from_file(variables);
    assert_eq!(made.status, 0, "{made:?}");
    without_secrets(&made.out, &made.err);
    assert!(made.out.contains("host: h\n") && made.out.contains("host: c\n"), "{}", made.out);
    for line in ["line 2: expected NAME=VALUE", "line 3: the quote is never closed"] {
        assert!(made.out.contains(&format!("# {line}")) && made.err.contains(line), "{made:?}");
    }
    let strict = super::run_with(&mut configs(&["env", "-", "--strict"]), variables.as_bytes());
    assert_eq!((strict.status, strict.out.as_str()), (3, ""));
    assert_eq!(strict.err, "conn-check-configs: -:2: expected NAME=VALUE\n");
}

#[test]
fn a_file_of_something_else_comes_with_what_to_do() {
    for (text, hint) in [
        ("services:\n  web:\n    image: shop\n    environment:\n      - REDIS_HOST=h\n", "docker compose config"),
        ("apiVersion: v1\nkind: Pod\nspec:\n  containers: []\n", "kubectl exec"),
    ] {
        let made = from_file(text);
        assert_eq!((made.status, made.out.as_str()), (3, ""), "{made:?}");
        assert!(made.err.contains(hint) && made.err.contains("--pid"), "{}", made.err);
    }
}

#[test]
fn an_environment_without_connections_gives_an_empty_list_that_says_so() {
    let made = run(&mut configs(&["env"]));
    assert_eq!(made.status, 0);
    assert_eq!(made.err, "conn-check-configs: nothing was found that can be checked: the file has no checks\n");
    assert!(
        made.out.ends_with(
            "\n# Nothing in it can be checked, not yet at least: the list is empty until that changes.\n\n[]\n"
        ),
        "{}",
        made.out
    );
    assert_eq!(objections(&made.out, &[]), None);
    let ran = harness::agent::Agent::new(&made.out).run();
    assert!(ran.status == 3 && format!("{}{}", ran.out, ran.err).contains("the list of checks is empty"), "{ran:?}");
}
