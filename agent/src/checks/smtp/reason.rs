//! What a refusal is about. The enhanced code says so where it is a special one (RFC 3463, and the registry of RFC 5248);
//! else the server's words do. Neither follows from the command: most servers keep what they have against a client, or a
//! sender, until they hear the recipient (Postfix: `smtpd_delay_reject`).

use super::reply::Reply;

/// Who or what is meant by a refusal.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Reason {
    /// This host: its address, its name, a list on which it stands.
    Host,
    /// The name of this host's address in the DNS.
    ReverseDns,
    Sender,
    /// This host may not send for the sender's domain, or the mail is not signed for it.
    SenderPolicy,
    Recipient,
    /// The same attempt is taken some minutes later.
    Greylisted,
    Content,
    /// There were too many: connections, mails, logins.
    Limit,
    /// The server's own trouble.
    Trouble,
    Login,
    Tls,
}

impl Reason {
    /// Reads a reply; `None` where it says neither.
    pub(super) fn of(reply: &Reply) -> Option<Self> {
        let (words, enhanced) = (words_of(reply), reply.enhanced());
        if has(&words, GREYLIST) {
            return Some(Self::Greylisted);
        }
        let reason = Self::of_enhanced(enhanced, &words).or_else(|| Self::of_words(&words));
        // "send HELO first", "EHLO is not implemented": of commands, not of who says them.
        let of_commands = matches!(reply.code(), 500 | 502 | 503) && !matches!(enhanced, Some((7, _)));
        reason.filter(|reason| !(of_commands && *reason == Self::Host))
    }

    /// The codes that have one meaning, whatever is answered; those of Microsoft's own behind them.
    fn of_enhanced(enhanced: Option<(u16, u16)>, words: &str) -> Option<Self> {
        Some(match enhanced? {
            (1, 7 | 8) | (7, 27 | 60 | 750) | (2, 252) => Self::Sender,
            (1, 1..=6 | 10) | (2, 0..=4) | (7, 2 | 17 | 18 | 54) => Self::Recipient,
            (7, 20..=24 | 26) => Self::SenderPolicy,
            (7, 25) => Self::ReverseDns,
            (7, 64 | 511 | 606..=649 | 708) => Self::Host,
            (3, 1 | 2) if !has(words, LIMIT) => Self::Trouble,
            (4, 3) => Self::Trouble,
            (4, 5) | (5, 3) | (7, 28 | 705) => Self::Limit,
            (3, 4) | (6, 0..=6) | (7, 29) => Self::Content,
            (7, 10 | 11 | 30) => Self::Tls,
            (7, 57) => Self::Login,
            // "Sender address rejected: not logged in", with any of the others.
            _ if has(words, LOGIN) => Self::Login,
            _ => return None,
        })
    }

    /// The words of servers in common use, from those that name what they mean to those that only touch on it.
    fn of_words(words: &str) -> Option<Self> {
        const ORDER: &[(&[&str], Reason)] = &[
            (TLS, Reason::Tls),
            (LOGIN, Reason::Login),
            (CONTENT, Reason::Content),
            (POLICY, Reason::SenderPolicy),
            (NAMED_SENDER, Reason::Sender),
            (REVERSE_DNS, Reason::ReverseDns),
            (HOST, Reason::Host),
            (TROUBLE, Reason::Trouble),
            (FULL_MAILBOX, Reason::Recipient),
            (LIMIT, Reason::Limit),
            (RECIPIENT, Reason::Recipient),
            (SENDER, Reason::Sender),
        ];
        ORDER.iter().find(|(known, _)| has(words, known)).map(|(_, reason)| *reason)
    }
}

const TLS: &[&str] =
    &["starttls", "encryption required", "tls required", "requires tls", "must use tls", "tls is required"];

const LOGIN: &[&str] = &[
    "authentication required",
    "authentication is required",
    "auth required",
    "auth command first",
    "authenticate first",
    "must authenticate",
    "need to authenticate",
    "not authenticated",
    "unauthenticated",
    "without authentication",
    "not logged in",
    "log in first",
    "login required",
    "turn on smtp authentication",
];

const GREYLIST: &[&str] = &["greylist", "graylist", "grey list", "gray list"];

const CONTENT: &[&str] = &[
    "message too large",
    "too much mail data",
    "message size",
    "message exceeds",
    "content rejected",
    "looks like spam",
];

/// The sender's domain does not know this host, or the mail.
const POLICY: &[&str] = &["spf", "dkim", "dmarc", "unauthenticated mail", "mail is unauthenticated"];

const NAMED_SENDER: &[&str] = &[
    "sender address",
    "sender verify",
    "sender verification",
    "sender identity",
    "sender domain",
    "domain of sender",
    "envelope sender",
    "from address",
    "return path",
    "sendasdenied",
    "send as this sender",
    "not owned by user",
    "relaying disallowed as",
    "address is not verified",
    "banned sender",
];

const REVERSE_DNS: &[&str] = &[
    "reverse dns",
    "reverse hostname",
    "reverse lookup",
    "rdns",
    "ptr record",
    "cannot find your hostname",
    "find your reverse",
    "ip name lookup failed",
];

const HOST: &[&str] = &[
    "client host",
    "helo",
    "ehlo",
    "blocklist",
    "block list",
    "blacklist",
    "black list",
    "blocked using",
    "listed at",
    "listed by",
    "listed in",
    "listed on",
    "dnsbl",
    "spamhaus",
    "spamcop",
    "barracuda",
    "sorbs",
    "sending ip",
    "your ip",
    "the ip ",
    "this ip",
    "ip address",
    "ip reputation",
    "your host",
    "this host",
    "your address is on",
    "not allowed to connect",
    "not permitted to connect",
    "will not be accepted from",
    "tenantattribution",
    "credentials for relay",
];

const TROUBLE: &[&str] = &[
    "temporary lookup failure",
    "temporary local problem",
    "local error in processing",
    "configuration error",
    "configuration problem",
    "insufficient system",
    "insufficient storage",
    "space shortage",
    "system resources",
    "shutting down",
];

/// A limit, and the recipient's own.
const FULL_MAILBOX: &[&str] = &["mailbox full", "mailbox is full", "over quota", "mailbox quota", "receiving mail too"];

const LIMIT: &[&str] = &[
    "too many",
    "too much mail",
    "too quickly",
    "rate limit",
    "rate exceeded",
    "throttl",
    "limit exceeded",
    "limit reached",
    "exceeded your",
    "quota exceeded",
    "quota",
    "credits exceeded",
    "temporarily deferred",
    "server busy",
];

const RECIPIENT: &[&str] = &[
    "recipient",
    "relay",
    "rcpt",
    "user unknown",
    "unknown user",
    "no such user",
    "no such mailbox",
    "no mailbox",
    "mailbox unavailable",
    "mailbox not found",
    "unrouteable",
    "unroutable",
];

const SENDER: &[&str] = &["sender", "mail from"];

/// Those who keep lists of hosts and domains, by a part of their names.
const LISTS: &[&str] = &["spamhaus", "spamcop", "barracuda", "sorbs", "openspf"];

/// Whether one of these stands in the words, from the beginning of a word on.
fn has(words: &str, known: &[&str]) -> bool {
    known.iter().any(|known| words.match_indices(known).any(|(at, _)| at == 0 || words[..at].ends_with(' ')))
}

/// What the server says, in lower case, on one line and without marks. Addresses and names that it repeats are left out:
/// what somebody is called is not what is meant.
pub(super) fn words_of(reply: &Reply) -> String {
    let text = reply.lines().collect::<Vec<_>>().join(" ").to_ascii_lowercase();
    let mut plain = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some((before, quoted)) = rest.split_once('<') {
        plain.push_str(before);
        rest = quoted.split_once('>').map_or("", |(_, behind)| behind);
    }
    plain.push_str(rest);
    let is_name = |word: &str| {
        let word = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
        word.contains('@') || (word.contains('.') && !LISTS.iter().any(|list| word.contains(list)))
    };
    let words = plain.split_whitespace().filter(|word| !is_name(word)).collect::<Vec<_>>().join(" ");
    let words: String = words.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { ' ' }).collect();
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(reply: &str) -> Option<Reason> {
        Reason::of(&Reply::of(reply))
    }

    #[test]
    fn the_enhanced_code_decides_where_it_has_one_meaning() {
        for (reply, wanted) in [
            ("450 4.7.25 go away", Reason::ReverseDns),
            ("553 5.1.7 bad address", Reason::Sender),
            ("550 5.1.1 no", Reason::Recipient),
            ("550 #5.1.1 Address rejected", Reason::Recipient),
            ("550 sorry, no mailbox here by that name. (#5.1.1)", Reason::Recipient),
            ("550 5.7.23 Recipient address rejected: Message rejected due to: SPF fail", Reason::SenderPolicy),
            ("451 5.7.10 no", Reason::Tls),
            ("550 5.4.5 Daily sending quota exceeded", Reason::Limit),
            ("554 5.2.252 SendAsDenied; a not allowed to send as b", Reason::Sender),
            ("550 5.7.54 SMTP; Unable to relay recipient in non-accepted domain", Reason::Recipient),
            ("550 5.7.606 Access denied, banned sending IP [192.0.2.1]", Reason::Host),
        ] {
            assert_eq!(reason(reply), Some(wanted), "{reply}");
        }
    }

    #[test]
    fn the_words_decide_where_the_code_leaves_it_open() {
        for (reply, wanted) in [
            ("504 5.5.2 <localhost>: Helo command rejected: need fully-qualified hostname", Reason::Host),
            ("554 5.7.1 <unknown[192.0.2.1]>: Client host rejected: Access denied", Reason::Host),
            ("450 4.7.1 Client host rejected: cannot find your reverse hostname, [192.0.2.1]", Reason::ReverseDns),
            (
                "554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org; https://...",
                Reason::Host,
            ),
            ("554 5.7.1 Service unavailable; Sender address [a@b.test] blocked using dbl.spamhaus.org", Reason::Sender),
            ("550 5.7.1 <a@b.test>: Sender address rejected: Access denied", Reason::Sender),
            ("553 5.7.1 <a@b.test>: Sender address rejected: not logged in", Reason::Login),
            ("553 5.7.1 <a@b.test>: Sender address rejected: not owned by user app", Reason::Sender),
            ("554 5.7.1 <b@c.test>: Relay access denied", Reason::Recipient),
            ("450 4.2.0 <b@c.test>: Recipient address rejected: Greylisted, see postgrey", Reason::Greylisted),
            ("451 4.7.1 Greylisting in action, please come back later", Reason::Greylisted),
            ("550-Verification failed for <a@b.test>\n550 Sender verify failed", Reason::Sender),
            ("550 Unauthenticated senders not allowed", Reason::Login),
            ("550 The from address does not match a verified Sender Identity.", Reason::Sender),
            ("554 Message rejected: Email address is not verified. The following identities failed", Reason::Sender),
            ("454 Throttling failure: Daily message quota exceeded", Reason::Limit),
            ("550 5.7.1 Relaying denied. IP name lookup failed [192.0.2.1]", Reason::ReverseDns),
            ("530 5.7.0 Must issue a STARTTLS command first", Reason::Tls),
        ] {
            assert_eq!(reason(reply), Some(wanted), "{reply}");
        }
    }

    #[test]
    fn what_somebody_is_called_is_not_what_is_meant() {
        for reply in [
            "550 <helo@spamhaus.test>: no",
            "550 no: sender@relay.test",
            "550 helo.example.test says no",
            "550 no",
            "451 try again",
        ] {
            assert_eq!(reason(reply), None, "{reply}");
        }
    }
}
