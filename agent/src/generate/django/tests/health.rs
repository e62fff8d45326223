//! django-health-check.

use super::named_file_of;
use serde_json::json;

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
