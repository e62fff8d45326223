//! `DATABASES`.

use super::{file_of, short};
use serde_json::{Value, json};

fn database(settings: &Value) -> String {
    let mut all = json!({"ENGINE": "django.db.backends.postgresql", "NAME": "shop", "USER": "app", "PASSWORD": "pw",
        "HOST": "db", "PORT": ""});
    for (key, value) in settings.as_object().expect("a dictionary") {
        all[key] = value.clone();
    }
    short(&json!({"DATABASES": {"default": all}}))
}

#[test]
fn postgres_goes_by_many_names() {
    for engine in [
        "django.db.backends.postgresql",
        "django.db.backends.postgresql_psycopg2",
        "psqlextra.backend",
        "django.contrib.gis.db.backends.postgis",
        "django_prometheus.db.backends.postgresql",
        "django_tenants.postgresql_backend",
        "tenant_schemas.postgresql_backend",
    ] {
        let text = database(&json!({"ENGINE": engine}));
        assert_eq!(text, "postgresql database=shop host=db username=app password=pw", "{engine}");
    }
}

#[test]
fn a_port_may_be_a_text_a_number_or_empty() {
    for port in [json!("5433"), json!(5433), json!(5433.0), json!(" 5433 ")] {
        let text = database(&json!({"PORT": port}));
        assert_eq!(text, "postgresql database=shop host=db port=5433 username=app password=pw", "{port}");
        let text = database(&json!({"ENGINE": "django.db.backends.mysql", "PORT": port}));
        assert_eq!(text, "mysql database=shop host=db port=5433 username=app password=pw", "{port}");
    }
    for port in [json!(""), json!(null), json!("  ")] {
        let text = database(&json!({"PORT": port}));
        assert_eq!(text, "postgresql database=shop host=db username=app password=pw", "{port}");
    }
    for engine in ["django.db.backends.postgresql", "django.db.backends.mysql"] {
        for port in [json!("x"), json!(0), json!(70000), json!(-1), json!("5432,5433")] {
            let text = database(&json!({"ENGINE": engine, "PORT": port}));
            assert!(text.starts_with("# DATABASES['default']['PORT']: "), "{port}: {text}");
        }
    }
}

#[test]
fn an_empty_host_is_the_socket_that_the_client_takes() {
    let text = database(&json!({"HOST": ""}));
    let (note, check) = text.split_once('\n').expect("a note and a check");
    assert!(note.contains("it is empty, so the client uses the Unix socket in /var/run/postgresql"), "{note}");
    assert_eq!(check, "postgresql database=shop host=/var/run/postgresql username=app password=pw");
    let text = database(&json!({"HOST": "/run/pg", "PORT": "5433"}));
    assert_eq!(text, "postgresql database=shop host=/run/pg port=5433 username=app password=pw");
    let mysql = "django.db.backends.mysql";
    for (host, port, address) in [
        ("", "", "host=/var/run/mysqld/mysqld.sock"),
        ("localhost", "", "host=/var/run/mysqld/mysqld.sock"),
        ("localhost", "3307", "host=localhost port=3307"),
        ("/run/my.sock", "", "host=/run/my.sock"),
        ("db", "3307", "host=db port=3307"),
    ] {
        let text = database(&json!({"ENGINE": mysql, "HOST": host, "PORT": port}));
        let check = text.lines().last().expect("a check");
        assert_eq!(check, format!("mysql database=shop {address} username=app password=pw"), "{host}:{port}");
    }
}

#[test]
fn several_hosts_are_several_checks() {
    let text = database(&json!({"HOST": "a,b", "PORT": "5432,5433"}));
    assert_eq!(text.lines().count(), 2, "{text}");
    assert!(text.contains("host=a port=5432") && text.contains("host=b port=5433"), "{text}");
    let text = database(&json!({"HOST": "a,b", "PORT": "5432"}));
    assert!(text.contains("host=a port=5432") && text.contains("host=b port=5432"), "{text}");
}

#[test]
fn tls_is_verified_as_the_client_verifies_it() {
    for (options, tls) in [
        (json!({}), ""),
        (json!({"sslmode": "prefer"}), ""),
        (json!({"sslmode": "disable"}), " use_tls=false"),
        (json!({"sslmode": "require"}), " use_tls=true disable_tls_verification=true"),
        (json!({"sslmode": "verify-full"}), " use_tls=true"),
        (json!({"sslmode": "verify-full", "sslrootcert": "system"}), " use_tls=true"),
    ] {
        let text = database(&json!({"OPTIONS": options}));
        assert_eq!(text, format!("postgresql database=shop host=db username=app password=pw{tls}"), "{options}");
    }
    for (options, tls) in [
        (json!({"charset": "utf8mb4"}), ""),
        (json!({"ssl": {"cipher": "x"}}), " use_tls=true disable_tls_verification=true"),
        (json!({"ssl_mode": "REQUIRED"}), " use_tls=true disable_tls_verification=true"),
        (json!({"ssl_mode": "VERIFY_IDENTITY"}), " use_tls=true"),
        (json!({"ssl_mode": "DISABLED"}), " use_tls=false"),
    ] {
        let text = database(&json!({"ENGINE": "django.db.backends.mysql", "OPTIONS": options}));
        assert_eq!(text, format!("mysql database=shop host=db username=app password=pw{tls}"), "{options}");
    }
}

#[test]
fn a_name_from_the_command_line_stands_in_for_none() {
    let document = |name: Value| {
        let database = json!({"ENGINE": "django.db.backends.postgresql", "USER": "u", "HOST": "h", "NAME": name});
        json!({"settings": {"DATABASES": {"default": database}}, "options": {"db_name": "other"}})
    };
    assert!(file_of(&document(json!(""))).contains("database: other\n"));
    assert!(file_of(&document(json!(null))).contains("database: other\n"));
    assert!(file_of(&document(json!("own"))).contains("database: own\n"));
}

#[test]
fn what_needs_no_connection_or_has_no_check_is_a_comment() {
    for (settings, expected) in [
        (json!({"ENGINE": "django.db.backends.sqlite3"}), "SQLite is a file: nothing to connect to"),
        (json!({"ENGINE": "django.contrib.gis.db.backends.spatialite"}), "SQLite is a file: nothing to connect to"),
        (json!({"ENGINE": "django.db.backends.oracle"}), "there is no check for Oracle"),
        (json!({"ENGINE": "mssql"}), "there is no check for SQL Server"),
        (json!({"ENGINE": "django.db.backends.dummy"}), "nothing to connect to"),
        (json!({"ENGINE": ""}), "there is no ENGINE"),
        (json!({"ENGINE": "my.own.engine"}), "no check is known for this engine"),
        (json!({"ENGINE": {"$unusable": "a function"}}), "this is a function, expected a text"),
        (json!({"NAME": ""}), "no database is named: say which with --database-name"),
        (json!({"USER": ""}), "it is empty, so the role is the system user who runs the application"),
        (json!({"OPTIONS": {"service": "x"}}), "host and login stand in a pg_service.conf"),
        (json!({"OPTIONS": {"sslmode": "maybe"}}), "libpq has no such mode"),
        (json!({"PASSWORD": ["s3cret"]}), "this is a list, expected a text"),
    ] {
        let text = database(&settings);
        assert!(text.starts_with("# DATABASES['default']") && text.contains(expected), "{settings}: {text}");
        assert!(!text.contains("s3cret"), "{text}");
    }
}

#[test]
fn where_the_client_verifies_no_name_the_check_does_not_either_and_verifies_the_rest() {
    let ca = "/etc/ssl/certs/ca-certificates.crt";
    let trusting = format!(" ca_file={ca}");
    for (kind, options, trust) in [
        ("postgresql", json!({"sslmode": "verify-ca"}), ""),
        ("postgresql", json!({"sslmode": "verify-ca", "sslrootcert": ca}), &*trusting),
        ("postgresql", json!({"sslmode": "require", "sslrootcert": ca}), &*trusting),
        ("mysql", json!({"ssl": {"ca": ca}}), &*trusting),
        ("mysql", json!({"ssl_ca": ca}), &*trusting),
        ("mysql", json!({"ssl_mode": "VERIFY_CA"}), ""),
    ] {
        let text = database(&json!({"ENGINE": format!("django.db.backends.{kind}"), "OPTIONS": options}));
        let login = "database=shop host=db username=app password=pw";
        assert_eq!(text, format!("{kind} {login} use_tls=true verify_name=false{trust}"), "{options}");
    }
    for options in
        [json!({"ssl": {"ca": ca, "check_hostname": true}}), json!({"ssl_ca": ca, "ssl_verify_identity": true})]
    {
        let text = database(&json!({"ENGINE": "mysql.connector.django", "OPTIONS": options}));
        let wanted = format!("mysql database=shop host=db username=app password=pw use_tls=true ca_file={ca}");
        assert_eq!(text, wanted, "{options}");
    }
}

#[test]
fn options_of_mysql_win_over_the_settings_beside_them() {
    let mysql = |options: Value| database(&json!({"ENGINE": "django.db.backends.mysql", "OPTIONS": options}));
    assert_eq!(
        mysql(json!({"host": "other", "port": 3307, "user": "u", "passwd": "p", "db": "d"})),
        "mysql database=d host=other port=3307 username=u password=p"
    );
    assert_eq!(
        mysql(json!({"unix_socket": "/run/my.sock", "database": "d", "password": "p"})),
        "mysql database=d host=/run/my.sock username=app password=p"
    );
    assert_eq!(
        mysql(json!({"read_default_file": "/etc/my.cnf"})),
        "mysql database=shop host=db username=app password=pw"
    );
}

#[test]
fn options_of_postgres_stand_in_for_settings_that_are_empty() {
    let options = json!({"host": "other", "port": 5433, "user": "u", "password": "p", "dbname": "d"});
    let empty = json!({"HOST": "", "PORT": "", "USER": "", "PASSWORD": "", "OPTIONS": options});
    assert_eq!(database(&empty), "postgresql database=d host=other port=5433 username=u password=p");
    assert_eq!(
        database(&json!({"OPTIONS": options})),
        "postgresql database=d host=db port=5433 username=app password=pw"
    );
}

#[test]
fn a_password_in_a_file_of_the_client_is_a_gap() {
    for (settings, expected) in [
        (json!({"PASSWORD": "", "OPTIONS": {"passfile": "/x"}}), "['OPTIONS']['passfile']: the password stands in"),
        (
            json!({"ENGINE": "django.db.backends.mysql", "PASSWORD": "", "OPTIONS": {"read_default_file": "/x"}}),
            "['OPTIONS']['read_default_file']: what the settings do not say",
        ),
    ] {
        let text = database(&settings);
        assert!(text.starts_with("# ") && text.contains(expected), "{text}");
    }
}
