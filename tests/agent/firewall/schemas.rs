//! What Kubernetes and Terraform take, as schemas made from the documentation of their interfaces:
//! `NetworkPolicy` of `networking.k8s.io/v1`, and `aws_security_group_rule` of the AWS provider.

use super::{convert_in, network, ten_hosts, text};
use jsonschema::Validator;
use serde_json::{Value, json};
use std::process::Command;

const LABEL: &str = "^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$";

/// Addresses and a length; which of both families it is, is for the reader to say.
const CIDR: &str = "^[0-9a-f.:]+/[0-9]{1,3}$";

fn network_policy() -> Value {
    let port = json!({
        "type": "object", "required": ["protocol", "port"], "additionalProperties": false,
        "properties": {"protocol": {"enum": ["TCP", "UDP"]}, "port": {"type": "integer", "minimum": 1, "maximum": 65535}}
    });
    let peer = json!({
        "type": "object", "required": ["ipBlock"], "additionalProperties": false,
        "properties": {"ipBlock": {
            "type": "object", "required": ["cidr"], "additionalProperties": false,
            "properties": {"cidr": {"type": "string", "pattern": CIDR}}
        }}
    });
    let rule = json!({
        "type": "object", "required": ["to", "ports"], "additionalProperties": false,
        "properties": {
            "to": {"type": "array", "minItems": 1, "items": peer},
            "ports": {"type": "array", "minItems": 1, "uniqueItems": true, "items": port}
        }
    });
    json!({
        "type": "object", "required": ["apiVersion", "kind", "metadata", "spec"], "additionalProperties": false,
        "properties": {
            "apiVersion": {"const": "networking.k8s.io/v1"},
            "kind": {"const": "NetworkPolicy"},
            "metadata": {
                "type": "object", "required": ["name"], "additionalProperties": false,
                "properties": {"name": {"type": "string", "maxLength": 253, "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"}}
            },
            "spec": {
                "type": "object", "required": ["podSelector", "policyTypes", "egress"], "additionalProperties": false,
                "properties": {
                    "podSelector": {
                        "type": "object", "additionalProperties": false,
                        "properties": {"matchLabels": {
                            "type": "object", "additionalProperties": {"type": "string", "pattern": LABEL}
                        }}
                    },
                    "policyTypes": {"const": ["Egress"]},
                    "egress": {"type": "array", "minItems": 1, "items": rule}
                }
            }
        }
    })
}

fn terraform() -> Value {
    let blocks = json!({"type": "array", "minItems": 1, "maxItems": 1, "items": {"type": "string", "pattern": CIDR}});
    let port = json!({"type": "integer", "minimum": 1, "maximum": 65535});
    let rule = json!({
        "type": "object",
        "required": ["type", "from_port", "to_port", "protocol", "security_group_id"],
        "oneOf": [{"required": ["cidr_blocks"]}, {"required": ["ipv6_cidr_blocks"]}],
        "additionalProperties": false,
        "properties": {
            "type": {"const": "egress"},
            "from_port": port, "to_port": port,
            "protocol": {"enum": ["tcp", "udp"]},
            "security_group_id": {"type": "string", "minLength": 1},
            "cidr_blocks": blocks, "ipv6_cidr_blocks": blocks,
            "description": {"type": "string", "maxLength": 255, "pattern": "^[a-zA-Z0-9. _:/()#,@\\[\\]+=&;{}!$*-]*$"}
        }
    });
    json!({
        "type": "object", "required": ["resource"], "additionalProperties": false,
        "properties": {
            "//": {"type": "string"},
            "resource": {
                "type": "object", "required": ["aws_security_group_rule"], "additionalProperties": false,
                "properties": {"aws_security_group_rule": {
                    "type": "object", "minProperties": 1, "additionalProperties": false,
                    "patternProperties": {"^[A-Za-z_][A-Za-z0-9_-]*$": rule}
                }}
            },
            "variable": {
                "type": "object",
                "additionalProperties": {
                    "type": "object", "additionalProperties": false,
                    "properties": {"type": {"enum": ["string"]}, "description": {"type": "string"}}
                }
            }
        }
    })
}

#[track_caller]
fn validate(schema: &Value, document: &Value) {
    let schema: Validator = jsonschema::validator_for(schema).expect("a schema");
    let errors: Vec<_> = schema.iter_errors(document).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{errors:?}\n{document:#}");
}

/// The YAML as `PyYAML` reads it.
fn parsed(yaml: &str) -> Value {
    const READER: &str = "import json, sys, yaml; print(json.dumps(yaml.safe_load(sys.argv[1])))";
    let output = Command::new("/usr/bin/python3").args(["-c", READER, yaml]).output().expect("Python runs");
    serde_json::from_slice(&output.stdout).expect("YAML")
}

/// All `ADDRESS/LENGTH PROTOCOL PORT`, in order.
fn sorted(mut all: Vec<String>) -> Vec<String> {
    all.sort();
    all
}

/// What the ten hosts need, written down by hand.
fn expected() -> Vec<String> {
    let own = (8000..8010).map(|port| format!("192.0.2.20/32 tcp {port}"));
    let others =
        ["192.0.2.20/32 tcp 5432", "192.0.2.21/32 tcp 11211", "2001:db8::30/128 udp 10021", "10.20.0.0/16 udp 53"];
    sorted(own.chain(others.map(str::to_owned)).collect())
}

/// The files of ten hosts in one: each file alone would be as good.
fn rules() -> String {
    let all: String = ten_hosts().iter().map(|file| file.replace("egress:\n", "")).collect();
    format!("egress:\n{all}")
}

#[test]
fn kubernetes_takes_the_policy_and_it_has_every_rule() {
    let network = network();
    for group in [&[][..], &["--group", "web"], &["--group", "app.kubernetes.io/name=web-1"]] {
        let policy = parsed(&text(convert_in(&network, "kubernetes", &rules()).args(group)));
        validate(&network_policy(), &policy);
        let mut all = Vec::new();
        for rule in policy["spec"]["egress"].as_array().expect("rules") {
            let to = rule["to"][0]["ipBlock"]["cidr"].as_str().expect("a range");
            for port in rule["ports"].as_array().expect("ports") {
                let protocol = port["protocol"].as_str().expect("a protocol").to_lowercase();
                all.push(format!("{to} {protocol} {}", port["port"]));
            }
        }
        assert_eq!(sorted(all), expected());
    }
}

#[test]
fn terraform_takes_the_file_and_it_has_every_rule() {
    let network = network();
    for group in [&[][..], &["--group", "sg-0123"]] {
        let printed = text(convert_in(&network, "terraform", &rules()).args(group));
        let file: Value = serde_json::from_str(&printed).expect("JSON");
        validate(&terraform(), &file);
        let group_is_named = group.is_empty() == file["variable"].is_object();
        assert!(group_is_named, "{printed}");
        let resources = file["resource"]["aws_security_group_rule"].as_object().expect("rules");
        let rule = |rule: &Value| {
            let blocks = rule["cidr_blocks"].as_array().or(rule["ipv6_cidr_blocks"].as_array()).expect("ranges");
            assert_eq!(rule["from_port"], rule["to_port"]);
            assert_eq!(
                rule["ipv6_cidr_blocks"].is_array(),
                blocks[0].as_str().is_some_and(|block| block.contains(':'))
            );
            format!("{} {} {}", blocks[0], rule["protocol"], rule["from_port"]).replace('"', "")
        };
        assert_eq!(sorted(resources.values().map(rule).collect()), expected());
    }
}

#[test]
fn the_schemas_refuse_what_they_should() {
    let network = network();
    let mut policy = parsed(&text(convert_in(&network, "kubernetes", &rules())));
    policy["spec"]["egress"][0]["ports"][0]["port"] = json!(0);
    assert!(!jsonschema::is_valid(&network_policy(), &policy));
    let mut file: Value = serde_json::from_str(&text(convert_in(&network, "terraform", &rules()))).expect("JSON");
    let rules = file["resource"]["aws_security_group_rule"].as_object_mut().expect("rules");
    let first = rules.values_mut().next().expect("a rule");
    first["ipv6_cidr_blocks"] = json!(["::/0"]);
    first["cidr_blocks"] = json!(["0.0.0.0/0"]);
    assert!(!jsonschema::is_valid(&terraform(), &file));
}
