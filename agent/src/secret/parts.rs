//! The parts of a secret that a server may say back by themselves.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::Value;

/// A value of fewer characters than these is no secret by itself: `1`, `yes`.
const SHORTEST: usize = 4;

/// What a value is made of.
#[derive(Debug, Default)]
pub(super) struct Parts {
    /// The values in it: leaves of JSON (RFC 8259), the values of a form or of cookies (RFC 6265), what
    /// stands behind the word of a scheme (RFC 9110 section 11.4), and the login in that.
    pub(super) values: Vec<String>,
    /// The names beside them.
    pub(super) names: Vec<String>,
}

impl Parts {
    /// Takes a value apart.
    pub(super) fn of(text: &str) -> Self {
        let mut parts = Self::default();
        match serde_json::from_str(text) {
            Ok(json @ (Value::Object(_) | Value::Array(_))) => parts.add_json(json),
            _ if parts.add_pairs(text) => {}
            _ => parts.add_scheme(text),
        }
        parts.values.retain(|value| value.chars().count() >= SHORTEST);
        parts
    }

    fn add_json(&mut self, json: Value) {
        match json {
            Value::Object(members) => members.into_iter().for_each(|(name, value)| {
                self.names.push(name);
                self.add_json(value);
            }),
            Value::Array(items) => items.into_iter().for_each(|item| self.add_json(item)),
            Value::String(text) => self.values.push(text),
            Value::Number(number) => self.values.push(number.to_string()),
            Value::Null | Value::Bool(_) => {}
        }
    }

    /// `name=value`, several of them between `&` or `;`; whether that is what it is.
    fn add_pairs(&mut self, text: &str) -> bool {
        let pairs: Vec<_> = text.split(['&', ';']).filter_map(|pair| pair.trim().split_once('=')).collect();
        // The padding of base64 is no value.
        let is_one = pairs.iter().any(|(_, value)| !value.trim_matches('=').is_empty());
        for (name, value) in pairs.into_iter().filter(|_| is_one) {
            self.names.push(name.to_owned());
            self.values.push(value.trim_matches('"').to_owned());
        }
        is_one
    }

    /// `Bearer TOKEN`, `Basic BASE64`.
    fn add_scheme(&mut self, text: &str) {
        let Some((_, rest)) = text.trim().split_once(' ') else { return };
        self.values.push(rest.to_owned());
        let bytes = STANDARD.decode(rest).or_else(|_| URL_SAFE_NO_PAD.decode(rest));
        let Some(login) = bytes.ok().and_then(|bytes| String::from_utf8(bytes).ok()) else { return };
        if let Some((_, password)) = login.split_once(':') {
            self.values.push(password.to_owned());
            self.values.push(login);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_known_in_its_parts() {
        for (text, values) in [
            ("Bearer t0k3n", &["t0k3n"][..]),
            ("Basic dXNlcjpwYXNz", &["dXNlcjpwYXNz", "pass", "user:pass"]),
            ("sid=ab12; lang=de; csrf=\"cd34\"; Secure;", &["ab12", "cd34"]),
            ("user=bob&password=s3cr3t", &["s3cr3t"]),
            (r#"{"pin": 1234, "a": [true, {"b": "\u00e4bcd"}]}"#, &["1234", "äbcd"]),
            ("hunter2", &[]),
            ("aHVudGVyMg==", &[]),
        ] {
            assert_eq!(Parts::of(text).values, values, "{text}");
        }
    }
}
