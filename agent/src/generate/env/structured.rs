//! Values that hold a whole connection in a form of their own: JSON, `key=value` lists of .NET and of Redis'
//! clients, the DSN of Go's client for `MySQL`.

use super::names::{self, Name};
use super::value::{self, Place};
use crate::generate::{Comment, Item};
use crate::secret::is_secret_name;
use crate::services::{self, Service};
use crate::url::{self, ConnectionSettings};
use serde_json::{Map, Value};

/// The checks for such a value, if it is one.
pub(super) fn items(origin: &str, text: &str) -> Option<Vec<Item>> {
    if text.starts_with(['{', '[']) {
        return json(origin, text);
    }
    go(origin, text).or_else(|| pairs(origin, text))
}

/// Every connection in a JSON text, however deep: Airflow's connections, `VCAP_SERVICES`, lists of URLs.
fn json(origin: &str, text: &str) -> Option<Vec<Item>> {
    // YAML is what people write who leave the quotes out.
    let value: Value = serde_json::from_str(text).ok().or_else(|| serde_yaml::from_str(text).ok())?;
    let mut items = Vec::new();
    walk(origin, &value, None, &mut items);
    (!items.is_empty()).then_some(items)
}

/// Keys of JSON and of lists, in small letters without what separates words.
const HOST: [&str; 9] =
    ["host", "hostname", "server", "address", "addr", "datasource", "endpoint", "servername", "netaddress"];
const PORT: [&str; 1] = ["port"];
const USER: [&str; 7] = ["user", "username", "login", "userid", "uid", "userName", "dbuser"];
const PASSWORD: [&str; 4] = ["password", "pass", "pwd", "passwd"];
const NAME: [&str; 8] = ["schema", "database", "dbname", "name", "db", "initialcatalog", "vhost", "defaultdatabase"];
const KIND: [&str; 8] = ["conntype", "engine", "dialect", "driver", "client", "type", "adapter", "scheme"];
const URL: [&str; 4] = ["uri", "url", "connectionstring", "dsn"];

fn key(text: &str) -> String {
    text.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase()
}

fn walk(origin: &str, value: &Value, kind: Option<&'static Service>, items: &mut Vec<Item>) {
    match value {
        Value::String(text) if value::is_url(text) => items.extend(url::items(origin, text)),
        Value::Array(values) => values.iter().for_each(|value| walk(origin, value, kind, items)),
        Value::Object(map) => object(origin, map, kind, items),
        _ => {}
    }
}

fn object(origin: &str, map: &Map<String, Value>, kind: Option<&'static Service>, items: &mut Vec<Item>) {
    let text = |keys: &[&str]| {
        let found = map.iter().find(|(own, value)| keys.contains(&key(own).as_str()) && !value.is_null());
        found.and_then(|(_, value)| match value {
            Value::String(text) if !text.is_empty() => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        })
    };
    let own = KIND.iter().find_map(|key| text(&[key])).and_then(|kind| by_word(&kind));
    let kind = own.or(kind);
    if let Some(url) = text(&URL).filter(|url| value::is_url(url)) {
        items.extend(url::items(origin, &url));
        return;
    }
    if let Some(host) = text(&HOST).filter(|host| value::places(host).is_some()) {
        let (port, user, password, name) = (text(&PORT), text(&USER), text(&PASSWORD), text(&NAME));
        let by_port = port.as_deref().and_then(|port| services::by_port_alone(port.parse().ok()?));
        let Some(service) = kind.or(by_port).or_else(|| port.is_some().then_some(&services::TCP)) else {
            items.push(unclear(origin));
            return;
        };
        let tls = tls(map);
        let settings = ConnectionSettings {
            port: port.as_deref(),
            user: user.as_deref(),
            password: password.as_deref(),
            name: name.as_deref(),
            options: tls.iter().map(|(option, value)| (*option, value.as_str())).collect(),
            ..ConnectionSettings::of(service, &host)
        };
        items.extend(settings.items(origin));
        return;
    }
    for (name, value) in map {
        let named = names::words(name).iter().rev().find_map(|word| names::service(word));
        match hosts(value).filter(|text| holds_hosts(name, text)) {
            Some(text) => items.extend(places(origin, &text, named.or(kind))),
            None => walk(origin, value, named.or(kind), items),
        }
    }
}

/// What such an object says of TLS: a truth, a mode, or node's `{"rejectUnauthorized": false}`; Airflow's stands in
/// `extra`.
fn tls(map: &Map<String, Value>) -> Vec<(&'static str, String)> {
    const SWITCH: [&str; 7] = ["ssl", "tls", "usessl", "usetls", "secure", "sslenabled", "tlsenabled"];
    let mut options = Vec::new();
    for (name, value) in map {
        let name = key(name);
        match value {
            Value::Bool(on) if SWITCH.contains(&name.as_str()) => options.push(("ssl", on.to_string())),
            Value::String(mode) if name == "sslmode" => options.push(("sslmode", mode.clone())),
            Value::String(word) if SWITCH.contains(&name.as_str()) => options.push(("ssl", word.to_ascii_lowercase())),
            Value::Object(inner) if SWITCH.contains(&name.as_str()) => {
                options.push(("ssl", "true".to_owned()));
                let is_lenient = inner.get("rejectUnauthorized") == Some(&Value::Bool(false));
                options.extend(is_lenient.then(|| ("disable_tls_verification", "true".to_owned())));
            }
            Value::Object(inner) if name == "extra" => options.extend(tls(inner)),
            Value::String(text) if name == "extra" => {
                let inner: Option<Map<String, Value>> = serde_json::from_str(text).ok();
                options.extend(inner.iter().flat_map(tls));
            }
            _ => {}
        }
    }
    options
}

/// A text, or a list of texts as one.
fn hosts(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Array(values) => {
            let texts: Option<Vec<_>> = values.iter().map(Value::as_str).collect();
            texts.filter(|texts| !texts.is_empty()).map(|texts| texts.join(","))
        }
        _ => None,
    }
}

/// Whether the value of this key is one host or more.
fn holds_hosts(key: &str, text: &str) -> bool {
    let name = Name::of(key);
    let is_other = is_secret_name(key) || name.is_of_something_else() || value::is_url(text);
    let is_there = value::places(text).is_some_and(|all| all.iter().all(|place| !place.is_word() && !place.is_any()));
    !is_other && is_there && (name.names_host() || value::are_surely_hosts(text))
}

fn places(origin: &str, text: &str, kind: Option<&'static Service>) -> Vec<Item> {
    let of_place = |place: &Place<'_>| {
        let by_port = || place.port.map(|port| services::by_port_alone(port).unwrap_or(&services::TCP));
        match kind.or_else(by_port) {
            Some(service) => ConnectionSettings::of(service, place.text).items(origin),
            None => vec![unclear(origin)],
        }
    };
    value::places(text).unwrap_or_default().iter().flat_map(of_place).collect()
}

fn by_word(word: &str) -> Option<&'static Service> {
    services::by_word(&word.to_ascii_uppercase())
        .or_else(|| services::by_scheme(&word.to_ascii_lowercase()).map(|(service, _)| service))
        .or_else(|| services::by_driver(word))
}

fn unclear(origin: &str) -> Item {
    let why = "it names a host, and not what kind of service that is: add a check by hand";
    Comment::gap(origin, why).into()
}

/// `user:password@tcp(host:3306)/database?tls=true`.
fn go(origin: &str, text: &str) -> Option<Vec<Item>> {
    let (login, rest) = text.rsplit_once('@').unwrap_or(("", text));
    let rest = rest.strip_prefix("tcp(").or_else(|| rest.strip_prefix("unix("))?;
    let (host, rest) = rest.split_once(')')?;
    let (name, query) = rest.trim_start_matches('/').split_once('?').unwrap_or((rest.trim_start_matches('/'), ""));
    let (user, password) = login.split_once(':').unwrap_or((login, ""));
    let tls = query.split('&').filter_map(|pair| pair.split_once('=')).find(|(name, _)| *name == "tls");
    let options = match tls.map(|(_, value)| value) {
        Some("skip-verify") => vec![("tls", "true"), ("disable_tls_verification", "true")],
        Some("true") => vec![("tls", "true")],
        Some("false") => vec![("sslmode", "disable")],
        Some("preferred") | None => Vec::new(),
        Some(_) => {
            let why =
                "it names a TLS configuration of the application's own, which is not known here: add a check by hand";
            return Some(vec![Comment::gap(origin, why).into()]);
        }
    };
    let filled = |text: &'_ str| (!text.is_empty()).then(|| text.to_owned());
    let (user, password, name) = (filled(user), filled(password), filled(name));
    let settings = ConnectionSettings {
        user: user.as_deref(),
        password: password.as_deref(),
        name: name.as_deref(),
        options,
        ..ConnectionSettings::of(&services::MYSQL, host)
    };
    Some(settings.items(origin))
}

/// `Host=db;Port=5432;Username=u;Password=p` (.NET), `cache:6379,password=p,ssl=True`
/// (StackExchange.Redis), `addr=cache:6379,password=p,db=0` (Grafana).
fn pairs(origin: &str, text: &str) -> Option<Vec<Item>> {
    let separator = if text.contains(';') { ';' } else { ',' };
    let parts: Vec<_> = text.split(separator).map(str::trim).filter(|part| !part.is_empty()).collect();
    let pairs: Vec<_> =
        parts.iter().filter_map(|part| part.split_once('=')).map(|(name, value)| (key(name), value.trim())).collect();
    let bare: Vec<_> = parts.iter().filter(|part| !part.contains('=')).copied().collect();
    if pairs.is_empty() {
        return None;
    }
    let value = |keys: &[&str]| pairs.iter().find(|(own, _)| keys.contains(&own.as_str())).map(|(_, value)| *value);
    let has = |keys: &[&str]| value(keys).is_some();
    let host = value(&HOST);
    let of_redis = ["abortconnect", "ssl", "poolsize", "db", "defaultdatabase", "servicename"];
    let is_redis = separator == ',' && (has(&PASSWORD) || has(&of_redis));
    if separator == ',' && !is_redis {
        return None;
    }
    let hosts: Vec<String> = match host {
        Some(host) => vec![host.trim_start_matches("tcp:").replace(',', ":")],
        None if is_redis => bare.iter().map(|host| (*host).to_owned()).collect(),
        None => return None,
    };
    if hosts.is_empty() || hosts.iter().any(|host| value::places(host).is_none()) {
        return None;
    }
    let port = value(&PORT);
    let by_port = port.and_then(|port| services::with_driver_by_port(port.parse().ok()?));
    let service = by_port.or_else(|| of_keys(origin, is_redis, &has));
    let Some(service) = service else { return Some(vec![unclear(origin)]) };
    // StackExchange.Redis asks sentinels where the primary is that has this name.
    let primary = value(&["servicename"]).filter(|name| is_redis && !name.is_empty());
    let service = if primary.is_some() { &services::SENTINEL } else { service };
    let tls = value(&["ssl", "sslmode", "encrypt"]).map(str::to_ascii_lowercase);
    let option = if has(&["sslmode"]) { "sslmode" } else { "ssl" };
    let options = tls.iter().map(|tls| (option, tls.as_str())).chain(primary.map(|name| ("master_name", name)));
    let options: Vec<_> = options.collect();
    let settings = |host| ConnectionSettings {
        port,
        user: value(&USER),
        password: value(&PASSWORD),
        name: value(&NAME),
        options: options.clone(),
        ..ConnectionSettings::of(service, host)
    };
    Some(hosts.iter().flat_map(|host| settings(host.as_str()).items(origin)).collect())
}

/// The service whose clients have such keys.
fn of_keys(origin: &str, is_redis: bool, has: &dyn Fn(&[&str]) -> bool) -> Option<&'static Service> {
    let named = names::words(origin).iter().rev().find_map(|word| names::service(word));
    if is_redis {
        return Some(&services::REDIS);
    }
    let of_sql_server = ["initialcatalog", "trustservercertificate", "integratedsecurity", "multipleactiveresultsets"];
    match named {
        Some(service) => Some(service),
        None if has(&of_sql_server) => services::by_word("MSSQL"),
        None if has(&["host"]) => Some(&services::POSTGRES),
        None if has(&["uid"]) => Some(&services::MYSQL),
        None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generate::{GeneratedFile, Secrets};

    fn shown(text: &str) -> Option<String> {
        let mut file = GeneratedFile::new("");
        file.extend(items("X", text)?);
        let text = file.write(&Secrets::Inline).text;
        Some(text.trim().replace("\n  ", ", ").replace("- type: ", "").replace("name: X, ", "").replace("\n\n", "; "))
    }

    #[test]
    fn a_whole_connection_in_one_value_is_taken_apart() {
        #[rustfmt::skip]
        let table = [
            (r#"{"conn_type":"postgres","host":"db","login":"u","password":"p","schema":"d","port":5433}"#, "postgres, host: db, port: 5433, username: u, password: p, database: d"),
            (r#"{"redis":[{"credentials":{"host":"c","password":"p","port":6380}}]}"#, "redis, host: c, port: 6380, password: p"),
            (r#"["redis://a","redis://b"]"#, "redis, host: a, port: 6379; redis, host: b, port: 6379"),
            (r#"{"x":[{"credentials":{"uri":"redis://c","host":"other"}}]}"#, "redis, host: c, port: 6379"),
            ("u:p@tcp(db:3307)/d?charset=utf8mb4", "mysql, host: db, port: 3307, username: u, password: p, database: d"),
            ("u:p@tcp(db)/d?tls=skip-verify", "mysql, host: db, port: 3306, username: u, password: p, database: d, use_tls: true, disable_tls_verification: true"),
            ("Host=db;Port=5432;Database=d;Username=u;Password=p", "postgres, host: db, port: 5432, username: u, password: p, database: d"),
            ("Server=db;Port=3306;Database=d;Uid=u;Pwd=p;", "mysql, host: db, port: 3306, username: u, password: p, database: d"),
            ("Server=tcp:db,1433;Initial Catalog=d;User ID=u;Password=p", "# X: no check speaks SQL Server: only the connection is checked; tcp, host: db, port: 1433"),
            ("c:6379,password=p,ssl=True,abortConnect=False", "redis, host: c, port: 6379, password: p, use_tls: true"),
            ("s1:26379,s2:26379,serviceName=main,password=p,ssl=true", "redis, host: s1, port: 26379, sentinel: main, password: p, use_tls: true; redis, host: s2, port: 26379, sentinel: main, password: p, use_tls: true"),
            (r#"{"host":"c","port":6379,"tls":true,"password":"p"}"#, "redis, host: c, port: 6379, password: p, use_tls: true"),
            (r#"{"host":"db","port":5432,"user":"u","password":"p","database":"d","ssl":{"rejectUnauthorized":false}}"#, "postgres, host: db, port: 5432, username: u, password: p, database: d, use_tls: true, disable_tls_verification: true"),
            (r#"{"conn_type":"postgres","host":"db","login":"u","password":"p","schema":"d","port":5433,"extra":{"sslmode":"verify-full"}}"#, "postgres, host: db, port: 5433, username: u, password: p, database: d, use_tls: true"),
            ("Host=db;Database=d;Username=u;Password=p;SSL Mode=VerifyFull", "postgres, host: db, port: 5432, username: u, password: p, database: d, use_tls: true"),
            ("addr=c:6380,pool_size=10,db=2,ssl=false,password=p", "redis, host: c, port: 6380, password: p, database: 2"),
        ];
        for (text, expected) in table {
            assert_eq!(shown(text).as_deref(), Some(expected), "{text}");
        }
        for text in
            [r#"{"brokers":["k1:9092","k2.int:9092"]}"#, "{host: k1, port: 9092}", r#"{"x": {"servers": "k1:9092"}}"#]
        {
            assert!(
                shown(text).is_some_and(|text| text.contains("tcp, host: k1, port: 9092")),
                "{text}: {:?}",
                shown(text)
            );
        }
        for text in [
            r#"{"image":"redis:7"}"#,
            r#"{"a":"b.c","version":"1.2.3.4"}"#,
            "{{ template }}",
            "{a,b}",
            r#"{"a":1}"#,
            "[1,2]",
            "{broken",
            "a=b,c=d",
            "a,b",
            "level=info;format=json",
            "*=warn,shop=debug",
        ] {
            assert_eq!(shown(text), None, "{text}");
        }
    }
}
