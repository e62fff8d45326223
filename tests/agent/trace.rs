//! `conn-check trace`: the way to the places that checks connect to.

use harness::agent::program;
use harness::netns::{Answer, Network, Transport};
use harness::peers::{Manner, Peer};
use harness::scratch::Scratch;
use std::fs;
use std::process::Command;

/// What `conn-check trace` says of a file, and its status.
fn trace(command: &mut Command, scratch: &Scratch, yaml: &str, more: &[&str]) -> (i32, String, String) {
    let file = scratch.path().join("checks.yaml");
    fs::write(&file, yaml).expect("write the checks");
    let output = command.arg("trace").arg(&file).args(more).output().expect("it runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().unwrap_or(-1), text(&output.stdout), text(&output.stderr))
}

fn here() -> Command {
    Command::new(program())
}

fn in_near(network: &Network) -> Command {
    network.near.command(program().to_str().expect("a path"))
}

#[test]
fn a_trace_names_the_interface_the_size_and_the_end_of_each_way() {
    let (network, scratch) = (Network::new(), Scratch::new());
    let (near, far) = (&network.near, &network.far);
    let _peer = far.inside(|| Peer::start_at(far.at(80), Manner::Silent));
    far.filter_input(Transport::Tcp, 82, Answer::Drop);
    near.filter_output(Transport::Tcp, 83, Answer::Drop);
    near.route("unreachable", "10.9.0.0/16");
    near.hosts("10.0.0.2 web.example\n");
    let yaml = "\
- {type: tcp, host: web.example, port: 80}
- {type: tcp, host: 10.0.0.2, port: 81}
- {type: tcp, host: 10.0.0.2, port: 82}
- {type: tcp, host: 10.0.0.2, port: 83}
- {type: tcp, host: 10.9.0.1, port: 84}
- {type: udp, host: 10.0.0.2, port: 85, send: x}
";
    let (status, page, err) = trace(&mut in_near(&network), &scratch, yaml, &[]);
    assert_eq!((status, err.as_str()), (2, ""), "{page}");
    let parts: Vec<_> = page.split("\n\n").collect();
    assert_eq!(parts.len(), 5, "{page}");
    let by = "from 10.0.0.1 on eth0, MTU 1500";
    assert!(
        parts[0].starts_with(&format!("web.example:80  (tcp)\n  10.0.0.2:80 {by}\n    1  10.0.0.2:80  ")),
        "{page}"
    );
    assert!(parts[0].ends_with(" ms, connected"), "{page}");
    for (part, wanted) in [
        (parts[1], "10.0.0.2:81 refused the connection [connect.refused]\n       fix:  service\n"),
        (parts[2], "10.0.0.2:82 does not answer [connect.timeout]\n       fix:  network\n"),
        (parts[3], "this host itself drops what it sends to 10.0.0.2:83 (TcpExt:TCPRetransFail +2), by rule "),
    ] {
        assert!(part.contains(&format!("\n  {by}\n    x  {wanted}")), "{part}");
    }
    assert!(
        parts[4].contains("\n    x  a route of this host says that 10.9.0.1:84 is unreachable [connect.no-route]\n")
    );
}

#[test]
fn an_address_of_one_link_is_shown_with_its_interface_everywhere() {
    let (network, scratch) = (Network::new(), Scratch::new());
    let status = network.near.command("ip").args(["addr", "add", "fe80::7/64", "dev", "lo", "nodad"]).status();
    assert!(status.expect("ip").success());
    let yaml = "\
- {type: tcp, host: 'fe80::7%lo', port: 81}
- {type: tcp, name: nowhere, host: 'fe80::7', port: 82}
";
    let (status, page, err) = trace(&mut in_near(&network), &scratch, yaml, &[]);
    assert_eq!((status, err.as_str()), (2, ""), "{page}");
    assert!(page.starts_with("[fe80::7%lo]:81  (tcp)\n  from fe80::7 on lo"), "{page}");
    assert!(page.contains("x  [fe80::7%lo]:81 refused the connection [connect.refused]"), "{page}");
    assert!(!page.contains("%1]"), "{page}");
    // Without the interface there is no way at all.
    assert!(page.contains("fe80::7 is an address of one link, and no interface is named [resolve.bad-name]"), "{page}");
    assert!(page.contains("write it with the interface that leads there, as fe80::7%eth0"), "{page}");
}

#[test]
fn a_place_behind_a_proxy_is_the_proxys_and_each_address_has_its_way() {
    let (network, scratch) = (Network::new(), Scratch::new());
    let (near, far) = (&network.near, &network.far);
    let _proxy = far.inside(|| Peer::start_at(far.at(3128), Manner::Silent));
    far.also("10.0.0.3".parse().expect("an address"));
    near.hosts("10.0.0.2 two.example\n10.0.0.3 two.example\n");
    let yaml = "\
- {type: http, url: 'https://no-such.invalid/', proxy_url: 'http://10.0.0.2:3128'}
- {type: http, url: 'http://two.example:3128/'}
";
    let (status, page, err) = trace(&mut in_near(&network), &scratch, yaml, &[]);
    assert_eq!((status, err.as_str()), (2, ""), "{page}");
    let parts: Vec<_> = page.split("\n\n").collect();
    assert_eq!(parts.len(), 2, "{page}");
    assert!(parts[0].starts_with("10.0.0.2:3128  (http)\n") && parts[0].contains("connected"), "{page}");
    assert!(parts[1].contains("\n    1  10.0.0.2:3128  ") && parts[1].contains("10.0.0.3:3128 refused"), "{page}");
    assert!(!page.contains("no-such.invalid"), "{page}");
}

#[test]
fn patterns_select_what_is_traced_and_nothing_selected_is_an_error() {
    let scratch = Scratch::new();
    let peer = Peer::start(Manner::Silent);
    let yaml = format!(
        "- {{type: tcp, name: one, host: 127.0.0.1, port: {}}}\n- {{type: tcp, host: 127.0.0.1, port: 1}}\n",
        peer.port()
    );
    let (status, page, err) = trace(&mut here(), &scratch, &yaml, &["one"]);
    assert_eq!((status, err.as_str()), (0, ""));
    assert!(page.contains("connected") && !page.contains("127.0.0.1:1 "), "{page}");
    let (status, page, err) = trace(&mut here(), &scratch, &yaml, &["two"]);
    assert_eq!((status, page.as_str()), (3, ""));
    assert!(err.contains("nothing is called `two`"), "{err}");
}

#[test]
fn a_name_that_does_not_resolve_and_a_file_without_tcp_are_told() {
    let scratch = Scratch::new();
    let (status, page, _) = trace(&mut here(), &scratch, "- {type: tcp, host: no-such.invalid, port: 1}", &[]);
    assert!(status == 2 && page.contains("[resolve."), "{page}");
    let udp = "- {type: udp, host: 127.0.0.1, port: 1, send: x}";
    let (status, page, _) = trace(&mut here(), &scratch, udp, &[]);
    assert_eq!((status, page.as_str()), (0, "no check connects to anything over TCP\n"));
}

#[test]
fn a_trace_reads_no_secret() {
    let scratch = Scratch::new();
    let peer = Peer::start(Manner::Silent);
    let port = peer.port();
    let yaml = format!("- {{type: redis, host: 127.0.0.1, port: {port}, password: {{env: NO_SUCH_SECRET}}}}");
    let (status, page, err) = trace(&mut here(), &scratch, &yaml, &[]);
    assert!(status == 0 && page.contains("connected"), "{page}{err}");
}

#[test]
fn without_a_file_the_word_is_a_usage_error() {
    let output = here().arg("trace").output().expect("it runs");
    assert_eq!(output.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&output.stderr).contains("CONFIG"));
}
