//! django-health-check.

use super::named_file_of;
use crate::plan::{Defaults, load_without_secrets};
use crate::source::Source;
use serde_json::json;
use std::time::Duration;

#[test]
fn a_health_check_of_migrations_comes_with_the_command_that_asks_the_same() {
    let apps = ["health_check.contrib.migrations"];
    let text = named_file_of(&json!({"settings": {"INSTALLED_APPS": apps}}));
    let (_, check) = text.split_once("as this check would: ").expect("a check");
    let check = format!("- {}\n", check.lines().next().expect("a line"));
    let source = Source::own("", check);
    let (plan, _) = load_without_secrets(&source, Defaults { timeout: Duration::from_secs(1) }, true).expect("valid");
    assert_eq!(plan.entries[0].kind, "command", "{text}");
}

#[test]
fn what_health_checks_ask_is_told_with_the_setting_that_names_it() {
    let apps =
        ["health_check", "health_check.db", "health_check.contrib.redis", "health_check.contrib.mine", "shop.app"];
    let text = named_file_of(&json!({"settings": {"INSTALLED_APPS": apps, "DATABASES": {}}, "others": {}}));
    let comments: Vec<_> = text.lines().filter(|line| line.starts_with("# INSTALLED_APPS")).collect();
    for (comment, part) in comments.iter().zip([
        "(health_check): a health check of the application that asks nothing outside",
        "(health_check.db): it asks what DATABASES names",
        "(health_check.contrib.redis): it asks what REDIS_URL names, which the settings do not say",
        "(health_check.contrib.mine): what this health check asks is not known",
    ]) {
        assert!(comment.contains(part), "{text}");
    }
    assert_eq!(comments.len(), 4, "{text}");
}
