//! What variables become.

mod deployments;
mod forms;
mod own;

use super::*;
use crate::generate::Secrets;
use crate::services::{self, Security};

fn written(text: &str) -> String {
    let variables = dotenv::parse(text).expect("variables");
    file(&variables).reviewed().write(&Secrets::Inline).text
}

/// The file without its first line, names of checks alone and comments whole.
fn brief(text: &str) -> Vec<String> {
    let text = written(text);
    let one = |part: &str| part.trim().replace("\n  ", ", ").replace("- type: ", "");
    // What a file without checks ends with is told of elsewhere.
    let text = text.split("# Nothing in it can be checked").next().unwrap_or_default();
    text.split("\n\n").skip(1).filter(|part| !part.is_empty()).map(one).collect()
}

#[test]
fn variables_mean_what_their_clients_take_them_for() {
    let kubernetes = "REDIS_SERVICE_HOST=10.0.0.1\nREDIS_SERVICE_PORT=6379\nREDIS_PORT=tcp://10.0.0.1:6379\n\
                      REDIS_PORT_6379_TCP=tcp://10.0.0.1:6379\nREDIS_PORT_6379_TCP_PROTO=tcp\n\
                      REDIS_PORT_6379_TCP_PORT=6379\nREDIS_PORT_6379_TCP_ADDR=10.0.0.1\n";
    let with_redis = format!("{kubernetes}REDIS_HOST=cache\n");
    #[rustfmt::skip]
    let table: &[(&str, &[&str])] = &[
        // families and URLs
        ("DATABASE_URL=postgres://u:p@db/app\nREDIS_HOST=cache\nREDIS_PORT=6380\nREDIS_PASSWORD='a b'\nREDIS_DB=2\n", &[
            "postgres, name: DATABASE_URL, host: db, port: 5432, username: u, password: p, database: app",
            "redis, name: REDIS_HOST, host: cache, port: 6380, password: 'a b', database: 2",
        ]),
        ("MEMCACHED_SERVERS=m1,m2:11212\nPATH=/bin\nHOME=/root\nCELERY_BROKER=amqp://mq//\nEMPTY_URL=\n", &[
            "memcache, name: MEMCACHED_SERVERS, host: m1, port: 11211",
            "memcache, name: MEMCACHED_SERVERS, host: m2, port: 11212",
            "amqp, name: CELERY_BROKER, host: mq, port: 5672, username: guest, password: guest, use_tls: false, vhost: /",
        ]),
        // the same connection is written once, and says from where
        ("A_URL=redis://h/0\nB_URL=redis://h\nREDIS_HOST=h\n", &["redis, name: 'A_URL, B_URL, REDIS_HOST', host: h, port: 6379"]),
        // a URL counts whatever the variable is called; a socket of nobody knows what does not
        ("A=https://x.example/\nB=tcp://h:1\nDOCKER_HOST=unix:///run/docker.sock\nC=ssh://h/x\n", &[
            "http, name: A, url: 'https://x.example/', expected_code: ['2xx', '3xx', '4xx']",
            "tcp, name: B, host: h, port: 1",
            "# C: no check speaks SSH: only the connection is checked",
            "tcp, name: C, host: h, port: 22",
        ]),
        // several hosts, and ports as many or one for all
        ("PGHOST=a,b\nPGPORT=5432,5433\nPGUSER=u\nPGPASSWORD=p\n", &[
            "postgres, name: PGHOST, host: a, port: 5432, username: u, password: p, database: u",
            "postgres, name: PGHOST, host: b, port: 5433, username: u, password: p, database: u",
        ]),
        ("PGHOST=a,b\nPGPORT=5432,5433,5434\nPGUSER=u\n", &[
            "# PGHOST: the port beside it is not a number from 1 to 65535",
        ]),
        // what is to be added to the URL, as it would stand there
        ("KC_DB=postgres\nKC_DB_URL_HOST=db\nKC_DB_USERNAME=k\nKC_DB_PASSWORD=p\nKC_DB_URL_PROPERTIES=?sslmode=verify-full&sslrootcert=/ca.pem&targetServerType=primary\n", &[
            "# KC_DB_URL_HOST: `ca_file`: the file cannot be used: No such file or directory (os error 2); the check below does without: add the option on the host that has the file",
            "postgres, name: KC_DB_URL_HOST, host: db, port: 5432, username: k, password: p, database: k, use_tls: true",
        ]),
        ("KC_DB=postgres\nKC_DB_URL_HOST=db\nKC_DB_USERNAME=k\nKC_DB_PASSWORD=p\nKC_DB_URL_PROPERTIES=sslmode%3Drequire\n", &[
            "# KC_DB_URL_HOST: what KC_DB_URL_PROPERTIES says is not known from here (a `$` that readers take differently or that refers to something outside, a file, or a word that is not understood): add the check by hand, or use --pid",
            "tcp, name: KC_DB_URL_HOST, host: db, port: 5432",
        ]),
        ("REDIS_URL=tcp://c:6379\n", &["redis, name: REDIS_URL, host: c, port: 6379"]),
        // clients with names of their own
        ("PGHOST=db\nPGUSER=u\nPGPASSWORD=p\nPGDATABASE=d\nPGSSLMODE=require\n", &[
            "postgres, name: PGHOST, host: db, port: 5432, username: u, password: p, database: d, use_tls: true, disable_tls_verification: true",
        ]),
        ("MYSQL_HOST=db\nMYSQL_TCP_PORT=3307\nMYSQL_USER=u\nMYSQL_PWD=p\n", &["mysql, name: MYSQL_HOST, host: db, port: 3307, username: u, password: p"]),
        ("EMAIL_HOST=mail\nEMAIL_PORT=587\nEMAIL_HOST_USER=u\nEMAIL_HOST_PASSWORD=p\nEMAIL_USE_TLS=True\n", &[
            "smtp, name: EMAIL_HOST, host: mail, port: 587, username: u, password: p, from_address: 'conn-check@localhost', use_tls: starttls, send: false",
        ]),
        ("DB_CONNECTION=mysql\nDB_HOST=db\nDB_DATABASE=d\nDB_USERNAME=u\nDB_PASSWORD=p\n", &[
            "mysql, name: DB_HOST, host: db, port: 3306, username: u, password: p, database: d",
        ]),
        ("RABBITMQ_HOST=mq\nRABBITMQ_VHOST=/a\n", &[
            "amqp, name: RABBITMQ_HOST, host: mq, port: 5672, username: guest, password: guest, use_tls: false, vhost: /a",
        ]),
        ("REDIS_PORT=tcp://10.0.0.1:6379\nREDIS_HOST=10.0.0.1\n", &["redis, name: 'REDIS_PORT, REDIS_HOST', host: '10.0.0.1', port: 6379"]),
        // blanks belong to a password, and not to a host
        ("POSTGRES_HOST=' db '\nPOSTGRES_PORT=' 6543 '\nPOSTGRES_USER=u\nPOSTGRES_PASSWORD=' pad '\nA_URL=' redis://c '\n", &[
            "postgres, name: POSTGRES_HOST, host: db, port: 6543, username: u, password: ' pad ', database: u",
            "redis, name: A_URL, host: c, port: 6379",
        ]),
        ("PGHOST=' h'\nPGUSER=v\nPGPASSWORD=' p'\n", &["postgres, name: PGHOST, host: h, port: 5432, username: v, password: ' p', database: v"]),
        // what Kubernetes sets for every service is passed over
        (kubernetes, &[]),
        (&with_redis, &["redis, name: REDIS_HOST, host: cache, port: 6379"]),
    ];
    for (text, checks) in table {
        assert_eq!(brief(text), *checks, "{text}");
    }
}

#[test]
fn variables_beside_a_url_that_never_has_a_login_count() {
    let found = brief("LDAP_SERVER_URI=ldap://h\nLDAP_SSL=true\nREDIS_URL=redis://c\nREDIS_SSL=true\n");
    assert!(found.iter().any(|one| one.contains("LDAP_SERVER_URI, host: h, port: 636")), "{found:?}");
    assert!(found.contains(&"redis, name: REDIS_URL, host: c, port: 6379".to_owned()), "{found:?}");
}

#[test]
fn the_url_of_a_service_counts_whatever_the_variable_is_called() {
    for (url, begin) in [
        ("cockroachdb://u:p@db/x", "postgres, name: FOO, host: db, port: 26257, "),
        ("postgres://u:p@db/x", "postgres, name: FOO, host: db, port: 5432, "),
        ("redshift://u:p@db/x", "postgres, name: FOO, host: db, port: 5439, "),
        ("valkeys://:p@v/0", "redis, name: FOO, host: v, port: 6379, password: p, use_tls: true"),
        ("mongo://u:p@m/x", "mongodb, name: FOO, host: m, port: 27017, "),
        ("rabbitmq://u:p@mq/", "amqp, name: FOO, host: mq, port: 5672, "),
        ("submission://m", "smtp, name: FOO, host: m, port: 587, "),
        ("elasticsearch://es", "http, name: FOO, url: 'http://es:9200/', "),
        ("kafka://k", "# FOO: no check speaks Kafka: only the connection is checked"),
    ] {
        let found = brief(&format!("FOO={url}\n"));
        assert!(found.first().is_some_and(|first| first.starts_with(begin)), "{url}: {found:?}");
    }
}

/// What the variables become, comments by their variable and whether they are gaps.
fn told(text: &str) -> Vec<String> {
    let file = file(&dotenv::parse(text).expect("variables")).reviewed();
    let line = |item: &Item| match item {
        Item::Comment(comment) => format!("{} {}", if comment.gap { "GAP" } else { "note" }, comment.origin),
        Item::Check(check) => {
            let mut one = GeneratedFile::new("");
            one.push(check.clone());
            let text = one.write(&Secrets::Inline).text;
            text.trim_end().trim_start_matches("- type: ").replace("\n  ", ", ").replace(", name: ", ", ")
        }
    };
    file.items.iter().map(line).collect()
}

#[test]
fn what_is_not_known_is_a_gap_and_never_a_default() {
    for (text, expected) in [
        ("REDIS_HOST=h\nREDIS_PASSWORD=ab$defgh@jk\n", &["GAP REDIS_HOST", "tcp, REDIS_HOST, host: h, port: 6379"][..]),
        ("MQ_HOST=h:5672\nMQ_USER=${X}\nMQ_PASSWORD=p\n", &["GAP MQ_HOST", "tcp, MQ_HOST, host: h, port: 5672"]),
        ("SMTP_HOST=h\nSMTP_PORT=${X}\n", &["GAP SMTP_HOST"]),
        ("DB_HOST=h\nDB_ENGINE=postgresql\nDB_PORT=${X}\nDB_USER=u\n", &["GAP DB_HOST"]),
        ("B=zz\nREDIS_HOST=h\nREDIS_PASSWORD=a$B\n", &["GAP REDIS_HOST", "tcp, REDIS_HOST, host: h, port: 6379"]),
        ("REDIS_HOST=h\nREDIS_DB=x\n", &["GAP REDIS_HOST", "tcp, REDIS_HOST, host: h, port: 6379"]),
        ("SMTP_HOST=h\nSMTP_PORT=587\nSMTP_USE_TLS=$X\n", &["GAP SMTP_HOST", "tcp, SMTP_HOST, host: h, port: 587"]),
        ("RABBITMQ_HOST=h\nRABBITMQ_PASSWORD=p\n", &["GAP RABBITMQ_HOST", "tcp, RABBITMQ_HOST, host: h, port: 5672"]),
        ("MYSQL_HOST=h\nMYSQL_USER=u\nMYSQL_PASSWORD_FILE=/run/x\n", &["GAP MYSQL_HOST"]),
        ("REDIS_HOST=h\nREDIS_SSL=perhaps\n", &["GAP REDIS_HOST", "tcp, REDIS_HOST, host: h, port: 6379"]),
        ("X_URL=jdbc:postgresql://h/d\nX_USERNAME=u\nX_PASSWORD=$Y\n", &["GAP X_URL"]),
        ("PGHOST=h\nPGUSER=u\nPGPASSWORD=$X\n", &["GAP PGHOST"]),
        ("PGSERVICE=shop\n", &["GAP PGSERVICE"]),
        ("REDIS_HOST=${X:-h}\n", &["note REDIS_HOST", "redis, REDIS_HOST, host: h, port: 6379"]),
        ("REDIS_HOST=h\nREDIS_PASSWORD=#pw\n", &["redis, REDIS_HOST, host: h, port: 6379, password: '#pw'"]),
    ] {
        assert_eq!(told(text), expected, "{text}");
    }
}

#[test]
fn every_value_with_a_host_is_a_check_or_a_comment() {
    let web = "expected_code: ['2xx', '3xx', '4xx']";
    let http = |name: &str, url: &str| format!("http, {name}, url: '{url}', {web}");
    for (text, expected) in [
        (
            "X_HOST=h\nX_PORT=9999\nX_SSL=true\nY_HOST=h:443\n",
            vec!["tls, X_HOST, host: h, port: 9999".to_owned(), "tls, Y_HOST, host: h, port: 443".to_owned()],
        ),
        (
            "EXAMPLES_HOST=h\nEXAMPLES_PORT=5432\nEXAMPLES_USER=u\nEXAMPLES_DB=d\n",
            vec!["postgres, EXAMPLES_HOST, host: h, port: 5432, username: u, database: d".to_owned()],
        ),
        ("SEARCH_HOST=h\nSEARCH_PORT=9999\n", vec!["tcp, SEARCH_HOST, host: h, port: 9999".to_owned()]),
        ("SEARCH_HOST=h\n", vec!["GAP SEARCH_HOST".to_owned()]),
        ("VAULT_ADDR=https://v.internal:8200\n", vec![http("VAULT_ADDR", "https://v.internal:8200/")]),
        ("API_ENDPOINT=https://a.internal/\n", vec![http("API_ENDPOINT", "https://a.internal/")]),
        (
            "DB_HOST=pg:5432\nDB_USER=u\nDB_NAME=d\n",
            vec!["postgres, DB_HOST, host: pg, port: 5432, username: u, database: d".to_owned()],
        ),
        ("DB_HOST=mariadb\nDB_USER=u\n", vec!["mysql, DB_HOST, host: mariadb, port: 3306, username: u".to_owned()]),
        (
            "A_SERVER=a.internal:81,b.internal:82\n",
            vec![
                "tcp, A_SERVER, host: a.internal, port: 81".to_owned(),
                "tcp, A_SERVER, host: b.internal, port: 82".to_owned(),
            ],
        ),
        ("CACHE=cache.internal\n", vec!["GAP CACHE".to_owned()]),
        ("RUN=curl http://h.internal/x\n", vec!["GAP RUN".to_owned()]),
        (
            "MAIL_DOMAIN=example.org\nS3_BUCKET=files.example.com\n",
            vec!["note MAIL_DOMAIN".to_owned(), "note S3_BUCKET".to_owned()],
        ),
        ("BIND_ADDRESS=0.0.0.0\nLISTEN=:8080\nTZ=Europe/Berlin\nUID=1000:1000\nIMAGE=redis:7\nLOG=app.log\n", vec![]),
        (
            "SERVER=app.int\nSERVERS=app1,app2\nHOSTS=h1.int h2.int\n",
            vec!["GAP SERVER".to_owned(), "GAP SERVERS".to_owned(), "GAP HOSTS".to_owned()],
        ),
        ("AUTH_BACKEND=auth.int:81\n", vec!["tcp, AUTH_BACKEND, host: auth.int, port: 81".to_owned()]),
        ("RELAYHOST=[m.int]:587\nHOST=db\n", vec![
            "smtp, RELAYHOST, host: m.int, port: 587, from_address: 'conn-check@localhost', use_tls: starttls, send: false".to_owned(),
            "note HOST".to_owned(),
        ]),
        ("X_URLS=http://+:80\n", vec!["note X_URLS".to_owned()]),
        ("JAEGER_AGENT_HOST=j.int\nJAEGER_AGENT_PORT=6831\n", vec!["GAP JAEGER_AGENT_HOST".to_owned()]),
        (
            "HTTP_PROXY=http://p.internal:3128\nNO_PROXY=.internal\n",
            vec!["tcp, HTTP_PROXY, host: p.internal, port: 3128".to_owned()],
        ),
        (
            "SMTP_HOST=h\nSMTP_ENABLED=false\nMAIL_HOST=m\nMAIL_MAILER=log\n",
            vec!["note SMTP_HOST".to_owned(), "note MAIL_HOST".to_owned()],
        ),
        ("S3_ENDPOINT=s3.internal\n", vec![http("S3_ENDPOINT", "https://s3.internal/")]),
        (
            "S3_ENDPOINT=s3.internal\nS3_BUCKET=media\nS3_REGION=eu-1\nS3_ACCESS_KEY=k\nS3_SECRET_KEY=s\n",
            vec![
                "s3, S3_ENDPOINT, endpoint: 'https://s3.internal/', bucket: media, region: eu-1, access_key: k, secret_key: s"
                    .to_owned(),
            ],
        ),
        (
            "AWS_S3_ENDPOINT_URL=http://s3.internal:9000\nAWS_STORAGE_BUCKET_NAME=media\nAWS_ACCESS_KEY_ID=k\nAWS_SECRET_ACCESS_KEY=s\n",
            vec![
                "s3, AWS_S3_ENDPOINT_URL, endpoint: 'http://s3.internal:9000/', bucket: media, access_key: k, secret_key: s"
                    .to_owned(),
            ],
        ),
        ("HOSTNAME=web-1\nADMIN_EMAIL=a@example.com\nBASIC_AUTH=admin:12345\n", vec![]),
        (
            "KAFKA_BROKERS=k:9093\nKAFKA_SECURITY_PROTOCOL=SASL_SSL\n",
            vec!["note KAFKA_BROKERS".to_owned(), "tls, KAFKA_BROKERS, host: k, port: 9093".to_owned()],
        ),
    ] {
        assert_eq!(told(text), expected, "{text}");
    }
}

#[test]
fn what_a_family_lacks_stands_above_or_beside_it() {
    for (text, expected) in [
        (
            "X_POSTGRES_HOST=h\nX_DB_USER=u\nX_DB_NAME=d\n",
            "postgres, X_POSTGRES_HOST, host: h, port: 5432, username: u, database: d",
        ),
        (
            "POSTGRES_READ_REPLICAS_0_HOST=r\nPOSTGRES_USER=u\nPOSTGRES_DB=d\n",
            "postgres, POSTGRES_READ_REPLICAS_0_HOST, host: r, port: 5432, username: u, database: d",
        ),
        (
            "SETTING_REDIS_HOST=h\nSECRETS_redis_password=p\n",
            "redis, SETTING_REDIS_HOST, host: h, port: 6379, password: p",
        ),
        ("REDIS_HOST=h\nREDIS_HOST_PORT=1\n", "redis, REDIS_HOST, host: h, port: 1"),
        (
            "X_URL=jdbc:postgresql://h/d\nX_USERNAME=u\nX_PASSWORD=p\n",
            "postgres, X_URL, host: h, port: 5432, username: u, password: p, database: d",
        ),
        ("Redis__Host=h\nRedis__Password=p\n", "redis, Redis__Host, host: h, port: 6379, password: p"),
        ("CACHE_BACKEND=redis\nCACHE_HOST=h\n", "redis, CACHE_HOST, host: h, port: 6379"),
    ] {
        assert_eq!(told(text), [expected], "{text}");
    }
    // A family of its own takes nothing of another.
    let told = told("SPRING_DATA_REDIS_HOST=a\nSPRING_DATA_REDIS_PASSWORD=p\nSPRING_REDIS_HOST=b\n");
    assert_eq!(told[1], "redis, SPRING_REDIS_HOST, host: b, port: 6379");
}

#[test]
fn a_port_of_tls_says_so_where_nothing_else_does() {
    let says = |text: &str, use_tls: bool| {
        let found = brief(text);
        let wanted = format!("use_tls: {use_tls}");
        assert!(
            matches!(found.as_slice(), [.., one] if one.contains("port: 5671") && one.contains(&wanted)),
            "{found:?}"
        );
    };
    says("AMQP_HOST=h\nAMQP_PORT=5671\n", true);
    says("AMQP_HOST=h\nAMQP_PORT=5671\nAMQP_SSL=false\n", false);
    // The scheme of a URL says it: such a client speaks no TLS.
    says("AMQP_URL=amqp://h:5671\n", false);
}

#[test]
fn every_service_with_words_is_a_family() {
    for service in services::all().filter(|service| service.default_port(Security::Plain).is_some()) {
        for word in service.words {
            let found = brief(&format!("{word}_HOST=h.example\n{word}_USER=u\n{word}_PASSWORD=p\n{word}_NAME=n\n"));
            assert!(found.iter().any(|one| one.contains("h.example")), "{word}: {found:?}");
        }
    }
}

#[test]
fn what_laravel_calls_null_is_not_set_and_its_encryption_counts() {
    let found = |mail: &str| brief(&format!("REDIS_HOST=c\nREDIS_PASSWORD=null\nMAIL_HOST=m\n{mail}"));
    let expected = |port: u16, tls: &str| {
        format!(
            "smtp, name: MAIL_HOST, host: m, port: {port}, from_address: 'conn-check@localhost', use_tls: {tls}, send: false"
        )
    };
    for (mail, port, tls) in [
        ("MAIL_PORT=2525\nMAIL_USERNAME=null\nMAIL_PASSWORD=(null)\nMAIL_ENCRYPTION=tls", 2525, "starttls"),
        ("MAIL_PORT=2525\nMAIL_ENCRYPTION=ssl", 2525, "true"),
        ("MAIL_PORT=2525\nMAIL_SCHEME=smtps", 2525, "true"),
        ("MAIL_ENCRYPTION=TLS", 587, "starttls"),
        ("MAIL_ENCRYPTION=ssl", 465, "true"),
        ("MAIL_PORT=2525\nMAIL_ENCRYPTION=null\nMAIL_SCHEME=smtp", 2525, "false"),
    ] {
        let expected = ["redis, name: REDIS_HOST, host: c, port: 6379".to_owned(), expected(port, tls)];
        assert_eq!(found(mail), expected, "{mail}");
    }
}

#[test]
fn the_kind_of_a_database_that_is_named_counts_and_not_its_port() {
    let rest = "DB_HOST=db\nDB_PORT=3306\nDB_USERNAME=u\n";
    for (kind, begin) in [
        ("DB_CONNECTION=sqlite", "# DB_HOST: by the variables beside it, the database is a file"),
        ("DB_CONNECTION=firebird", "# DB_HOST: the variables do not say which kind"),
        ("DB_TYPE=main\nDB_DRIVER=asyncpg", "postgres, "),
        ("DB_CONNECTION=sqlsrv", "# DB_HOST: no check speaks SQL Server"),
        ("DB_ENGINE=django.db.backends.mysql", "mysql, "),
        ("DB_CONNECTION=null", "mysql, "),
    ] {
        let found = brief(&format!("{kind}\n{rest}A_URL=redis://h\n"));
        assert!(found[0].starts_with(begin), "{kind}: {found:?}");
    }
}

#[test]
fn what_is_no_dependency_is_noted_and_what_cannot_be_used_is_a_gap() {
    let variables = dotenv::parse(
        "BASE_URL=https://shop.example.com\nSTATIC_URL=/static/\nLOGIN_REDIRECT_URL=https://x/\nNEXT_PUBLIC_API_URL=https://y/\n\
         A_URL=redis://:${PW}@h\nDB_HOST=db\n",
    );
    let file = file(&variables.expect("variables")).reviewed();
    let comments: Vec<_> = file.comments().map(|comment| (comment.origin.as_str(), comment.gap)).collect();
    let expected = [
        ("BASE_URL", false),
        ("STATIC_URL", false),
        ("LOGIN_REDIRECT_URL", false),
        ("NEXT_PUBLIC_API_URL", false),
        ("A_URL", true),
        ("DB_HOST", true),
    ];
    assert_eq!(comments, expected);
    assert!(!file.has_checks());
}

#[test]
fn a_secret_that_has_a_variable_is_called_by_it() {
    let variables = dotenv::parse("REDIS_HOST=h\nREDIS_PASSWORD=p\nA_URL=redis://:q@h\n").expect("variables");
    let needed = file(&variables).write(&Secrets::Env).needed;
    let names: Vec<_> = needed.iter().map(|needed| needed.name.as_str()).collect();
    assert_eq!(names, ["A_URL_PASSWORD", "REDIS_PASSWORD"]);
}

#[test]
fn a_default_login_is_no_secret_that_somebody_has_to_provide() {
    let variables = dotenv::parse("RABBITMQ_HOST=mq\nA_URL=amqp://guest:guest@mq\nB_URL=amqp://u:guest@mq\n");
    let written = file(&variables.expect("variables")).write(&Secrets::Env);
    let names: Vec<_> = written.needed.iter().map(|needed| needed.name.as_str()).collect();
    assert_eq!(names, ["B_URL_PASSWORD"]);
    assert!(written.text.contains("  name: 'RABBITMQ_HOST, A_URL'\n") && written.text.contains("password: guest\n"));
}
