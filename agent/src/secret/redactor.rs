//! What keeps the secrets of a check out of what others say.

use super::parts::Parts;
use super::sentence::{Sentence, Words};
use super::spelling::Plainest;
use crate::catalogue;
use crate::text::{self, CUT, cut};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::ops::Range;
use std::sync::{Arc, LazyLock};

/// So much of a text is looked at, in bytes: more than is shown of it when all before was taken out.
const LOOKED_AT: usize = 4096;

/// Of a secret, each run of so many bytes (in its plainest spelling) is taken out, wherever it stands. A
/// shorter secret is taken out where it is a whole word: `a` is in every text.
const RUN: usize = 8;

/// Where a text was cut, what may be the beginning of a secret is taken out from so many bytes on.
const BEGINNING: usize = 3;

/// So many secrets, and bytes of them, are known at most: each is looked for in each text.
const MOST: usize = 1_000;
const MOST_BYTES: usize = 128 * 1024;

/// What is shown of others' texts when there are more.
const WITHHELD: &str = "*** (not shown: the check has more secrets than are looked for, 1,000 or 128 KiB)";

/// Knows the secrets of one check and takes them out of what others say: servers, libraries, the file.
///
/// Servers echo what they are sent. What our own sentences say, and the names of users and hosts, stays:
/// taking a word out of a sentence that everybody knows would tell it. A clone shares what is known.
#[derive(Clone, Default)]
pub struct Redactor {
    /// Shared: each running check has a redactor of its own.
    known: Option<Arc<Known>>,
}

#[derive(Clone, Default)]
struct Known {
    secrets: Vec<String>,
    /// Their length.
    bytes: usize,
    /// What is shown although it may be a part of a secret.
    names: Vec<String>,
}

impl Redactor {
    /// Knows no secret yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { known: None }
    }

    /// Adds a secret, with its parts.
    pub fn add(&mut self, secret: &str) {
        self.known().add(secret);
        if !self.known().is_over_full() {
            // A run of the whole need not be known once more.
            let is_new = |part: &&String| !secret.contains(part.as_str()) || Plainest::of(part).bytes.len() < RUN;
            Parts::of(secret).values.iter().filter(is_new).for_each(|part| self.known().add(part));
        }
    }

    /// Adds a name that is shown: a user's, a host's.
    pub(crate) fn show(&mut self, name: &str) {
        let names = &mut self.known().names;
        if names.len() < MOST {
            names.push(name.to_owned());
        }
    }

    /// Adds the names that stand in a secret beside its values.
    pub(crate) fn show_names_in(&mut self, secret: &str) {
        if !self.known().is_over_full() {
            Parts::of(secret).names.iter().for_each(|name| self.show(name));
        }
    }

    fn known(&mut self) -> &mut Known {
        Arc::make_mut(self.known.get_or_insert_default())
    }

    /// Somebody else's text made fit for people: without secrets, control characters escaped, cut to 200
    /// bytes.
    #[must_use]
    pub fn clean(&self, text: &str) -> String {
        text::said(&self.mask(&cut(text.to_owned(), LOOKED_AT)))
    }

    /// A sentence as it is told: our own words as they are, what others said in it [`clean`](Self::clean).
    #[must_use]
    pub(crate) fn tell(&self, sentence: &Sentence) -> String {
        let told = sentence.0.iter().map(|words| match words {
            Words::Ours(text) => Cow::Borrowed(text.as_str()),
            Words::Said(text) => Cow::Owned(self.clean(text)),
        });
        told.collect()
    }

    /// What was seen, as it is told: 200 bytes of it.
    #[must_use]
    pub(crate) fn tell_evidence(&self, sentence: &Sentence) -> String {
        text::said(&self.tell(sentence))
    }

    /// Whether a text has a secret in it, or what may be one.
    #[must_use]
    pub(crate) fn hides_in(&self, text: &str) -> bool {
        self.mask(text) != text
    }

    /// Replaces every secret by `***`.
    fn mask(&self, text: &str) -> String {
        let Some(known) = self.known.as_ref().filter(|known| !known.secrets.is_empty()) else {
            return text.to_owned();
        };
        if known.is_over_full() {
            return WITHHELD.to_owned();
        }
        let mut search = Search::of(text);
        known.secrets.iter().flat_map(|secret| spellings(secret)).for_each(|secret| search.look_for(&secret));
        search.masked(text, &known.names)
    }
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Redactor({} secrets)", self.known.as_ref().map_or(0, |known| known.secrets.len()))
    }
}

impl Known {
    fn add(&mut self, secret: &str) {
        if !secret.is_empty() && !self.is_over_full() {
            self.bytes += secret.len();
            self.secrets.push(secret.to_owned());
        }
    }

    fn is_over_full(&self) -> bool {
        self.secrets.len() > MOST || self.bytes > MOST_BYTES
    }
}

/// A secret as it may stand in a text that was brought to the plainest spelling: as it is, and in base64
/// (HTTP, SMTP), where it looks different behind one byte or two.
fn spellings(secret: &str) -> impl Iterator<Item = Vec<u8>> {
    let encoded = [(0, 0), (1, 2), (2, 3)].map(|(before, tainted)| {
        let encoded = STANDARD.encode([&[0; 2][..before], secret.as_bytes()].concat());
        Plainest::of(&encoded[tainted..]).bytes
    });
    let told = encoded.into_iter().enumerate().filter(|(before, encoded)| *before == 0 || encoded.len() >= RUN);
    std::iter::once(Plainest::of(secret).bytes).chain(told.map(|(_, encoded)| encoded))
}

/// A text that is looked through, in time linear to it and to the secrets.
struct Search {
    plainest: Plainest,
    /// Each run of the text, and whether it is one of a secret, too.
    runs: HashMap<[u8; RUN], bool>,
    /// Where the text was cut.
    cuts: Vec<usize>,
    found: Vec<Range<usize>>,
}

impl Search {
    fn of(text: &str) -> Self {
        let plainest = Plainest::of(text);
        let runs = runs(&plainest.bytes).map(|run| (run, false)).collect();
        let is_cut =
            |at: &usize| plainest.bytes[*at..].starts_with(CUT.as_bytes()) && !plainest.bytes[..*at].ends_with(b".");
        let cuts = (0..plainest.bytes.len()).filter(is_cut).collect();
        Self { plainest, runs, cuts, found: Vec::new() }
    }

    fn look_for(&mut self, secret: &[u8]) {
        for run in runs(secret) {
            if let Some(found) = self.runs.get_mut(&run) {
                *found = true;
            }
        }
        let text = &self.plainest.bytes;
        if secret.len() < RUN {
            let places = text.windows(secret.len()).enumerate().filter(|(_, window)| *window == secret);
            let words = places.map(|(at, _)| at..at + secret.len()).filter(|place| self.plainest.is_word(place));
            self.found.extend(words);
        }
        for cut in &self.cuts {
            let begun = (BEGINNING..RUN.min(secret.len())).rfind(|length| text[..*cut].ends_with(&secret[..*length]));
            self.found.extend(begun.map(|length| cut - length..*cut));
        }
    }

    /// The text without what was found in it.
    fn masked(mut self, text: &str, names: &[String]) -> String {
        let runs = runs(&self.plainest.bytes).enumerate().filter(|(_, run)| self.runs[run]);
        self.found.extend(runs.map(|(at, _)| at..at + RUN));
        let found = merged(std::mem::take(&mut self.found));
        if found.is_empty() {
            return text.to_owned();
        }
        let names: Vec<_> = names.iter().map(|name| Plainest::of(name).bytes).collect();
        let mut masked = String::with_capacity(text.len());
        let mut end = 0;
        for place in found {
            let origin = self.plainest.origin(&place);
            if !origin.is_empty() && !self.is_shown(&place, &names) {
                masked.push_str(&text[end..origin.start]);
                masked.push_str("***");
                end = origin.end;
            }
        }
        masked + &text[end..]
    }

    /// Whether what was found is (a part of) a name that is shown, or a word of our own.
    fn is_shown(&self, place: &Range<usize>, names: &[Vec<u8>]) -> bool {
        let Plainest { bytes, .. } = &self.plainest;
        let is_in = |name: &Vec<u8>| {
            let first = place.end.saturating_sub(name.len());
            (first..=place.start)
                .any(|start| bytes[start..].starts_with(name) && self.plainest.is_word(&(start..start + name.len())))
        };
        names.iter().any(is_in) || (self.plainest.is_word(place) && OUR_WORDS.contains(&bytes[place.clone()]))
    }
}

/// The words of the catalogue: `password`, `user`, `check`.
static OUR_WORDS: LazyLock<HashSet<&'static [u8]>> = LazyLock::new(|| {
    let texts = catalogue::ALL.iter().flat_map(|code| [code.what, code.next_step]);
    texts.flat_map(|text| text.split(|c: char| !c.is_ascii_alphanumeric())).map(str::as_bytes).collect()
});

fn runs(bytes: &[u8]) -> impl Iterator<Item = [u8; RUN]> {
    bytes.windows(RUN).filter_map(|run| run.try_into().ok())
}

/// Places that overlap or touch become one.
fn merged(mut places: Vec<Range<usize>>) -> Vec<Range<usize>> {
    places.sort_by_key(|place| place.start);
    let mut merged: Vec<Range<usize>> = Vec::new();
    for place in places {
        match merged.last_mut() {
            Some(last) if place.start <= last.end => last.end = last.end.max(place.end),
            _ => merged.push(place),
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::*;

    fn knowing(secrets: &[&str]) -> Redactor {
        let mut redactor = Redactor::new();
        secrets.iter().for_each(|secret| redactor.add(secret));
        redactor
    }

    #[test]
    fn every_spelling_of_a_secret_is_taken_out() {
        let redactor = knowing(&["hunter2", "ab", "SEKRIT\u{1}\u{200b}TAIL", r#"a"b<c>&'\d"#, "grüße aus/Köln"]);
        for (said, shown) in [
            ("hunter2 aGVudGVy ab abc", "*** aGVudGVy *** abc"),
            ("Basic aHVudGVyMg==", "Basic ***"),
            (r"QQ SEKRIT\x01\xe2\x80\x8bTAIL and SEKRIT\u{1}\u{200b}TAIL", "QQ *** and ***"),
            (r#"a\"b<c>&'\\d"#, "***"),
            ("a&quot;b&lt;c&gt;&amp;&#39;\\d", "***"),
            ("a&quot;b&lt;c&gt;&amp;&#x27;\\d", "***"),
            (r#"{"q":"gr\u00fc\u00dfe aus\/K\u00f6ln"}"#, r#"{"q":"***"}"#),
            ("q=gr%C3%BC%c3%9fe+aus%2FK%C3%B6ln&r", "q=***&r"),
            ("GRüßE AUS", "***"),
        ] {
            assert_eq!(redactor.mask(said), shown, "{said}");
        }
    }

    #[test]
    fn any_run_of_a_secret_is_taken_out_also_within_base64() {
        let redactor = knowing(&["correct horse battery"]);
        assert_eq!(redactor.mask("got `rse batter`, `orrect`"), "got `***`, `orrect`");
        for before in ["", "a", "ab", "abc"] {
            let said = redactor.mask(&STANDARD.encode(format!("{before}correct horse batteryz")));
            assert!(said.contains("***") && said.len() < 15, "{said}");
        }
    }

    #[test]
    fn the_parts_of_a_secret_are_secrets() {
        for (secret, said, shown) in [
            ("Bearer t0k3n", "bad token t0k3n", "bad token ***"),
            ("Basic dXNlcjpwYXMh", "user, pas! (user:pas!)", "user, *** (***)"),
            ("sid=ab12; lang=de", "no session ab12 de", "no session *** de"),
            ("user=bob&pin=s3c%52et", "input s3cret, bob", "input ***, bob"),
            (r#"{"user": "bob", "k": ["s3cr3t", 4711]}"#, "s3cr3t 4711 bob", "*** *** bob"),
        ] {
            assert_eq!(knowing(&[secret]).mask(said), shown, "{secret}");
        }
    }

    #[test]
    fn a_secret_that_was_cut_is_taken_out_too() {
        let redactor = knowing(&["hunter2 horse"]);
        for (text, shown) in [
            ("got hunter2 ho..., wanted hunt...", "got ***..., wanted ***..."),
            ("got hu... or hunter3...", "got hu... or hunter3..."),
            ("q=hunter2+horse&r=hunter2%20horse", "q=***&r=***"),
            ("......hunt......", "......***......"),
        ] {
            assert_eq!(redactor.mask(text), shown);
        }
        let long = redactor.clean(&["x".repeat(190).as_str(), " hunter2 horse"].concat());
        assert!(long.ends_with("x ***"), "{long}");
    }

    #[test]
    fn names_that_are_shown_and_words_of_our_own_stay() {
        let mut redactor = knowing(&["postgres", "password", "auth", "app_production1"]);
        redactor.show("postgres");
        redactor.show("app_production");
        for (said, shown) in [
            (
                "password authentication failed for user \"postgres\"",
                "password authentication failed for user \"postgres\"",
            ),
            ("user \"app_production\", app_production1", "user \"app_production\", ***"),
            ("xpostgres", "x***"),
        ] {
            assert_eq!(redactor.mask(said), shown);
        }
        let mut redactor = knowing(&["client_id=web&client_secret=s3cr3ts3cr3t"]);
        redactor.show_names_in("client_id=web&client_secret=s3cr3ts3cr3t");
        assert_eq!(redactor.mask("client_secret is wrong: s3cr3ts3cr3t"), "client_secret is wrong: ***");
        assert_eq!(redactor.mask("client_secret=s3cr3ts3cr3t"), "***");
    }

    #[test]
    fn clean_bounds_and_escapes_what_servers_say() {
        let clean = Redactor::default().clean(&format!("\u{1b}[31m\n{}", "x".repeat(1000)));
        assert!(clean.starts_with("\\u{1b}[31m\\nxxx"), "{clean}");
        assert!(clean.len() < 220, "{}", clean.len());
    }

    #[test]
    fn beyond_the_bound_nothing_that_others_say_is_shown() {
        let mut redactor = Redactor::new();
        (0..1_000).for_each(|number| redactor.add(&format!("secret number {number}")));
        assert_eq!(redactor.clean("secret number 999!"), "***!");
        (0..50_000).for_each(|number| redactor.add(&format!("more secrets {number}")));
        assert_eq!(redactor.clean("more secrets 49999!"), WITHHELD);
        assert_eq!(knowing(&[&"x".repeat(MOST_BYTES + 1)]).clean("hello"), WITHHELD);
    }

    #[test]
    fn the_largest_secrets_and_texts_take_linear_time() {
        let mut redactor = Redactor::new();
        (0..1_000).for_each(|number| redactor.add(&format!("{number:0>120}")));
        let began = std::time::Instant::now();
        for text in ["0".repeat(1 << 20), "x...".repeat(1 << 18), "%25".repeat(1 << 18)] {
            assert!(redactor.clean(&text).len() < 250);
        }
        assert!(began.elapsed().as_secs_f64() < 2.0, "{:?}", began.elapsed());
    }
}
