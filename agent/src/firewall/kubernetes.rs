//! A `NetworkPolicy` for Kubernetes (`networking.k8s.io/v1`,
//! <https://kubernetes.io/docs/concepts/services-networking/network-policies/>).
//!
//! The pods that it selects may connect to nothing else any more, which takes the cluster's DNS and
//! its own services in. Addresses of pods and services of the cluster change: for them, selectors
//! have to take the place of what stands here.

use super::format::Write;
use super::{BadGroup, Format, Group, Passage, Ports};
use serde::Serialize;
use serde_json::json;

/// The longest value of a label, and part of a key, in bytes.
const LONGEST: usize = 63;
/// The key of a group without one.
const KEY: &str = "app";
/// The policy's name without a group, and the beginning of all others.
const NAME: &str = "conn-check-egress";

const ABOUT: &str = "\
# A NetworkPolicy, by conn-check-convert-fw. The pods that it selects may connect to nothing else: the
# cluster's DNS, and its own services, need rules with selectors beside it.
";

pub(super) const FORMAT: Format = Format {
    name: "kubernetes",
    aliases: &["k8s"],
    about: "a NetworkPolicy in YAML",
    group: Some("the label of the pods, KEY=VALUE, or VALUE for app=VALUE; without it, all of the namespace"),
    write: Write::File(|passages, group| {
        let label = group.map(Label::parse).transpose()?;
        let items: String = passages.iter().map(item).collect::<Result<_, _>>()?;
        Ok(format!("{ABOUT}{}  egress:\n{items}", yaml(&policy(label.as_ref()))?))
    }),
};

/// A label of pods.
#[derive(Debug, Eq, PartialEq)]
struct Label<'a> {
    key: &'a str,
    value: &'a str,
}

impl<'a> Label<'a> {
    fn parse(group: &'a Group) -> Result<Self, BadGroup> {
        let (key, value) = group.0.split_once('=').unwrap_or((KEY, &group.0));
        let name = match key.split_once('/') {
            None => key,
            Some((prefix, name)) if prefix.len() <= 253 && prefix.split('.').all(is_dns_label) => name,
            Some(_) => "",
        };
        if is_label(name) && is_label(value) {
            return Ok(Self { key, value });
        }
        Err(BadGroup(format!(
            "not a label of pods: KEY=VALUE, or VALUE for {KEY}=VALUE, each 1 to {LONGEST} letters, digits, `-`, `_` and `.` \
             that begin and end with a letter or digit"
        )))
    }

    /// A part of the policy's own name (RFC 1123): each label has a policy of its own, and one of
    /// the same name would take its place. Where the label is not to be read from the name, a
    /// number made of it makes the difference.
    fn name(&self) -> String {
        /// What is left of a policy's name, in bytes.
        const ROOM: usize = LONGEST - NAME.len() - 1;
        let legal = |c: char| if matches!(c, '_' | '.' | '/') { '-' } else { c.to_ascii_lowercase() };
        let own = format!("{}-{}", self.key, self.value);
        let mut name: String = own.chars().map(legal).collect();
        if name == own && !self.key.contains('-') && name.len() <= ROOM {
            return name;
        }
        let number = format!("{:08x}", number_of(&format!("{}={}", self.key, self.value)));
        name.truncate(ROOM - number.len() - 1);
        format!("{}-{number}", name.trim_end_matches('-'))
    }
}

/// FNV-1a with 32 bits: the same number for the same text, today and with later versions.
fn number_of(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |number, byte| (number ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

fn is_label(text: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let outer = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = text.as_bytes();
    bytes.len() <= LONGEST && bytes.iter().copied().all(inner) && outer(bytes.first()) && outer(bytes.last())
}

fn is_dns_label(text: &str) -> bool {
    is_label(text) && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

/// All of the policy but its rules, which end it.
fn policy(label: Option<&Label<'_>>) -> serde_json::Value {
    let name = label.map_or_else(|| NAME.to_owned(), |label| format!("{NAME}-{}", label.name()));
    let selector = label.map_or_else(|| json!({}), |label| json!({"matchLabels": {label.key: label.value}}));
    json!({
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": name},
        "spec": {"podSelector": selector, "policyTypes": ["Egress"]},
    })
}

/// One rule below `egress:`, with where it comes from above it.
fn item(passage: &Passage) -> Result<String, BadGroup> {
    let protocol = passage.transport.slug().to_ascii_uppercase();
    let port = |ports: &Ports| {
        let mut port = json!({"protocol": protocol, "port": ports.first});
        if ports.last > ports.first {
            port["endPort"] = ports.last.into();
        }
        port
    };
    let ports: Vec<_> = passage.ports.iter().map(port).collect();
    let text = yaml(&json!([{"to": [{"ipBlock": {"cidr": passage.to.cidr()}}], "ports": ports}]))?;
    let lines = text.lines().map(|line| format!("  {line}\n"));
    Ok(format!("  # {}\n{}", passage.origin(), lines.collect::<String>()))
}

fn yaml(value: &impl Serialize) -> Result<String, BadGroup> {
    serde_yaml::to_string(value).map_err(|error| BadGroup(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_is_a_label_and_a_bare_one_is_an_app() {
        let label = |text: &str| {
            let group = Group::parse(text).expect(text);
            Label::parse(&group).map(|label| format!("{} {} {}", label.key, label.value, label.name())).ok()
        };
        assert_eq!(label("web").as_deref(), Some("app web app-web"));
        assert_eq!(label("tier=Back_End").as_deref(), Some("tier Back_End tier-back-end-1e073c1d"));
        assert_eq!(
            label("app.kubernetes.io/name=x.y").as_deref(),
            Some("app.kubernetes.io/name x.y app-kubernetes-io-name-x-y-8ba3bab6")
        );
        for bad in ["a b", "=", "a=", "=a", "a=-b", "A.b/c=d", "a=$(reboot)", "a=b=c", "x/=y", &"x".repeat(64)] {
            assert_eq!(label(bad), None, "{bad} must be refused");
        }
    }

    #[test]
    fn every_label_has_a_policy_of_its_own() {
        let (long, longer) = ("x".repeat(62), "x".repeat(63));
        let all = ["app=web", "tier=web", "a=b.c", "a=b-c", "a=b_c", "a=B-c", "a-b=c", "a/b=c", &long, &longer];
        let names: std::collections::BTreeSet<_> = all
            .iter()
            .map(|text| {
                let group = Group::parse(text).expect(text);
                let name = policy(Label::parse(&group).ok().as_ref())["metadata"]["name"].clone();
                let name = name.as_str().expect("a text").to_owned();
                assert!(is_dns_label(&name), "{text}: {name}");
                name
            })
            .collect();
        assert_eq!(names.len(), all.len(), "{names:?}");
        assert!(names.contains("conn-check-egress-tier-web") && names.contains("conn-check-egress-a-b-c"));
    }
}
