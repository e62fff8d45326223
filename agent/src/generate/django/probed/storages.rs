//! Where uploaded files are kept: in a directory of this host, or in a bucket.

use super::Settings;
use crate::generate::{Comment, GeneratedCheck, Item};
use crate::secret::has_secret;
use serde_json::Value;

/// Django's storage of files on this host, and the names of those in a bucket.
const FILES: &str = "FileSystemStorage";
const BUCKETS: [&str; 2] = ["storages.backends.s3.", "storages.backends.s3boto3."];

/// Who writes there is not said in the settings.
const WRITER: &str = "whoever runs conn-check writes there: where that is root, add `user:` with the user of the application, which may have other rights";

/// The storage that files go to where nobody says otherwise. Since Django 4.2 it has options of its own.
pub(super) fn usual(origin: &str, settings: &Settings<'_>) -> Option<Vec<Item>> {
    let own = settings.get("STORAGES").map(|all| &all["default"]);
    let options = own.map(|own| &own["OPTIONS"]).filter(|options| options.is_object());
    let backend = own.and_then(|own| own["BACKEND"].as_str()).or_else(|| settings.text(&["DEFAULT_FILE_STORAGE"]));
    if backend.is_some_and(|backend| BUCKETS.iter().any(|known| backend.starts_with(known))) {
        return Some(vec![bucket(origin, settings, options)?.into()]);
    }
    if backend.is_some_and(|backend| !backend.ends_with(FILES)) {
        return None;
    }
    let path = text(options, "location").or_else(|| settings.text(&["MEDIA_ROOT"]));
    let path = path.filter(|path| path.starts_with('/'))?;
    let check = GeneratedCheck::new("storage", origin).text("path", path);
    Some(vec![check.into(), Comment::note(origin, WRITER).into()])
}

/// A bucket, by the options of the storage, then by the settings of django-storages; at Amazon, unless they say where.
pub(super) fn bucket(origin: &str, settings: &Settings<'_>, options: Option<&Value>) -> Option<GeneratedCheck> {
    let either = |option: &str, names: &[&str]| text(options, option).or_else(|| settings.text(names));
    let region = either("region_name", &["AWS_S3_REGION_NAME"]);
    let usual = || format!("https://s3.{}.amazonaws.com", region.unwrap_or("us-east-1"));
    let endpoint = either("endpoint_url", &["AWS_S3_ENDPOINT_URL"]).map_or_else(usual, str::to_owned);
    // The keys stand beside it, and nothing that the check could take stands in it.
    if has_secret(&endpoint) {
        return None;
    }
    let key = either("access_key", &["AWS_S3_ACCESS_KEY_ID", "AWS_ACCESS_KEY_ID"])?;
    let secret = either("secret_key", &["AWS_S3_SECRET_ACCESS_KEY", "AWS_SECRET_ACCESS_KEY"])?;
    let token = either("security_token", &["AWS_S3_SESSION_TOKEN", "AWS_SESSION_TOKEN"]);
    let style = either("addressing_style", &["AWS_S3_ADDRESSING_STYLE"]);
    let check = GeneratedCheck::new("s3", origin)
        .text("endpoint", endpoint)
        .text("bucket", either("bucket_name", &["AWS_STORAGE_BUCKET_NAME"])?)
        .some_text("region", region);
    let check = if style == Some("virtual") { check.flag("path_style", false) } else { check };
    // What the application may write to is below it.
    let location = either("location", &["AWS_LOCATION"]).map(|location| location.trim_matches('/'));
    let prefix = location.filter(|location| !location.is_empty()).map(|location| format!("{location}/"));
    let check = check.some_text("prefix", prefix.as_deref());
    Some(check.secret("access_key", key).secret("secret_key", secret).some_secret("session_token", token))
}

fn text<'a>(options: Option<&'a Value>, key: &str) -> Option<&'a str> {
    options?.get(key)?.as_str().filter(|text| !text.trim().is_empty())
}
