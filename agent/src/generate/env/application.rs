//! What is known of the application itself: which addresses are its own, or for browsers, and not those of what it
//! depends on.

use super::names::{Name, is_database, service, service_of};
use crate::services;
use std::collections::{HashMap, HashSet};

/// Words that, alone or among themselves, mean the application's own address.
const OWN: [&str; 41] = [
    "ADMIN",
    "ADVERTISE",
    "ADVERTISED",
    "APP",
    "APPLICATION",
    "BASE",
    "BIND",
    "CANONICAL",
    "DEFAULT",
    "DJANGO",
    "DOMAIN",
    "EDITOR",
    "EXTERNAL",
    "FLASK",
    "FRONTEND",
    "FULL",
    "GUI",
    "HOME",
    "HOSTNAME",
    "HTTP",
    "HTTPS",
    "INSTANCE",
    "LISTEN",
    "LOCAL",
    "MY",
    "NAME",
    "ORIGIN",
    "OVERWRITE",
    "OVERWRITECLI",
    "PUBLIC",
    "ROOT",
    "SELF",
    "SERVER",
    "SITE",
    "SSL",
    "UI",
    "VIRTUAL",
    "WEB",
    "WEBAPP",
    "WEBSERVER",
    "WEBSITE",
];

/// Words that mean it where all others of the name are such words, or what browsers and other programs ask for there.
const OWN_WITH_PARTS: [&str; 8] = ["APP", "CONSOLE", "EXT", "EXTERNAL", "INSTANCE", "SERVICE", "SITE", "STREAMING"];
const PARTS: [&str; 7] = ["API", "BASE", "FILES", "PUBLIC", "SHARE", "TRIGGER", "WEB"];

/// Last words that mean it whatever stands before them.
const OWN_AT_THE_END: [&str; 10] =
    ["BIND", "CANONICAL", "EXT", "EXTERNAL", "FRONTEND", "LISTEN", "OVERWRITE", "PUBLIC", "ROOT", "SITE"];

/// The whole names of variables that applications document as their own address, and that say so only to who knows the
/// application.
const OWN_NAMES: [&str; 14] = [
    "COLLABORATION_URL",
    "EUREKA_INSTANCE_HOSTNAME",
    "FILES_URL",
    "INTERNAL_FILES_URL",
    "KAFKA_JMX_HOSTNAME",
    "KAFKA_REST_HOSTNAME",
    "NEXTAUTH_URL",
    "PAPERLESS_URL",
    "SCHEMA_REGISTRY_HOSTNAME",
    "SONAR_CORE_SERVERBASE_URL",
    "SPRING_BOOT_ADMIN_CLIENT_INSTANCE_SERVICE_BASE_URL",
    "TRIGGER_URL",
    "VAULT_API_ADDR",
    "VAULT_CLUSTER_ADDR",
];

/// Words of variables with names that are compared, and connected to by nobody.
const COMPARED: [&str; 18] = [
    "ALLOW",
    "ALLOWLIST",
    "BLACKLIST",
    "BLOCKED",
    "DENY",
    "WHITELIST",
    "WHITELISTED",
    "ALLOWED",
    "ALTERNATE",
    "COOKIE",
    "CORS",
    "CSRF",
    "DENIED",
    "EXCLUDE",
    "FORBIDDEN",
    "IGNORE",
    "NO",
    "TRUSTED",
];

/// The same where they come last.
const COMPARED_AT_THE_END: [&str; 10] =
    ["ALIAS", "BUCKET", "DOMAIN", "DOMAINS", "EHLO", "HELO", "ORIGIN", "ORIGINS", "REALM", "SAN"];

/// First words that say what something is for: no application is called so.
const PURPOSES: [&str; 24] = [
    "API", "AUTH", "BACKEND", "BROKER", "CACHE", "CELERY", "CLIENT", "JOB", "JOBS", "LOG", "MAIN", "MASTER", "METRICS",
    "PRIMARY", "QUEUE", "READ", "SEARCH", "SECRETS", "SESSION", "SETTING", "STORAGE", "TRACING", "WORKER", "WRITE",
];

/// Last words of addresses that browsers are sent to.
const FOR_BROWSERS: [&str; 27] = [
    "ASSET",
    "ASSETS",
    "AVATAR",
    "CALLBACK",
    "CANCEL",
    "CDN",
    "DASHBOARD",
    "DOCS",
    "DOCUMENTATION",
    "FRIENDLY",
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
    "STOREFRONT",
    "SUCCESS",
    "SUPPORT",
    "TERMS",
    "UNSUBSCRIBE",
];

/// What the build tools of web pages pass on to browsers.
const BUNDLED: [&str; 5] = ["NEXT_PUBLIC_", "REACT_APP_", "VITE_", "VUE_APP_", "NUXT_PUBLIC_"];

/// Why an address is nothing that the application connects to.
pub(super) const OWN_ADDRESS: &str = "by its name, the application's own address: not checked from here";
const BROWSERS_CONNECT: &str = "by its name, an address that browsers connect to: not checked from here";
const BROWSERS_ARE_SENT: &str = "by its name, an address that browsers are sent to: not checked from here";
const NAMES_ALONE: &str = "by its name, a domain or a name that is compared: nothing to connect to";

/// What is known of the application itself.
#[derive(Debug, Default)]
pub(super) struct Application {
    /// First words that are its own name: `PAPERLESS`.
    names: HashSet<String>,
    /// Its own web addresses, each with the port, if one is named.
    places: HashSet<(String, Option<u16>)>,
}

impl Application {
    /// What the variables say about it: their names, and those with a value.
    pub(super) fn of(names: &[Name]) -> Self {
        /// Last words of variables that say how the application itself is to behave.
        const BEHAVIOUR: [&str; 7] = ["DEBUG", "HTTPS", "LOCALE", "THREADS", "TIMEZONE", "TZ", "WORKERS"];
        /// So many variables that begin alike, and are most of all, begin with the application's name.
        const MOST: usize = 6;
        let mut common: HashMap<&String, usize> = HashMap::new();
        for first in names.iter().filter_map(|name| name.words.first()) {
            *common.entry(first).or_default() += 1;
        }
        let mut told = HashSet::new();
        for name in names {
            let [first, rest @ ..] = &name.words[..] else { continue };
            if service(first).is_some() || is_database(first) || PURPOSES.contains(&first.as_str()) {
                continue;
            }
            let is_address = name.may_be_host() || name.is_url();
            // `PAPERLESS_REDIS`, but not `KEYCLOAK_EMAIL`.
            let names_it = |word: &String| {
                service(word).is_some_and(|service| is_address || *service != services::SMTP) || is_database(word)
            };
            // `EXAMPLES_DB` is a member of a family, and names a database of it.
            let of_service = match rest {
                [word] if !is_address => names_it(word) && !is_database(word),
                rest => is_address && rest.iter().any(names_it),
            };
            let behaves = rest.last().is_some_and(|last| BEHAVIOUR.contains(&last.as_str()));
            let is_common = common.get(first).is_some_and(|all| *all >= MOST && all * 2 > names.len());
            // `AIRFLOW__WEBSERVER__BASE_URL`: a section of the configuration of what is named first.
            let has_sections = name.sections > 2;
            if of_service || behaves || has_sections || is_common {
                told.insert(first.clone());
            }
        }
        Self { names: told, places: HashSet::new() }
    }

    /// Remembers the address of a variable that calls it the application's own, or its domain.
    pub(super) fn remember(&mut self, name: &Name, path: &str, place: (String, Option<u16>)) {
        let is_own = matches!(self.not_a_dependency(name, path), Some(OWN_ADDRESS | NAMES_ALONE));
        let is_of_mail = name.words.iter().any(|word| word == "MAIL");
        if is_own && !is_of_mail && service_of(name).is_none() && !is_loopback(&place.0) {
            self.places.insert(place);
        }
    }

    /// Whether the words mean the application's own address: its name, what all call their own, or nothing.
    fn is_own(&self, stem: &[String]) -> bool {
        let rest = match stem {
            [first, rest @ ..] if self.names.contains(first) => rest,
            stem => stem,
        };
        let is = |words: &[&str], word: &String| words.contains(&word.as_str());
        let has = |words: &[&str]| rest.iter().any(|word| is(words, word));
        let is_made_of_both = || rest.iter().all(|word| is(&OWN_WITH_PARTS, word) || is(&PARTS, word));
        let has_parts = has(&OWN_WITH_PARTS) && has(&PARTS) && is_made_of_both();
        rest.iter().all(|word| is(&OWN, word))
            || has_parts
            || stem.last().is_some_and(|last| OWN_AT_THE_END.contains(&last.as_str()))
    }

    /// Why a web address or a host in this variable is nothing that the application connects to, if it is not.
    /// `path` is that of the URL; the URL of a database is one whatever it is called.
    pub(super) fn not_a_dependency(&self, name: &Name, path: &str) -> Option<&'static str> {
        let stem = name.stem();
        let begin = name.words.join("_");
        if BUNDLED.iter().any(|prefix| begin.starts_with(prefix)) {
            return Some(BROWSERS_CONNECT);
        }
        if is_compared(name) {
            return Some(NAMES_ALONE);
        }
        let is_hook = stem == ["WEBHOOK"] && path.len() <= 1;
        let is_known = OWN_NAMES.contains(&begin.as_str());
        if is_known || is_announced(name) || !name.is_of_others() && (self.is_own(stem) || is_hook) {
            return Some(OWN_ADDRESS);
        }
        is_for_browsers(name).then_some(BROWSERS_ARE_SENT)
    }

    /// The same for a variable that names a service: only what says outright that nobody connects to it.
    pub(super) fn is_never_connected(name: &Name) -> Option<&'static str> {
        let is_own = is_announced(name) || OWN_NAMES.contains(&name.words.join("_").as_str());
        let browsers = || is_for_browsers(name).then_some(BROWSERS_ARE_SENT);
        let own = is_own.then_some(OWN_ADDRESS);
        is_compared(name).then_some(NAMES_ALONE).or(own).or_else(browsers)
    }

    /// Whether a web address is one that another variable calls the application's own; with `streams`, also
    /// one below it: `streaming.shop.example.com` of `shop.example.com`.
    pub(super) fn has(&self, host: &str, port: Option<u16>, streams: bool) -> bool {
        let below = |own: &String| host.strip_suffix(own.as_str()).is_some_and(|rest| rest.ends_with('.'));
        self.places.contains(&(host.to_owned(), port))
            || streams && self.places.iter().any(|(own, _)| own == host || below(own))
    }
}

/// Whether a variable says, whatever service it names besides, where the application itself listens or what it tells
/// others to connect to: `KAFKA_ADVERTISED_LISTENERS`, `REDIS_REPLICA_ANNOUNCE_IP`, `ES_NETWORK_PUBLISH_HOST`.
pub(super) fn is_announced(name: &Name) -> bool {
    const PAIRS: [(&str, &[&str]); 3] = [
        ("ANNOUNCE", &["ADDR", "ADDRESS", "HOST", "HOSTNAME", "IP", "PORT"]),
        ("LISTEN", &["CLIENT", "METRICS", "PEER"]),
        ("PUBLISH", &["ADDR", "ADDRESS", "HOST"]),
    ];
    let words = &name.words;
    let is_pair =
        |two: &[String]| PAIRS.iter().any(|(first, next)| two[0] == *first && next.contains(&two[1].as_str()));
    words.iter().any(|word| matches!(word.as_str(), "ADVERTISE" | "ADVERTISED"))
        || words.last().is_some_and(|last| last == "LISTENERS")
        || words.windows(2).any(is_pair)
}

fn is_compared(name: &Name) -> bool {
    let last = name.stem().last();
    // `ZITADEL_EXTERNALDOMAIN`, `NGINX_SERVER_NAME`.
    let ends = |word: &str| name.words.ends_with(&[word.to_owned(), "NAME".to_owned()]);
    let is_domain = last.is_some_and(|last| last.ends_with("DOMAIN")) || ends("SERVER") || ends("DOMAIN");
    // The URL of a bucket is that of who serves it.
    let is_served = name.is_url() && last.is_some_and(|last| last == "BUCKET");
    is_domain
        || name.words.iter().any(|word| COMPARED.contains(&word.as_str()))
        || last.is_some_and(|last| COMPARED_AT_THE_END.contains(&last.as_str())) && !is_served
}

fn is_for_browsers(name: &Name) -> bool {
    name.stem().last().is_some_and(|last| FOR_BROWSERS.contains(&last.as_str()))
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.starts_with("127.") || host == "::1" || host.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(name: &str, application: &Application) -> Option<&'static str> {
        application.not_a_dependency(&Name::of(name), "/")
    }

    #[test]
    fn names_tell_dependencies_from_addresses_of_ones_own() {
        let nobody = Application::default();
        for name in ["BASE_URL", "site_url", "APP_BASE_URL", "DJANGO_STATIC_URL", "OAUTH_CALLBACK_URL", "VITE_API_URL"]
            .into_iter()
            .chain(["URL", "WEBHOOK_URL", "HOSTNAME", "OVERWRITEHOST", "MB_SITE_URL", "MM_SERVICESETTINGS_SITEURL"])
            .chain(["CONSOLE_API_URL", "SERVICE_API_URL", "EXT_ENDPOINT", "STREAMING_API_BASE_URL", "PAPERLESS_URL"])
            .chain(["SMTP_DOMAIN", "S3_ALIAS_HOST", "TRUSTED_HOSTS", "ALERTS_EXTERNAL_URL", "ASSET_HOST"])
        {
            assert!(reason(name, &nobody).is_some(), "{name}");
        }
        for name in [
            "OPENAI_API_BASE_URL",
            "PAYMENTS_API_URL",
            "SERVICE_URL",
            "FILES_HOST",
            "STRIPE_BASE_URL",
            "API_URL",
            "HOME_ASSISTANT_URL",
            "PAYMENTS_URI",
            "APP_SENTRY_DSN",
            "GITLAB_URL",
        ] {
            assert!(reason(name, &nobody).is_none(), "{name}");
        }
        assert!(!Name::of("CURL").is_url() && !Name::of("URLS_FILE").is_url() && Name::of("x_dsn").is_url());
        assert!(nobody.not_a_dependency(&Name::of("WEBHOOK_URL"), "/services/T0/B0").is_none());
    }

    #[test]
    fn sections_of_a_configuration_belong_to_the_application_that_is_named_first() {
        let of = |name: &str| reason(name, &Application::of(&[Name::of(name)]));
        assert_eq!(of("AIRFLOW__WEBSERVER__BASE_URL"), Some(OWN_ADDRESS));
        for name in ["Payments__BaseUrl", "Clients__Payments__BaseUrl", "tinybird__tracker__endpoint"] {
            assert_eq!(of(name), None, "{name}");
        }
    }

    #[test]
    fn the_name_of_the_application_is_what_its_own_dependencies_begin_with() {
        let names = ["SHOP_REDIS_HOST", "SHOP_URL", "SHOP_TIKA_URL", "GITLAB_URL", "GITLAB_TOKEN"].map(Name::of);
        let shop = Application::of(&names);
        assert_eq!(reason("SHOP_URL", &shop), Some(OWN_ADDRESS));
        assert_eq!((reason("SHOP_TIKA_URL", &shop), reason("GITLAB_URL", &shop)), (None, None));
        let names = ["CI_HOST", "CI_A", "CI_B", "CI_C", "CI_D", "CI_GITEA_URL", "TZ"].map(Name::of);
        let ci = Application::of(&names);
        assert_eq!((reason("CI_HOST", &ci), reason("CI_GITEA_URL", &ci)), (Some(OWN_ADDRESS), None));
    }
}
