//! Of brokers, stores, directories and proxies.

use super::{Step, prove};
use harness::agent::Agent;
use harness::nginx::{Nginx, Site};
use harness::ports;
use harness::process::{Daemon, Launch};
use harness::rabbitmq::{self, RabbitMq};
use harness::redis::{self, Redis};
use harness::slapd::{self, Slapd};
use harness::squid::{Rules, Squid};
use harness::wait;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::cell::RefCell;
use std::fs::{self, Permissions};
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

/// Has a daemon read its files again.
fn reload(pid: u32) {
    kill(Pid::from_raw(i32::try_from(pid).expect("a pid")), Signal::SIGHUP).expect("a signal");
}

#[test]
fn a_user_of_rabbitmq_enters_one_virtual_host_and_may_do_nothing_else_there() {
    let broker = RabbitMq::start(&rabbitmq::Setup::plain());
    let check = |vhost: &str, more: &str| {
        let address = broker.address();
        let (user, password) = (rabbitmq::USER, rabbitmq::PASSWORD);
        let yaml = format!(
            "- {{type: amqp, host: {}, port: {}, use_tls: false, username: {user}, password: {password}, vhost: {vhost}, timeout: 20{more}}}",
            address.ip(),
            address.port()
        );
        Agent::new(&yaml).report()
    };
    for vhost in ["not there", "its $(name); it's"] {
        let quoted = format!("'{}'", vhost.replace('\'', "''"));
        prove("request.no-such-vhost", &|| check(&quoted, ""), &|| check(&quoted, ", roundtrip: true"), &mut |step| {
            step.commands.iter().for_each(|line| broker.shell(line));
        });
    }
    broker.shell("rabbitmqctl add_vhost closed");
    broker.shell("rabbitmqctl add_vhost other");
    prove("request.permission-denied", &|| check("closed", ", roundtrip: true"), &|| check("other", ""), &mut |step| {
        step.commands.iter().for_each(|line| broker.shell(line));
    });
}

#[test]
fn a_user_of_redis_gets_the_commands_and_keys_of_the_check() {
    let rights = format!(">{} +ping +hello +auth ~others:*", redis::PASSWORD);
    let server = Redis::start(&redis::Setup::new().user("poor", &rights));
    let check = |more: &str| {
        let address = server.address();
        let yaml = format!(
            "- {{type: redis, host: {}, port: {}, username: poor, password: {}, timeout: 10{more}}}",
            address.ip(),
            address.port(),
            redis::PASSWORD
        );
        Agent::new(&yaml).report()
    };
    let apply = |step: &Step| {
        for line in &step.commands {
            let words: Vec<_> = line.split(' ').collect();
            let said = server.cli(&words);
            assert!(!said.contains("ERR"), "{line}: {said}");
        }
    };
    prove("request.permission-denied", &|| check(", roundtrip: true"), &|| check(", key: orders"), &mut |step| {
        apply(step);
    });
    prove("request.permission-denied", &|| check(", database: 3"), &|| check(", key: orders"), &mut |step| apply(step));
}

/// A Mosquitto whose access lists are a file.
fn mosquitto() -> (Daemon, SocketAddr) {
    Daemon::start_with(|scratch| {
        let port = ports::free();
        let passwords = scratch.write_private("passwords", "");
        let created = Command::new("mosquitto_passwd")
            .args(["-b".as_ref(), passwords.as_os_str(), "poor".as_ref(), "s3cret-Word".as_ref()])
            .status();
        assert!(created.expect("mosquitto_passwd").success());
        let lists = scratch.write("lists", "topic read free\n");
        for file in [&passwords, &lists] {
            fs::set_permissions(file, Permissions::from_mode(0o644)).expect("a mode");
        }
        let file = scratch.write(
            "mosquitto.conf",
            format!(
                "listener {} 127.0.0.1\nallow_anonymous true\npassword_file {}\nacl_file {}\nlog_dest stderr\n",
                port.number(),
                passwords.display(),
                lists.display()
            ),
        );
        (Launch::new("mosquitto").arg("-c").arg(file).as_nobody().accepts(port.address()), port.address())
    })
}

#[test]
fn one_topic_of_mosquitto_is_for_one_user() {
    let (broker, address) = mosquitto();
    let lists = broker.scratch().path().join("lists");
    let check = |login: &str, more: &str| {
        let yaml = format!(
            "- {{type: mqtt, host: {}, port: {}, timeout: 10, version: 5{login}{more}}}",
            address.ip(),
            address.port()
        );
        Agent::new(&yaml).report()
    };
    let apply = |step: &Step| {
        let before = fs::read_to_string(&lists).expect("lists");
        let lines = step.commands.join("\n") + "\n";
        let after = if step.place.starts_with("at the end") { before + &lines } else { lines + &before };
        fs::write(&lists, after).expect("lists");
        reload(broker.pid());
        wait::until("Mosquitto to read its lists", || broker.log().contains("Reloading config"));
    };
    let login = ", username: poor, password: s3cret-Word";
    prove(
        "request.permission-denied",
        &|| check(login, ", topic: orders/new, publish: true"),
        &|| check(login, ", topic: orders/old, publish: true"),
        &mut |step| apply(step),
    );
}

#[test]
fn one_entry_of_a_directory_may_be_read() {
    let server = RefCell::new(Slapd::start(&slapd::Setup::plain()));
    let check = |base: &str| {
        let address = server.borrow().address();
        let yaml = format!(
            "- {{type: ldap, host: {}, port: {}, use_tls: false, username: '{}', password: {}, base: '{base}', timeout: 10}}",
            address.ip(),
            address.port(),
            slapd::USER,
            slapd::PASSWORD
        );
        Agent::new(&yaml).report()
    };
    // A server with that line in its file, above the others.
    let apply =
        |step: &Step| *server.borrow_mut() = Slapd::start(&slapd::Setup::plain().access(&step.commands.join("\n")));
    prove(
        "request.permission-denied",
        &|| check("ou=payroll,dc=example,dc=com"),
        &|| check("ou=secrets,dc=example,dc=com"),
        &mut |step| apply(step),
    );
}

#[test]
fn one_target_is_let_through_squid() {
    let sites = Nginx::start([Site::http("wanted").page("/", "w"), Site::http("other").page("/", "o")]);
    let (port, other_port) = (sites.port("wanted"), sites.port("other"));
    let mut squid = Squid::start(&Rules::open().deny_host("127.0.0.1"));
    let proxy = squid.url();
    let check = |port: u16| {
        Agent::new(&format!("- {{type: http, url: 'http://127.0.0.1:{port}/', proxy_url: '{proxy}', timeout: 10}}"))
            .report()
    };
    let file = squid.daemon().scratch().path().join("squid.conf");
    let squid = RefCell::new(squid);
    let apply = |step: &Step| {
        above(&file, "http_access deny", &step.commands);
        reload(squid.borrow_mut().daemon().pid());
        wait::until("squid to read its rules", || squid.borrow_mut().daemon().log().contains("Reconfiguring Squid"));
        wait::until("squid to accept again", || {
            squid.borrow_mut().daemon().log().matches("Accepting HTTP").count() >= 2
        });
    };
    prove("proxy.denied", &|| check(port), &|| check(other_port), &mut |step| apply(step));
}

/// Puts lines into a file, above the first that begins so.
fn above(file: &Path, begin: &str, lines: &[String]) {
    let text = fs::read_to_string(file).expect("a file");
    // An access list stands right above its rule.
    let at = text.find("acl d0").or_else(|| text.find(begin)).expect("the line");
    fs::write(file, format!("{}{}\n{}", &text[..at], lines.join("\n"), &text[at..])).expect("a file");
}
