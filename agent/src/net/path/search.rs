//! Which path was meant: the one to a trusted certificate with the least that is wrong, or what is missing.

use super::objection::Objection;
use super::openssl::Opinion;
use super::signature::{Signed, is_signed_with};
use super::{Path, Reading, Shown, webpki};

/// So many paths are compared, and so many steps made to find them: a server can send certificates that have
/// very many.
const MOST_PATHS: usize = 50;
const MOST_STEPS: usize = 2_000;

/// So many intermediate certificates are followed, more than webpki does.
const DEEPEST: usize = 20;

/// So many are looked at for names in another encoding.
const LONGEST_LOOKED_AT: usize = 10;

/// What was found.
pub(crate) enum Found<'a> {
    /// What webpki objects to in the path with the least that is wrong; nothing in one that it should have
    /// accepted.
    Path(Vec<Objection>),
    /// None.
    Missing(Box<Missing<'a>>),
}

/// Why there is no path to a trusted certificate.
pub(crate) enum Missing<'a> {
    /// The server's certificate vouches for itself.
    SelfSigned,
    /// The path that the server sent ends in a root that is not trusted.
    Root(Reading<'a>),
    /// The certificates that the server sent vouch for each other.
    Circle(Vec<Reading<'a>>),
    /// The issuer of this certificate, the last on the way, is not known.
    Issuer(Reading<'a>),
}

/// Finds the path that was meant, OpenSSL's among them.
pub(crate) fn search<'a>(shown: &Shown<'a>, opinion: &Opinion<'a>) -> Found<'a> {
    match nearest(shown, opinion) {
        Some((objections, _)) => Found::Path(objections),
        None => Found::Missing(Box::new(missing(shown))),
    }
}

/// The path on which everything is right, if there is one.
pub(crate) fn sound<'a>(shown: &Shown<'a>, opinion: &Opinion<'a>) -> Option<Path<'a>> {
    nearest(shown, opinion).filter(|(objections, _)| objections.is_empty()).map(|(_, path)| path)
}

/// The path to a trusted certificate with the least that is wrong.
fn nearest<'a>(shown: &Shown<'a>, opinion: &Opinion<'a>) -> Option<(Vec<Objection>, Path<'a>)> {
    let mut paths = Walk::new(shown, false).paths();
    // Names in another encoding are looked for only where the path is short: all trusted certificates are read for it.
    if paths.is_empty() && shown.sent.len() <= LONGEST_LOOKED_AT {
        paths = Walk::new(shown, true).paths();
    }
    if opinion.path.len() > 1 && opinion.path.last().is_some_and(|last| shown.roots.holds(last)) {
        paths.push(opinion.path.clone());
    }
    let judged = paths.into_iter().map(|path| (webpki::objections(&path, shown), path));
    judged.min_by_key(|(objections, _)| (objections.len(), objections.first().map(Objection::rank)))
}

/// All paths by names, depth first.
struct Walk<'a> {
    /// The server's certificate, and those that it sent behind it.
    nodes: Vec<Reading<'a>>,
    /// Which of the nodes each names as its issuer, and which trusted certificates.
    issuers: Vec<(Vec<usize>, Vec<Reading<'a>>)>,
    steps: usize,
    way: Vec<usize>,
    /// Those that lead to a trusted certificate.
    paths: Vec<Path<'a>>,
}

impl<'a> Walk<'a> {
    fn new(shown: &Shown<'a>, in_any_form: bool) -> Self {
        let nodes: Vec<_> = std::iter::once(&shown.leaf).chain(&shown.sent).cloned().collect();
        let is_issuer = |one: &Reading<'_>, other: &Reading<'_>| {
            if in_any_form { one.names_as_issuer_in_any_form(other) } else { one.names_as_issuer(other) }
        };
        let issuers_of = |one: &Reading<'a>| {
            let sent = (0..nodes.len()).filter(|at| is_issuer(one, &nodes[*at])).collect();
            (sent, shown.roots.issuers_of(one, in_any_form))
        };
        let issuers = nodes.iter().map(issuers_of).collect();
        Self { nodes, issuers, steps: 0, way: vec![0], paths: Vec::new() }
    }

    fn paths(mut self) -> Vec<Path<'a>> {
        self.go_on(0);
        self.paths
    }

    fn go_on(&mut self, current: usize) {
        self.steps += 1;
        let (sent, roots) = self.issuers[current].clone();
        for root in roots {
            // A root that was sent along is no step of its own.
            if root != self.nodes[current] && self.paths.len() < MOST_PATHS {
                let way = self.way.iter().map(|at| self.nodes[*at].clone());
                self.paths.push(way.chain([root]).collect());
            }
        }
        for issuer in sent {
            let is_over = self.steps >= MOST_STEPS || self.paths.len() >= MOST_PATHS || self.way.len() > DEEPEST;
            if !is_over && !self.way.iter().any(|at| self.nodes[*at] == self.nodes[issuer]) {
                self.way.push(issuer);
                self.go_on(issuer);
                self.way.pop();
            }
        }
    }
}

/// How far the certificates that were sent lead.
fn missing<'a>(shown: &Shown<'a>) -> Missing<'a> {
    if shown.leaf.is_self_issued() && is_signed_with(&shown.leaf, &shown.leaf) != Signed::Falsely {
        return Missing::SelfSigned;
    }
    let mut way = vec![shown.leaf.clone()];
    loop {
        let Some(last) = way.last().cloned() else { return Missing::SelfSigned };
        if way.len() > 1 && last.is_self_issued() && is_signed_with(&last, &last) != Signed::Falsely {
            return Missing::Root(last);
        }
        // Each is a signature to be verified: of a server that sends hundreds of one name, only some are.
        let named = shown.sent.iter().filter(|one| last.names_as_issuer_in_any_form(one) && **one != last);
        let issuers = || named.clone().take(DEEPEST);
        if way.len() > DEEPEST {
            return Missing::Issuer(last);
        }
        let signer = issuers().find(|one| !way.contains(one) && is_signed_with(&last, one) != Signed::Falsely);
        match signer.or_else(|| issuers().find(|one| !way.contains(one))) {
            Some(issuer) => way.push(issuer.clone()),
            None if issuers().next().is_some() => return Missing::Circle(way.split_off(1)),
            None => return Missing::Issuer(last),
        }
    }
}
