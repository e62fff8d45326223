//! What the name of a variable says about a URL in it.

use crate::services;

/// Whether the variable holds a URL by its name.
pub(super) fn is_url(name: &str) -> bool {
    stem(name).is_some()
}

/// What stands before `_URL` and its like; in capitals.
fn stem(name: &str) -> Option<String> {
    const ENDS: [&str; 6] = ["URL", "URI", "DSN", "URLS", "URIS", "DSNS"];
    let name = name.to_ascii_uppercase();
    if ENDS.contains(&name.as_str()) {
        return Some(String::new());
    }
    let (stem, end) = name.rsplit_once('_')?;
    ENDS.contains(&end).then(|| stem.to_owned())
}

/// Words that, alone or among themselves, mean the application's own address.
const OWN: [&str; 17] = [
    "APP",
    "APPLICATION",
    "BASE",
    "CANONICAL",
    "DEFAULT",
    "DJANGO",
    "EXTERNAL",
    "FLASK",
    "FRONTEND",
    "HOME",
    "MY",
    "PUBLIC",
    "ROOT",
    "SELF",
    "SITE",
    "WEB",
    "WEBSITE",
];

/// Last words of addresses that browsers are sent to.
const FOR_BROWSERS: [&str; 24] = [
    "ASSET",
    "ASSETS",
    "AVATAR",
    "CALLBACK",
    "CANCEL",
    "CDN",
    "DOCS",
    "DOCUMENTATION",
    "HELP",
    "HOMEPAGE",
    "ICON",
    "LOGIN",
    "LOGO",
    "LOGOUT",
    "MEDIA",
    "PRIVACY",
    "REDIRECT",
    "RETURN",
    "SIGNUP",
    "STATIC",
    "SUCCESS",
    "SUPPORT",
    "TERMS",
    "UNSUBSCRIBE",
];

/// What the build tools of web pages pass on to browsers.
const BUNDLED: [&str; 5] = ["NEXT_PUBLIC_", "REACT_APP_", "VITE_", "VUE_APP_", "NUXT_PUBLIC_"];

/// Why a web address in this variable is nothing that the application connects to, if it is not.
/// The URL of a database is one whatever it is called.
pub(super) fn not_a_dependency(name: &str, text: &str) -> Option<&'static str> {
    let scheme = text.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase());
    match scheme.as_deref().map(services::by_scheme) {
        None if text.starts_with('/') => return Some("a path, and not the address of a service"),
        Some(Some((service, _))) if *service == services::HTTP => {}
        _ => return None,
    }
    let stem = stem(name)?;
    if BUNDLED.iter().any(|prefix| stem.starts_with(prefix)) {
        return Some("by its name, an address that browsers connect to: not checked from here");
    }
    let words: Vec<_> = stem.split('_').collect();
    if !stem.is_empty() && words.iter().all(|word| OWN.contains(word)) {
        return Some("by its name, the application's own address: not checked from here");
    }
    let for_browsers = words.last().is_some_and(|last| FOR_BROWSERS.contains(last));
    for_browsers.then_some("by its name, an address that browsers are sent to: not checked from here")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_dependencies_from_addresses_of_ones_own() {
        let web = "https://x.example.com/";
        for name in ["BASE_URL", "site_url", "APP_BASE_URL", "DJANGO_STATIC_URL", "OAUTH_CALLBACK_URL", "VITE_API_URL"]
        {
            assert!(not_a_dependency(name, web).is_some(), "{name}");
        }
        for name in ["STRIPE_BASE_URL", "API_URL", "URL", "HOME_ASSISTANT_URL", "PAYMENTS_URI", "APP_SENTRY_DSN"] {
            assert!(not_a_dependency(name, web).is_none(), "{name}");
        }
        assert!(not_a_dependency("BASE_URL", "postgres://h/d").is_none());
        assert!(!is_url("CURL") && !is_url("URLS_FILE") && is_url("x_dsn"));
    }
}
