//! How it begins, is told to read its files again, and ends.

use super::{peer, refused, tcp};
use harness::agent::{Agent, program_called};
use harness::certs::Authority;
use harness::ports;
use harness::process::Launch;
use harness::scratch::Scratch;
use harness::serve::{Serving, answer, ask};
use harness::wait;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram, UnixListener, UnixStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

fn signal(serving: &Serving, signal: Signal) {
    kill(Pid::from_raw(serving.pid().cast_signed()), signal).expect("it runs");
}

#[test]
fn a_valid_file_is_read_again_and_another_one_changes_nothing() {
    let peer = peer();
    let serving = Serving::start(&refused("db", ""), &["--max-age", "3600"]);
    assert_eq!(serving.get("/ht/").status, 500);
    fs::write(serving.file(), tcp("db", peer.port(), "")).expect("written");
    assert_eq!(serving.get("/ht/").status, 500, "nobody said so yet");
    signal(&serving, Signal::SIGHUP);
    wait::until("the files to be read", || serving.log().contains("SIGHUP: the files are read again"));
    assert_eq!(serving.get("/ht/").status, 200);
    for wrong in ["- {type: tcp}\n", "", "- {type: tcp, host: h, port: 1, tags: no-nagios}\n"] {
        fs::write(serving.file(), wrong).expect("written");
        let before = serving.log().matches("all stays as it was").count();
        signal(&serving, Signal::SIGHUP);
        wait::until("the refusal", || serving.log().matches("all stays as it was").count() > before);
        assert_eq!(serving.get("/ht/").status, 200, "{wrong}");
    }
    assert!(serving.log().contains("missing-key"), "what is wrong is told: {}", serving.log());
}

#[test]
fn what_was_asked_is_answered_before_it_ends() {
    // Nobody answers there (RFC 5737).
    let yaml = "- {type: tcp, name: far, host: 192.0.2.1, port: 1, timeout: 2}\n";
    let mut serving = Serving::start(yaml, &["--max-age", "0"]);
    let mut asking = TcpStream::connect(serving.address()).expect("connected");
    asking.write_all(b"GET /ht/?format=json HTTP/1.1\r\nHost: x\r\n\r\n").expect("asked");
    let idle = TcpStream::connect(serving.address()).expect("connected");
    std::thread::sleep(Duration::from_millis(300));
    signal(&serving, Signal::SIGTERM);
    let answer = answer(&mut asking).expect("an answer");
    assert_eq!(answer.status, 500);
    assert!(answer.body.contains("\"far\": \"unavailable"), "{answer:?}");
    wait::until("its end", || !serving.daemon().is_running());
    drop(idle);
}

#[test]
fn it_ends_at_once_with_status_0_when_nobody_waits() {
    let peer = peer();
    let scratch = Scratch::new();
    let file = scratch.write("checks.yaml", tcp("db", peer.port(), ""));
    let mut child = Command::new(program_called("conn-check-serve"))
        .args(["--listen", "127.0.0.1:0"])
        .arg(file)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("it starts");
    wait::until("the connection of the first run", || peer.connections() > 0);
    let began = Instant::now();
    kill(Pid::from_raw(child.id().cast_signed()), Signal::SIGTERM).expect("it runs");
    assert_eq!(child.wait().expect("its status").code(), Some(0));
    assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
}

/// What systemd hears, until a line has come that begins so.
fn hears(socket: &UnixDatagram, begins: &str) -> String {
    socket.set_read_timeout(Some(wait::PATIENCE)).expect("a limit");
    let mut bytes = [0; 4096];
    loop {
        let count = socket.recv(&mut bytes).unwrap_or_else(|error| panic!("{begins} did not come: {error}"));
        let told = String::from_utf8_lossy(&bytes[..count]).into_owned();
        if let Some(line) = told.lines().find(|line| line.starts_with(begins)) {
            return line.to_owned();
        }
    }
}

#[test]
fn systemd_is_told_of_its_life() {
    let scratch = Scratch::new();
    let path = scratch.path().join("notify");
    let abstracted = format!("conn-check-test-{}", std::process::id());
    let places = [
        (path.display().to_string(), UnixDatagram::bind(&path).expect("a socket")),
        (
            format!("@{abstracted}"),
            UnixDatagram::bind_addr(&SocketAddr::from_abstract_name(&abstracted).expect("a name")).expect("a socket"),
        ),
    ];
    for (place, socket) in places {
        let peer = peer();
        let serving =
            Serving::start_at(Ipv4Addr::LOCALHOST.into(), &tcp("db", peer.port(), ""), |_, launch: Launch| {
                launch.env("NOTIFY_SOCKET", place.clone()).env("WATCHDOG_USEC", "400000")
            });
        assert_eq!(hears(&socket, "READY"), "READY=1");
        assert_eq!(hears(&socket, "STATUS=ready"), "STATUS=ready: 1 of 1 checks work");
        for _ in 0..3 {
            assert_eq!(hears(&socket, "WATCHDOG"), "WATCHDOG=1");
        }
        signal(&serving, Signal::SIGHUP);
        assert_eq!(hears(&socket, "RELOADING"), "RELOADING=1");
        assert_eq!(hears(&socket, "READY"), "READY=1");
        signal(&serving, Signal::SIGTERM);
        assert_eq!(hears(&socket, "STOPPING"), "STOPPING=1");
    }
}

#[test]
fn a_unix_socket_is_listened_at_one_left_behind_is_taken_over_and_one_in_use_is_not() {
    let peer = peer();
    let scratch = Scratch::new();
    let path = scratch.path().join("serve.sock");
    drop(UnixListener::bind(&path).expect("a socket"));
    let place = format!("unix:{}", path.display());
    let yaml = tcp("db", peer.port(), "");
    let mut serving = Serving::start(&yaml, &["--listen", &place]);
    let get = || {
        let mut stream = UnixStream::connect(&path).expect("connected");
        stream.write_all(b"GET /ready HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").expect("asked");
        answer(&mut stream).expect("an answer").body
    };
    let _first = serving.get("/ht/");
    assert_eq!(get(), "ready\n");
    let other = Agent::called("conn-check-serve", &yaml).args(["--listen", &place]).run();
    assert_eq!(other.status, 3, "{other:?}");
    assert!(other.err.contains("another program listens there"), "{other:?}");
    assert_eq!(get(), "ready\n", "the one that is there stays");
    serving.daemon().stop();
    assert!(!path.exists());
}

#[test]
fn a_port_that_is_taken_is_named_with_what_to_do() {
    let peer = peer();
    let place = peer.address().to_string();
    let ran = Agent::called("conn-check-serve", &refused("db", "")).args(["--listen", &place]).run();
    assert_eq!(ran.status, 3, "{ran:?}");
    assert!(ran.err.contains(&format!("--listen {place}: ")) && ran.err.contains("ss -ltnp"), "{ran:?}");
    for (words, said) in [
        (&["--listen", "localhost:80"][..], "unix:PATH"),
        (&["--path", "ht"], "a path like /ht/"),
        (&["--format", "json"], "means nothing here"),
        (&["--fail-status", "99"], "200..=599"),
        (&["--cert", "x"], "--key"),
        (&["--template", "/nonexistent"], "--template /nonexistent: "),
        (&["--listen", "192.0.2.1:1"], "does not have the address"),
    ] {
        let ran = Agent::called("conn-check-serve", &refused("db", "")).args(words.iter().copied()).run();
        assert!(ran.status == 3 && ran.err.contains(said), "{words:?}: {ran:?}");
    }
}

#[test]
fn it_speaks_tls_with_its_certificate_and_says_what_is_wrong_with_another() {
    let (peer, authority) = (peer(), Authority::new());
    let identity = authority.valid();
    let [cert, key] = [identity.certificate_file(), identity.key_file()].map(|path| path.display().to_string());
    let serving = Serving::start(&tcp("db", peer.port(), ""), &["--cert", &cert, "--key", &key]);
    let get = |extra: &[&str]| {
        let url = format!("https://localhost:{}/ht/?format=text", serving.address().port());
        let curl = Command::new("curl").args(["-sS", "--cacert"]).arg(authority.file()).args(extra).arg(url).output();
        String::from_utf8_lossy(&curl.expect("curl runs").stdout).into_owned()
    };
    assert_eq!(get(&[]), "db                       ... working\n");
    assert_eq!(get(&["--tls-max", "1.2"]), "db                       ... working\n");
    assert!(ask(serving.address(), "GET", "/live", &[]).is_err(), "there is nothing without TLS");
    let other = Authority::new().valid();
    let foreign = other.key_file().display().to_string();
    let ran = Agent::called("conn-check-serve", &refused("db", "")).args(["--cert", &cert, "--key", &foreign]).run();
    assert!(ran.status == 3 && ran.err.contains("its own key"), "{ran:?}");
}

#[test]
fn an_agent_check_is_told_its_line() {
    let peer = peer();
    let port = ports::free();
    let place = format!("tcp:{}", port.address());
    let line = |yaml: &str| {
        let serving = Serving::start(yaml, &["--listen", &place]);
        let _first = serving.get("/ht/");
        let mut text = String::new();
        TcpStream::connect(port.address()).expect("connected").read_to_string(&mut text).expect("a line");
        text
    };
    assert_eq!(line(&tcp("db", peer.port(), "")), "ready up\n");
    assert_eq!(line(&refused("db", "")), "ready up\n", "another node would not serve better");
    assert_eq!(line(&refused("db", ", takes_node_out: true")), "drain #connect.refused db\n");
}

#[test]
fn valid_files_are_valid_and_a_bad_token_is_told_with_them() {
    let validated = |more: &[&str]| {
        Agent::called("conn-check-serve", "- {type: tcp, host: h, port: 1}\n")
            .arg("--validate")
            .args(more.iter().copied())
            .run()
    };
    assert_eq!(validated(&[]).status, 0);
    let without = validated(&["--token-file", "/nonexistent"]);
    assert!(without.status == 3 && without.err.contains("--token-file /nonexistent"), "{without:?}");
}

#[test]
fn a_dependency_that_does_not_answer_hides_nothing_of_this_node() {
    let silent = peer();
    let scratch = Scratch::new();
    let media = scratch.folder("media");
    let of = |path: &Path| {
        let storage = format!("- {{type: storage, name: media, path: {}}}\n", path.display());
        let db = format!("- {{type: redis, name: db, host: 127.0.0.1, port: {}, timeout: 60}}\n", silent.port());
        Serving::start(&(db + &storage), &[])
    };
    let began = Instant::now();
    let well = of(&media).get("/ready");
    assert_eq!(well.status, 200, "{well:?}");
    assert_eq!(well.body, "degraded\nrun.unfinished db: not answered yet\n");
    let out = of(&media.join("nowhere")).get("/ready");
    assert!(out.status == 503 && out.body.starts_with("out\nlocal.missing media: "), "{out:?}");
    assert!(began.elapsed() < Duration::from_secs(30), "nobody waited for the database: {:?}", began.elapsed());
}

#[test]
fn who_has_sent_half_a_request_or_none_does_not_hold_up_the_end() {
    let (peer, port) = (peer(), ports::free());
    let agent = format!("tcp:{}", port.address());
    let mut serving = Serving::start(&tcp("db", peer.port(), ""), &["--listen", &agent]);
    let connected = |address| TcpStream::connect(address).expect("connected");
    let (mut half, silent, mut used) =
        (connected(serving.address()), connected(serving.address()), connected(serving.address()));
    half.write_all(b"GET /ht/ HTTP/1.1\r\nHost: ").expect("half a request");
    used.write_all(b"GET /live HTTP/1.1\r\nHost: x\r\n\r\nGET /re").expect("one and a half");
    assert!(used.read(&mut [0; 4096]).expect("an answer") > 0);
    // One that does not close its end.
    let mut told = connected(port.address());
    assert!(told.read(&mut [0; 100]).expect("a line") > 0);
    assert_eq!(serving.get("/live").status, 200, "all of them were accepted before");
    let began = Instant::now();
    signal(&serving, Signal::SIGTERM);
    wait::until("its end", || !serving.daemon().is_running());
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    drop((half, silent, used, told));
}

#[test]
fn a_socket_that_is_somebody_elses_by_now_stays_and_a_file_is_no_socket() {
    let peer = peer();
    let scratch = Scratch::new();
    let yaml = tcp("db", peer.port(), "");
    let path = scratch.path().join("serve.sock");
    let place = format!("unix:{}", path.display());
    let mut serving = Serving::start(&yaml, &["--listen", &place]);
    wait::until("the socket", || path.exists());
    fs::remove_file(&path).expect("removed");
    let _other = UnixListener::bind(&path).expect("another's socket");
    serving.daemon().stop();
    assert!(UnixStream::connect(&path).is_ok(), "it is not ours to remove");

    let file = scratch.write("file", "of somebody's");
    let place = format!("unix:{}", file.display());
    let ran = Agent::called("conn-check-serve", &yaml).args(["--listen", &place]).run();
    assert_eq!(ran.status, 3, "{ran:?}");
    let said = format!("--listen {place}: something is there that is no socket; take another path, or remove it");
    assert!(ran.err.contains(&said) && !ran.err.contains("ss -ltnp"), "{ran:?}");
    assert_eq!(fs::read_to_string(&file).expect("it is there"), "of somebody's");
}

#[test]
fn reading_the_files_again_takes_no_node_out_and_keeps_since_when_things_are_as_they_are() {
    let silent = peer();
    let scratch = Scratch::new();
    let media = scratch.folder("media").display().to_string();
    let storage = format!("- {{type: storage, name: media, path: {media}}}\n");
    let far = format!("- {{type: redis, name: far, host: 127.0.0.1, port: {}, timeout: 30}}\n", silent.port());
    let serving = Serving::start(&(refused("db", "") + &storage), &["--max-age", "3600"]);
    assert_eq!(serving.get("/ht/").status, 500);
    fs::write(serving.file(), far + &refused("db", "") + &storage).expect("written");
    for number in 1..=5 {
        signal(&serving, Signal::SIGHUP);
        wait::until("the files to be read", || serving.log().matches("the files are read again").count() == number);
        let answer = serving.get("/ready");
        assert!(answer.status == 200 && answer.body.contains("connect.refused db: "), "{answer:?}");
    }
    wait::until("all runs but the last to have ended", || silent.open() == 1);
}
