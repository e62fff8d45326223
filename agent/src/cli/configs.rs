//! The command line of `conn-check-configs`.

use crate::cli::django::Django;
use crate::cli::generate::Target;
use clap::{Args, Parser, Subcommand};

const AFTER_HELP: &str = "\
Exit status: 0 the file is written, what could not be mapped is a comment in it; 1 the same with --strict, if there is such a \
comment; 3 usage error or unreadable input.

Examples:
  conn-check-configs django -m shop.settings -f checks.yaml  from the settings of a Django project
  conn-check-configs env > checks.yaml                       from the environment this runs in
  conn-check-configs env /srv/app/.env -f checks.yaml        from a file of variables
  conn-check-configs env --pid 4242 --secrets env            from a running process, without its passwords
  juju status --format=json | conn-check-configs juju --application shop
  conn-check --validate --strict checks.yaml                 is the file all right?";

const ENV_HELP: &str = "\
Variables: every value with a host in it becomes a check, or a comment that names the variable. URLs, whatever the variable is \
called; families such as REDIS_HOST with REDIS_PORT, REDIS_USER, REDIS_PASSWORD, REDIS_DB and REDIS_SSL, for every service that is \
known here; DB_HOST where DB_ENGINE, DB_TYPE, DB_PORT or the host's name says which database it is; hosts with ports, alone or in \
lists; connections in JSON and in the forms of JDBC, .NET and Go; libpq's own (PGHOST and so on). A connection that several \
variables name is written once.

Web addresses: the server's first page is asked for, and not the path, which may hold a token. No checks, but comments, are the \
application's own address (BASE_URL, SITE_URL, PUBLIC_URL, APP_URL where other variables begin with APP_ ...), addresses for \
browsers (LOGIN_URL, STATIC_URL, OAUTH_CALLBACK_URL, NEXT_PUBLIC_API_URL ...), files and what is inside of the application \
(sqlite, locmem). Kubernetes' *_SERVICE_HOST and *_TCP_ADDR are passed over where the others of a service (*_PORT_80_TCP ...) are \
there, too: it sets them for every service there is.

Forms: besides URLs and HOST:PORT, lists of them (JSON, Python, YAML), USER:PASSWORD@HOST:PORT/NAME, Oracle's descriptors, HOST:/PATH, \
USER@HOST:PATH and //HOST/SHARE. What lies below a family's name, looks like a part of its connection and is not known is a comment.

Lines: NAME=VALUE in each line of a file; blank lines, lines that begin with # and the word export are passed over. A value without quotes ends \
at the end of the line or before a blank and #. '...' is taken as it stands; in a value between double quotes, a backslash makes \
newline (n), return (r), tab (t), double quotes and backslash. ${NAME} is replaced where NAME stands earlier in the file, \
${NAME:-default} also where it does not, with a comment. What readers take differently makes the value unknown, and what depends on \
it a comment: any other $ before a name, any other backslash between double quotes, two of them between single ones. A line that \
is none of this is told and passed over; with --strict it is an error.

Exit status: 0 the file is written, what could not be mapped is a comment in it; 1 the same with --strict, if there is such a \
comment; 3 usage error, or a file, process or line (--strict) that cannot be read.

Examples:
  conn-check-configs env | conn-check -                    what this environment names, checked at once
  conn-check-configs env .env -f checks.yaml               a file to keep, from a file of variables
  conn-check-configs env --pid 4242 --secrets env          from a running process, without its passwords";

const JUJU_HELP: &str = "\
Relations: each application that APP depends on gives a check for each unit. The interface (Juju 3 and later) or the charm's name \
says what it is, the ports that the unit opened where. memcached, web and mail servers get checks of their type; services that \
want a login get a tcp check and a comment with what to add, because a status has no logins. Comments, and no checks, are \
subordinates, relations over which APP connects to nothing, and applications of other models, whose units are not in the status.

Exit status: 0 the file is written, what could not be mapped is a comment in it; 1 the same with --strict, if there is such a \
comment; 3 usage error, or a status that cannot be read.

Examples:
  juju status --format=json | conn-check-configs juju --application shop -f checks.yaml
  conn-check-configs juju status.yaml --strict            a saved status; status 1 if something of it is missing";

/// Write a file of checks from what is known about an application anyway.
#[derive(Clone, Debug, Parser)]
#[command(name = "conn-check-configs", version = super::VERSION, after_help = AFTER_HELP, max_term_width = 100)]
pub struct Configs {
    /// What the checks are made from
    #[command(subcommand)]
    pub source: Source,
}

/// What the checks are made from.
#[derive(Clone, Debug, Subcommand)]
pub enum Source {
    /// The settings of a Django project, which its own Python imports
    Django(Box<Django>),
    /// Variables: URLs, DSNs, and the hosts and ports of well-known clients
    Env(Env),
    /// The output of `juju status --format=json` or `--format=yaml`
    Juju(Juju),
}

/// `conn-check-configs env`.
#[derive(Args, Clone, Debug)]
#[command(after_help = ENV_HELP)]
pub struct Env {
    /// A file of variables, NAME=VALUE in each line (.env), or - for standard input [default: this environment]
    #[arg(value_name = "FILE")]
    pub file: Option<String>,

    /// The environment that this process was started with
    #[arg(long, value_name = "PID", conflicts_with = "file")]
    pub pid: Option<u32>,

    /// Where the file goes, and what of it is secret.
    #[command(flatten)]
    pub target: Target,
}

/// `conn-check-configs juju`.
#[derive(Args, Clone, Debug)]
#[command(after_help = JUJU_HELP)]
pub struct Juju {
    /// The file with the status, or - for standard input
    #[arg(value_name = "FILE", default_value = "-")]
    pub file: String,

    /// The application whose dependencies are checked; may be left out where only one has any
    #[arg(short, long, value_name = "APP")]
    pub application: Option<String>,

    /// Where the file goes, and what of it is secret.
    #[command(flatten)]
    pub target: Target,
}
