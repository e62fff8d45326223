//! `network-get`, `unit-get`: one machine has one address.

use super::{Answer, FORMAT, Form, Hands, Refusal, Tool};
use crate::juju::model::ADDRESS;
use serde_json::json;

pub(super) const TOOLS: [Tool; 2] = [
    Tool {
        name: "network-get",
        form: Form { values: &[FORMAT, &["relation", "r"]], switches: &[], positional: (1, 1) },
        run: network,
    },
    Tool { name: "unit-get", form: Form { values: &[FORMAT], switches: &[], positional: (1, 1) }, run: unit },
];

fn network(hands: &mut Hands<'_>) -> Answer {
    let interface = json!({"interface-name": "eth0", "addresses": [{"value": ADDRESS, "cidr": "192.0.2.0/24"}]});
    hands.print(&json!({
        "bind-addresses": [interface], "egress-subnets": ["192.0.2.10/32"], "ingress-addresses": [ADDRESS],
    }))
}

fn unit(hands: &mut Hands<'_>) -> Answer {
    match hands.given.at(0) {
        Some("private-address" | "public-address") => hands.print(&json!(ADDRESS)),
        _ => Err(Refusal::usage("unknown setting")),
    }
}
