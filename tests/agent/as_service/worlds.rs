//! Worlds that differ in one thing for the service and for the user who checks: what is found is told with what that user
//! finds.

use super::{Service, UID, agent, first};
use harness::agent::{Agent, Ran};
use harness::dns::{Dns, Records};
use harness::netns::{Namespace, Network};
use harness::peers::{Manner, Peer, Recorder};
use harness::ports;
use harness::scratch::Scratch;
use serde_json::Value;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Command;

/// In a network namespace, and nothing else of it.
fn within(namespace: &Namespace) -> Command {
    let mut command = Command::new("nsenter");
    command.arg(format!("--net=/run/netns/{}", namespace.name()));
    command
}

/// A run in a namespace as a service that is there.
fn run_within(namespace: &Namespace, yaml: &str, service: &Service) -> Agent {
    Agent::through(within(namespace), yaml).args(["--as", &service.pid().to_string()])
}

/// A firewall for what goes out.
fn reject(namespace: &Namespace, rule: &str) {
    let rules = format!(
        "add table inet other; add chain inet other output {{ type filter hook output priority 0; }}; \
         add rule inet other output {rule}"
    );
    let output = namespace.inside(|| Command::new("nft").arg(&rules).output()).expect("nft");
    assert!(output.status.success(), "{rules}: {}", String::from_utf8_lossy(&output.stderr));
}

fn tcp(address: SocketAddr) -> String {
    format!("- {{type: tcp, host: {}, port: {}, timeout: 5}}\n", address.ip(), address.port())
}

#[test]
fn a_rule_for_the_user_of_a_service_is_told_of_that_user() {
    let network = Network::new();
    let (near, far) = (&network.near, &network.far);
    let peer = far.inside(|| Peer::start_at(far.at(8080), Manner::Silent));
    reject(near, &format!("meta skuid {UID} tcp dport 8080 reject with icmpx type admin-prohibited"));
    let service = Service::as_user(within(near));
    let report = run_within(near, &tcp(peer.address()), &service).report();
    assert_eq!(first(&report), ("connect.denied-locally".to_owned(), "pass".to_owned()), "{report}");
    assert_eq!(report["as"]["user"], format!("number {UID}"), "{report}");
    assert_eq!(report["as"]["namespaces"], serde_json::json!([]), "nothing else differs: {report}");
    let ran = run_within(near, &tcp(peer.address()), &service).arg("--format=human").run();
    assert_eq!(ran.status, 2, "that of the run as the service: {ran:?}");
    let differs = format!("as number {UID}: connect.denied-locally; as {}: passed", before(&report));
    assert!(ran.out.contains(&differs), "{ran:?}");
    assert!(ran.out.contains("1 check differs from what it is as the user"), "{ran:?}");
}

/// The sample of docs/command.md, but for what each machine calls otherwise: times, users, the unit.
#[test]
fn the_page_shows_what_a_run_as_a_service_prints() {
    let network = Network::new();
    let near = &network.near;
    let listen =
        |port| near.inside(move || Peer::start_at(SocketAddr::from((Ipv4Addr::LOCALHOST, port)), Manner::Silent));
    let peers = [6379, 6380].map(listen);
    reject(near, &format!("meta skuid {UID} tcp dport 6379 reject with icmpx type admin-prohibited"));
    let service = Service::as_user(within(near));
    let yaml: String = peers.iter().map(|peer| tcp(peer.address())).collect();
    let ran = run_within(near, &yaml, &service).arg("--format=human").run();
    let page = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/command.md")).expect("the page");
    let sample = page.split("--as shop.service checks.yaml\n").nth(1).and_then(|rest| rest.split("```").next());
    let before = before_of(&ran.out);
    let shown = sample
        .expect("a sample")
        .replace("user shop (shop.service, process 913)", &format!("user number {UID} (process {})", service.pid()));
    let shown = shown
        .replace("as shop:", &format!("as number {UID}:"))
        .replace("conn-check: passed", &format!("{before}: passed"));
    let shown = shown.replace("as the user conn-check", &format!("as the user {before}"));
    let timeless = |text: &str| {
        text.lines()
            .map(|line| {
                let is_time = |pair: &[&str]| pair[0].parse::<f64>().is_ok() && pair[1] == "ms";
                let words: Vec<_> = line.split_whitespace().collect();
                let at = words.windows(2).position(is_time);
                words
                    .iter()
                    .enumerate()
                    .filter(|(number, _)| Some(*number) != at)
                    .map(|(_, word)| *word)
                    .collect::<Vec<_>>()
                    .join(" ")
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(timeless(&ran.out), timeless(&shown), "{}", ran.out);
}

/// Who checks where nobody else is named, as the last line but one says.
fn before_of(out: &str) -> &str {
    out.lines().find_map(|line| line.split("from what it is as the user ").nth(1)).expect("a user")
}

/// Who checks where nobody else is named.
fn before(report: &Value) -> &str {
    report["as"]["before"].as_str().expect("a user")
}

#[test]
fn a_service_in_a_network_of_its_own_reaches_what_is_there() {
    let network = Network::new();
    let port = ports::free();
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port.number()));
    let peer = network.near.inside(|| Peer::start_at(address, Manner::Silent));
    let service = Service::as_user(within(&network.near));
    let report = agent(&tcp(peer.address()), &service).report();
    assert_eq!(first(&report), ("pass".to_owned(), "connect.refused".to_owned()), "{report}");
    assert_eq!(report["as"]["namespaces"], serde_json::json!(["network"]), "{report}");
    let ran = agent(&tcp(peer.address()), &service).arg("--format=nagios").run();
    assert_eq!(ran.status, 0, "{ran:?}");
    assert!(ran.out.contains("as number 48123: passed; as "), "{ran:?}");
}

#[test]
fn a_service_with_resolvers_of_its_own_asks_those() {
    let network = Network::new();
    let (near, far) = (&network.near, &network.far);
    let _dns = far.inside(|| Dns::start_at(far.ip(), &Records::new().record("db.as.test. 60 A 10.0.0.2")));
    let peer = far.inside(|| Peer::start_at(far.at(8080), Manner::Silent));
    near.resolv_conf(&format!("nameserver {}\n", far.ip()));
    let mut outer = near.command("env");
    outer.env("UNUSED", "1");
    let service = Service::as_user(outer);
    let yaml = format!("- {{type: tcp, host: db.as.test, port: {}, timeout: 5}}\n", peer.port());
    let report = run_within(near, &yaml, &service).report();
    let (now, before) = first(&report);
    assert!(now == "pass" && before.starts_with("resolve."), "{report}");
    assert_eq!(report["as"]["namespaces"], serde_json::json!(["mount"]), "{report}");
}

#[test]
fn a_service_with_hosts_of_its_own_finds_the_names_in_them() {
    let scratch = Scratch::new();
    let hosts = scratch.write("hosts", "127.0.0.1 localhost cache.as.test\n");
    let peer = Peer::start(Manner::Silent);
    let service = Service::as_user(with_file(&hosts, "/etc/hosts"));
    let yaml = format!("- {{type: tcp, host: cache.as.test, port: {}, timeout: 5}}\n", peer.port());
    let report = agent(&yaml, &service).report();
    let (now, before) = first(&report);
    assert!(now == "pass" && before.starts_with("resolve."), "{report}");
}

/// In a mount namespace with a file in the place of another one.
fn with_file(file: &Path, place: &str) -> Command {
    let mut command = Command::new("unshare");
    command.args(["--mount", "sh", "-c", "mount --bind \"$0\" \"$1\" && shift && exec \"$@\""]);
    command.arg(file).args([place]);
    command
}

#[test]
fn a_service_in_a_root_directory_of_its_own_has_the_files_in_it() {
    let scratch = Scratch::new();
    let etc = scratch.folder("etc");
    fs::write(etc.join("hosts"), "127.0.0.1 localhost mail.as.test\n").expect("written");
    let _made = scratch.folder("bin");
    let peer = Peer::start(Manner::Silent);
    // What the service itself needs is there, and no name service.
    let (root, user) = (scratch.path().display(), format!("--userspec={UID}:{UID}"));
    let mount = format!(
        "for d in bin lib lib64 usr; do mkdir -p {root}/$d; mount --rbind /$d {root}/$d; done; exec chroot {user} {root} sleep 1000"
    );
    let mut outer = Command::new("unshare");
    outer.arg("--mount");
    let service = Service::by(outer, &["sh", "-c", &mount]);
    let yaml = format!("- {{type: tcp, host: mail.as.test, port: {}, timeout: 5}}\n", peer.port());
    let report = agent(&yaml, &service).report();
    let (now, before) = first(&report);
    assert!(now == "pass" && before.starts_with("resolve."), "{report}");
}

#[test]
fn the_proxies_of_a_service_are_its_own_and_are_named() {
    let page = Recorder::start_with(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello".to_vec());
    let closed = ports::free();
    let proxy = format!("http://user:pr0xypass@127.0.0.1:{}", closed.number());
    let url = page.url("/");
    let yaml = format!("- {{type: http, url: '{url}', timeout: 5}}\n");
    let with = |set: &[(&str, &str)]| {
        let mut outer = Command::new("env");
        outer.envs(set.iter().copied()).env("SECRET_OF_THE_SERVICE", "n0tR3ad");
        Service::as_user(outer)
    };
    let service = with(&[("HTTP_PROXY", &proxy)]);
    let report = agent(&yaml, &service).report();
    assert_eq!(first(&report), ("proxy.unreachable".to_owned(), "pass".to_owned()), "{report}");
    let text = report.to_string();
    assert!(!text.contains("pr0xypass") && !text.contains("n0tR3ad"), "{text}");
    let shown = format!("http://***@127.0.0.1:{}", closed.number());
    assert_eq!(report["as"]["proxies"][0], format!("HTTP_PROXY={shown}"), "{report}");
    assert_eq!(report["checks"][0]["facts"]["proxy_of_service"]["url"].as_str(), Some(shown.as_str()), "{report}");
    let told = |ran: Ran| {
        assert!(ran.out.contains("its proxies: HTTP_PROXY=http://***@") && !ran.out.contains("pr0xypass"), "{ran:?}");
    };
    told(agent(&yaml, &service).args(["--format=human", "--explain", "-t"]).run());
    // What NO_PROXY names goes without one; so does a check that says itself how it connects.
    let service = with(&[("HTTP_PROXY", &proxy), ("NO_PROXY", "127.0.0.0/8,localhost")]);
    assert_eq!(first(&agent(&yaml, &service).report()).0, "pass");
    let service = with(&[("https_proxy", &proxy), ("ALL_PROXY", "nonsense://x")]);
    assert_eq!(first(&agent(&yaml, &service).report()).0, "proxy.not-a-proxy");
    let own = yaml.replace("timeout", "server_name: localhost, timeout");
    assert_eq!(first(&agent(&own, &with(&[("HTTP_PROXY", &proxy)])).report()).0, "pass");
}

#[test]
fn what_is_wrong_with_a_proxy_of_a_service_is_mended_in_its_environment() {
    let page = Recorder::start();
    let head = "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"x\"\r\n";
    let refusing = Recorder::start_with(format!("{head}Content-Length: 0\r\nConnection: close\r\n\r\n"));
    let yaml = format!("- {{type: http, url: '{}', timeout: 5}}\n", page.url("/"));
    for (variable, url, says) in [
        ("http_proxy", refusing.url("/").replace("://", "://user:pr0xypass@"), "password in http_proxy of the service"),
        ("ALL_PROXY", "socks4://x".to_owned(), "mend ALL_PROXY in the environment of the service"),
    ] {
        let mut outer = Command::new("env");
        outer.env(variable, url);
        let report = agent(&yaml, &Service::as_user(outer)).report();
        let failure = &report["checks"][0]["failure"];
        assert!(failure["next_step"].as_str().is_some_and(|next| next.contains(says)), "{report}");
        assert_eq!(first(&report).1, "pass", "{report}");
    }
}

/// The directory of the control groups of version 2, and what it is called from `/sys/fs/cgroup`.
fn groups() -> (PathBuf, &'static str) {
    let beside = Path::new("/sys/fs/cgroup/unified");
    if beside.is_dir() { (beside.to_owned(), "unified/") } else { ("/sys/fs/cgroup".into(), "") }
}

/// A control group of a test's own, removed on drop.
struct Group(PathBuf);

impl Group {
    fn new(name: &str) -> Self {
        let place = groups().0.join(name);
        fs::create_dir_all(&place).expect("a control group");
        Self(place)
    }

    fn take(&self, service: &Service) {
        fs::write(self.0.join("cgroup.procs"), service.pid().to_string()).expect("moved");
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        harness::wait::happens(harness::wait::PATIENCE, || fs::remove_dir(&self.0).is_ok());
    }
}

/// What `IPAddressDeny=` does, too, goes by the control group; systemd would have to run to be asked for it.
#[test]
fn a_firewall_for_the_control_group_of_a_service_is_told_of_it() {
    let network = Network::new();
    let (near, far) = (&network.near, &network.far);
    let peer = far.inside(|| Peer::start_at(far.at(8080), Manner::Silent));
    let name = format!("conn-check-as-{}", std::process::id());
    let group = Group::new(&name);
    let path = format!("{}{name}", groups().1);
    reject(near, &format!("socket cgroupv2 level 1 \"{path}\" tcp dport 8080 reject with icmpx type admin-prohibited"));
    let service = Service::as_user(within(near));
    group.take(&service);
    let report = run_within(near, &tcp(peer.address()), &service).report();
    assert_eq!(first(&report), ("connect.denied-locally".to_owned(), "pass".to_owned()), "{report}");
    assert_eq!(report["as"]["cgroup"], format!("/{name}"), "{report}");
    drop(service);
}

#[test]
fn a_service_that_can_open_no_more_files_is_told_so() {
    let peer = Peer::start(Manner::Silent);
    let scratch = Scratch::new();
    let fifo = scratch.path().join("fifo");
    let waits = format!(
        "mkfifo {0}; exec 3<>{0}; exec setpriv --reuid={UID} --regid={UID} --clear-groups bash -c 'ulimit -n 4; read -u 3'",
        fifo.display()
    );
    let service = Service::waiting(Command::new("bash").args(["-c", &waits]));
    let limits = || fs::read_to_string(format!("/proc/{}/limits", service.pid())).unwrap_or_default();
    let is_limited = |line: &str| line.starts_with("Max open files") && line.split_whitespace().nth(3) == Some("4");
    harness::wait::until("the service to have its limit", || limits().lines().any(is_limited));
    let report = agent(&tcp(peer.address()), &service).report();
    assert_eq!(first(&report), ("connect.local-limit".to_owned(), "pass".to_owned()), "{report}");
    assert_eq!(report["as"]["descriptors"][1], 4, "{report}");
    let ran = agent(&tcp(peer.address()), &service).arg("--format=human").run();
    assert!(ran.out.contains(" file descriptors open, and may have 4"), "{ran:?}");
}

#[test]
fn where_nothing_differs_nothing_is_said_of_it() {
    let (peer, closed, service) = (Peer::start(Manner::Silent), ports::free(), Service::of_user());
    let yaml = tcp(peer.address()) + &tcp(SocketAddr::from((Ipv4Addr::LOCALHOST, closed.number())));
    let report = agent(&yaml, &service).report();
    assert!(
        report["checks"].as_array().expect("checks").iter().all(|check| check["facts"]["as"].is_null()),
        "{report}"
    );
    let ran = agent(&yaml, &service).arg("--format=human").run();
    assert_eq!(ran.status, 2, "{ran:?}");
    assert!(
        ran.out.contains(": no check differs from what it is as the user ") && !ran.out.contains("; as "),
        "{ran:?}"
    );
    let report = Agent::new(&yaml).report();
    assert!(report["as"].is_null(), "{report}");
}
