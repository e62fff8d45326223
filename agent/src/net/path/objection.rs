//! What is wrong with a certificate of a path, in a sentence that names the certificate.

use super::constraints::Breach;
use super::names::Form;
use super::{Reading, Shown};
use crate::catalogue::Cause;
use crate::net::certificate::rfc3339;
use crate::secret::{Sentence, ours, sentence};
use crate::text::said;
use time::OffsetDateTime;

/// An objection to one certificate.
#[derive(Clone, Debug)]
pub(crate) struct Objection {
    /// Whose certificate it is, and in which place.
    pub(crate) whose: Whose,
    pub(crate) what: What,
}

/// A certificate of a path.
#[derive(Clone, Debug)]
pub(crate) struct Whose {
    pub(crate) subject: String,
    pub(crate) issuer: String,
    pub(crate) place: Place,
}

/// Where a certificate stands in a path.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Place {
    Server,
    /// Between the server's and the trusted one.
    Intermediate,
    /// Trusted here.
    Trusted,
}

/// What is wrong with it.
#[derive(Clone, Debug)]
pub(crate) enum What {
    Ended(i64),
    Begins(i64),
    EndsBeforeItBegins,
    /// It begins or ends before 1970, which webpki cannot count.
    BeforeTheEpoch,
    Version(u32),
    TooLarge,
    TwoAlgorithms,
    UniqueIdentifier,
    Twice(String),
    UnknownCritical(String),
    Unreadable(String),
    CaAsServer,
    NotACa,
    TooManyBelow {
        allowed: u32,
        are: usize,
    },
    TooLong(usize),
    NoPurpose,
    NotForServers {
        purposes: String,
    },
    KeyNotForServers,
    KeyNotForSigning,
    NetscapeType,
    Constraint {
        name: String,
        form: Form,
        breach: Breach,
        by: String,
        bases: String,
    },
    UnsupportedSignature(String),
    UnsupportedKey(String),
    ExplicitCurve,
    WeakSignature(String),
    WeakKey(String),
    /// The issuer, which the server sent or which is trusted here, has another key.
    AnotherKey {
        is_trusted: bool,
    },
    /// The issuer's name is the same in another encoding.
    NameEncoding,
    /// It is trusted here, and cannot be used as a root.
    UnusableRoot,
    /// The key identifiers of it and of its issuer differ (AKI, SKI).
    KeyIdentifiers,
    /// Trusted here, and no root.
    NotSelfSigned,
    /// A root that says of itself that another key has signed it (AKI).
    RootKeyIdentifier,
    /// Nothing leads on from it.
    NoIssuer,
    /// Self-signed, and not trusted.
    UntrustedRoot,
    /// It is not for the name.
    Name,
    /// Something that only a strict reading of RFC 5280 objects to.
    Strict(&'static str),
}

impl Place {
    /// That of the certificate at this place of a path of so many.
    pub(super) const fn at(place: usize, count: usize) -> Self {
        match place {
            0 => Self::Server,
            _ if place + 1 == count => Self::Trusted,
            _ => Self::Intermediate,
        }
    }
}

impl Objection {
    pub(super) fn new(certificate: &Reading<'_>, place: Place, what: What) -> Self {
        Self { whose: Whose { subject: certificate.subject(), issuer: certificate.issuer(), place }, what }
    }

    /// The failure's cause.
    pub(crate) const fn cause(&self) -> Cause {
        match &self.what {
            What::Ended(_) => Cause::Expired,
            What::Begins(_) => Cause::NotYetValid,
            What::AnotherKey { .. } | What::NoIssuer | What::UntrustedRoot => Cause::Untrusted,
            What::Name => Cause::WrongName,
            _ => Cause::InvalidCertificate,
        }
    }

    /// How much it tells; of several the one with the most is told.
    pub(super) const fn rank(&self) -> u8 {
        match &self.what {
            What::AnotherKey { .. } => 9,
            What::Ended(_) | What::Begins(_) => 8,
            What::NotForServers { .. } | What::NoPurpose | What::Constraint { .. } | What::NotACa => 7,
            What::TooLong(_) | What::BeforeTheEpoch | What::NameEncoding => 5,
            _ => 6,
        }
    }

    /// It is one that only this program has.
    pub(crate) const fn is_of_ours(&self) -> bool {
        matches!(
            self.what,
            What::Constraint { breach: Breach::Unsupported | Breach::BadName, .. }
                | What::TooLong(_)
                | What::BeforeTheEpoch
                | What::NameEncoding
                | What::UniqueIdentifier
                | What::TooLarge
                | What::UnusableRoot
                | What::CaAsServer
                | What::Version(_)
        )
    }

    /// It is that there is no path at all.
    pub(crate) const fn is_of_the_search(&self) -> bool {
        matches!(self.what, What::NoIssuer | What::UntrustedRoot | What::NotSelfSigned)
    }

    /// In a sentence.
    pub(crate) fn sentence(&self) -> Sentence {
        match self.of_the_path() {
            Some(sentence) => sentence,
            None => sentence![self.subject(), " ", self.predicate()],
        }
    }

    /// The same as one text, for a fact.
    pub(crate) fn text(&self) -> String {
        said(&self.sentence().plain())
    }

    fn subject(&self) -> Sentence {
        let (place, subject) = (self.whose.place, &self.whose.subject);
        match place {
            Place::Server => sentence!["the certificate of ", subject],
            Place::Intermediate => sentence!["the intermediate certificate of ", subject],
            Place::Trusted => sentence!["the CA certificate of ", subject, ", which is trusted here,"],
        }
    }

    /// Those that are about two certificates.
    fn of_the_path(&self) -> Option<Sentence> {
        let Whose { subject, issuer, .. } = &self.whose;
        Some(match &self.what {
            What::AnotherKey { is_trusted } => {
                let where_from = if *is_trusted { "that is trusted here" } else { "that the server sent" };
                sentence![
                    "the certificate of ",
                    subject,
                    " is not signed by the ",
                    issuer,
                    " ",
                    where_from,
                    ", which has another key"
                ]
            }
            What::NameEncoding => sentence![
                "the certificate of ",
                subject,
                " writes the name of its issuer, ",
                issuer,
                ", in another encoding than the issuer does"
            ],
            What::KeyIdentifiers => sentence![
                "the key identifiers in the certificates of ",
                subject,
                " and of its issuer ",
                issuer,
                " differ"
            ],
            What::TooLong(count) => sentence![
                "there are ",
                *count,
                " intermediate certificates between ",
                subject,
                " and a CA that is trusted here: more than 6 are not followed"
            ],
            What::Constraint { .. } => return self.of_constraints(),
            _ => return None,
        })
    }

    fn of_constraints(&self) -> Option<Sentence> {
        let What::Constraint { name, form, breach, by, bases } = &self.what else { return None };
        let subject = self.subject();
        let word = ours(form.word());
        Some(match breach {
            Breach::NotPermitted | Breach::Excluded => {
                let may = if *breach == Breach::Excluded { " may not name " } else { " may only name " };
                sentence![
                    subject,
                    " has the name ",
                    name,
                    " (",
                    word,
                    "), and its CA ",
                    by,
                    may,
                    bases,
                    " (name constraints)"
                ]
            }
            Breach::Unsupported => sentence![
                subject,
                " has a name (",
                word,
                ") for which its CA ",
                by,
                " has a constraint of a kind that is not supported: ",
                name
            ],
            Breach::BadConstraint => {
                sentence![
                    "the CA certificate of ",
                    by,
                    " has a constraint on names (",
                    word,
                    ") that is malformed: ",
                    bases
                ]
            }
            Breach::BadName => {
                sentence![
                    subject,
                    " has a malformed name (",
                    word,
                    "): ",
                    name,
                    "; its CA ",
                    by,
                    " has constraints on such names"
                ]
            }
            Breach::TooMany => {
                sentence![subject, " has more names, and its CA ", by, " more constraints on names, than are compared"]
            }
        })
    }

    fn predicate(&self) -> Sentence {
        match &self.what {
            What::Ended(time) => sentence!["ended on ", date(*time)],
            What::Begins(time) => sentence!["begins on ", date(*time)],
            What::Version(version) => {
                sentence!["is of X.509 version ", *version, ", not 3: it has no room for names and purposes"]
            }
            What::Twice(extension) => sentence!["has the extension ", extension, " twice"],
            What::UnknownCritical(extension) => {
                sentence!["has a critical extension that is not known: ", extension]
            }
            What::Unreadable(extension) => sentence!["has an extension that cannot be read: ", extension],
            What::TooManyBelow { allowed, are } => {
                sentence!["may have ", *allowed, " CAs below it (path length), and has ", *are]
            }
            What::NotForServers { purposes } => {
                sentence!["is not for servers: its extended key usage is ", purposes, ", not serverAuth"]
            }
            What::UnsupportedSignature(algorithm) => {
                sentence!["is signed with ", algorithm, ", which is not accepted here"]
            }
            What::UnsupportedKey(key) => sentence!["has a key that is not accepted here: ", key],
            What::WeakSignature(algorithm) => sentence!["is signed with ", algorithm, ", which is too weak"],
            What::WeakKey(key) => sentence!["has a key that is too weak: ", key],
            other => other.constant().into(),
        }
    }
}

impl What {
    /// Those without a part of the certificate.
    const fn constant(&self) -> &'static str {
        match self {
            Self::EndsBeforeItBegins => "ends before it begins",
            Self::BeforeTheEpoch => "has a date before 1970, which cannot be counted here",
            Self::TooLarge => "is larger than 64 KiB",
            Self::TwoAlgorithms => "names two different algorithms for its signature",
            Self::UniqueIdentifier => "has a unique identifier, which is not accepted here",
            Self::CaAsServer => "is that of a CA (CA:TRUE), and the server uses it as its own",
            Self::NotACa => "is not that of a CA (basic constraints), and has issued another one",
            Self::NoPurpose => "is for no purpose: its extended key usage is empty",
            Self::KeyNotForServers => "has a key that is not for TLS servers (key usage)",
            Self::KeyNotForSigning => "has a key that is not for signing certificates (key usage without keyCertSign)",
            Self::NetscapeType => "is not for servers (Netscape certificate type)",
            Self::ExplicitCurve => "has a key on an elliptic curve that is described instead of named",
            Self::UnusableRoot => "cannot be used as a root",
            Self::NotSelfSigned => "is no root: it is not self-signed",
            Self::RootKeyIdentifier => {
                "is a root whose authority key identifier does not mean itself, so that it is taken for none"
            }
            Self::NoIssuer => "has an issuer that is not known here",
            Self::UntrustedRoot => "is self-signed, and not trusted here",
            Self::Name => "is not for this name",
            Self::Strict(what) => what,
            _ => "is not accepted",
        }
    }
}

/// A time in seconds since 1970.
fn date(seconds: i64) -> Sentence {
    ours(&OffsetDateTime::from_unix_timestamp(seconds).map(rfc3339).unwrap_or_default())
}

/// The objection that a certificate has a date: that it has ended, or not begun.
pub(super) fn of_dates(certificate: &Reading<'_>, shown: &Shown<'_>) -> Option<What> {
    let (begin, end) = (certificate.not_before(), certificate.not_after());
    if begin > end {
        Some(What::EndsBeforeItBegins)
    } else if shown.now > end {
        Some(What::Ended(end))
    } else if shown.now < begin {
        Some(What::Begins(begin))
    } else {
        None
    }
}
