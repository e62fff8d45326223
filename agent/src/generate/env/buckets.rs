//! Buckets of S3: where the variables name one with its keys, it is checked, and not the server alone.

use super::Lookup;
use super::family::Family;
use crate::generate::{GeneratedCheck, Hidden, Item, Value};
use crate::services::{self, Service};

const BUCKET: [&str; 5] = ["BUCKET", "BUCKETNAME", "STORAGEBUCKETNAME", "S3BUCKET", "S3BUCKETNAME"];
const ACCESS_KEY: [&str; 6] = ["ACCESSKEYID", "ACCESSKEY", "S3ACCESSKEYID", "S3ACCESSKEY", "KEYID", "KEY"];
const SECRET_KEY: [&str; 6] =
    ["SECRETACCESSKEY", "SECRETKEY", "S3SECRETACCESSKEY", "S3SECRETKEY", "SECRET", "S3SECRET"];
const TOKEN: [&str; 2] = ["SESSIONTOKEN", "S3SESSIONTOKEN"];
const REGION: [&str; 5] = ["REGION", "REGIONNAME", "S3REGION", "S3REGIONNAME", "DEFAULTREGION"];

/// What is for a web page alone.
const OF_PAGES: [&str; 2] = ["url", "expected_code"];

/// A bucket, and who signs; each with the name of its variable.
struct Bucket<'a> {
    name: &'a str,
    access_key: (&'a str, &'a str),
    secret_key: (&'a str, &'a str),
    token: Option<(&'a str, &'a str)>,
    region: Option<&'a str>,
}

impl Family<'_> {
    /// Of S3, checks of the bucket, where it and its keys are known; the same items of all else.
    pub(super) fn as_bucket(&self, items: Vec<Item>, service: &Service) -> Vec<Item> {
        let bucket = if *service == services::S3 { self.bucket() } else { None };
        let of_bucket = |item| match (item, &bucket) {
            (Item::Check(check), Some(bucket)) => Item::Check(bucket.of(check)),
            (item, _) => item,
        };
        items.into_iter().map(of_bucket).collect()
    }

    fn bucket(&self) -> Option<Bucket<'_>> {
        let (_, name) = self.of_bucket(&BUCKET)?;
        let (access_key, secret_key) = (self.of_bucket(&ACCESS_KEY)?, self.of_bucket(&SECRET_KEY)?);
        let region = self.of_bucket(&REGION).map(|(_, region)| region);
        Some(Bucket { name, access_key, secret_key, token: self.of_bucket(&TOKEN), region })
    }

    /// A variable of the family with one of these endings, or Amazon's own, which clients read for any server.
    fn of_bucket(&self, ends: &[&str]) -> Option<(&str, &str)> {
        let amazons = |end: &&str| match self.below().1.squashed(&format!("AWS{end}")) {
            Lookup::Known(name, text) => Some((name, text)),
            Lookup::Unknown(_) | Lookup::None => None,
        };
        self.named(ends, &[]).or_else(|| ends.iter().find_map(amazons))
    }
}

impl Bucket<'_> {
    /// The check of the bucket in the place of one of its server's page.
    fn of(&self, page: GeneratedCheck) -> GeneratedCheck {
        let Some(Value::Text(endpoint)) = page.get("url").filter(|_| page.get("auth").is_none()).cloned() else {
            return page;
        };
        let rest = page.without(&OF_PAGES);
        let secret = |(variable, text): (&str, &str)| Value::Secret(Hidden::new(text, variable));
        let mut check = GeneratedCheck { kind: services::S3.id.into(), options: Vec::new(), ..rest.clone() }
            .text("endpoint", endpoint)
            .text("bucket", self.name)
            .some_text("region", self.region)
            .set("access_key", secret(self.access_key))
            .set("secret_key", secret(self.secret_key));
        if let Some(token) = self.token {
            check = check.set("session_token", secret(token));
        }
        rest.options.into_iter().fold(check, |check, (key, value)| check.set(key, value))
    }
}
