//! Values in the forms of tools, what stands beside an address, and what is no address at all.

use super::told;

#[test]
fn a_host_in_the_form_of_a_tool_is_a_check_or_a_comment() {
    let tcp = |name: &str, host: &str, port: u16| format!("tcp, {name}, host: {host}, port: {port}");
    let of_service = |host: &str, port| vec!["note X".to_owned(), tcp("X", host, port)];
    for (value, expected) in [
        ("[\"h1.int:80\",\"h2.int:81\"]", vec![tcp("X", "h1.int", 80), tcp("X", "h2.int", 81)]),
        ("\"['h1.int:80', 'h2.int:81']\"", vec![tcp("X", "h1.int", 80), tcp("X", "h2.int", 81)]),
        ("{host: h.int, port: 80}", vec![tcp("X", "h.int", 80)]),
        ("{\"brokers\":[\"k1:9092\",\"k2:9092\"]}", vec![tcp("X", "k1", 9092), tcp("X", "k2", 9092)]),
        ("user@h.int:22", vec![tcp("X", "h.int", 22)]),
        (
            "app:p@pg.int:5432/shop",
            vec!["postgres, X, host: pg.int, port: 5432, username: app, password: p, database: shop".to_owned()],
        ),
        ("(DESCRIPTION=(ADDRESS=(PROTOCOL=TCP)(HOST=o.int)(PORT=1522)))", of_service("o.int", 1522)),
        ("jdbc:oracle:thin:@(DESCRIPTION=(ADDRESS=(HOST=o.int)(PORT=1521)))", of_service("o.int", 1521)),
        ("//o.int:1521/XE", of_service("o.int", 1521)),
        ("//files.int/share", of_service("files.int", 445)),
        ("nas.int:/export", vec!["GAP X".to_owned()]),
        ("git@github.com:org/repo", of_service("github.com", 22)),
        ("backup@nas.int:/srv", of_service("nas.int", 22)),
    ] {
        assert_eq!(told(&format!("X={value}\n")), expected, "{value}");
    }
    for (line, expected) in [
        ("DB=app@h.int/shop", vec!["GAP DB"]),
        ("NFS_VOLUME=nas:/export", vec!["note NFS_VOLUME", "tcp, NFS_VOLUME, host: nas, port: 2049"]),
        ("APP_IMAGE=registry.int:5000/app:1.2", vec!["note APP_IMAGE"]),
        ("SSH_HOST=deploy@bastion.int", vec!["note SSH_HOST", "tcp, SSH_HOST, host: bastion.int, port: 22"]),
        ("ORACLE_DSN=u/p@o.int:1521/XE", vec!["note ORACLE_DSN", "tcp, ORACLE_DSN, host: o.int, port: 1521"]),
        (
            "REDIS_SERVERS=r.int:6380:2:p",
            vec!["redis, REDIS_SERVERS, host: r.int, port: 6380, password: p, database: 2"],
        ),
        ("MEMCACHED_SERVERS=m.int:11211:100", vec!["memcache, MEMCACHED_SERVERS, host: m.int, port: 11211"]),
        (
            "JWT_SECRET={\"jwk_url\":\"https://sso.int/jwks\"}",
            vec!["http, JWT_SECRET, url: 'https://sso.int/', expected_code: ['2xx', '3xx', '4xx']"],
        ),
        ("FOO=tcp://h:3306", vec!["GAP FOO"]),
        ("FOO=h.int:33060", vec!["GAP FOO"]),
    ] {
        assert_eq!(told(&format!("{line}\n")), expected, "{line}");
    }
}

#[test]
fn what_holds_no_host_makes_no_noise() {
    for value in [
        "jane@example.com",
        "\"Jane <jane@example.com>\"",
        "a@example.com,b@example.com",
        "12:30",
        "1.2.3",
        "v1.2.3-rc1",
        "com.shop.Main",
        "shop.settings.production",
        "geo.csv",
        "app.log",
        "data:/var/lib",
        "lib:/usr/lib",
        "c:/temp",
        "/usr/bin:/bin",
        "10.0.0.0/8",
        "Europe/Berlin",
        "shop/app:1.2",
        "redis:7",
        "true",
        "[]",
        "{}",
        "[\"a\",\"b\"]",
        "{\"a\":1,\"version\":\"1.2.3.4\"}",
        "{{ template }}",
        "%(asctime)s",
        "*",
        "GET /health",
        "sha256:abcdef",
        "pbkdf2:sha256:1000",
    ] {
        assert!(told(&format!("X={value}\n")).is_empty(), "{value}: {:?}", told(&format!("X={value}\n")));
    }
    for line in ["VERSION=1.2.3.4", "HOSTNAME=web-1", "API_KEY=a@b:c", "X_PASSWORD=p@ss.int:22", "LOCATION=berlin"] {
        assert!(told(&format!("{line}\n")).is_empty(), "{line}: {:?}", told(&format!("{line}\n")));
    }
}

#[test]
fn what_looks_like_a_part_of_a_connection_is_used_or_told() {
    for (text, expected) in [
        (
            "MOODLE_DATABASE_TYPE=mariadb\nMOODLE_DATABASE_HOST=h\nMOODLE_DATABASE_PORT_NUMBER=3307\nMOODLE_DATABASE_USER=u\n",
            vec!["mysql, MOODLE_DATABASE_HOST, host: h, port: 3307, username: u"],
        ),
        (
            "KC_DB=postgres\nKC_DB_URL_HOST=h\nKC_DB_URL_PORT=5433\nKC_DB_URL_DATABASE=d\nKC_DB_USERNAME=u\n",
            vec!["postgres, KC_DB_URL_HOST, host: h, port: 5433, username: u, database: d"],
        ),
        (
            "ES_HOST=http://h\nES_PORT=9200\n",
            vec!["http, ES_HOST, url: 'http://h:9200/', expected_code: ['2xx', '3xx', '4xx']"],
        ),
        (
            "X_HOST=http://h\nX_PORT=81\n",
            vec!["http, X_HOST, url: 'http://h:81/', expected_code: ['2xx', '3xx', '4xx']"],
        ),
        ("X_URL=http://h\nX_PORT=81\n", vec!["http, X_URL, url: 'http://h/', expected_code: ['2xx', '3xx', '4xx']"]),
        (
            "REDMINE_DB_POSTGRES=h\nREDMINE_DB_PORT=5433\nREDMINE_DB_USERNAME=u\n",
            vec!["postgres, REDMINE_DB_POSTGRES, host: h, port: 5433, username: u, database: u"],
        ),
        ("REDIS_HOST=h\nREDIS_AUTH=p\n", vec!["redis, REDIS_HOST, host: h, port: 6379, password: p"]),
        ("REDIS_HOST=h\nREDIS_AUTH=true\n", vec!["redis, REDIS_HOST, host: h, port: 6379"]),
        (
            "REDIS_HOST=h\nREDIS_CELERY_DB=1\nREDIS_RESULTS_DB=2\n",
            vec![
                "redis, REDIS_HOST, host: h, port: 6379, database: 1",
                "redis, REDIS_HOST, host: h, port: 6379, database: 2",
            ],
        ),
        (
            "REDIS_HOST=h\nREDIS_CACHE_DB=x\nREDIS_MAIN_PORT=1\n",
            vec!["redis, REDIS_HOST, host: h, port: 6379", "GAP REDIS_CACHE_DB", "GAP REDIS_MAIN_PORT"],
        ),
        (
            "REDIS_HOST=h\nREDIS_CACHE_HOST=c\nREDIS_CACHE_PORT=1\nREDIS_EXPORTER_PORT=2\n",
            vec!["redis, REDIS_HOST, host: h, port: 6379", "redis, REDIS_CACHE_HOST, host: c, port: 1"],
        ),
        (
            "Q_DATASOURCE_JDBC_URL=jdbc:postgresql://h/d\nQ_DATASOURCE_USERNAME=u\nQ_DATASOURCE_PASSWORD=p\n",
            vec!["postgres, Q_DATASOURCE_JDBC_URL, host: h, port: 5432, username: u, password: p, database: d"],
        ),
        (
            "RabbitMq__HostName=h\nRabbitMq__UserName=u\nRabbitMq__Password=p\n",
            vec!["amqp, RabbitMq__HostName, host: h, port: 5672, username: u, password: p, use_tls: false, vhost: /"],
        ),
        (
            "A_RABBITMQ_HOST=h\nRABBITMQ_USER=u\nRABBITMQ_PASS=p\n",
            vec!["amqp, A_RABBITMQ_HOST, host: h, port: 5672, username: u, password: p, use_tls: false, vhost: /"],
        ),
        (
            "MYSQL_HOST=h\nMYSQL_USER=u\nMYSQL_SSL_MODE=skip-verify\n",
            vec!["mysql, MYSQL_HOST, host: h, port: 3306, username: u, use_tls: true, disable_tls_verification: true"],
        ),
    ] {
        assert_eq!(told(text), expected, "{text}");
    }
}

#[test]
fn only_what_is_set_for_every_service_is_passed_over() {
    assert_eq!(told("A_SERVICE_HOST=h\nA_SERVICE_PORT=81\n"), ["tcp, A_SERVICE_HOST, host: h, port: 81"]);
    assert_eq!(told("A_SERVICE_HOST=h.int\n"), ["GAP A_SERVICE_HOST"]);
    assert_eq!(told("A_PORT=tcp://h:81\n"), ["tcp, A_PORT, host: h, port: 81"]);
    let all = "A_SERVICE_HOST=10.0.0.1\nA_SERVICE_PORT=81\nA_PORT=tcp://10.0.0.1:81\nA_PORT_81_TCP=tcp://10.0.0.1:81\n\
               A_PORT_81_TCP_ADDR=10.0.0.1\n";
    assert!(told(all).is_empty(), "{:?}", told(all));
}

#[test]
fn a_mail_server_is_asked_as_its_client_asks() {
    for (text, use_tls) in [
        ("SMTP_SERVER=m\nSMTP_PORT=465\nSMTP_USE_TLS=true\n", "use_tls: true"),
        ("SMTP_SERVER=m\nSMTP_PORT=465\nSMTP_USE_TLS=true\nSMTP_OPPORTUNISTIC_TLS=true\n", "use_tls: starttls"),
        ("EMAIL_HOST=m\nEMAIL_PORT=465\nEMAIL_USE_TLS=true\n", "use_tls: starttls"),
        ("SMTP_HOST=m\nSMTP_PORT=1025\nSMTP_TLS=true\nSMTP_SSL=false\n", "use_tls: starttls"),
        ("Smtp__Host=m\nSmtp__Port=587\nSmtp__EnableSsl=true\n", "use_tls: starttls"),
    ] {
        assert!(told(text)[0].contains(use_tls), "{text}: {:?}", told(text));
    }
    assert_eq!(told("A_URL=amqp://u:p@h:5671/v\n")[0], "note A_URL");
}
