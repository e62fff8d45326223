//! What the variables of a family say about TLS, in the many words that there are for it.
//!
//! Each becomes an option as it would stand in a URL's query. A word that is not understood is not taken for
//! "no": what the application does then is not known.

use super::names;
use crate::services::{self, Service};

/// An option, or why there is none.
#[derive(Debug, Eq, PartialEq)]
pub(super) enum Switch<'a> {
    Option(&'static str, &'a str),
    /// The value is not one that is known for such a switch.
    NotUnderstood,
}

/// Words that may stand beside those that count.
const NOISE: [&str; 22] = [
    "AUTO",
    "CONFIG",
    "CONNECTION",
    "ENABLE",
    "ENABLED",
    "FORCE",
    "HOST",
    "IS",
    "MAIL",
    "MODE",
    "ON",
    "OPENSSL",
    "OPTIONS",
    "POLICY",
    "PROPERTIES",
    "REQUIRE",
    "REQUIRED",
    "SERVER",
    "SMTP",
    "TYPE",
    "USE",
    "USES",
];

/// The name of a variable, and what of it stands behind the words of the family.
#[derive(Clone, Copy, Debug)]
pub(super) struct Words<'a> {
    pub(super) name: Option<&'a str>,
    pub(super) rest: &'a str,
}

impl Words<'_> {
    /// Whether it is one of Django's, whose `EMAIL_USE_TLS` means STARTTLS whatever the port is.
    fn is_django(self) -> bool {
        let words = names::words(self.name.unwrap_or_default());
        words.windows(2).any(|two| two[0] == "EMAIL" && two[1] == "USE")
    }
}

/// What a variable says: the words of its name behind those of the family, and its value.
pub(super) fn read<'a>(name: Words<'_>, value: &'a str, service: &Service) -> Option<Switch<'a>> {
    let words = words(name.rest);
    let has = |word: &str| words.iter().any(|own| own == word);
    let mut counts: Vec<_> = words.iter().map(String::as_str).filter(|word| !NOISE.contains(word)).collect();
    // Zitadel has one for each of its logins; the application's is `USER_SSL_MODE`.
    if counts.len() > 1 && counts[0] == "USER" {
        counts.remove(0);
    }
    if let Some(option) = file(&counts) {
        return Some(Switch::Option(option, value));
    }
    let on = is_on(value);
    match counts[..] {
        ["SSL", "CERT", "REQS"] => Some(Switch::Option("ssl_cert_reqs", value)),
        ["SSLMODE"] => Some(mode(value)),
        ["SSL" | "TLS"] if has("MODE") => Some(mode(value)),
        ["SSL" | "TLS", "VERIFY" | "VERIFICATION"]
        | ["VERIFY", "SSL" | "TLS" | "CERT" | "CERTS" | "CERTIFICATE" | "CERTIFICATES" | "PEER"]
        | ["VERIFY" | "VERIFICATION"]
        | ["REJECT", "UNAUTHORIZED"]
        | ["SSL" | "TLS", "REJECT", "UNAUTHORIZED"] => Some(verification(value)),
        ["INSECURE"]
        | ["SSL" | "TLS", "INSECURE"]
        | ["SKIP", "VERIFY"]
        | ["SSL" | "TLS" | "CERT", "SKIP", "VERIFY"]
        | ["ACCEPT" | "ALLOW", "INVALID", "CERTS" | "CERTIFICATES"]
        | ["SSL" | "TLS", "SKIP", "VERIFICATION"] => Some(match on {
            Some(true) => Switch::Option("disable_tls_verification", "true"),
            Some(false) => Switch::Option("disable_tls_verification", "false"),
            None => Switch::NotUnderstood,
        }),
        ["STARTTLS"] | ["START", "TLS"] => Some(match on {
            Some(true) => Switch::Option("starttls", "true"),
            Some(false) => Switch::Option("starttls", "false"),
            None => Switch::NotUnderstood,
        }),
        // .NET's, which begins with TLS nowhere but on the port that has its own way.
        ["SSL"] if words == ["ENABLE", "SSL"] && *service == services::SMTP && on.is_some() => {
            Some(Switch::Option("tls", if on == Some(true) { "true" } else { "false" }))
        }
        // Beside `TLS=true` it says only that TLS does not begin with the first byte.
        ["SSL" | "HTTPS"] => Some(match encryption(value, service) {
            Switch::Option("tls", on) => Switch::Option("ssl", on),
            other => other,
        }),
        // Of a client that begins with TLS where this is not said.
        ["OPPORTUNISTIC", "TLS"] => (on == Some(true)).then_some(Switch::Option("starttls", "true")),
        ["TLS"] if name.is_django() && *service == services::SMTP && on.is_some() => {
            Some(Switch::Option("starttls", if on == Some(true) { "true" } else { "false" }))
        }
        ["TLS" | "SECURE" | "SECURITY" | "ENCRYPTION" | "ENCRYPT"] | ["TRANSPORT", "SECURITY"] => {
            Some(secure(&counts, value, service))
        }
        // Words that are used for other things, too.
        ["SCHEME" | "METHOD" | "PROTOCOL"] | ["SECURITY", "PROTOCOL"] if on.is_none() => {
            Some(encryption(value, service)).filter(|switch| *switch != Switch::NotUnderstood)
        }
        _ => None,
    }
}

/// The words behind the family's; `ENABLETLS` and `SSLENABLED` are two.
fn words(rest: &str) -> Vec<String> {
    let split = |word: String| {
        for noise in ["ENABLE", "USE", "REQUIRE", "FORCE"] {
            if let Some(core) = word.strip_prefix(noise)
                && matches!(core, "TLS" | "SSL" | "STARTTLS")
            {
                return vec![noise.to_owned(), core.to_owned()];
            }
        }
        match word.strip_suffix("ENABLED").or_else(|| word.strip_suffix("SECURITY")) {
            Some(core @ ("TLS" | "SSL" | "STARTTLS")) => vec![core.to_owned(), "ENABLED".to_owned()],
            Some("CONNECTION") => vec!["CONNECTION".to_owned(), "SECURITY".to_owned()],
            _ => vec![word],
        }
    };
    names::words(rest).into_iter().flat_map(split).collect()
}

/// Whether a text in any form says something about TLS.
pub(super) fn speaks_of_tls(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    ["ssl", "tls", "cert"].iter().any(|word| text.contains(word))
}

/// Names of files.
fn file(words: &[&str]) -> Option<&'static str> {
    Some(match words {
        ["SSLROOTCERT"] => "sslrootcert",
        ["CA" | "CAFILE"]
        | ["CA", "CERT" | "CERTS" | "FILE" | "PATH" | "CERTIFICATE"]
        | ["SSL" | "TLS", "CA" | "CACERT" | "CAFILE"]
        | ["SSL" | "TLS", "CA", "CERT" | "CERTS" | "FILE" | "PATH"]
        | ["SSL" | "TLS", "ROOT", "CERT"]
        | ["ROOT", "CERT"] => "ssl_ca",
        ["SSLCERT"] | ["SSL" | "TLS" | "CLIENT", "CERT"] | ["SSL" | "TLS", "CERT", "FILE" | "PATH"] => "sslcert",
        ["SSLKEY"] | ["SSL" | "TLS" | "CLIENT", "KEY"] | ["SSL" | "TLS", "KEY", "FILE" | "PATH"] => "sslkey",
        _ => return None,
    })
}

/// Whether a word means yes or no.
pub(super) fn is_on(value: &str) -> Option<bool> {
    let value = value.to_ascii_lowercase();
    match value.as_str() {
        "true"
        | "1"
        | "yes"
        | "on"
        | "y"
        | "t"
        | "enable"
        | "enabled"
        | "always"
        | "required"
        | "require"
        | "mandatory"
        | "mandatorystarttls"
        | "auto"
        | "opportunisticstarttls" => Some(true),
        "false" | "0" | "no" | "off" | "n" | "f" | "none" | "disable" | "disabled" | "never" | "nostarttls" => {
            Some(false)
        }
        _ => None,
    }
}

/// `SSL_MODE`: words of libpq, or a plain yes or no.
fn mode(value: &str) -> Switch<'_> {
    match is_on(value) {
        Some(on) if !matches!(value.to_ascii_lowercase().as_str(), "require" | "required" | "disable" | "disabled") => {
            Switch::Option("ssl", if on { "true" } else { "false" })
        }
        _ => Switch::Option("sslmode", value),
    }
}

fn verification(value: &str) -> Switch<'_> {
    match (is_on(value), value.to_ascii_lowercase().as_str()) {
        (Some(true), _) | (_, "peer" | "full" | "strict" | "verify_peer" | "cert_required") => {
            Switch::Option("disable_tls_verification", "false")
        }
        (Some(false), _) | (_, "skip" | "ignore" | "verify_none" | "cert_none") => {
            Switch::Option("disable_tls_verification", "true")
        }
        _ => Switch::NotUnderstood,
    }
}

/// `SECURE=true` of a mail client is TLS from the first byte, `TLS=true` is what the port says.
fn secure<'a>(words: &[&str], value: &'a str, service: &Service) -> Switch<'a> {
    match encryption(value, service) {
        Switch::Option("tls", "true") if words == ["SECURE"] && is_on(value).is_some() => Switch::Option("ssl", "true"),
        // Of a client that takes STARTTLS where it is offered, this says only that it does not begin with TLS.
        Switch::Option("tls", "false") if words == ["SECURE"] && *service == services::SMTP => {
            Switch::Option("ssl", "false")
        }
        switch => switch,
    }
}

/// Which kind of encryption a word means.
fn encryption<'a>(value: &'a str, service: &Service) -> Switch<'a> {
    let word = value.to_ascii_lowercase().replace(['-', '/', ' ', '+'], "_");
    match (is_on(value), word.as_str()) {
        (Some(on), _) => Switch::Option("tls", if on { "true" } else { "false" }),
        (_, "starttls" | "start_tls" | "plain_starttls" | "smtp_starttls") => Switch::Option("starttls", "true"),
        // Of mail, the word is that for TLS which begins later, but on the port that has its own way.
        (_, "tls") if *service == services::SMTP => Switch::Option("encryption", "tls"),
        (_, "ssl" | "ssl_tls" | "smtps" | "ldaps" | "imaps" | "force_tls" | "simple_tls" | "implicit" | "ssl_on") => {
            Switch::Option("ssl", "true")
        }
        (_, "tls" | "https" | "wss" | "sasl_ssl" | "rediss" | "amqps" | "mqtts") => Switch::Option("tls", "true"),
        (_, "plain" | "plaintext" | "null" | "sasl_plaintext" | "http" | "smtp" | "ws" | "tcp" | "redis" | "amqp") => {
            Switch::Option("tls", "false")
        }
        _ => Switch::NotUnderstood,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_for_tls_is_one_of_a_few_options() {
        let on = ("ssl", "true");
        for (rest, value, option) in [
            ("SSL_ENABLED", "true", on),
            ("USE_SSL", "1", on),
            ("SSL", "yes", on),
            ("TLS_ENABLED", "true", ("tls", "true")),
            ("TLS", "false", ("tls", "false")),
            ("ENABLE_TLS", "on", ("tls", "true")),
            ("SECURITY_PROTOCOL", "SASL_SSL", ("tls", "true")),
            ("SCHEME", "https", ("tls", "true")),
            ("SSL_REJECT_UNAUTHORIZED", "false", ("disable_tls_verification", "true")),
            ("SSL_VERIFY", "true", ("disable_tls_verification", "false")),
            ("TLS_INSECURE", "true", ("disable_tls_verification", "true")),
            ("SSLMODE", "verify-full", ("sslmode", "verify-full")),
            ("SSL_MODE", "require", ("sslmode", "require")),
            ("SSL_MODE", "true", on),
            ("TLS_CA_FILE", "/x", ("ssl_ca", "/x")),
        ] {
            let name = Words { name: None, rest };
            assert_eq!(read(name, value, &services::REDIS), Some(Switch::Option(option.0, option.1)), "{rest}={value}");
        }
        for (rest, value, option) in [
            ("PROPERTIES_MAIL_SMTP_STARTTLS_ENABLE", "true", ("starttls", "true")),
            ("ENABLE_STARTTLS_AUTO", "true", ("starttls", "true")),
            ("STARTTLS_POLICY", "MandatoryStartTLS", ("starttls", "true")),
            ("USE_TLS", "true", ("tls", "true")),
            ("OPPORTUNISTIC_TLS", "true", ("starttls", "true")),
            ("PROTOCOL", "smtp+starttls", ("starttls", "true")),
            ("EnableSsl", "true", ("tls", "true")),
            ("USER_SSL", "true", on),
            ("SECURE", "true", on),
            ("SECURE", "tls", ("encryption", "tls")),
            ("SECURITY", "force_tls", on),
            ("CONNECTIONSECURITY", "STARTTLS", ("starttls", "true")),
            ("OPENSSL_VERIFY_MODE", "none", ("disable_tls_verification", "true")),
        ] {
            let name = Words { name: None, rest };
            assert_eq!(read(name, value, &services::SMTP), Some(Switch::Option(option.0, option.1)), "{rest}={value}");
        }
        let django = Words { name: Some("SHOP_EMAIL_USE_TLS"), rest: "USE_TLS" };
        assert_eq!(read(django, "true", &services::SMTP), Some(Switch::Option("starttls", "true")));
        let ssl = Words { name: None, rest: "SSL" };
        assert_eq!(read(ssl, "perhaps", &services::REDIS), Some(Switch::NotUnderstood));
        for (rest, value) in [("PORT", "1"), ("AUTH_METHOD", "plain"), ("CACHE_SSL", "true"), ("PROTOCOL", "sendmail")]
        {
            assert_eq!(read(Words { name: None, rest }, value, &services::REDIS), None, "{rest}");
        }
    }
}
