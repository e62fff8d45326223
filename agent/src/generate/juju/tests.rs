//! Statuses of both shapes, cut to what matters.

use super::*;
use crate::generate::Secrets;

/// Juju 3: relations with their interfaces, machines.
const JUJU_3: &str = r#"{
  "model": {"name": "prod", "type": "iaas", "controller": "c", "cloud": "maas", "version": "3.6.1"},
  "machines": {"0": {"dns-name": "10.0.0.10"}},
  "applications": {
    "shop": {
      "charm": "shop", "charm-name": "shop", "charm-rev": 3,
      "relations": {
        "database": [{"related-application": "postgresql", "interface": "postgresql_client", "scope": "global"}],
        "cache": [{"related-application": "memcached", "interface": "memcache", "scope": "global"}],
        "website": [{"related-application": "haproxy", "interface": "http", "scope": "global"}],
        "peers": [{"related-application": "shop", "interface": "shop_peers", "scope": "global"}],
        "nrpe": [{"related-application": "nrpe", "interface": "nrpe-external-master", "scope": "container"}],
        "search": [{"related-application": "search", "interface": "elasticsearch", "scope": "global"}],
        "queue": [{"related-application": "odd", "interface": "odd-protocol", "scope": "global"}],
        "mail": [{"related-application": "smtp-integrator", "interface": "smtp", "scope": "global"}],
        "logs": [{"related-application": "gone", "interface": "syslog", "scope": "global"}]
      },
      "units": {"shop/0": {"machine": "0", "public-address": "10.0.0.10"}}
    },
    "postgresql": {
      "charm": "postgresql", "charm-name": "postgresql",
      "relations": {
        "database": [{"related-application": "shop", "interface": "postgresql_client", "scope": "global"}],
        "database-peers": [{"related-application": "postgresql", "interface": "postgresql_peers", "scope": "global"}]
      },
      "units": {
        "postgresql/10": {"open-ports": ["5432/tcp", "8008/tcp"], "public-address": "10.0.0.12"},
        "postgresql/2": {"open-ports": ["5432/tcp"], "public-address": "10.0.0.11"},
        "postgresql/11": {"workload-status": {"current": "waiting"}}
      }
    },
    "memcached": {"charm-name": "memcached", "units": {"memcached/0": {"public-address": "fd00::7"}}},
    "haproxy": {"charm-name": "haproxy", "units": {"haproxy/0": {"public-address": "10.0.0.5", "open-ports": ["80/tcp"]}}},
    "nrpe": {"charm-name": "nrpe", "subordinate-to": ["shop"]},
    "search": {"charm-name": "elasticsearch", "units": {"search/0": {"public-address": "10.0.0.30"}}},
    "odd": {"charm-name": "odd", "units": {"odd/0": {"public-address": "10.0.0.40", "open-ports": ["7000-7010/tcp", "53/udp", "icmp"]}}},
    "smtp-integrator": {"charm-name": "smtp-integrator", "units": {"smtp-integrator/0": {"public-address": "10.0.0.50"}}}
  }
}"#;

/// Juju 2.9: names alone, an offer of another model, a subordinate.
const JUJU_2: &str = r"
model: {name: old, controller: c, cloud: aws, version: 2.9.49}
machines: {}
applications:
  web:
    charm: ch:amd64/focal/web-1
    series: focal
    charm-origin: charmhub
    charm-name: web
    relations:
      amqp: [rabbitmq-server]
      db: [saas-db]
      juju-info: [telegraf]
      router: [mysql-router]
    units:
      web/0: {public-address: 10.1.0.1}
  rabbitmq-server:
    charm: cs:rabbitmq-server-115
    charm-name: rabbitmq-server
    relations:
      amqp: [web]
    units:
      rabbitmq-server/0: {public-address: rabbit.example.com, open-ports: [5672/tcp]}
  telegraf: {charm-name: telegraf, subordinate-to: [web]}
  mysql-router: {charm-name: mysql-router, subordinate-to: [web]}
application-endpoints:
  saas-db:
    url: admin/db.postgresql
    endpoints: {db: {interface: pgsql, role: provider}}
    relations: {db: [web]}
";

fn written(text: &str, application: Option<&str>) -> Result<(String, Vec<String>), String> {
    let status = Status::parse(text).map_err(|why| why.to_string())?;
    let file = file(&status, application).map_err(|refused| refused.to_string())?.reviewed();
    let gaps = file.gaps().map(|gap| gap.origin.clone()).collect();
    Ok((file.write(&Secrets::Inline).text, gaps))
}

#[test]
fn relations_of_juju_3_become_checks_of_their_interfaces() {
    let (text, gaps) = written(JUJU_3, Some("shop")).expect("file");
    insta::assert_snapshot!(text);
    assert_eq!(gaps, ["database: postgresql/11", "logs: gone", "mail: smtp-integrator"]);
}

#[test]
fn relations_of_juju_2_become_checks_of_their_charms() {
    let (text, gaps) = written(JUJU_2, Some("web")).expect("file");
    insta::assert_snapshot!(text);
    assert_eq!(gaps, ["db: saas-db"]);
}

#[test]
fn the_only_application_with_dependencies_needs_no_name() {
    assert_eq!(written(JUJU_2, None), written(JUJU_2, Some("web")));
    assert_eq!(written(JUJU_3, None), written(JUJU_3, Some("shop")));
}

#[test]
fn pods_have_addresses_that_change() {
    let text = r#"{"model": {"name": "k"}, "applications": {
        "app": {"relations": {"redis": [{"related-application": "redis-k8s", "interface": "redis", "scope": "global"}]}},
        "redis-k8s": {"charm-name": "redis-k8s", "address": "10.152.183.2", "units": {"redis-k8s/0": {"address": "10.1.0.9"}}}}}"#;
    let (text, _) = written(text, Some("app")).expect("file");
    assert!(text.contains("addresses of pods") && text.contains("host: '10.1.0.9'"), "{text}");
}

/// The file for `app`, related to units of `other` over an interface; each opened these ports.
fn related(interface: &str, charm: &str, ports: &[&str]) -> String {
    let units: serde_json::Map<_, _> = ports
        .iter()
        .enumerate()
        .map(|(at, ports)| {
            let open: Vec<_> = ports.split(' ').filter(|port| !port.is_empty()).collect();
            (format!("other/{at}"), serde_json::json!({"public-address": format!("h{at}"), "open-ports": open}))
        })
        .collect();
    let status = serde_json::json!({"model": {"name": "m"}, "applications": {
        "app": {"charm-name": "shop", "relations": {"end": [{"related-application": "other", "interface": interface}]}},
        "other": {"charm-name": charm, "units": units},
    }});
    written(&status.to_string(), Some("app")).expect("file").0
}

#[test]
fn the_default_port_counts_where_it_is_open_and_another_one_alone_is_remarked() {
    let text = related(
        "postgresql_client",
        "postgresql",
        &["5000-6000/tcp", "9187/tcp", "5432/tcp 9187/tcp", "1-2/tcp", "", "6432/tcp 9187/tcp"],
    );
    let ports: Vec<_> = text.lines().filter_map(|line| line.strip_prefix("  port: ")).collect();
    assert_eq!(ports, ["5432", "9187", "5432", "5432", "5432", "5432"], "{text}");
    let doubts = text.matches("and not 5432, the usual one").count();
    assert!(doubts == 1 && text.contains("# end: other/1: the unit opened port 9187"), "{text}");
    assert!(!text.contains("which of the two"), "{text}");
    let text = related("elasticsearch", "elasticsearch", &["80/tcp 9200/tcp", "8080/tcp"]);
    assert!(text.contains("'http://h0:9200/'") && text.contains("'http://h1:8080/'"), "{text}");
    assert!(!text.contains("the usual one"), "{text}");
}

#[test]
fn a_direction_that_the_status_does_not_tell_is_remarked() {
    let note = "# end: other: a status does not say which of the two connects to the other: if it is other, leave";
    let text = related("http", "frontend", &["80/tcp"]);
    assert!(text.contains(note) && text.contains("url: 'http://h0/'"), "{text}");
    assert!(related("postgresql_client", "mine", &[""]).contains(note));
    assert!(!related("postgresql_client", "mine", &["5432/tcp"]).contains("which of the two"));
}

#[test]
fn what_is_no_status_is_refused_with_what_is_wanted() {
    for text in [
        "",
        "Model  Controller\nprod   c\n",
        "[1, 2]",
        "{\"applications\": []}",
        "{\"a\": ",
        "a: [",
        "\u{0}\u{1}",
        "{\"machines\": {}}",
    ] {
        let refused = Status::parse(text).err().map(|why| why.to_string());
        assert!(refused.is_some_and(|why| why.contains("juju status") || why.contains("not JSON")), "{text:?}");
    }
    let refused = written(JUJU_3, Some("sh\nop")).expect_err("unknown");
    assert!(refused.contains("`sh\\nop`") && refused.contains("haproxy, memcached, nrpe"), "{refused}");
}

#[test]
fn units_are_reached_over_private_addresses_and_others_are_named() {
    let status = |public: &str, addresses: &[&str]| {
        let status = serde_json::json!({"model": {"name": "m"},
        "machines": {"0": {"ip-addresses": [public], "containers": {"0/lxd/1": {"network-interfaces": {
            "eth0": {"ip-addresses": addresses}}, "ip-addresses": addresses}}}},
        "applications": {
            "app": {"relations": {"cache": [{"related-application": "memcached", "interface": "memcache"}]}},
            "memcached": {"charm-name": "memcached",
                "units": {"memcached/0": {"public-address": public, "machine": "0/lxd/1"}}},
        }});
        written(&status.to_string(), Some("app")).expect("file").0
    };
    let text = status("198.51.100.10", &["198.51.100.10", "10.194.2.7"]);
    assert!(text.contains("host: '10.194.2.7'\n") && !text.contains("other addresses"), "{text}");
    let text = status("ec2.example.com", &["10.0.0.1", "192.168.0.1"]);
    assert!(text.contains("host: '10.0.0.1'\n"), "{text}");
    assert!(text.contains("# cache: memcached/0: the machine has other addresses, too (192.168.0.1)"), "{text}");
    let text = status("198.51.100.10", &["198.51.100.10"]);
    assert!(text.contains("host: '198.51.100.10'\n"), "{text}");
}

#[test]
fn who_passes_connections_on_has_ports_of_its_own() {
    let ports = |interface: &str, charm: &str, open: &str| related(interface, charm, &[open]);
    let text = ports("postgresql_client", "pgbouncer-k8s", "");
    assert!(text.contains("  port: 6432\n") && !text.contains("the usual one"), "{text}");
    let text = ports("postgresql_client", "pgbouncer", "6432/tcp");
    assert!(text.contains("  port: 6432\n") && !text.contains("the usual one"), "{text}");
    assert!(ports("mongodb_client", "mongos-k8s", "").contains("  port: 27018\n"));
    // Of MySQL no connection alone is checked.
    let text = ports("mysql_client", "mysql-router-k8s", "");
    assert!(text.contains("# end: other/0: add a mysql check for h0:6446 ") && !text.contains("- type:"), "{text}");
}

#[test]
fn a_part_of_the_name_of_a_charm_says_nothing() {
    let status = serde_json::json!({"model": {"name": "m"}, "applications": {
        "app": {"charm-name": "shop", "relations": {"end": ["other"]}},
        "other": {"charm-name": "prometheus-redis-exporter",
            "units": {"other/0": {"public-address": "h", "open-ports": ["9121/tcp"]}}},
    }});
    let (text, _) = written(&status.to_string(), Some("app")).expect("file");
    assert!(text.contains("its charm is not known here") && text.contains("  port: 9121\n"), "{text}");
    assert!(!text.contains("redis check") && !text.contains("type: redis"), "{text}");
}

#[test]
fn a_status_of_juju_1_is_named_as_such() {
    let refused = Status::parse("environment: old\nmachines: {}\nservices:\n  shop: {charm: 'cs:shop-1'}\n");
    assert!(refused.is_err_and(|why| why == NotAStatus::Juju1 && why.to_string().contains("status of Juju 1")));
}
