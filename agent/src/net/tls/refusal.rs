//! Why a certificate is not accepted: whose it is, what is wrong with it, who else would refuse it.

use crate::catalogue::{Cause, Owner};
use crate::concern::Part;
use crate::fault::Fault;
use crate::net::certificate::rfc3339;
use crate::net::host::clock;
use crate::net::path::openssl::{self, Opinion, Says};
use crate::net::path::{Form, Found, Missing, Name, Objection, Reading, Shown, What, search, takes_name};
use crate::net::tls::examiner::Examiner;
use crate::net::tls::{TlsOptions, whose};
use crate::net::{Host, Trust};
use crate::remedy::{Remedy, trust};
use crate::secret::{Sentence, ours, sentence, theirs};
use rustls::CertificateError;
use time::OffsetDateTime;

/// So many names of a certificate are shown.
const NAMES_SHOWN: usize = 12;

/// What a refused certificate is judged by.
pub(super) struct Judged<'a> {
    pub(super) examiner: &'a Examiner,
    pub(super) options: &'a TlsOptions,
    pub(super) host: &'a Host,
    pub(super) trust: &'a Trust,
}

/// The fault of a certificate that webpki objects to.
pub(super) fn of_certificate(objection: &CertificateError, judged: &Judged<'_>) -> Fault {
    if judged.examiner.is_unproven() {
        let message = "the server does not prove that it has the key of its certificate";
        return Fault::new(Cause::Malformed, message).evidence("its signature of the handshake is wrong");
    }
    let chain = judged.examiner.chain();
    let Some(shown) = judged.examiner.shown(&chain, judged.host) else {
        return Fault::new(Cause::InvalidCertificate, "the server's certificate cannot be read").evidence(sentence![
            "it is not X.509 in DER (RFC 5280); ",
            chain.first().map_or(0, |der| der.len()),
            " bytes"
        ]);
    };
    if matches!(objection, CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. }) {
        return wrong_name(&shown, judged.host);
    }
    let opinion = openssl::opinion(&shown, true);
    match search(&shown, &opinion) {
        Found::Path(objections) => match objections.first() {
            Some(first) => told(first, &opinion, &shown, judged),
            None => unexplained(objection, &opinion),
        },
        Found::Missing(missing) => untrusted(&missing, &shown, judged),
    }
}

/// An objection, and what OpenSSL says.
fn told(objection: &Objection, opinion: &Opinion<'_>, shown: &Shown<'_>, judged: &Judged<'_>) -> Fault {
    // Where it is a limit of ours that meets a certificate which OpenSSL refuses for a reason, that counts.
    let objection = match &opinion.says {
        Says::No(theirs) if objection.is_of_ours() && !theirs.is_of_the_search() => theirs,
        _ => objection,
    };
    let cause = if opinion.accepts() { Cause::UnsupportedCertificate } else { objection.cause() };
    let fault = Fault::new(cause, objection.sentence());
    let fault = match next_step(objection, judged).filter(|_| !opinion.accepts()) {
        Some(next) => fault.next_step(next),
        None => fault,
    };
    let others = others(opinion, objection);
    let is_of_dates = matches!(objection.what, What::Ended(_) | What::Begins(_));
    let fault = fault.evidence(match objection.what {
        What::Ended(_) | What::Begins(_) => {
            let now = OffsetDateTime::from_unix_timestamp(shown.now).map(rfc3339).unwrap_or_default();
            sentence!["now it is ", ours(&now), " by this host's clock"]
        }
        _ => sentence!["issuer: ", &objection.whose.issuer, "; ", others],
    });
    let fault = fault.concerning(Part::Certificate, whose::objected(objection, shown));
    if is_of_dates { clock::of_dates(fault) } else { fault }
}

/// Whether OpenSSL does so, too.
const fn whether_others_do(opinion: &Opinion<'_>) -> &'static str {
    if opinion.accepts() { "OpenSSL accepts them: this is a limit of conn-check" } else { "OpenSSL refuses them, too" }
}

/// What OpenSSL makes of it.
fn others(opinion: &Opinion<'_>, told: &Objection) -> Sentence {
    match &opinion.says {
        Says::Yes => "OpenSSL accepts it, and so does what uses OpenSSL: this is a limit of conn-check".into(),
        Says::WithPartialChains(_) => {
            "OpenSSL accepts it where a path may end below a root (curl, Python from 3.13): this is a limit of conn-check"
                .into()
        }
        Says::No(theirs) if theirs.is_of_the_search() || theirs.text() == told.text() => {
            "OpenSSL refuses it, too".into()
        }
        Says::No(theirs) => sentence!["OpenSSL refuses it, too: ", theirs.sentence()],
    }
}

fn next_step(objection: &Objection, judged: &Judged<'_>) -> Option<Sentence> {
    match objection.what {
        What::AnotherKey { is_trusted: true } => Some(sentence![
            "see whether the CA has a newer certificate, and put that into ",
            place(judged),
            "; else have the server use a certificate of the CA that is trusted here"
        ]),
        What::AnotherKey { is_trusted: false } => {
            Some("have the server send the intermediate certificate that has issued its own".into())
        }
        _ => None,
    }
}

/// webpki objects, and nothing was found that it could mean.
fn unexplained(objection: &CertificateError, opinion: &Opinion<'_>) -> Fault {
    let cause = if opinion.accepts() { Cause::UnsupportedCertificate } else { Cause::InvalidCertificate };
    let reason = match objection {
        CertificateError::Other(_) => "for a reason of its own".into(),
        known => theirs(known),
    };
    Fault::new(cause, "the TLS library of conn-check refuses the certificates of the server").evidence(sentence![
        whether_others_do(opinion),
        "; it says: ",
        reason
    ])
}

/// Where the trusted certificates come from.
fn place(judged: &Judged<'_>) -> Sentence {
    match &judged.options.ca_file {
        Some(path) => sentence![ours(&path.display()), " (ca_file, which replaces the host's CAs)"],
        None => sentence![ours(&judged.trust.path.display()), " (update-ca-certificates), or set ca_file"],
    }
}

fn wrong_name(shown: &Shown<'_>, host: &Host) -> Fault {
    let names = shown.leaf.names().unwrap_or_default();
    let commons = shown.leaf.common_names();
    let fault = Fault::new(Cause::WrongName, sentence!["the certificate is not for ", host])
        .concerning(Part::Certificate, whose::certificate(&shown.leaf))
        .concerning(Part::Name, host);
    let is_address = host.bare().parse::<std::net::IpAddr>().is_ok();
    let as_name = |form, text: &str| names.iter().any(|name| name.form == form && name.shown() == text);
    let mut evidence = if is_address && as_name(Form::Dns, &host.bare()) {
        sentence!["it is for the name ", host, " (dNSName); an address has to be in it as iPAddress"]
    } else if names.is_empty() && !commons.is_empty() {
        sentence![
            "it has no name but the common name ",
            commons.join(", "),
            ", which does not count (RFC 9525 section 2)"
        ]
    } else {
        sentence!["it is for ", list(shown)]
    };
    if shown.name.as_ref().is_some_and(|name| takes_name(&shown.leaf, name)) {
        evidence.push("; OpenSSL takes it for this name, and so does what leaves this to OpenSSL");
    }
    fault.evidence(evidence)
}

/// The names of the server's certificate.
fn list(shown: &Shown<'_>) -> String {
    let names = shown.leaf.names().unwrap_or_default();
    let all: Vec<_> = names.iter().filter(|name| name.is_of_a_host()).map(Name::shown).collect();
    match all.len() {
        0 => "no name at all".to_owned(),
        1..=NAMES_SHOWN => all.join(", "),
        more => format!("{} and {} more", all[..NAMES_SHOWN].join(", "), more - NAMES_SHOWN),
    }
}

/// There is no path to a trusted certificate.
fn untrusted(missing: &Missing<'_>, shown: &Shown<'_>, judged: &Judged<'_>) -> Fault {
    let untrusted = |message: Sentence| Fault::new(Cause::Untrusted, message);
    let fault = match missing {
        Missing::SelfSigned => {
            untrusted(sentence!["the certificate is self-signed (", shown.leaf.subject(), ") and not trusted here"])
                .next_step(sentence!["put this certificate into ", place(judged), "; or have it issued by a CA"])
                .concerning(Part::Certificate, whose::certificate(&shown.leaf))
        }
        Missing::Root(root) => {
            untrusted(sentence!["the chain ends in a CA that is not trusted here: ", root.subject()])
                .next_step(sentence!["add that CA to ", place(judged)])
                .concerning(Part::Authority, whose::itself(root, judged.options))
                .remedy(authority(root.common_names().first().map(String::as_str), judged))
        }
        Missing::Circle(circle) => {
            let all = circle.iter().map(Reading::subject).collect::<Vec<_>>().join(", ");
            untrusted(sentence!["the CA certificates that the server sent vouch for each other alone: ", &all])
                .next_step(sentence!["add the CA above them to ", place(judged), ", or have the server send its chain"])
                .concerning(Part::Authority, all)
        }
        Missing::Issuer(last) => of_issuer(last, shown, judged),
    };
    let broken = match judged.examiner.roots().broken() {
        0 => Sentence::default(),
        count => sentence!["; ", count, " entries of the trusted certificates cannot be read, and were left out"],
    };
    fault.evidence(sentence!["issuer: ", shown.leaf.issuer(), "; OpenSSL refuses it, too", broken])
}

/// A CA of the site's own, for this host to trust: only where its trusted certificates are those of the system.
fn authority(name: Option<&str>, judged: &Judged<'_>) -> Option<Remedy> {
    let is_system = judged.options.ca_file.is_none() && judged.trust.path.starts_with(trust::SYSTEM);
    name.filter(|_| is_system).and_then(trust::install_authority)
}

fn of_issuer(last: &Reading<'_>, shown: &Shown<'_>, judged: &Judged<'_>) -> Fault {
    let sent = if shown.sent.is_empty() {
        "the server sent no intermediate certificate"
    } else if *last == shown.leaf {
        "none of the certificates that the server sent is its"
    } else {
        "the server's chain ends before it"
    };
    let last_of_it = whose::issuer(last, judged.options);
    Fault::new(Cause::Untrusted, sentence!["the issuer ", last.issuer(), " is not known here, and ", sent])
        .owner(Owner::Certificate)
        .concerning(Part::Authority, last_of_it)
        .concerning(Part::Certificate, whose::certificate(&shown.leaf))
        .next_step(sentence![
            "if it is an intermediate, have the server send its full chain; if it is the CA, add it to ",
            place(judged)
        ])
        .remedy(authority(Some(&last.issuer()), judged))
}
