//! One line of expected options for each URL.

use super::parts::{Bad, Parts};
use super::{ConnectionSettings, items};
use crate::checks::Spec;
use crate::generate::{GeneratedFile, Item, Secrets};
use crate::services::{self, UseTls};
use std::num::NonZero;

/// The checks of a URL on one line each, without label, and comments by their beginning.
fn mapped(text: &str) -> Vec<String> {
    let mut file = GeneratedFile::new("");
    file.extend(items("X_URL", text));
    let file = file.reviewed();
    let mut lines = Vec::new();
    for item in &file.items {
        match item {
            Item::Comment(comment) => lines.push(if comment.gap { "GAP" } else { "note" }.to_owned()),
            Item::Check(check) => {
                let mut one = GeneratedFile::new("");
                one.push(check.clone());
                let text = one.write(&Secrets::Inline).text;
                let lines_of = text.trim_end().trim_start_matches("- ").lines();
                let options: Vec<_> = lines_of.map(str::trim).filter(|line| *line != "name: X_URL").collect();
                lines.push(options.join(", ").replacen("type: ", "", 1));
            }
        }
    }
    lines
}

/// What each URL means to its clients.
#[rustfmt::skip]
static TABLE: &[(&str, &[&str])] = &[
    // dj-database-url, SQLAlchemy, libpq
    ("postgres://u:p%40ss%2Fw%23@db.internal/app", &["postgres, host: db.internal, port: 5432, username: u, password: 'p@ss/w#', database: app"]),
    ("postgresql+psycopg2://u:p@[2001:db8::1]:6543/app", &["postgres, host: '2001:db8::1', port: 6543, username: u, password: p, database: app"]),
    ("postgis://u@%2Fvar%2Frun%2Fpostgresql/app", &["postgres, host: /var/run/postgresql, port: 5432, username: u, database: app"]),
    ("postgresql://u@/app?host=/run/pg", &["postgres, host: /run/pg, port: 5432, username: u, database: app"]),
    ("postgresql:///app?host=h1:1&user=u&password=a+b", &["postgres, host: h1, port: 1, username: u, password: 'a b', database: app"]),
    ("pgsql://u:p@h1,h2:5433/d", &["postgres, host: h1, port: 5432, username: u, password: p, database: d", "postgres, host: h2, port: 5433, username: u, password: p, database: d"]),
    ("postgres://u:p@h/d?sslmode=disable", &["postgres, host: h, port: 5432, username: u, password: p, database: d, use_tls: false"]),
    ("postgres://u:p@h/d?sslmode=require", &["postgres, host: h, port: 5432, username: u, password: p, database: d, use_tls: true, disable_tls_verification: true"]),
    ("postgres://u:p@h/d?sslmode=verify-full&sslrootcert=system", &["postgres, host: h, port: 5432, username: u, password: p, database: d, use_tls: true"]),
    ("postgres://u:p@h/d?sslmode=verify-full&sslrootcert=/nowhere/ca.pem", &["GAP", "postgres, host: h, port: 5432, username: u, password: p, database: d, use_tls: true"]),
    // the client verifies the CA and no name, which no check does
    ("postgres://u:p@h/d?sslmode=verify-ca&sslrootcert=/nowhere/ca.pem", &["GAP", "postgres, host: h, port: 5432, username: u, password: p, database: d, use_tls: true, verify_name: false"]),
    ("postgres://u:p@h/d?sslmode=require&sslrootcert=/nowhere/ca.pem", &["GAP", "postgres, host: h, port: 5432, username: u, password: p, database: d, use_tls: true, verify_name: false"]),
    ("mysql://u:p@h/d?ssl-mode=VERIFY_CA&ssl-ca=/nowhere/ca.pem", &["GAP", "mysql, host: h, port: 3306, username: u, password: p, database: d, use_tls: true, verify_name: false"]),
    ("mysql://u:p@h/d?ssl_ca=/nowhere/ca.pem", &["GAP", "mysql, host: h, port: 3306, username: u, password: p, database: d, use_tls: true, verify_name: false"]),
    ("mysql://u:p@h/d?ssl-mode=PREFERRED&ssl-ca=/nowhere/ca.pem", &["note", "mysql, host: h, port: 3306, username: u, password: p, database: d"]),
    ("postgres://u:p@h/d?sslmode=prefer&sslrootcert=/nowhere/ca.pem", &["note", "postgres, host: h, port: 5432, username: u, password: p, database: d"]),
    ("mongodb://h/?tls=true&tlsAllowInvalidHostnames=true", &["mongodb, host: h, port: 27017, use_tls: true, verify_name: false"]),
    ("rediss://u:p@h/0?ssl_check_hostname=false", &["redis, host: h, port: 6379, username: u, password: p, use_tls: true, verify_name: false"]),
    ("rediss://u:p@h/0?ssl_check_hostname=false&ssl_cert_reqs=none", &["redis, host: h, port: 6379, username: u, password: p, use_tls: true, disable_tls_verification: true"]),
    ("mysql://u:p@h/d?ssl-mode=VERIFY_IDENTITY", &["mysql, host: h, port: 3306, username: u, password: p, database: d, use_tls: true"]),
    ("postgres://u:p@h", &["postgres, host: h, port: 5432, username: u, password: p, database: u"]),
    ("postgres://h/d", &["GAP", "tcp, host: h, port: 5432"]),
    ("jdbc:postgresql://h/d?user=u&password=p", &["postgres, host: h, port: 5432, username: u, password: p, database: d"]),
    ("jdbc:postgresql://h/d?user=u&password=p;q", &["postgres, host: h, port: 5432, username: u, password: 'p;q', database: d"]),
    ("redshift://u:p@h/d", &["postgres, host: h, port: 5439, username: u, password: p, database: d"]),
    ("mysql://u:p@h/d", &["mysql, host: h, port: 3306, username: u, password: p, database: d"]),
    ("mysql+pymysql://u:@/d?unix_socket=/run/mysqld/mysqld.sock", &["mysql, host: /run/mysqld/mysqld.sock, port: 3306, username: u, database: d"]),
    ("mariadb://u:p@h:3307/d?ssl-mode=REQUIRED", &["mysql, host: h, port: 3307, username: u, password: p, database: d, use_tls: true, disable_tls_verification: true"]),
    ("mysql2://h/d", &["GAP"]),
    ("postgres://u:p@//cloudsql/project:region:one/d", &["postgres, host: '/cloudsql/project:region:one', port: 5432, username: u, password: p, database: d"]),
    ("db+postgresql://u:p@h/d", &["postgres, host: h, port: 5432, username: u, password: p, database: d"]),
    ("sqla+sqlite:///x.db", &["note"]),
    // words for TLS: those of other clients, and those that are none
    ("postgres://u:p@h/d?sslmode=no-verify", &["postgres, host: h, port: 5432, username: u, password: p, database: d, use_tls: true, disable_tls_verification: true"]),
    ("postgres://u:p@h/d?ssl=no-verify", &["postgres, host: h, port: 5432, username: u, password: p, database: d, use_tls: true, disable_tls_verification: true"]),
    ("postgres://u:p@h/d?sslmode=required", &["GAP"]),
    ("mysql://u:p@h/d?ssl-mode=perhaps", &["GAP"]),
    ("redis://h?ssl=perhaps", &["GAP"]),
    ("postgres://u:p@h/d?ssl=true&ssl=no-verify", &["GAP"]),
    ("postgres://u:p@h/d?service=shop", &["GAP"]),
    ("postgres://u:p@h/d?passfile=/x", &["GAP"]),
    // JDBC and R2DBC
    ("r2dbc:pool:postgresql://u:p@h/d", &["postgres, host: h, port: 5432, username: u, password: p, database: d"]),
    ("jdbc:mysql:replication://a,b/d?user=u&password=p", &[
        "mysql, host: a, port: 3306, username: u, password: p, database: d",
        "mysql, host: b, port: 3306, username: u, password: p, database: d",
    ]),
    ("jdbc:oracle:thin:@//h:1521/s", &["note", "tcp, host: h, port: 1521"]),
    ("jdbc:oracle:thin:@h:1522:sid", &["note", "tcp, host: h, port: 1522"]),
    ("jdbc:oracle:thin:u/p@(DESCRIPTION=(HOST=h))", &["GAP"]),
    ("jdbc:h2:mem:test", &["note"]),
    // redis-py, Celery, django-environ
    ("redis://h", &["redis, host: h, port: 6379"]),
    ("redis://:p%25w@h:6380/3", &["redis, host: h, port: 6380, password: 'p%w', database: 3"]),
    ("rediss://u:p@h/0?ssl_cert_reqs=CERT_NONE", &["redis, host: h, port: 6379, username: u, password: p, use_tls: true, disable_tls_verification: true"]),
    ("redis://h/1?db=4", &["redis, host: h, port: 6379, database: 4"]),
    ("redis:///2", &["redis, host: localhost, port: 6379, database: 2"]),
    ("redis+socket:///run/redis.sock?virtual_host=5", &["redis, host: /run/redis.sock, database: 5"]),
    ("unix://:p@/run/redis.sock?db=1", &["redis, host: /run/redis.sock, password: p, database: 1"]),
    ("rediscache:///run/redis.sock", &["redis, host: /run/redis.sock"]),
    ("redis://u@h", &["GAP", "redis, host: h, port: 6379"]),
    ("sentinel://s1:26379;sentinel://s2", &["GAP", "tcp, host: s1, port: 26379", "tcp, host: s2, port: 26379"]),
    ("sentinel://s1/0?master_name=shop", &["redis, host: s1, port: 26379, sentinel: shop"]),
    (
        "redis+sentinel://:pw@s1:26380,s2/shop/3",
        &[
            "redis, host: s1, port: 26380, sentinel: shop, password: pw, database: 3",
            "redis, host: s2, port: 26379, sentinel: shop, password: pw, database: 3",
        ],
    ),
    (
        "redis-sentinel://app:pw@s1/2?sentinelMasterId=shop&sentinel_password=own",
        &["redis, host: s1, port: 26379, sentinel: shop, username: app, password: pw, sentinel_password: own, database: 2"],
    ),
    ("redis-sentinel://s1:26379,s2/0#shop", &["redis, host: s1, port: 26379, sentinel: shop", "redis, host: s2, port: 26379, sentinel: shop"]),
    ("rediss-sentinel://:pw@s1/2#shop", &["redis, host: s1, port: 26379, sentinel: shop, password: pw, use_tls: true, database: 2"]),
    ("redis-sentinel://:pw@s1?sentinelServiceName=shop", &["redis, host: s1, port: 26379, sentinel: shop, password: pw"]),
    ("redis-sentinel://pw@s1?sentinelMasterId=shop", &["redis, host: s1, port: 26379, sentinel: shop, password: pw"]),
    ("redis-sentinel://app:pw@s1:1,app:pw@s2:2#shop", &["redis, host: s1, port: 1, sentinel: shop, username: app, password: pw", "redis, host: s2, port: 2, sentinel: shop, username: app, password: pw"]),
    ("postgres://u:p@/d?host=a,b&port=1,2", &["postgres, host: a, port: 1, username: u, password: p, database: d", "postgres, host: b, port: 2, username: u, password: p, database: d"]),
    ("postgres://u:p@/d?host=a,b&port=1", &["postgres, host: a, port: 1, username: u, password: p, database: d", "postgres, host: b, port: 1, username: u, password: p, database: d"]),
    ("host=a,b port=1,2 user=u dbname=d", &["postgres, host: a, port: 1, username: u, database: d", "postgres, host: b, port: 2, username: u, database: d"]),
    ("host=a user=u dbname=d passfile=/x", &["GAP"]),
    ("sentinel://:pw@s1?master_name=shop&sentinel_username=own", &["GAP", "redis, host: s1, port: 26379, sentinel: shop, password: pw"]),
    // kombu, pika, RabbitMQ
    ("amqp://", &["amqp, host: localhost, port: 5672, username: guest, password: guest, use_tls: false, vhost: /"]),
    ("amqp://u:p@h//", &["amqp, host: h, port: 5672, username: u, password: p, use_tls: false, vhost: /"]),
    ("amqp://u:p@a/v;u:p@b/v", &["GAP"]),
    ("amqp://u:p@h/%2Fv", &["amqp, host: h, port: 5672, username: u, password: p, use_tls: false, vhost: /v"]),
    ("amqps://u:p@h/v?verify=verify_none", &["amqp, host: h, port: 5671, username: u, password: p, use_tls: true, vhost: v, disable_tls_verification: true"]),
    ("pyamqp://u:p@h1/v;pyamqp://u:p@h2/v", &["amqp, host: h1, port: 5672, username: u, password: p, use_tls: false, vhost: v", "amqp, host: h2, port: 5672, username: u, password: p, use_tls: false, vhost: v"]),
    // MongoDB
    ("mongodb://u:p@a,b:27018/d?replicaSet=rs&tls=true&authSource=admin", &[
        "mongodb, host: a, port: 27017, username: u, password: p, use_tls: true, database: d, auth_source: admin, replica_set: rs",
        "mongodb, host: b, port: 27018, username: u, password: p, use_tls: true, database: d, auth_source: admin, replica_set: rs",
    ]),
    ("mongodb://h/?tls=true&tlsInsecure=true", &["mongodb, host: h, port: 27017, use_tls: true, disable_tls_verification: true"]),
    ("mongodb://%2Ftmp%2Fmongodb-27017.sock/d", &["mongodb, host: /tmp/mongodb-27017.sock, port: 27017, database: d"]),
    ("mongodb+srv://u:p@cluster.example.com/d", &["mongodb, host: cluster.example.com, srv: true, username: u, password: p, database: d"]),
    ("mongodb+srv://u:p@c.example.com/?authSource=admin&replicaSet=rs&tls=false&retryWrites=true&w=majority", &["mongodb, host: c.example.com, srv: true, username: u, password: p, auth_source: admin, replica_set: rs, use_tls: false"]),
    ("mongodb+srv://u:p@c.example.com/d?tlsAllowInvalidCertificates=true", &["mongodb, host: c.example.com, srv: true, username: u, password: p, database: d, disable_tls_verification: true"]),
    ("mongodb+srv://u@c.example.com/d?authMechanism=MONGODB-X509", &["GAP", "mongodb, host: c.example.com, srv: true, database: d"]),
    ("mongodb+srv://u:p@c.example.com:27017/d", &["GAP"]),
    ("mongodb+srv://u:p@a.example.com,b.example.com/d", &["GAP"]),
    ("mongodb+srv://u:p@c.example.com/d?srvServiceName=other", &["GAP"]),
    ("mongodb://CN%3Dme@h/?authMechanism=MONGODB-X509", &["GAP", "mongodb, host: h, port: 27017"]),
    // memcached
    ("memcache://h1,h2:11212", &["memcache, host: h1, port: 11211", "memcache, host: h2, port: 11212"]),
    ("pymemcache:///run/m.sock", &["memcache, host: /run/m.sock"]),
    ("memcached://u@h", &["GAP", "memcache, host: h, port: 11211"]),
    ("memcached://u:p@h", &["memcache, host: h, port: 11211, username: u, password: p"]),
    ("cache+memcached://h1:11211;h2:11211/", &["memcache, host: h1, port: 11211", "memcache, host: h2, port: 11211"]),
    ("cache+memory://", &["note"]),
    ("rpc://", &["note"]),
    // mail
    ("smtp://h", &["smtp, host: h, port: 25, from_address: 'conn-check@localhost', use_tls: false, send: false"]),
    ("smtp://u%40x.org:p@h:587", &["smtp, host: h, port: 587, username: 'u@x.org', password: p, from_address: 'u@x.org', use_tls: starttls, send: false"]),
    ("smtps://u:p@h", &["smtp, host: h, port: 465, username: u, password: p, from_address: 'conn-check@localhost', use_tls: true, send: false"]),
    ("smtps://u:p@h:587", &["smtp, host: h, port: 587, username: u, password: p, from_address: 'conn-check@localhost', use_tls: starttls, send: false"]),
    ("smtp+tls://h", &["smtp, host: h, port: 587, from_address: 'conn-check@localhost', use_tls: starttls, send: false"]),
    ("smtp+ssl://h", &["smtp, host: h, port: 465, from_address: 'conn-check@localhost', use_tls: true, send: false"]),
    // web
    ("https://hooks.example.com/T0/SECRET?token=x", &["http, url: 'https://hooks.example.com/', expected_code: ['2xx', '3xx', '4xx']"]),
    ("http://u:p@[::1]:8080/x", &["http, url: 'http://[::1]:8080/', expected_code: ['2xx', '3xx', 404, 405], auth: [u, p]"]),
    ("elasticsearch://u:p@h", &["http, url: 'http://h:9200/', expected_code: ['2xx', '3xx', 404], auth: [u, p]"]),
    ("wss://h/live", &["http, url: 'https://h/', expected_code: ['2xx', '3xx', '4xx']"]),
    ("https://h:4317", &["tls, host: h, port: 4317"]),
    ("grpc://h", &["note", "tcp, host: h, port: 4317"]),
    // TLS that a client is told to use begins as the port has it
    ("ldap://h", &["ldap, host: h, port: 389, use_tls: false"]),
    ("ldap://h?use_tls=true", &["ldap, host: h, port: 636, use_tls: true"]),
    ("ldap://h:389?use_tls=true", &["ldap, host: h, port: 389, use_tls: starttls"]),
    ("ldap://h:636?use_tls=true", &["ldap, host: h, port: 636, use_tls: true"]),
    ("ldap://h?starttls=true", &["ldap, host: h, port: 389, use_tls: starttls"]),
    ("ldaps://h:389", &["ldap, host: h, port: 389, use_tls: true"]),
    ("mqtt+ssl://h", &["mqtt, host: h, port: 8883, use_tls: true"]),
    ("redis://h:6379?ssl=true", &["redis, host: h, port: 6379, use_tls: true"]),
    // others
    ("statsd://h", &["udp, host: h, port: 8125, send: 'conncheck.test:1|c'"]),
    ("udp://h:8125", &["udp, host: h, port: 8125, send: 'conncheck.test:1|c'"]),
    ("udp://h:514", &["note", "udp, host: h, port: 514, send: \"\\n\""]),
    ("kafka://a:9092,b:9092", &["note", "tcp, host: a, port: 9092", "tcp, host: b, port: 9092"]),
    ("kafkas://h", &["note", "tls, host: h, port: 9093"]),
    ("jdbc:sqlserver://db:1433;databaseName=x;user=sa;password=Se@cr=et1!", &["note", "tcp, host: db, port: 1433"]),
    ("sqlserver://db:1433;user=sa;password=Secret1!", &["note", "tcp, host: db, port: 1433"]),
    ("tcp://h:2375", &["tcp, host: h, port: 2375"]),
    ("tcp://h", &["GAP"]),
    ("sqlite:////srv/db.sqlite3", &["note"]),
    ("locmem://", &["note"]),
    ("s3://bucket/key", &["GAP"]),
    ("gopher://h", &["GAP"]),
    // libpq's keywords, PDO
    ("host=db port=6543 dbname=shop user=app password='a \\' b' sslmode=disable", &["postgres, host: db, port: 6543, username: app, password: 'a '' b', database: shop, use_tls: false"]),
    ("dbname = shop user = app", &["postgres, host: /var/run/postgresql, port: 5432, username: app, database: shop"]),
    ("mysql:host=db;dbname=shop", &["GAP"]),
    ("user=app password='open", &["GAP"]),
    ("a=b", &["GAP"]),
    // what is not a URL
    ("not a url", &["GAP"]),
    ("/static/", &["GAP"]),
    ("postgres://u:p@h:99999/d", &["GAP"]),
    ("postgres://u:p/q@h/d", &["GAP"]),
    ("redis://p/q@h", &["GAP"]),
    ("postgres://u:%ff@h/d", &["GAP"]),
    ("postgres://u:p@[::1/d", &["GAP"]),
    ("postgres://u:p@::1/d", &["GAP"]),
    ("postgres://u:p@$(reboot)/d", &["GAP"]),
    ("postgres://u:p%00@h/d", &["GAP"]),
    ("http://", &["GAP"]),
];

#[test]
fn every_url_means_what_its_clients_take_it_for() {
    // Shows all that is wrong at once.
    let wrong = TABLE.iter().filter(|(text, expected)| mapped(text) != *expected);
    let wrong: Vec<_> = wrong.map(|(text, expected)| format!("{text}: {:?}, not {expected:?}", mapped(text))).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_scheme_of_every_service_becomes_a_check_that_is_legal() {
    for service in services::all() {
        for scheme in service.schemes {
            let rest = if scheme.socket { "/run/x.sock" } else { "u:p@h.example:4711/1" };
            let url = format!("{}://{rest}", scheme.name);
            let found = mapped(&url);
            let kind = service.check.unwrap_or("t");
            assert!(found.iter().any(|line| line.starts_with(kind)), "{url}: {found:?}");
            // What the primary of sentinels is called is not said.
            let is_whole = !found.iter().any(|line| line == "GAP");
            assert_eq!(is_whole, *service != services::SENTINEL, "{url}: {found:?}");
        }
    }
}

#[test]
fn every_check_has_a_row_of_the_table() {
    // That which panics is there for the tests alone.
    for check in Spec::describe().into_iter().filter(|check| check.kind != "panics") {
        let row = services::all().find(|service| *service == check.service);
        assert_eq!(row.and_then(|row| row.check), Some(check.kind), "{:?}", check.service);
    }
}

#[test]
fn what_the_row_says_is_what_the_check_takes() {
    for service in services::all().filter(|service| service.check.is_some()) {
        let described = Spec::describe().into_iter().find(|check| Some(check.kind) == service.check);
        let described = described.unwrap_or_else(|| panic!("{service:?} has a check that is not there"));
        let takes = |key: &str| described.options.iter().any(|option| option.key == key);
        let options = &service.options;
        // Of http and dns, no URL is mapped by its row.
        let has_own_way = takes("url") || service.schemes.is_empty();
        let named = options.name.iter().map(|(option, _)| *option);
        let queried = options.query.iter().map(|(_, option)| *option);
        let fixed = options.fixed.iter().map(|(option, _)| *option);
        let login = options.login.into_iter().filter(|_| !has_own_way).flat_map(|(user, password)| [user, password]);
        let wrong: Vec<_> = login.chain(named).chain(queried).chain(fixed).filter(|option| !takes(option)).collect();
        assert!(wrong.is_empty(), "{service:?}: {wrong:?}");
        assert!(options.use_tls == UseTls::Never || takes("use_tls") || has_own_way, "{service:?}");
    }
}

#[test]
fn what_a_url_leaves_out_is_taken_from_beside_it() {
    let beside = ConnectionSettings {
        user: Some("cn=app,dc=x"),
        password: Some("p"),
        name: Some("dc=x"),
        options: vec![("starttls", "true")],
        ..ConnectionSettings::of(&services::LDAP, "")
    };
    let completed = |text: &str| {
        let parts = Parts::read(text).and_then(|parts| Ok(parts.completed(beside.parts()?)));
        parts.unwrap_or_else(|Bad(why)| panic!("{why}"))
    };
    let parts = completed("ldap://h:3893/");
    assert_eq!((parts.user.as_deref(), parts.password.as_deref()), (Some("cn=app,dc=x"), Some("p")));
    assert_eq!((parts.path.as_str(), parts.switch(&["starttls"])), ("/dc=x", Some(true)));
    assert_eq!((parts.site().host.as_str(), parts.site().port.map(NonZero::get)), ("h", Some(3893)));
    let parts = completed("ldap://u:q@h/dc=y");
    assert_eq!((parts.user.as_deref(), parts.password.as_deref()), (Some("u"), Some("q")));
    assert_eq!(parts.path, "/dc=y");
}

#[test]
fn a_token_in_the_place_of_a_user_is_a_secret_and_an_empty_password_is_none() {
    for (text, auth, needed) in [
        ("https://ghp_1@h/", "[{env: X_URL_USER}, '']", "X_URL_USER"),
        ("https://ghp_1:@h/", "[{env: X_URL_USER}, '']", "X_URL_USER"),
        ("https://ghp_1:x-oauth-basic@h/", "[{env: X_URL_USER}, x-oauth-basic]", "X_URL_USER"),
        ("https://:ghp_1@h/", "['', {env: X_URL_PASSWORD}]", "X_URL_PASSWORD"),
        ("elasticsearch://ghp_1@h", "[{env: X_URL_USER}, '']", "X_URL_USER"),
        ("https://me:ghp_1@h/", "[me, {env: X_URL_PASSWORD}]", "X_URL_PASSWORD"),
    ] {
        let mut file = GeneratedFile::new("");
        file.extend(items("X_URL", text));
        let written = file.reviewed().write(&Secrets::Env);
        let names: Vec<_> = written.needed.iter().map(|needed| needed.name.as_str()).collect();
        assert!(written.text.ends_with(&format!("  auth: {auth}\n")), "{text}: {}", written.text);
        assert!(names == [needed] && !written.text.contains("ghp_1"), "{text}: {names:?}");
    }
}

#[test]
fn no_comment_says_a_password() {
    for text in [
        "postgres://u:hunter2@h:99999/d",
        "postgres://u:hunter2/q@h/d",
        "postgres://u:hunter2%ff@h/d",
        "postgres://u:hunter2@$(reboot)/d",
        "postgres://u:hunter2%00@h/d",
        "redis://hunter2/q@h",
        "hunter2",
        "gopher://u:hunter2@h",
        "mongodb+srv://u:hunter2@h:1/d",
        "jdbc:sqlserver://db:1433;databaseName=x;user=sa;password=hunter2",
        "jdbc:db2://db:50000/x:user=sa;password=hunter2;",
        "sqlserver://db:1433;password=hunter2",
        "redis://h;hunter2!",
    ] {
        let mut file = GeneratedFile::new("");
        file.extend(items("X_URL", text));
        let file = file.reviewed();
        assert!(file.comments().count() > 0, "{text}");
        assert!(file.comments().all(|comment| !comment.why.contains("hunter2")), "{text}: {file:?}");
    }
}
