//! The servers of a `mongodb+srv://` URL, which stand in the DNS
//! (<https://github.com/mongodb/specifications/blob/master/source/initial-dns-seedlist-discovery/initial-dns-seedlist-discovery.md>).
//!
//! The records are read here, by the resolvers of this host and with their faults; what they mean together, as the
//! connection string that they stand for, is judged by the driver.

use crate::fault::{Cause, Failure, Fault, Owner, Phase};
use crate::net::dns::{Answer, RecordType};
use crate::net::{Answered, Endpoint, Host, HostKind, Port, Target};
use crate::probe::Probe;
use crate::secret::{Sentence, sentence, theirs};
use crate::services::{self, Security};
use crate::settings::{Fields, Misfit, Noted};
use mongodb::error::ErrorKind;
use mongodb::options::{ClientOptions, ConnectionString, ServerAddress};

/// Where the resolvers listen.
pub(super) const RESOLVER_PORT: Port = services::DNS.port(Security::Plain);

/// What the text record may say.
const OPTIONS: [&str; 3] = ["authSource", "replicaSet", "loadBalanced"];

/// What to do where there are no SRV records.
const ABSENT: &str = "correct `host` (that of the mongodb+srv:// URL), or add the SRV records; leave `srv` out for a server of this name";

/// What the DNS says of a name.
#[derive(Clone, Debug)]
pub(super) struct Seedlist {
    pub(super) hosts: Vec<Endpoint>,
    /// The database that keeps the users.
    pub(super) auth_source: Option<String>,
    pub(super) replica_set: Option<String>,
    /// There is a balancer before the servers, which has to be told that the client knows of it.
    pub(super) is_balanced: bool,
}

/// Where the records of the servers stand.
pub(super) fn name_of_records(host: &Host) -> String {
    format!("_mongodb._tcp.{}", host.bare())
}

/// Refuses what does not go together with a name of records.
pub(super) fn agrees(fields: &mut Fields<'_>, target: &Target) -> Result<(), Noted> {
    let is_name = target.host().is_some_and(|host| matches!(host.kind(), HostKind::Name(_)));
    if !is_name {
        let misfit = Misfit::new("with `srv: true` the host is a name, whose SRV records name the servers");
        return Err(fields.refuse_value("host", misfit.help("write the host of the mongodb+srv:// URL")));
    }
    if fields.has("port") {
        let misfit = Misfit::new("this cannot be with `srv: true`: the SRV records say the ports");
        return Err(fields.refuse_value("port", misfit.help("leave `port` out, or `srv` for a server of that port")));
    }
    for key in ["connect_to", "server_name"] {
        let help = format!("leave `{key}` out, or write a check without `srv` for that server");
        fields.warn_idle(key, "with `srv: true`: the SRV records name the servers", &help);
    }
    Ok(())
}

/// Asks for both records.
pub(super) async fn look_up(probe: &mut Probe, host: &Host) -> Result<Seedlist, Failure> {
    let records = name_of_records(host);
    let answered = ask(probe, &records, RecordType::SRV).await?;
    let hosts = hosts(host, &answered).map_err(|fault| probe.fail(Phase::Resolve, fault))?;
    let told: Vec<_> = hosts.iter().map(|host| probe.clean(&host.to_string())).collect();
    probe.fact("srv_hosts", told);
    let answered = ask(probe, &host.bare(), RecordType::TXT).await?;
    let texts: Vec<_> = answered.reply.answers.iter().map(Answer::value).collect();
    read(hosts, &texts).await.map_err(|fault| probe.fail(Phase::Resolve, fault))
}

/// What a resolver says; that there is no text record is fine.
async fn ask(probe: &mut Probe, name: &str, record: RecordType) -> Result<Answered, Failure> {
    let question = probe.resolv_conf().question(name, record, RESOLVER_PORT.get(), probe.nearly_all());
    let answered = probe.ask(&question).await?;
    match answered.refusal(&question) {
        Some(_) if record == RecordType::TXT && answered.is_empty() => Ok(answered),
        Some(fault) => {
            let fault = answered.with_others(fault);
            let is_absent = answered.is_empty() && answered.reply.alias.is_none();
            Err(probe.fail(Phase::Resolve, if is_absent { fault.next_step(ABSENT) } else { fault }))
        }
        None => Ok(answered),
    }
}

/// The servers, which must be in the domain of the name: whoever can forge the records gets no login elsewhere.
fn hosts(host: &Host, answered: &Answered) -> Result<Vec<Endpoint>, Fault> {
    let name = host.bare();
    let services: Vec<_> = answered.reply.answers.iter().filter_map(Answer::service).collect();
    if !services.is_empty() && services.iter().all(|(target, _)| is_root(target)) {
        return Err(Fault::new(
            Cause::Failed,
            sentence!["the SRV record says that ", theirs(&name), " has no MongoDB"],
        )
        .evidence("the target of the SRV record is `.`: the service is not to be had there (RFC 2782)")
        .owner(Owner::Dns)
        .next_step("correct `host` (that of the mongodb+srv:// URL), or have the SRV records name the servers"));
    }
    let services = services.into_iter().filter(|(target, _)| !is_root(target));
    let mut hosts = services.map(|(target, port)| one(&name, &target, port)).collect::<Result<Vec<_>, _>>()?;
    // Resolvers give them in any order, and reports are compared.
    hosts.sort_by_key(ToString::to_string);
    hosts.dedup();
    Ok(hosts)
}

/// The name above all others, which stands for no server.
fn is_root(target: &str) -> bool {
    target.is_empty() || target == "."
}

fn one(name: &str, target: &str, port: u16) -> Result<Endpoint, Fault> {
    let fault = |message| {
        Fault::new(Cause::Failed, message)
            .evidence(sentence!["an SRV record names ", theirs(target), ":", port])
            .owner(Owner::Dns)
            .next_step("correct the SRV records; no driver connects to what they name")
    };
    if !is_in_domain(name, target) {
        let message =
            sentence!["an SRV record leads out of the domain of ", theirs(name), ", and nothing was sent there"];
        return Err(fault(message));
    }
    let parsed = Host::parse(target).ok().filter(|host| matches!(host.kind(), HostKind::Name(_)));
    match (parsed, Port::new(port)) {
        (Some(host), Some(port)) => Ok(Endpoint::tcp(host, port)),
        _ => Err(fault("an SRV record names no host and port".into())),
    }
}

/// Whether a host lies below the parent of a name, or below the name itself where that has no more than two parts.
fn is_in_domain(name: &str, host: &str) -> bool {
    let parts = |text: &str| text.to_ascii_lowercase().split('.').map(str::to_owned).collect::<Vec<_>>();
    let (name, host) = (parts(name), parts(host));
    let domain = if name.len() > 2 { &name[1..] } else { &name[..] };
    host[1..].ends_with(domain)
}

/// What the text record says, and what the driver makes of all that.
async fn read(hosts: Vec<Endpoint>, texts: &[String]) -> Result<Seedlist, Fault> {
    let fault = |message: Sentence, evidence: &str| {
        Fault::new(Cause::Failed, message)
            .evidence(theirs(evidence))
            .owner(Owner::Dns)
            .next_step("correct the TXT record: one, with authSource, replicaSet and loadBalanced alone")
    };
    let text = match texts {
        [] => "",
        [text] => text.as_str(),
        [first, ..] => return Err(fault("the name has several TXT records, and may have one".into(), first)),
    };
    for pair in text.split('&').filter(|_| !text.is_empty()) {
        let name = pair.split_once('=').map(|(name, _)| name);
        if !name.is_some_and(|name| OPTIONS.iter().any(|known| known.eq_ignore_ascii_case(name))) {
            return Err(fault("the TXT record says what it may not say".into(), pair));
        }
    }
    let options = judged(&hosts, text)
        .await
        .map_err(|error| fault("what the SRV and TXT records say is refused by the driver".into(), &refusal(&error)))?;
    let hosts = options.hosts.iter().filter_map(place).collect();
    Ok(Seedlist {
        hosts,
        auth_source: options.credential.and_then(|credential| credential.source).filter(|_| says(text, "authSource")),
        replica_set: options.repl_set_name,
        is_balanced: options.load_balanced == Some(true),
    })
}

/// The driver's reason, without the form that it has for programmers.
fn refusal(error: &mongodb::error::Error) -> String {
    match error.kind.as_ref() {
        ErrorKind::InvalidArgument { message, .. } => message.clone(),
        kind => kind.to_string(),
    }
}

fn says(text: &str, option: &str) -> bool {
    text.split('&').any(|pair| pair.split('=').next().is_some_and(|name| name.eq_ignore_ascii_case(option)))
}

/// The connection string that the records stand for, as the driver understands it. It connects to nothing.
async fn judged(hosts: &[Endpoint], text: &str) -> Result<ClientOptions, mongodb::error::Error> {
    let hosts: Vec<_> = hosts.iter().map(ToString::to_string).collect();
    // The driver keeps the database of the users with a user only.
    let known = ConnectionString::parse(format!("mongodb://user@{}/?{text}", hosts.join(",")))?;
    ClientOptions::parse(known).await
}

/// The server that a text names: HOST, or HOST:PORT.
pub(super) fn endpoint(text: &str) -> Option<Endpoint> {
    place(&ServerAddress::parse(text).ok()?)
}

fn place(address: &ServerAddress) -> Option<Endpoint> {
    let ServerAddress::Tcp { host, port } = address else { return None };
    let port = port.and_then(Port::new).unwrap_or(services::MONGODB.port(Security::Plain));
    Some(Endpoint::tcp(Host::parse(host).ok()?, port))
}

/// The failure at a server with where its name comes from: the records, or another server.
pub(super) fn as_the_records_say(failure: Failure, server: &str, records: &Host, by_records: bool) -> Failure {
    let (place, how) = if by_records {
        ("in its SRV record", format!("the SRV records of {} name this server", name_of_records(records)))
    } else {
        ("in the set's configuration (rs.conf())", "another server names this one (rs.conf())".to_owned())
    };
    // There is no server of the check's own.
    let failure = failure.without_server_name(place);
    let next_step =
        if failure.code.phase <= Phase::Connect { format!("{}; {how}", failure.next_step) } else { failure.next_step };
    Failure { next_step, ..failure }.told_of(server)
}

/// What a firewall has to know that the file does not say.
pub(super) fn unnamed(host: &Host) -> String {
    format!("the servers that the SRV records of {} name, on port 27017 as a rule", name_of_records(host))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_are_in_the_domain_of_the_name() {
        for (name, host) in [
            ("cluster.shop.test", "db1.shop.test"),
            ("cluster.shop.test", "DB1.Shop.TEST"),
            ("cluster.shop.test", "a.b.shop.test"),
            ("shop.test", "db1.shop.test"),
            ("shop", "db1.shop"),
        ] {
            assert!(is_in_domain(name, host), "{name} {host}");
        }
        for (name, host) in [
            ("cluster.shop.test", "db1.evil.test"),
            ("cluster.shop.test", "shop.test"),
            ("cluster.shop.test", "evilshop.test"),
            ("cluster.shop.test", "db1.evilshop.test"),
            ("shop.test", "shop.test"),
            ("shop.test", "db1.test"),
            ("shop", "shop"),
            ("shop", ""),
        ] {
            assert!(!is_in_domain(name, host), "{name} {host}");
        }
    }

    fn meant(hosts: &[&str], texts: &[&str]) -> Result<Seedlist, Fault> {
        let hosts =
            hosts.iter().map(|host| Endpoint::tcp(Host::parse(host).expect(host), Port::new(7).expect("a port")));
        let texts: Vec<_> = texts.iter().map(|&text| text.to_owned()).collect();
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        runtime.block_on(read(hosts.collect(), &texts))
    }

    #[test]
    fn the_text_record_says_three_options_and_no_other() {
        let list = meant(&["a.x.test", "b.x.test"], &["authSource=users&replicaSet=rs0"]).expect("a list");
        assert_eq!(list.hosts.iter().map(ToString::to_string).collect::<Vec<_>>(), ["a.x.test:7", "b.x.test:7"]);
        let said = (list.auth_source.as_deref(), list.replica_set.as_deref(), list.is_balanced);
        assert_eq!(said, (Some("users"), Some("rs0"), false));
        let list = meant(&["a.x.test"], &["loadBalanced=true"]).expect("a list");
        assert!(list.is_balanced && list.auth_source.is_none() && list.replica_set.is_none());
        assert!(meant(&["a.x.test"], &[]).expect("a list").auth_source.is_none());
        for texts in [
            &["replicaSet=a", "replicaSet=b"][..],
            &["ssl=false"],
            &["authSource"],
            &["replicaSet=rs0&tls=false"],
            &["loadBalanced=perhaps"],
            &["authSource="],
            &["loadBalanced=true&replicaSet=rs0"],
            &["replicaSet=a&replicaSet=b"],
        ] {
            let fault = meant(&["a.x.test"], texts).expect_err("no list");
            assert_eq!((fault.cause, fault.owner), (Cause::Failed, Some(Owner::Dns)), "{texts:?}");
        }
        // One balancer, and no more.
        assert!(meant(&["a.x.test", "b.x.test"], &["loadBalanced=true"]).is_err());
    }
}
