//! What is told of a failure: whose words are whose.

use std::net::IpAddr;
use std::num::NonZero;

/// A sentence of ours, with what others said in it.
///
/// Our own words are constants: they tell nothing, and stay as they are. Whatever else there is to say (a
/// server's answer, a library's error, a value of the file) is looked through by the
/// [`Redactor`](super::Redactor) when it is told, part by part.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sentence(pub(super) Vec<Words>);

#[derive(Clone, Debug)]
pub(super) enum Words {
    Ours(String),
    Said(String),
}

/// A [`Sentence`] made of several parts, each a constant, a number, an address or what [`theirs`] takes.
macro_rules! sentence {
    [$($part:expr),+ $(,)?] => {{
        let mut sentence = $crate::secret::Sentence::default();
        $(sentence.push($part);)+
        sentence
    }};
}
pub(crate) use sentence;

/// What somebody else says, as a part of a sentence.
pub(crate) fn theirs(text: &(impl ToString + ?Sized)) -> Sentence {
    Sentence(vec![Words::Said(text.to_string())])
}

/// What was put together of our own words alone, as a part of a sentence.
pub(crate) fn ours(text: &(impl ToString + ?Sized)) -> Sentence {
    Sentence(vec![Words::Ours(text.to_string())])
}

impl Sentence {
    /// Adds what follows.
    pub(crate) fn push(&mut self, part: impl Into<Self>) {
        self.0.extend(part.into().0);
    }

    /// All of it as one text, which is still to be looked through.
    pub(crate) fn plain(&self) -> String {
        self.0
            .iter()
            .map(|words| match words {
                Words::Ours(text) | Words::Said(text) => text.as_str(),
            })
            .collect()
    }

    /// Several sentences in one, with this between them.
    pub(crate) fn join(sentences: impl IntoIterator<Item = Self>, between: &'static str) -> Self {
        let mut joined = Self::default();
        for sentence in sentences {
            if !joined.0.is_empty() {
                joined.push(between);
            }
            joined.push(sentence);
        }
        joined
    }
}

/// A constant.
impl From<&'static str> for Sentence {
    fn from(text: &'static str) -> Self {
        ours(text)
    }
}

/// Whoever put it together: it is looked through.
impl From<String> for Sentence {
    fn from(text: String) -> Self {
        Self(vec![Words::Said(text)])
    }
}

impl From<&String> for Sentence {
    fn from(text: &String) -> Self {
        theirs(text)
    }
}

macro_rules! ours {
    ($($type:ty)+) => {$(
        impl From<$type> for Sentence {
            fn from(value: $type) -> Self {
                ours(&value)
            }
        }
    )+};
}

ours! { u8 u16 u32 u64 usize i32 i64 NonZero<u16> IpAddr }
