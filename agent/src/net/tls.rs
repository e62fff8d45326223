//! The TLS handshake: TLS 1.2 and 1.3, verified against this host's roots unless the check says
//! otherwise, with the server's certificate kept for people in every case.

mod alert;
mod examiner;
mod fault;
mod identity;
mod options;
mod proof;
mod refusal;
mod remarks;
mod whose;

use alert::Own;
pub(crate) use alert::{Broken, Exchange, fault_of_broken};
pub(crate) use fault::fault_of_plain;
pub(crate) use identity::IdentityFiles;
pub(crate) use options::{MinVersion, TlsMode, TlsOptions, Verification};

use crate::catalogue::Cause;
use crate::concern::Part;
use crate::fault::Fault;
use crate::net::{Host, Trust, Wire};
use crate::phase::Phase;
use crate::secret::sentence;
pub(crate) use examiner::PROVIDER;
use examiner::{ClientIdentity, Examiner};
use refusal::Judged;
pub(crate) use remarks::Remarks;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ProtocolVersion};
use serde_json::{Value, json};
use std::sync::Arc;
use tokio_rustls::TlsConnector;

/// What came of a handshake; the facts are there also when it failed.
pub(crate) struct Handshake {
    pub(crate) result: Result<Wire, Fault>,
    pub(crate) facts: Vec<(&'static str, Value)>,
    /// What there is to say of a certificate that was accepted.
    pub(crate) remarks: Remarks,
    /// The server asked for a certificate of ours. With TLS 1.3 it judges it only afterwards.
    pub(crate) asked_for_ours: bool,
}

/// Speaks TLS over a connection, to a server of this name.
pub(crate) async fn handshake(
    wire: Wire,
    options: &TlsOptions,
    trust: &Trust,
    host: &Host,
    alpn: &'static [&'static str],
) -> Handshake {
    let Ok(name) = ServerName::try_from(host.bare()) else { return Handshake::failed(bad_name(host)) };
    let examiner = match Examiner::new(options, trust).await {
        Ok(examiner) => Arc::new(examiner),
        Err(fault) => return Handshake::failed(*fault),
    };
    let identity = Arc::new(ClientIdentity::new(options.client.clone()));
    let raw = wire.seen();
    let connected = match client_config(&examiner, &identity, options.min_version, alpn) {
        Ok(config) => TlsConnector::from(Arc::new(config)).connect(name, wire).await,
        Err(fault) => return Handshake::failed(*fault),
    };
    let mut facts = examiner.facts();
    let exchange = Exchange {
        named: matches!(ServerName::try_from(host.bare()), Ok(ServerName::DnsName(_))),
        own: identity.use_made(),
        was_shown_one: examiner.was_shown_one(),
        min_version: options.min_version,
        offered: alpn,
        done: connected.is_ok(),
    };
    let mut remarks = Remarks::default();
    let result = match connected {
        Ok(stream) => {
            facts.extend(session_facts(stream.get_ref().1));
            remarks = remarks::of(&examiner, host, options.expiry_warning_days);
            Ok(Wire::tls(stream, exchange))
        }
        Err(error) => {
            let judged = Judged { examiner: &examiner, options, host, trust };
            let fault = fault::of_handshake(error, &raw.first(), exchange, &judged);
            Err(match fault.cause {
                Cause::ClientCertRequired | Cause::ClientCertRejected => {
                    fault.concerning(Part::Account, whose::own(options))
                }
                _ => fault,
            })
        }
    };
    facts.append(&mut remarks.facts);
    Handshake { result, facts, remarks, asked_for_ours: exchange.own != Own::NotAskedFor }
}

impl Handshake {
    fn failed(fault: Fault) -> Self {
        Self { result: Err(fault), facts: Vec::new(), remarks: Remarks::default(), asked_for_ours: false }
    }
}

fn bad_name(host: &Host) -> Fault {
    Fault::new(Cause::BadName, sentence![host, " is not a name that TLS can ask for"]).at(Phase::Resolve)
}

fn client_config(
    examiner: &Arc<Examiner>,
    identity: &Arc<ClientIdentity>,
    min_version: MinVersion,
    alpn: &[&str],
) -> Result<ClientConfig, Box<Fault>> {
    let builder = ClientConfig::builder_with_provider(Arc::clone(&PROVIDER))
        .with_protocol_versions(min_version.offered())
        .map_err(|error| Box::new(Fault::new(Cause::OwnFault, error.to_string())))?;
    // `dangerous` is rustls' word for an own verifier; this one delegates to webpki and records.
    let mut config = builder
        .dangerous()
        .with_custom_certificate_verifier(Arc::clone(examiner) as Arc<_>)
        .with_client_cert_resolver(Arc::clone(identity) as Arc<_>);
    config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
    config.resumption = rustls::client::Resumption::disabled();
    Ok(config)
}

fn session_facts(session: &rustls::ClientConnection) -> Vec<(&'static str, Value)> {
    let version = match session.protocol_version() {
        Some(ProtocolVersion::TLSv1_3) => "TLS 1.3",
        Some(ProtocolVersion::TLSv1_2) => "TLS 1.2",
        _ => "unknown",
    };
    let cipher = session.negotiated_cipher_suite().map(|suite| format!("{:?}", suite.suite()));
    vec![("tls_version", json!(version)), ("tls_cipher", json!(cipher))]
}
