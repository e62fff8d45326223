//! `DATABASES`.

use crate::generate::django::group::{self, Group};
use crate::generate::{Comment, GeneratedCheck, Item};
use crate::services::{self, NoServer, Security, Service};
use crate::url::{self, ConnectionSettings, Tls};

/// The checks; `name` is the database where the settings have no `NAME`.
pub(super) fn items(settings: &Group<'_>, name: Option<&str>) -> Result<Vec<Item>, Comment> {
    settings.each("DATABASES", |database| items_of(database, name))
}

fn items_of(database: &Group<'_>, name: Option<&str>) -> Result<Vec<Item>, Comment> {
    let engine = database.text("ENGINE")?.unwrap_or_default();
    match services::no_server_by_driver(&engine) {
        Some(NoServer::File) => return Ok(vec![database.own_note("SQLite is a file: nothing to connect to").into()]),
        Some(_) => {
            return Ok(vec![database.own_note("the engine is Django's dummy: nothing to connect to").into()]);
        }
        None if engine.is_empty() => {
            return Ok(vec![database.own_note("there is no ENGINE, so Django does not use it").into()]);
        }
        None => {}
    }
    match services::by_driver(&engine) {
        Some(service) if service.is_checked_like(&services::POSTGRES) => postgres(database, name, service),
        Some(service) if service.is_checked_like(&services::MYSQL) => mysql(database, name),
        Some(service) if service.check.is_some() => other(database, name, service),
        Some(Service { name, .. }) => {
            Err(database
                .own_gap(format!("there is no check for {name}; a tcp check to its port would at least connect")))
        }
        None => Err(database.gap("ENGINE", "no check is known for this engine; a tcp check would at least connect")),
    }
}

/// By the settings that all databases have.
fn other(database: &Group<'_>, name: Option<&str>, service: &'static Service) -> Result<Vec<Item>, Comment> {
    let text = |key: &str| database.text(key);
    let (host, port) = (text("HOST")?.unwrap_or_default(), text("PORT")?);
    let (user, password, own) = (text("USER")?, text("PASSWORD")?, text("NAME")?);
    let settings = ConnectionSettings {
        port: port.as_deref(),
        user: user.as_deref(),
        password: password.as_deref(),
        name: own.as_deref().or(name),
        ..ConnectionSettings::of(service, &host)
    };
    Ok(if host.contains("://") { url::items(&database.origin, &host) } else { settings.items(&database.origin) })
}

/// One check per host: `HOST` may list several, of which libpq takes the first that answers.
fn postgres(database: &Group<'_>, name: Option<&str>, service: &Service) -> Result<Vec<Item>, Comment> {
    let options = database.group("OPTIONS")?;
    if options.raw("service").is_some() {
        return Err(options.gap("service", "host and login stand in a pg_service.conf, not in the settings"));
    }
    // Django hands OPTIONS over as they are, and NAME below them, but USER and all after it above.
    let named = options.first(&["dbname", "database"])?.map_or_else(|| database.text("NAME"), |name| Ok(Some(name)))?;
    let name = named.or_else(|| name.map(str::to_owned));
    let name = name.ok_or_else(|| database.gap("NAME", "no database is named: say which with --database-name"))?;
    let user = database.text_or("USER", &options, &["user"])?.ok_or_else(|| {
        let why = "it is empty, so the role is the system user who runs the application: add the check with it";
        database.gap("USER", why)
    })?;
    let password = database.text_or("PASSWORD", &options, &["password"])?;
    if password.is_none() && options.raw("passfile").is_some() {
        return Err(options.gap("passfile", "the password stands in that file: add the check with it"));
    }
    // The check knows the port of its own service.
    let usual = if *service == services::POSTGRES { None } else { service.default_port(Security::Plain) };
    let usual = usual.map(|port| port.number.get());
    let directory = services::POSTGRES.socket.unwrap_or_default();
    let mut items: Vec<Item> = Vec::new();
    for (host, port) in places(database, &options)? {
        let socket = host.is_empty() || host.starts_with('/');
        if host.is_empty() {
            let why = format!("it is empty, so the client uses the Unix socket in {directory}");
            items.push(Comment::note(database.place("HOST"), why).into());
        }
        let host = if host.is_empty() { directory } else { &host };
        let check = GeneratedCheck::new("postgresql", &database.origin).text("database", &name).text("host", host);
        let check = check.some_number("port", port.or(usual)).text("username", &user);
        let check = check.some_secret("password", password.as_deref());
        items.extend(if socket { vec![check.into()] } else { postgres_tls(check, &options)? });
    }
    Ok(items)
}

/// Hosts and their ports; one port may be that of all.
fn places(database: &Group<'_>, options: &Group<'_>) -> Result<Vec<(String, Option<u16>)>, Comment> {
    let host = database.text_or("HOST", options, &["hostaddr", "host"])?.unwrap_or_default();
    let ports = database.text_or("PORT", options, &["port"])?.unwrap_or_default();
    let number = |text: &str| match text.trim() {
        "" => Ok(None),
        text => {
            group::port(text).map(Some).ok_or_else(|| database.gap("PORT", "this is not a port number (1 to 65535)"))
        }
    };
    let ports: Vec<_> = ports.split(',').map(number).collect::<Result<_, _>>()?;
    let hosts: Vec<_> = host.split(',').map(|host| host.trim().to_owned()).collect();
    if ports.len() != 1 && ports.len() != hosts.len() {
        return Err(database.gap("PORT", "there are not as many ports as hosts"));
    }
    let first = ports[0];
    Ok(hosts.into_iter().enumerate().map(|(at, host)| (host, ports.get(at).copied().unwrap_or(first))).collect())
}

fn postgres_tls(check: GeneratedCheck, options: &Group<'_>) -> Result<Vec<Item>, Comment> {
    let mode = options.text("sslmode")?;
    if !matches!(mode.as_deref(), None | Some("disable" | "allow" | "prefer" | "require" | "verify-ca" | "verify-full"))
    {
        return Err(options.gap("sslmode", "libpq has no such mode"));
    }
    let (ca, cert, key) = (options.text("sslrootcert")?, options.text("sslcert")?, options.text("sslkey")?);
    // "system" is libpq's word for the CAs of this host, which the check trusts anyway.
    let ca = ca.as_deref().filter(|ca| *ca != "system");
    let tls = Tls { ca, cert: cert.as_deref(), key: key.as_deref(), ..Tls::default() };
    Ok(tls.postgres(&options.place("sslmode"), check, mode.as_deref()))
}

/// mysqlclient takes `localhost`, and nothing, for its Unix socket. A port beside it says that TCP is
/// meant, as it is by `PyMySQL`, which stands in for it and has no socket of its own accord. OPTIONS
/// win: Django lays them over what the settings beside them say.
fn mysql(database: &Group<'_>, name: Option<&str>) -> Result<Vec<Item>, Comment> {
    let options = database.group("OPTIONS")?;
    let either = |keys: &[&str], setting: &str| match options.first(keys)? {
        Some(text) => Ok(Some(text)),
        None => database.text(setting),
    };
    let name = either(&["database", "db"], "NAME")?.or_else(|| name.map(str::to_owned));
    let user = either(&["user"], "USER")?;
    let password = either(&["password", "passwd"], "PASSWORD")?;
    let host = either(&["host"], "HOST")?;
    let port = options.port("port")?.map_or_else(|| database.port("PORT"), |port| Ok(Some(port)))?;
    let socket = options.text("unix_socket")?.or_else(|| host.clone().filter(|host| host.starts_with('/')));
    let complete = user.is_some() && password.is_some() && (host.is_some() || socket.is_some());
    if options.raw("read_default_file").is_some() && !complete {
        let why = "what the settings do not say of host and login stands in that file: add the check with it";
        return Err(options.gap("read_default_file", why));
    }
    let user = user.ok_or_else(|| {
        let why =
            "it is empty, so the account is that of the system user who runs the application: add the check with it";
        database.gap("USER", why)
    })?;
    let host = host.unwrap_or_default();
    let usual = host.is_empty() || host == "localhost" && port.is_none();
    let own_socket = services::MYSQL.socket.unwrap_or_default();
    let mut items: Vec<Item> = Vec::new();
    if usual && socket.is_none() {
        let why = format!("the client uses the Unix socket {own_socket} unless it is told an address");
        items.push(Comment::note(database.place("HOST"), why).into());
    }
    let host = socket.unwrap_or_else(|| if usual { own_socket.to_owned() } else { host });
    let is_socket = host.starts_with('/');
    let check = GeneratedCheck::new(services::MYSQL.id, &database.origin)
        .some_text("database", name.as_deref())
        .text("host", host);
    let check = check.some_number("port", port.filter(|_| !is_socket)).text("username", user);
    let check = check.some_secret("password", password.as_deref());
    items.extend(if is_socket { vec![check.into()] } else { mysql_tls(check, &options)? });
    Ok(items)
}

/// By `ssl_mode` and `ssl`, or the `ssl_ca` family of mysql.connector and `PyMySQL`. The client
/// verifies only where it has a CA, and the name only where it is told to.
fn mysql_tls(check: GeneratedCheck, options: &Group<'_>) -> Result<Vec<Item>, Comment> {
    let files = match options.raw("ssl") {
        Some(value) if value.is_object() => options.group("ssl")?,
        _ => Group::settings(&serde_json::Value::Null),
    };
    let file = |own: &[&str], among: &str| match files.first(own)? {
        Some(path) => Ok(Some(path)),
        None => options.text(among),
    };
    let ca = file(&["ca", "ssl_ca"], "ssl_ca")?;
    let mode = options.text("ssl_mode")?.unwrap_or_default().to_ascii_uppercase();
    if mode == "DISABLED" || options.flag("ssl_disabled") {
        return Ok(vec![check.flag("use_tls", false).into()]);
    }
    let wanted = ca.is_some() || options.flag("ssl");
    if !wanted && !matches!(mode.as_str(), "REQUIRED" | "VERIFY_CA" | "VERIFY_IDENTITY") {
        return Ok(vec![check.into()]);
    }
    let verified = ca.is_some() || mode.starts_with("VERIFY");
    let by_name = mode == "VERIFY_IDENTITY" || options.flag("ssl_verify_identity") || files.flag("check_hostname");
    let (cert, key) = (file(&["cert", "ssl_cert"], "ssl_cert")?, file(&["key", "ssl_key"], "ssl_key")?);
    let tls = Tls {
        lenient: !verified,
        nameless: verified && !by_name,
        ca: ca.as_deref(),
        cert: cert.as_deref(),
        key: key.as_deref(),
        ..Tls::default()
    };
    Ok(vec![tls.apply(check.flag("use_tls", true)).into()])
}
