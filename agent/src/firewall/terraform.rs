//! A configuration for Terraform or `OpenTofu` in JSON syntax: rules of an AWS security group
//! (<https://developer.hashicorp.com/terraform/language/syntax/json>,
//! <https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/security_group_rule>).
//!
//! One range per resource: that provider has trouble with several.

use super::format::Write;
use super::{Format, Group, Passage, Ports};
use serde_json::{Map, Value, json};

/// The longest description that AWS keeps, in characters.
const LONGEST: usize = 255;

pub(super) const FORMAT: Format = Format {
    name: "terraform",
    aliases: &["opentofu", "tofu"],
    about: "a .tf.json file with rules of an AWS security group",
    group: Some("the ID of the security group; without it, a variable of the configuration"),
    write: Write::File(|passages, group| {
        let rules: Map<String, Value> = passages.iter().flat_map(|passage| rules(passage, group)).collect();
        let mut file = json!({
            "//": "Egress rules of a security group, by conn-check-convert-fw. Save as NAME.tf.json.",
            "resource": {"aws_security_group_rule": rules},
        });
        if group.is_none() {
            file["variable"] = json!({"security_group_id": {
                "type": "string",
                "description": "The security group that the rules belong to",
            }});
        }
        Ok(format!("{file:#}\n"))
    }),
};

/// The name and the body of a resource for each port.
fn rules(passage: &Passage, group: Option<&Group>) -> Vec<(String, Value)> {
    let (protocol, cidr) = (passage.transport.slug(), passage.to.cidr());
    let target: String = cidr.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    let blocks = if passage.to.is_ipv4() { "cidr_blocks" } else { "ipv6_cidr_blocks" };
    let group = group.map_or_else(|| "${var.security_group_id}".to_owned(), |group| literal(&group.0));
    let rule = |ports: &Ports| {
        let body = json!({
            "type": "egress",
            "security_group_id": group,
            "protocol": protocol,
            "from_port": ports.first,
            "to_port": ports.last,
            blocks: [cidr],
            "description": description(passage),
        });
        (format!("conn_check_{protocol}_{}_to_{target}", ports.with("_")), body)
    };
    passage.ports.iter().map(rule).collect()
}

/// A text that Terraform takes as it is: `${` and `%{` begin templates.
fn literal(text: &str) -> String {
    text.replace("${", "$${").replace("%{", "%%{")
}

/// Names of hosts only: AWS takes few other characters.
fn description(passage: &Passage) -> String {
    let names: Vec<_> = passage.names.iter().map(String::as_str).collect();
    format!("conn-check: {}", names.join(", ")).chars().take(LONGEST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_in_a_group_stay_text() {
        assert_eq!(literal("a${file(\"/etc/passwd\")}%{if x}"), "a$${file(\"/etc/passwd\")}%%{if x}");
    }
}
