//! What is to be said of a certificate that was accepted: who else would refuse it, and what ends soon.

use crate::catalogue::{Note, WarningKind};
use crate::net::Host;
use crate::net::certificate::Certificate;
use crate::net::path::openssl::{self, Says};
use crate::net::path::{Objection, Path, Shown, sound};
use crate::net::tls::examiner::Examiner;
use crate::secret::{Sentence, sentence};
use serde_json::{Value, json};

/// Warnings and facts.
#[derive(Default)]
pub(crate) struct Remarks {
    pub(crate) warnings: Vec<(WarningKind, Sentence)>,
    pub(crate) facts: Vec<(&'static str, Value)>,
}

/// What there is to say after the handshake.
pub(super) fn of(examiner: &Examiner, host: &Host, expiry_warning_days: u32) -> Remarks {
    let chain = examiner.chain();
    let mut remarks = Remarks::default();
    let Some(shown) = examiner.shown(&chain, host) else { return remarks };
    let path = if examiner.verification().judges() { remarks.look_at(&shown) } else { vec![shown.leaf.clone()] };
    remarks.warn_of_ends(&path, expiry_warning_days);
    remarks
}

impl Remarks {
    /// What others make of the path; and the path.
    fn look_at<'a>(&mut self, shown: &Shown<'a>) -> Path<'a> {
        let opinion = openssl::opinion(shown, false);
        let refusal = match &opinion.says {
            Says::Yes => {
                self.note_strictness(openssl::strict_objection(&opinion.path));
                return opinion.path;
            }
            Says::WithPartialChains(objection) => sentence![
                "OpenSSL refuses this server unless a path may end below a root, which curl and Python from 3.13 allow, and psql and most others do not: ",
                objection.sentence()
            ],
            Says::No(objection) => sentence![
                "OpenSSL refuses this server, and so does what uses it (curl, psql, Python): ",
                objection.sentence()
            ],
        };
        self.warnings.push((WarningKind::TlsOthersRefuse, refusal));
        if let Says::WithPartialChains(_) = opinion.says {
            return opinion.path;
        }
        sound(shown, &opinion).unwrap_or_else(|| vec![shown.leaf.clone()])
    }

    /// A fact that everybody is to see: see [`Note::StrictRefuses`].
    fn note_strictness(&mut self, objection: Option<Objection>) {
        let Some(objection) = objection else { return };
        self.facts.push((Note::StrictRefuses.fact(), json!(false)));
        self.facts.push(("tls_strict_objection", json!(objection.text())));
    }

    /// The first of the path that ends within so many days: without it, the others mean nothing (RFC 5280
    /// section 6.1.3).
    fn warn_of_ends(&mut self, path: &Path<'_>, days: u32) {
        let read = path.iter().filter_map(|one| Certificate::read(one.der));
        let first = read.min_by_key(|one| one.not_after);
        if let Some(first) = first.filter(|one| one.days_left() < i64::from(days)) {
            self.warnings.push((WarningKind::TlsExpiresSoon, first.end_in_words()));
        }
    }
}
