//! What settings say about TLS, in the words of Python's ssl module.

use crate::generate::django::group::Group;
use crate::generate::draft::Draft;
use crate::generate::item::Comment;

/// Takes over the files of a setting that is True or a dictionary: kombu's `BROKER_USE_SSL`, the
/// `ssl_...` options of redis-py.
pub(super) fn files(draft: Draft, settings: &Group<'_>, name: &str) -> Result<Draft, Comment> {
    match settings.raw(name) {
        Some(value) if value.is_object() => options(draft, &settings.group(name)?),
        _ => Ok(draft),
    }
}

/// The same, where they stand among other options.
pub(super) fn options(draft: Draft, options: &Group<'_>) -> Result<Draft, Comment> {
    let verification = options.first(&["ssl_cert_reqs", "cert_reqs"])?.unwrap_or_default().to_ascii_lowercase();
    let verified = !matches!(verification.as_str(), "0" | "none" | "cert_none");
    // Python's None, where it is said, is none of the modes: redis-py verifies nothing then.
    let nothing = options.says_none("ssl_cert_reqs");
    let draft = if verified && !nothing { draft } else { unverified(draft) };
    let file = |draft: Draft, key: &'static str, names: &[&str]| -> Result<Draft, Comment> {
        let path = options.first(names)?;
        Ok(if draft.get(key).is_some() { draft } else { draft.some_text(key, path.as_deref()) })
    };
    let draft = file(draft, "ca_file", &["ssl_ca_certs", "ca_certs"])?;
    let draft = file(draft, "client_cert", &["ssl_certfile", "certfile"])?;
    file(draft, "client_key", &["ssl_keyfile", "keyfile"])
}

fn unverified(draft: Draft) -> Draft {
    const KEY: &str = "disable_tls_verification";
    if draft.get(KEY).is_some() { draft } else { draft.flag(KEY, true) }
}
