//! What settings say about TLS, in the words of Python's ssl module.

use crate::generate::django::group::Group;
use crate::generate::{Comment, GeneratedCheck};

/// Takes over the files of a setting that is True or a dictionary: kombu's `BROKER_USE_SSL`, the
/// `ssl_...` options of redis-py.
pub(super) fn files(check: GeneratedCheck, settings: &Group<'_>, name: &str) -> Result<GeneratedCheck, Comment> {
    match settings.raw(name) {
        Some(value) if value.is_object() => options(check, &settings.group(name)?),
        _ => Ok(check),
    }
}

/// The same, where they stand among other options.
pub(super) fn options(check: GeneratedCheck, options: &Group<'_>) -> Result<GeneratedCheck, Comment> {
    let verification = options.first(&["ssl_cert_reqs", "cert_reqs"])?.unwrap_or_default().to_ascii_lowercase();
    let verified = !matches!(verification.as_str(), "0" | "none" | "cert_none");
    // Python's None, where it is set, is not one of the modes: redis-py verifies nothing then.
    let nothing = options.says_none("ssl_cert_reqs");
    let check = if verified && !nothing { check } else { unverified(check) };
    // redis-py's word; urllib3 and its kin have their own.
    let nameless = options.raw("ssl_check_hostname").is_some() && !options.flag("ssl_check_hostname");
    let check = if nameless && check.get("verify_name").is_none() { check.flag("verify_name", false) } else { check };
    let file = |check: GeneratedCheck, key: &'static str, names: &[&str]| -> Result<GeneratedCheck, Comment> {
        let path = options.first(names)?;
        Ok(if check.get(key).is_some() { check } else { check.some_text(key, path.as_deref()) })
    };
    let check = file(check, "ca_file", &["ssl_ca_certs", "ca_certs"])?;
    let check = file(check, "client_cert", &["ssl_certfile", "certfile"])?;
    file(check, "client_key", &["ssl_keyfile", "keyfile"])
}

fn unverified(check: GeneratedCheck) -> GeneratedCheck {
    const KEY: &str = "disable_tls_verification";
    if check.get(KEY).is_some() { check } else { check.flag(KEY, true) }
}
