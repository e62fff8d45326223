//! `srv: true`: the servers stand in the DNS, and the check passes where the driver finds its primary.

use super::{code_and_owner, login, text};
use bson::{Document, doc};
use harness::agent::Agent;
use harness::certs::Authority;
use harness::dns::{Dns, Records};
use harness::ferretdb::Ferretdb;
use harness::mongodb::{Member, Mongodb, PASSWORD, Setup, USER};
use harness::netns::{Answer, Network, Transport};
use harness::peers::{Manner, Peer};
use serde_json::{Value, json};
use std::net::SocketAddr;

/// The name that applications know.
const NAME: &str = "cluster.shop.test";

/// The records of servers on these ports, each with a name of its own: db1, db2 and so on, all at the far end.
fn records(ports: &[u16], more: &[&str]) -> Records {
    let mut records = Records::new();
    for (at, port) in ports.iter().enumerate() {
        let host = format!("db{}.shop.test.", at + 1);
        records = records.record(&format!("_mongodb._tcp.{NAME}. SRV 0 0 {port} {host}"));
        records = records.record(&format!("{host} A 10.0.0.2"));
    }
    more.iter().fold(records, |records, line| records.record(line))
}

/// Two hosts, one of which asks the other for names.
struct Site {
    network: Network,
    _dns: Dns,
}

impl Site {
    fn new(records: &Records) -> Self {
        let network = Network::new();
        let dns = network.far.inside(|| Dns::start_at(network.far.ip(), records));
        network.near.resolv_conf("nameserver 10.0.0.2\noptions timeout:1 attempts:1\n");
        network.near.hosts("127.0.0.1 localhost\n");
        Self { network, _dns: dns }
    }

    fn serve(&self, port: u16, setup: Setup) -> Mongodb {
        self.network.far.inside(|| Mongodb::start_at(self.network.far.at(port), setup))
    }

    /// The check of a name, without TLS.
    fn check(&self, more: &str) -> Value {
        self.check_of(NAME, &format!(", use_tls: false{more}"))
    }

    fn check_of(&self, name: &str, more: &str) -> Value {
        let yaml = format!("- {{type: mongodb, host: {name}, srv: true, timeout: 4{more}}}\n");
        Agent::through(self.network.near.command("env"), &yaml).report()["checks"][0].clone()
    }

    fn passes(&self, more: &str) -> Value {
        let check = self.check(more);
        assert_eq!(check["verdict"], "pass", "{more}: {check}");
        check
    }

    fn failure(&self, more: &str) -> Value {
        let check = self.check(more);
        assert_eq!(check["verdict"], "fail", "{more}: {check}");
        check["failure"].clone()
    }
}

/// What members say of their set.
fn set(members: &[&str], primary: Option<&str>) -> Document {
    let mut set = doc! {"hosts": members};
    match primary {
        Some(primary) => set.insert("primary", primary),
        None => set.insert("primary", ""),
    };
    set
}

fn of_set(member: Member, primary: &str) -> Setup {
    let members = ["db1.shop.test:27017", "db2.shop.test:27018"];
    Setup::with_login().member(member).adds("isMaster", set(&members, Some(primary)))
}

#[test]
fn the_dns_names_the_servers_and_the_primary_among_them_gets_the_login() {
    let ca = Authority::new();
    let site = Site::new(&records(&[27017, 27018, 27019], &[]));
    let (first, second) = ("db1.shop.test:27017", "db2.shop.test:27018");
    let [one, other] = [1, 2].map(|at| ca.leaf().only_named(&format!("db{at}.shop.test")).issue());
    let secondary = site.network.far.inside(|| {
        let setup = of_set(Member::Secondary("rs0"), second);
        Mongodb::start_tls_at(site.network.far.at(27017), setup, &one)
    });
    let primary = site.network.far.inside(|| {
        let setup = of_set(Member::Primary("rs0"), second);
        Mongodb::start_tls_at(site.network.far.at(27018), setup, &other)
    });
    // TLS is on, as in the URL that this check is of.
    let check = site.check_of(NAME, &format!("{}, ca_file: {}", login(), ca.file().display()));
    assert_eq!(check["verdict"], "pass", "{check}");
    let names = json!([check["results"][0]["name"], check["results"][1]["name"]]);
    assert_eq!(names, json!([format!("mongodb:{NAME}:srv"), format!("mongodb:{NAME}:connect with auth")]));
    let facts = &check["facts"];
    assert_eq!(facts["srv_hosts"], json!([first, second, "db3.shop.test:27019"]));
    assert_eq!((text(facts, "server"), text(facts, "server_role")), (second, "primary"));
    assert_eq!(facts["tls_verified"], true);
    assert_eq!((primary.logins(), secondary.logins()), (1, 0));
    let phases: Vec<_> = check["phases"].as_array().expect("phases").iter().map(|one| text(one, "phase")).collect();
    assert_eq!(phases, ["resolve", "resolve", "resolve", "connect", "tls", "protocol", "auth", "request"]);
}

#[test]
fn the_text_record_says_where_the_user_is_kept_and_the_file_has_the_last_word() {
    let text_record = format!("{NAME}. TXT \"authSource=users&replicaSet=rs0\"");
    let site = Site::new(&records(&[27017], &[&text_record]));
    let server = site.serve(27017, Setup::with_login().users_in("users").member(Member::Primary("rs0")));
    site.passes(&login());
    assert_eq!(server.logins(), 1);
    let elsewhere = site.failure(&(login() + ", auth_source: admin"));
    assert_eq!(code_and_owner(&elsewhere), ("auth.rejected", "credentials"));
    let other = site.failure(&(login() + ", replica_set: rs1"));
    assert_eq!(code_and_owner(&other), ("request.unexpected-reply", "config"));
}

#[test]
fn without_a_primary_each_server_is_named_with_what_it_said() {
    let site = Site::new(&records(&[27017, 27018, 27019], &[]));
    let (second, third) = ("db2.shop.test:27018", "db3.shop.test:27019");
    let secondary = site.serve(27017, of_set(Member::Secondary("rs0"), second));
    let _third = site.network.far.inside(|| Peer::start_at(site.network.far.at(27019), Manner::Resets));
    let failure = site.failure(&login());
    // The primary is the one that is down: that is the reason, and not that another one is no primary.
    assert_eq!(code_and_owner(&failure), ("connect.refused", "service"), "{failure}");
    assert!(text(&failure, "message").starts_with(&format!("{second}: ")), "{failure}");
    let evidence = text(&failure, "evidence");
    assert!(evidence.contains("db1.shop.test:27017: a secondary answered, but the primary is wanted"), "{failure}");
    assert!(evidence.contains(&format!("{third}: ")), "{failure}");
    let advice = format!("the SRV records of _mongodb._tcp.{NAME} name this server");
    assert!(text(&failure, "next_step").contains(&advice), "{failure}");
    assert_eq!(secondary.logins(), 0);
    // Nobody knows a primary: what the member says is the reason.
    drop(secondary);
    let setup = Setup::with_login().member(Member::Secondary("rs0")).adds("isMaster", set(&[], None));
    let _secondary = site.serve(27017, setup);
    let failure = site.failure(&login());
    assert_eq!(code_and_owner(&failure), ("request.read-only", "service"), "{failure}");
    let message = "db1.shop.test:27017: a secondary answered, but the primary is wanted";
    assert_eq!(text(&failure, "message"), message);
    // One that has a copy is enough for who reads.
    site.passes(&(login() + ", role: secondary"));
}

#[test]
fn a_primary_that_only_the_others_know_is_found() {
    let more = ["db2.shop.test. A 10.0.0.2"];
    let site = Site::new(&records(&[27017], &more));
    let second = "db2.shop.test:27018";
    let _secondary = site.serve(27017, of_set(Member::Secondary("rs0"), second));
    let primary = site.serve(27018, of_set(Member::Primary("rs0"), second));
    let check = site.passes(&login());
    assert_eq!((text(&check["facts"], "server"), primary.logins()), (second, 1));
}

#[test]
fn a_dead_server_holds_nobody_up() {
    let site = Site::new(&records(&[27017, 27018], &[]));
    site.network.far.filter_input(Transport::Tcp, 27017, Answer::Drop);
    let server = site.serve(27018, Setup::with_login());
    let check = site.passes(&login());
    let took = check["elapsed_seconds"].as_f64().expect("seconds");
    assert!(took < 2.0, "{check}");
    drop(server);
    let failure = site.failure(&login());
    let message = "db1.shop.test:27017: no answer to the connection request within the check's timeout";
    assert_eq!((text(&failure, "code"), text(&failure, "message")), ("connect.timeout", message), "{failure}");
    let other = "db2.shop.test:27018: 10.0.0.2:27018 refused the connection";
    assert!(text(&failure, "evidence").contains(other), "{failure}");
}

#[test]
fn a_server_that_this_host_does_not_reach_is_looked_into_beside_the_wait() {
    let site = Site::new(&records(&[27017], &[]));
    let _server = site.serve(27017, Setup::with_login());
    site.network.near.filter_output(Transport::Tcp, 27017, Answer::Drop);
    let failure = site.failure(&login());
    assert_eq!(code_and_owner(&failure), ("connect.denied-locally", "host"), "{failure}");
    assert!(text(&failure, "message").starts_with("db1.shop.test:27017: "), "{failure}");
}

#[test]
fn another_service_in_the_servers_place_is_named() {
    let site = Site::new(&records(&[27017], &[]));
    let _web = site.network.far.inside(|| {
        Peer::start_at(site.network.far.at(27017), Manner::Banner(b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec()))
    });
    let failure = site.failure(&login());
    assert_eq!(text(&failure, "code"), "protocol.wrong-service", "{failure}");
    assert!(text(&failure, "message").starts_with("db1.shop.test:27017: this is "), "{failure}");
}

#[test]
fn records_that_no_driver_takes_are_the_dns_fault_and_nothing_is_sent() {
    let out = format!("_mongodb._tcp.{NAME}. SRV 0 0 27017 db1.evil.test.");
    let [one, two, odd, both] = ["replicaSet=a", "replicaSet=b", "ssl=false", "loadBalanced=true"]
        .map(|text| format!("{NAME}. TXT \"{text}\""));
    for (ports, more, told) in [
        (&[][..], &[out.as_str(), "db1.evil.test. A 10.0.0.2"][..], "an SRV record leads out of the domain of"),
        (&[27017], &[&one, &two], "the name has several TXT records, and may have one"),
        (&[27017], &[&odd], "the TXT record says what it may not say"),
        (&[27017, 27018], &[&both], "what the SRV and TXT records say is refused by the driver"),
    ] {
        let site = Site::new(&records(ports, more));
        let server = site.serve(27017, Setup::with_login());
        let failure = site.failure(&login());
        assert_eq!(code_and_owner(&failure), ("resolve.failed", "dns"), "{failure}");
        assert!(text(&failure, "message").starts_with(told), "{failure}");
        // A library's form for programmers is none for people.
        assert!(!text(&failure, "evidence").contains("labels"), "{failure}");
        assert_eq!(server.peer().connections(), 0, "{told}");
    }
}

#[test]
fn a_record_without_a_target_says_that_there_is_no_service() {
    let site = Site::new(&records(&[], &[&format!("_mongodb._tcp.{NAME}. SRV 0 0 0 .")]));
    let failure = site.failure(&login());
    assert_eq!(code_and_owner(&failure), ("resolve.failed", "dns"), "{failure}");
    assert_eq!(text(&failure, "message"), format!("the SRV record says that {NAME} has no MongoDB"));
}

#[test]
fn a_dead_address_of_a_server_is_a_warning_and_holds_nobody_up() {
    let site = Site::new(&records(&[27017], &[]));
    // Nobody has the first one.
    site.network.near.hosts("127.0.0.1 localhost\n10.0.0.4 db1.shop.test\n10.0.0.5 db1.shop.test\n");
    site.network.far.also([10, 0, 0, 5].into());
    let at = SocketAddr::from(([10, 0, 0, 5], 27017));
    let _server = site.network.far.inside(|| Mongodb::start_at(at, Setup::with_login()));
    let check = site.check(&login());
    assert_eq!(check["verdict"], "warn", "{check}");
    let warning = &check["warnings"][0];
    assert_eq!(text(warning, "code"), "connect.address-dead", "{check}");
    assert!(text(warning, "message").contains("10.0.0.4:27017 did not answer"), "{check}");
    assert!(check["elapsed_seconds"].as_f64().expect("seconds") < 2.0, "{check}");
}

#[test]
fn more_servers_than_are_asked_are_told_and_each_in_its_place() {
    let ports: Vec<_> = (27017..27017 + 60).collect();
    let site = Site::new(&records(&ports, &[]));
    let failure = site.failure(&login());
    assert_eq!(text(&failure, "code"), "connect.refused", "{failure}");
    let evidence = text(&failure, "evidence");
    assert!(evidence.contains("asked 50 of 60 servers"), "{failure}");
    let places: Vec<_> = ["db11.", "db12.", "db13.", "db14."].iter().filter_map(|name| evidence.find(name)).collect();
    assert!(places.len() > 1 && places.is_sorted(), "{failure}");
}

#[test]
fn the_name_in_a_servers_certificate_is_no_matter_of_server_name() {
    let ca = Authority::new();
    let site = Site::new(&records(&[27017], &[]));
    let other = ca.leaf().only_named("other.shop.test").issue();
    let _server =
        site.network.far.inside(|| Mongodb::start_tls_at(site.network.far.at(27017), Setup::with_login(), &other));
    let failure = site.check_of(NAME, &format!("{}, ca_file: {}", login(), ca.file().display()))["failure"].clone();
    assert_eq!(text(&failure, "code"), "tls.wrong-name", "{failure}");
    let next_step = text(&failure, "next_step");
    assert!(next_step.contains("in its SRV record") && !next_step.contains("server_name"), "{failure}");
}

#[test]
fn records_that_are_not_there_are_told_as_the_resolver_says() {
    let more = ["_mongodb._tcp.bare.shop.test. TXT \"x\"", "plain.shop.test. A 10.0.0.2"];
    let site = Site::new(&records(&[27017], &more).servfail("broken.test").refused("closed.test"));
    for (name, code) in [
        ("plain.shop.test", "resolve.nxdomain"),
        ("bare.shop.test", "resolve.no-address"),
        ("x.broken.test", "resolve.servfail"),
        ("x.closed.test", "resolve.refused"),
    ] {
        let failure = site.check_of(name, "")["failure"].clone();
        assert_eq!(code_and_owner(&failure), (code, "dns"), "{failure}");
        assert!(text(&failure, "message").contains(&format!("_mongodb._tcp.{name}")), "{failure}");
        let advised = text(&failure, "next_step").contains("leave `srv` out");
        assert_eq!(advised, name.ends_with("shop.test"), "{failure}");
    }
}

#[test]
fn a_balancer_is_told_that_the_client_knows_of_it() {
    let text_record = format!("{NAME}. TXT \"loadBalanced=true\"");
    let site = Site::new(&records(&[27017], &[&text_record]));
    let of_balancer = doc! {"serviceId": bson::oid::ObjectId::new()};
    let server = site.serve(27017, Setup::with_login().member(Member::Router).adds("isMaster", of_balancer));
    site.passes(&login());
    drop(server);
    let _server = site.serve(27017, Setup::with_login().member(Member::Router));
    let failure = site.failure(&login());
    assert_eq!(code_and_owner(&failure), ("request.unexpected-reply", "dns"), "{failure}");
    assert!(text(&failure, "next_step").contains("loadBalancerPort"), "{failure}");
}

#[test]
fn ferretdb_behind_records_accepts_the_login() {
    let network = Network::new();
    let Some(server) = network.near.inside(|| Ferretdb::or_skip(None)) else { return };
    let service = format!("_mongodb._tcp.{NAME}. SRV 0 0 {} db1.shop.test.", server.address().port());
    let records = Records::new().record(&service).record("db1.shop.test. A 127.0.0.1");
    let dns = network.far.inside(|| Dns::start_at(network.far.ip(), &records));
    network.near.resolv_conf("nameserver 10.0.0.2\noptions timeout:1 attempts:1\n");
    network.near.hosts("127.0.0.1 localhost\n");
    let site = Site { network, _dns: dns };
    let check = site.passes(&login());
    assert_eq!(check["facts"]["server_role"], "standalone", "{check}");
    let failure = site.failure(&login().replace(PASSWORD, "hunter2"));
    assert_eq!(code_and_owner(&failure), ("auth.rejected", "credentials"), "{failure}");
    assert!(text(&failure, "message").contains(USER), "{failure}");
}

#[test]
fn what_does_not_go_with_records_is_told_with_the_file() {
    for (options, wanted) in [
        ("host: h.test, srv: true, port: 27017", "`port`: this cannot be with `srv: true`"),
        ("host: 10.0.0.1, srv: true", "`host`: with `srv: true` the host is a name"),
        ("host: /run/mongodb.sock, srv: true", "`host`: with `srv: true` the host is a name"),
        ("host: h.test, srv: true, auth_mechanism: x509", "`auth_mechanism` without `client_cert`"),
    ] {
        let ran = Agent::new(&format!("- {{type: mongodb, {options}}}")).arg("--validate").run();
        assert_eq!(ran.status, 3, "{ran:?}");
        assert!(ran.err.contains(wanted) || ran.out.contains(wanted), "{options}: {ran:?}");
    }
    for key in ["connect_to", "server_name"] {
        let yaml = format!("- {{type: mongodb, host: h.test, srv: true, {key}: other.test}}");
        let ran = Agent::new(&yaml).arg("--validate").run();
        let told = format!("{}{}", ran.out, ran.err);
        assert!(told.contains(&format!("`{key}` has no effect with `srv: true`")), "{ran:?}");
    }
}
