//! `conn-check-export-fw`.

use super::{example, export, text, text_with_notes};
use conn_check::checks::Spec;
use harness::agent::Agent;
use harness::netns::Network;
use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

/// `TO PROTOCOL PORTS` of each rule, as `PyYAML` reads them: what scripts made for the original do.
fn rules(yaml: &str) -> Vec<String> {
    const READER: &str = "import sys, yaml\n\
        for r in yaml.safe_load(sys.argv[1])['egress']:\n\
        \x20   assert sorted(r) == ['from_host', 'ports', 'protocol', 'to_host'], r\n\
        \x20   assert isinstance(r['to_host'], str) and isinstance(r['from_host'], str), r\n\
        \x20   print(r['to_host'], r['protocol'], ','.join(map(str, r['ports'])))\n";
    let output = Command::new("/usr/bin/python3").args(["-c", READER, yaml]).output().expect("Python runs");
    assert!(output.status.success(), "{yaml}\n{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect()
}

/// Without the name of this machine.
fn anonymous(yaml: &str) -> String {
    yaml.replace(&conn_check::host::name(), "HOST")
}

#[test]
fn the_original_demo_gives_the_manuals_rules() {
    let ran = export(&example("demo.yaml")).run();
    assert_eq!(ran.status, 0, "{}", ran.err);
    assert_eq!(rules(&ran.out), ["localhost udp 8080", "login.ubuntu.com tcp 80,443"]);
    insta::assert_snapshot!("export_demo", anonymous(&ran.out));
}

#[test]
fn every_place_that_a_check_connects_to_is_there() {
    let yaml = example("every-type.yaml");
    let kinds: BTreeSet<_> = Spec::describe().into_iter().map(|check| check.kind).collect();
    for kind in kinds {
        assert!(yaml.contains(&format!("type: {kind},")), "no {kind} in the example");
    }
    insta::assert_snapshot!("export_every_type", anonymous(&text_with_notes(export(&yaml))));
}

#[test]
fn servers_that_only_others_can_name_are_told_and_not_left_out_in_silence() {
    let yaml = "- {type: redis, host: s1, sentinel: shop}\n- {type: redis, host: c1, cluster: true}\n- {type: redis, host: r}\n";
    let ran = export(yaml).run();
    assert_eq!(rules(&ran.out), ["c1 tcp 6379", "r tcp 6379", "s1 tcp 26379"]);
    let comments: Vec<_> = ran.out.lines().filter(|line| line.starts_with('#')).collect();
    assert_eq!(comments.len(), 3, "{}", ran.out);
    assert!(comments[1].starts_with("# - redis c1:6379: the nodes of the cluster"), "{}", ran.out);
    assert!(comments[2].starts_with("# - redis s1:26379: the primary that the sentinel names"), "{}", ran.out);
    for line in &comments[1..] {
        assert!(ran.err.contains(line.trim_start_matches("# - ")), "{}", ran.err);
    }
}

#[test]
fn a_dns_check_without_a_server_asks_the_resolvers_of_this_host() {
    let network = Network::new();
    network.near.resolv_conf("nameserver 10.0.0.2\nnameserver fd00::2\n");
    let yaml = "- {type: dns, name: a.example, port: 5353}\n- {type: tcp, host: a, port: 1}\n";
    let run = || Agent::called_through(network.near.command("env"), super::EXPORT, yaml);
    let own = ["10.0.0.2 tcp 5353", "10.0.0.2 udp 5353"];
    assert_eq!(rules(&text(run())), [&own[..], &["a tcp 1", "fd00::2 tcp 5353", "fd00::2 udp 5353"]].concat());
    let own = ["10.0.0.2 tcp 53,5353", "10.0.0.2 udp 53,5353"];
    let all = [&own[..], &["a tcp 1", "fd00::2 tcp 53,5353", "fd00::2 udp 53,5353"]].concat();
    assert_eq!(rules(&text(run().arg("--with-dns"))), all);
}

#[test]
fn what_a_check_is_told_only_when_it_runs_is_a_comment() {
    let network = Network::new();
    network.near.resolv_conf("nameserver 10.0.0.2\n");
    let yaml = "- {type: mongodb, host: cluster.example, srv: true}\n- {type: redis, host: s, sentinel: main}\n\
                - {type: redis, host: c, cluster: true}\n- {type: http, url: 'http://w/', allow_redirects: true}\n\
                - {type: http, url: 'http://v/', allow_redirects: true, proxy_url: 'http://p:3128'}\n";
    let written = text_with_notes(Agent::called_through(network.near.command("env"), super::EXPORT, yaml));
    let comments: Vec<_> = written.lines().filter(|line| line.starts_with('#')).collect();
    assert_eq!(
        comments,
        [
            "# Not in these rules, because it is known only when a check runs:",
            "# - http http://w/: the servers that redirects lead to",
            "# - mongodb cluster.example: the servers that the SRV records of _mongodb._tcp.cluster.example name, on port 27017 as a rule",
            "# - redis c:6379: the nodes of the cluster that this one names",
            "# - redis s:26379: the primary that the sentinel names, on port 6379 as a rule",
        ]
    );
    let places = ["10.0.0.2 tcp 53", "10.0.0.2 udp 53", "c tcp 6379", "p tcp 3128", "s tcp 26379", "w tcp 80"];
    assert_eq!(rules(&written), places);
}

#[test]
fn tags_and_patterns_select_as_for_the_checks() {
    let yaml = "- {type: tcp, host: a, port: 1, tags: [x]}\n- {type: redis, host: b, tags: [y]}\n\
                - {type: http, url: 'http://c/', proxy_host: p}\n";
    assert_eq!(rules(&text(export(yaml).arg("--include-tags=x"))), ["a tcp 1"]);
    assert_eq!(rules(&text(export(yaml).arg("--exclude-tags=x,y"))), ["p tcp 8000"]);
    assert_eq!(rules(&text(export(yaml).arg("redis:*:connect"))), ["b tcp 6379"]);
    assert_eq!(rules(&text(export(yaml).args(["tcp:*", "http:*"]))), ["a tcp 1", "p tcp 8000"]);
    let ran = export(yaml).arg("--include-tags=z").run();
    assert_eq!((ran.status, ran.out.as_str()), (3, ""));
    assert!(ran.err.contains("nothing-selected"), "{}", ran.err);
}

#[test]
fn the_arguments_of_the_checks_are_all_taken() {
    let yaml = "- {type: tcp, host: 127.0.0.1, port: 1}";
    let bare = text(export(yaml));
    for arguments in [
        &["-v", "-d", "-t", "-U"][..],
        &["--dry-run", "--max-timeout=1", "--connect-timeout=2.5", "--tls-certs-path=/etc/ssl/certs"],
        &["--format=json", "--concurrency=1", "--per-host=1", "-4", "--color=always", "--explain", "--strict"],
        &["--record=never.json", "--journal", "-6"],
    ] {
        let agent = export(yaml).args(arguments);
        let record = agent.scratch().path().join("never.json");
        assert_eq!(text(agent), bare, "{arguments:?}");
        assert!(!record.exists(), "nothing was run, so nothing is kept");
    }
    assert!(text(export(yaml).arg("--validate")).contains("is valid: 1 check"));
    assert_eq!(text(export("").arg("--version")), concat!("conn-check-export-fw ", env!("CARGO_PKG_VERSION"), "\n"));
}

#[test]
fn it_reads_standard_input_and_writes_to_a_file() {
    let yaml = "- {type: tcp, host: a, port: 1}\n";
    let mut agent = export("").args(["-o", "rules.yaml"]);
    // The file is the first argument; what is tested here comes in through the other way.
    let mut command = Command::new(agent.command().get_program());
    command.current_dir(agent.scratch().path()).args(["-", "-o", "rules.yaml"]);
    let file = agent.scratch().write("in.yaml", yaml);
    let ran = command.stdin(fs::File::open(file).expect("the file")).output().expect("it runs");
    assert_eq!((ran.status.code(), ran.stdout.as_slice()), (Some(0), &b""[..]), "{ran:?}");
    let written = fs::read_to_string(agent.scratch().path().join("rules.yaml")).expect("the rules");
    assert_eq!(rules(&written), ["a tcp 1"]);
}

#[test]
fn a_bad_file_is_explained_as_for_the_checks_and_leaves_the_old_rules() {
    let yaml = "- {type: tcp, host: a, port: 99999}\n- {type: nothing}\n";
    let checked = Agent::new(yaml).arg("--validate").run();
    let agent = export(yaml).args(["-o", "rules.yaml"]);
    let kept = agent.scratch().write("rules.yaml", "old");
    let mut agent = agent;
    let exported = agent.run();
    assert_eq!((exported.status, exported.out.as_str()), (3, ""));
    // The last line has the name of the program.
    let is_same = |line: &&str| !line.contains("-->") && !line.starts_with("conn-check");
    let without_path = |text: &str| text.lines().filter(is_same).collect::<Vec<_>>().join("\n");
    assert_eq!(without_path(&exported.err), without_path(&checked.err));
    assert_eq!(fs::read_to_string(kept).expect("the old rules"), "old");
}

#[test]
fn secrets_that_are_elsewhere_are_not_needed_but_places_are() {
    let yaml = "- {type: redis, host: a, port: 1, password: {env: CC_NO_SUCH}}\n\
                - {type: http, url: 'http://b/', auth: [{env: CC_NO_SUCH}, {file: /no/such}], headers: {X: {env: CC_NO_SUCH}}}\n\
                - {type: amqp, host: c, port: 2, username: u, password: {env: CC_NO_SUCH}, use_tls: true}\n\
                - {type: postgres, host: d, username: u, password: {file: /no/such}, database: x}\n\
                - {type: mysql, host: e, username: u, password: {env: CC_NO_SUCH}}\n\
                - {type: mongodb, host: f, username: u, password: {env: CC_NO_SUCH}, database: x}\n\
                - {type: smtp, host: g, port: 25, username: u, password: {env: CC_NO_SUCH}, from_address: a@b, send: false, use_tls: false}\n\
                - {type: memcache, host: h, username: u, password: {env: CC_NO_SUCH}}\n";
    let ran = export(yaml).arg("--strict").run();
    assert_eq!(ran.status, 0, "{}", ran.err);
    let places =
        ["a tcp 1", "b tcp 80", "c tcp 2", "d tcp 5432", "e tcp 3306", "f tcp 27017", "g tcp 25", "h tcp 11211"];
    assert_eq!(rules(&ran.out), places);
    assert_eq!(Agent::new(yaml).arg("--validate").run().status, 3);
    for bad in ["host: {env: CC_NO_SUCH}, port: 1", "host: a, port: {env: CC_NO_SUCH}"] {
        let ran = export(&format!("- {{type: tcp, {bad}}}\n")).run();
        assert!(ran.status == 3 && ran.err.contains("CC_NO_SUCH` is not set"), "{bad}: {}", ran.err);
    }
}

#[test]
fn a_host_that_connects_to_nothing_has_an_empty_list() {
    let ran = export("- {type: redis, host: /run/redis.sock}").run();
    assert_eq!((ran.status, ran.out.as_str()), (0, "egress: []\n"));
    assert!(ran.err.contains("nothing leaves this host"), "{}", ran.err);
}

#[test]
fn names_that_yaml_would_take_for_something_else_stay_names() {
    let hosts = ["yes", "no", "on", "y", "n", "null", "true", "1e3", "0x10", "2001:db8::1", "::1", "10.0.0.1"];
    let checks = hosts.map(|host| format!("- {{type: tcp, host: '{host}', port: 1}}\n"));
    let mut wanted = hosts.map(|host| format!("{host} tcp 1"));
    wanted.sort();
    assert_eq!(rules(&text(export(&checks.concat()))), wanted);
}
