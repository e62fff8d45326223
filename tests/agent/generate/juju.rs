//! `conn-check-configs juju`: what `juju status` printed, in either format.

use super::{configs, objections, run_with};
use serde_json::{Value, json};

/// A service, its database, its cache, and a proxy in front of it, as Juju 3 shows them.
pub(crate) fn status() -> Value {
    let relation = |other: &str, interface: &str| json!([{"related-application": other, "interface": interface, "scope": "global"}]);
    let unit = |address: &str, ports: &[&str]| json!({"workload-status": {"current": "active"}, "public-address": address, "open-ports": ports});
    json!({
        "model": {"name": "prod", "type": "iaas", "version": "3.6.1"},
        "machines": {},
        "applications": {
            "shop": {
                "charm": "shop", "charm-name": "shop", "exposed": false,
                "relations": {
                    "database": relation("postgresql", "postgresql_client"),
                    "cache": relation("memcached", "memcache"),
                    "website": relation("haproxy", "http"),
                },
                "units": {"shop/0": unit("10.0.0.1", &[])},
            },
            "postgresql": {
                "charm-name": "postgresql",
                "relations": {"database": relation("shop", "postgresql_client")},
                "units": {"postgresql/0": unit("10.0.0.2", &["5432/tcp"])},
            },
            "memcached": {
                "charm-name": "memcached",
                "relations": {"cache": relation("shop", "memcache")},
                "units": {"memcached/0": unit("10.0.0.3", &["11211/tcp"])},
            },
            "haproxy": {
                "charm-name": "haproxy",
                "relations": {"reverseproxy": relation("shop", "http")},
                "units": {"haproxy/0": unit("10.0.0.4", &["80/tcp"])},
            },
        },
        "controller": {"timestamp": "12:00:00Z"},
    })
}

#[test]
fn json_and_yaml_give_the_same_file_which_strict_accepts() {
    let status = status();
    let json = run_with(&mut configs(&["juju", "--application", "shop"]), status.to_string().as_bytes());
    assert_eq!((json.status, json.err.as_str()), (0, ""), "{json:?}");
    assert_eq!(objections(&json.out, &[]), None, "{}", json.out);
    insta::assert_snapshot!("juju_status", json.out);
    let yaml = serde_yaml_ng::to_string(&status).expect("YAML");
    let yaml = run_with(&mut configs(&["juju", "-", "-a", "shop"]), yaml.as_bytes());
    assert_eq!(yaml.out, json.out);
}

#[test]
fn an_application_that_is_not_there_comes_with_those_that_are() {
    let made = run_with(&mut configs(&["juju", "--application", "shopp"]), status().to_string().as_bytes());
    assert_eq!((made.status, made.out.as_str()), (3, ""));
    let said = "conn-check-configs: --application: there is no application `shopp` in this status; there are: haproxy, memcached, postgresql, shop\n";
    assert_eq!(made.err, said);
}

#[test]
fn where_several_depend_on_something_one_has_to_be_named() {
    let made = run_with(&mut configs(&["juju"]), status().to_string().as_bytes());
    assert_eq!((made.status, made.out.as_str()), (3, ""));
    assert_eq!(made.err, "conn-check-configs: --application is required: one of haproxy, shop\n");
}

#[test]
fn an_application_without_dependencies_gives_an_empty_list_and_says_why() {
    let made = run_with(&mut configs(&["juju", "--application", "postgresql"]), status().to_string().as_bytes());
    assert!(made.status == 0 && made.out.ends_with("\n[]\n"), "{made:?}");
    assert!(made.err.contains("database: shop: it connects to postgresql"), "{}", made.err);
    assert_eq!(objections(&made.out, &[]), None);
}

#[test]
fn names_of_a_status_stay_in_their_place() {
    let evil = "x\n- type: tcp\n  host: $(reboot)\n#";
    let status = json!({"model": {"name": evil}, "applications": {
        evil: {"relations": {
            evil: [{"related-application": "db", "interface": evil, "scope": "global"}],
            "other": [{"related-application": evil, "interface": "peer"}, {"related-application": "gone\u{1b}[2J", "interface": "x"}],
        }},
        "db": {"units": {
            "db/0": {"public-address": evil, "open-ports": ["1/tcp", evil, "99999/tcp", "-/tcp", 7]},
            "db/1": {"public-address": "10.0.0.2", "open-ports": ["1/tcp"]},
            "db/2": [], "db/3": null, "db/x": {"public-address": 3},
        }},
    }});
    let made = run_with(&mut configs(&["juju", "-a", evil]), status.to_string().as_bytes());
    assert_eq!(made.status, 0, "{made:?}");
    assert_eq!(objections(&made.out, &[]), None, "{}", made.out);
    assert_eq!(made.out.matches("\n- type: ").count(), 1, "{}", made.out);
    assert!(!made.out.contains('\u{1b}') && !made.err.contains('\u{1b}'), "{made:?}");
}
