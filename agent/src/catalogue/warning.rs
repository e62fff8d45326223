//! The codes of warnings, with what is known of each.

use super::{Example, Owner};

macro_rules! warnings {
    ($($name:ident $code:literal $owner:ident $what:literal, $next_step:literal, $when:literal, $check:literal;)*) => {
        /// What a warning is about: something that works today and needs a person's attention.
        #[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
        pub enum WarningKind {
            $(#[doc = $what] $name,)*
        }

        impl WarningKind {
            /// Every kind, in the order of the documentation.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The stable code.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code),* }
            }

            /// Whose job it is to look at it.
            #[must_use]
            pub const fn owner(self) -> Owner {
                match self { $(Self::$name => Owner::$owner),* }
            }

            /// What was found.
            #[must_use]
            pub const fn what(self) -> &'static str {
                match self { $(Self::$name => $what),* }
            }

            /// What to do next.
            #[must_use]
            pub const fn next_step(self) -> &'static str {
                match self { $(Self::$name => $next_step),* }
            }

            /// A check that gives it.
            #[must_use]
            pub const fn example(self) -> Example {
                match self { $(Self::$name => Example { when: $when, check: $check }),* }
            }
        }
    };
}

#[rustfmt::skip] // one row, two lines
warnings! {
    TlsExpiresSoon "tls.expires-soon" Certificate "a certificate of the path ends within `expiry_warning_days`", "renew the certificate and reload the service",
        "the certificate ends in ten days", "{type: tls, host: app.internal, port: 443, expiry_warning_days: 14}";
    TlsOthersRefuse "tls.others-refuse" Certificate "the certificate is accepted here, and applications that use OpenSSL refuse it", "have the named certificate issued anew without what is wrong with it",
        "the certificate of the trusted root has ended, which only OpenSSL looks at", "{type: tls, host: app.internal, port: 443}";
    TlsForgone "tls.forgone" Service "TLS is preferred, and the server takes the login only without it", "let the server take this login with TLS as well; or set `use_tls: false`, if that is how it is meant",
        "pg_hba.conf has a line for this user that begins with hostnossl", "{type: postgres, host: db.internal, username: app, password: '...', database: shop}";
    ConnectCounted "connect.counted" Config "a server of the kind of `MySQL` has counted this connection, which does not log in: after `max_connect_errors` of them it blocks this host", "check it with the type mysql, which logs in, instead",
        "MySQL listens there", "{type: tcp, host: db.internal, port: 3306}";
    ResolveSlow "resolve.slow" Dns "a look-up took a second or more, and costs the application as much", "take the resolver that does not answer out of /etc/resolv.conf, or repair it; a search domain that is slow costs less behind a dot at the end of the name",
        "the first resolver of /etc/resolv.conf is dead, and the second one answers", "{type: tcp, host: db.internal, port: 5432}";
    ConnectClosedAtOnce "connect.closed-at-once" Service "a plain tcp peer accepted the connection and closed it without a word", "look at access lists of the service, and for a load balancer without a back end",
        "a load balancer has no back end for the connection", "{type: tcp, host: app.internal, port: 8000}";
    ConnectAddressDead "connect.address-dead" Service "one of several addresses of the name does not answer; another one works", "repair that address, or take it out of the name's records",
        "the name has an IPv6 address on which nothing listens", "{type: tcp, host: app.internal, port: 443}";
    RunSlow "run.slow" Service "the check passed, and took longer than `warn_after`", "see with --duration --verbose which phase takes the time",
        "the answer takes longer than half a second", "{type: http, url: 'https://app.internal/health', warn_after: 0.5}";
    RunRetried "run.retried" Network "the check passed, and only when it was asked again (`retries`)", "see what the failed attempts say: a path that loses packets, an address that does not answer, a service that turns connections away; the application meets them, too",
        "every tenth connection is reset", "{type: tcp, host: db.internal, port: 5432, retries: 2}";
    RequestBlocked "request.blocked" Service "the broker has let us in, and takes no messages at the moment: an alarm of its memory or disk", "look at the broker's alarms (RabbitMQ: rabbitmq-diagnostics alarms), and at what uses its memory or disk up",
        "the broker is short of memory", "{type: amqp, host: broker.internal, username: app, password: '...'}";
    LocalCommandWarns "local.command-warns" Service "a program that checks warns (exit status 1, or warnings in its JSON answer)", "act on what it says; to see all of it, run it by hand as the user who runs conn-check",
        "the plugin says WARNING", "{type: command, command: [check_load, -w, '5,4,3', -c, '10,8,6']}";
    AuthNotNeeded "auth.not-needed" Config "a login is configured, and the server has none", "drop the login from this check, or switch authentication on in the server",
        "the server has no password", "{type: redis, host: cache.internal, password: '...'}";
    LocalDisk "local.disk" Host "a file system is fuller than its limits allow", "make room, or enlarge it: `df -h PATH` and `df -i PATH` show it, `du -xh PATH | sort -h` what takes the room",
        "more than 90 % of it are used", "{type: disk, path: /srv/app, max_used_percent: 90}";
    LocalMemory "local.memory" Host "less memory is available than the limit allows, or processes wait for it", "see what uses it: `ps aux --sort=-rss`; or give the host, or the control group, more of it",
        "less than 100 MiB are available", "{type: memory, min_available: 100 MiB}";
    LocalLoad "local.load" Host "more processes want to run than the limits allow", "see what runs (`top`), and what waits for a disk (state D in `ps aux`)",
        "four processes want to run for each core, over 15 minutes", "{type: load, max_load_15: 2}";
    LocalClock "local.clock" Host "this host's clock is not set by the network, or is further off than the limit allows", "see `timedatectl` or `chronyc tracking`, and whether its NTP servers answer",
        "the clock is ten seconds ahead of the server's", "{type: clock, server: ntp.internal, max_offset: 1}";
    LocalFile "local.file" Host "a file is older, younger or smaller than its limits allow", "see whether what writes it still runs: its timer, its log",
        "the last backup is two days old", "{type: file, path: /srv/backup/latest.dump, max_age: 26h}";
    LocalProcess "local.process" Host "it runs, in fewer processes than it should", "see why the others have ended: `systemctl status UNIT`, `journalctl -u UNIT`",
        "two of four workers run", "{type: process, program: celery, min: 4}";
}
