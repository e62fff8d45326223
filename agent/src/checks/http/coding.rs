//! What a body is packed in (RFC 9110 section 8.4), undone as it comes.

use flate2::write::{DeflateDecoder, GzDecoder, ZlibDecoder};
use std::io::{self, Write};

/// More than one is rare, and each of them needs memory.
const MOST_CODINGS: usize = 2;

/// A body, expanded as it comes, never beyond its limit.
pub(super) enum Expander {
    Plain(Bounded),
    Gzip(Box<Gzip>),
    Deflate(Box<Deflate>),
    Budgeted(Box<Budgeted>),
}

/// What lies between two codings: what comes out of the one may be much, and nothing of it come out of the other.
pub(super) struct Budgeted {
    inner: Expander,
    left: usize,
}

impl Expander {
    /// An expander for what `Content-Encoding` says, all lines of it in one; and what of it is not known, with
    /// which the bytes stay as they are.
    pub(super) fn new(encoding: &str, limit: usize) -> (Self, Option<String>) {
        let codings: Vec<_> = encoding.split(',').map(|one| one.trim().to_ascii_lowercase()).collect();
        // Servers write `none`, and their charset, for what is not packed.
        let is_none = |coding: &str| matches!(coding, "" | "identity" | "none" | "utf-8" | "8bit" | "binary");
        let codings: Vec<_> = codings.into_iter().filter(|coding| !is_none(coding)).collect();
        let is_known = |coding: &String| matches!(coding.as_str(), "gzip" | "x-gzip" | "deflate");
        let out = Self::Plain(Bounded { bytes: Vec::new(), limit });
        if codings.len() > MOST_CODINGS {
            return (out, Some(codings.join(", ")));
        }
        match codings.iter().find(|coding| !is_known(coding)) {
            Some(unknown) => (out, Some(unknown.clone())),
            // The last one was applied last.
            None => (codings.iter().fold(out, |out, coding| Self::around(coding, Self::budgeted(out, limit))), None),
        }
    }

    /// So that the work is bounded by what is wanted in the end.
    fn budgeted(inner: Self, limit: usize) -> Self {
        match inner {
            Self::Plain(_) => inner,
            inner => Self::Budgeted(Box::new(Budgeted { inner, left: limit.saturating_mul(4) })),
        }
    }

    fn around(coding: &str, out: Self) -> Self {
        match coding {
            "deflate" => Self::Deflate(Box::new(Deflate::Begun(Vec::new(), Some(out)))),
            _ => Self::Gzip(Box::new(Gzip { decoder: Some(GzDecoder::new(out)), next: Vec::new(), is_over: false })),
        }
    }

    /// Adds a piece; whether the limit was reached.
    ///
    /// # Errors
    /// The body is not what it is said to be.
    pub(super) fn push(&mut self, piece: &[u8]) -> io::Result<bool> {
        match self.write_all(piece).and_then(|()| self.flush()) {
            Ok(()) => Ok(false),
            Err(_) if self.out().is_full() || self.is_spent() => Ok(true),
            Err(error) => Err(error),
        }
    }

    /// What came out so far.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.out().bytes
    }

    /// Whether more would have to be undone than is wanted.
    fn is_spent(&self) -> bool {
        match self {
            Self::Plain(_) => false,
            Self::Budgeted(budgeted) => budgeted.left == 0 || budgeted.inner.is_spent(),
            Self::Gzip(gzip) => gzip.decoder.as_ref().is_some_and(|decoder| decoder.get_ref().is_spent()),
            Self::Deflate(deflate) => match &**deflate {
                Deflate::Begun(_, out) => out.as_ref().is_some_and(Self::is_spent),
                Deflate::Zlib(decoder) => decoder.get_ref().is_spent(),
                Deflate::Raw(decoder) => decoder.get_ref().is_spent(),
            },
        }
    }

    fn out(&self) -> &Bounded {
        match self {
            Self::Budgeted(budgeted) => budgeted.inner.out(),
            Self::Plain(out) => out,
            Self::Gzip(gzip) => gzip.decoder.as_ref().map_or(&NOTHING, |decoder| decoder.get_ref().out()),
            Self::Deflate(deflate) => match &**deflate {
                Deflate::Begun(_, out) => out.as_ref().map_or(&NOTHING, Self::out),
                Deflate::Zlib(decoder) => decoder.get_ref().out(),
                Deflate::Raw(decoder) => decoder.get_ref().out(),
            },
        }
    }
}

impl Write for Expander {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(out) => out.write(piece),
            Self::Budgeted(budgeted) => {
                budgeted.left = budgeted.left.saturating_sub(piece.len());
                if budgeted.left == 0 { Err(io::Error::other("enough")) } else { budgeted.inner.write(piece) }
            }
            Self::Gzip(gzip) => gzip.push(piece).map(|()| piece.len()),
            Self::Deflate(deflate) => deflate.push(piece).map(|()| piece.len()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(_) => Ok(()),
            Self::Budgeted(budgeted) => budgeted.inner.flush(),
            Self::Gzip(gzip) => gzip.decoder.as_mut().map_or(Ok(()), GzDecoder::flush),
            Self::Deflate(deflate) => match &mut **deflate {
                Deflate::Begun(..) => Ok(()),
                Deflate::Zlib(decoder) => decoder.flush(),
                Deflate::Raw(decoder) => decoder.flush(),
            },
        }
    }
}

/// Gzip (RFC 1952): members follow each other; zeros may fill up the rest, and gzip(1) takes other rests, too.
pub(super) struct Gzip {
    /// Of the member that is read. It is there but for the moment between two members.
    decoder: Option<GzDecoder<Expander>>,
    /// What came behind a member, while it may be the beginning of another one.
    next: Vec<u8>,
    is_over: bool,
}

impl Gzip {
    const BEGINNING: [u8; 2] = [0x1f, 0x8b];

    fn push(&mut self, piece: &[u8]) -> io::Result<()> {
        let held;
        let mut piece = piece;
        if !self.next.is_empty() {
            held = [&std::mem::take(&mut self.next), piece].concat();
            piece = &held;
            if !self.begin_next(piece)? {
                return Ok(());
            }
        }
        while let (false, Some(decoder)) = (piece.is_empty() || self.is_over, &mut self.decoder) {
            match decoder.write(piece)? {
                0 => {
                    if !self.begin_next(piece)? {
                        return Ok(());
                    }
                }
                length => piece = &piece[length..],
            }
        }
        Ok(())
    }

    /// A member has ended: whether these bytes begin another one, as far as it can be told.
    fn begin_next(&mut self, rest: &[u8]) -> io::Result<bool> {
        let begins = rest.iter().zip(Self::BEGINNING).all(|(byte, wanted)| *byte == wanted);
        self.is_over = !begins;
        if begins && rest.len() < Self::BEGINNING.len() {
            self.next = rest.to_vec();
            return Ok(false);
        }
        if !begins {
            return Ok(false);
        }
        if let Some(mut decoder) = self.decoder.take() {
            decoder.try_finish()?;
            self.decoder = Some(GzDecoder::new(decoder.finish()?));
        }
        Ok(true)
    }
}

/// Deflate: within zlib's form as it should be, or without, as some servers send it (RFC 9110 section 8.4.1.2).
pub(super) enum Deflate {
    /// It has still to be seen which of the two it is.
    Begun(Vec<u8>, Option<Expander>),
    Zlib(ZlibDecoder<Expander>),
    Raw(DeflateDecoder<Expander>),
}

impl Deflate {
    fn push(&mut self, piece: &[u8]) -> io::Result<()> {
        let held;
        let mut piece = piece;
        if let Self::Begun(begun, out) = self {
            begun.extend_from_slice(piece);
            let Some(&[method, check]) = begun.first_chunk() else { return Ok(()) };
            held = std::mem::take(begun);
            piece = &held;
            let Some(out) = out.take() else { return Ok(()) };
            // RFC 1950 section 2.2.
            let is_zlib = method & 0x0f == 8 && u16::from_be_bytes([method, check]) % 31 == 0;
            *self = if is_zlib { Self::Zlib(ZlibDecoder::new(out)) } else { Self::Raw(DeflateDecoder::new(out)) };
        }
        while !piece.is_empty() {
            let length = match self {
                Self::Begun(..) => 0,
                Self::Zlib(decoder) => decoder.write(piece)?,
                Self::Raw(decoder) => decoder.write(piece)?,
            };
            if length == 0 {
                // Behind the end.
                return Ok(());
            }
            piece = &piece[length..];
        }
        Ok(())
    }
}

/// What comes out, as far as there is room.
pub(super) struct Bounded {
    bytes: Vec<u8>,
    limit: usize,
}

static NOTHING: Bounded = Bounded { bytes: Vec::new(), limit: usize::MAX };

impl Bounded {
    const fn is_full(&self) -> bool {
        self.bytes.len() >= self.limit
    }
}

impl Write for Bounded {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        let room = self.limit - self.bytes.len();
        if room == 0 {
            return Err(io::Error::other("enough"));
        }
        let taken = piece.len().min(room);
        self.bytes.extend_from_slice(&piece[..taken]);
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut packed = GzEncoder::new(Vec::new(), Compression::best());
        packed.write_all(text).expect("in memory");
        packed.finish().expect("in memory")
    }

    /// What comes out when it comes in pieces of so many bytes.
    fn expanded(encoding: &str, packed: &[u8], size: usize) -> String {
        let (mut expander, unknown) = Expander::new(encoding, 1000);
        assert_eq!(unknown, None, "{encoding}");
        for piece in packed.chunks(size) {
            assert!(!expander.push(piece).unwrap_or_else(|error| panic!("{encoding}: {error}")));
        }
        String::from_utf8_lossy(expander.bytes()).into_owned()
    }

    #[test]
    fn every_form_of_a_coding_is_undone_whatever_the_size_of_the_pieces() {
        let (mut zlib, mut raw) =
            (ZlibEncoder::new(Vec::new(), Compression::best()), DeflateEncoder::new(Vec::new(), Compression::best()));
        zlib.write_all(b"one two").and_then(|()| raw.write_all(b"one two")).expect("in memory");
        let (zlib, raw) = (zlib.finish().expect("in memory"), raw.finish().expect("in memory"));
        let members = [gzip(b"one "), gzip(b""), gzip(b"two")].concat();
        for (encoding, packed) in [
            ("gzip", gzip(b"one two")),
            ("X-GZip", members.clone()),
            ("gzip", [&members, &[0; 70][..]].concat()),
            ("gzip", [&members, &b"\x1fgarbage"[..]].concat()),
            ("gzip, gzip", gzip(&members)),
            ("identity, gzip", members),
            ("deflate", [&zlib, &b"\0\0"[..]].concat()),
            ("deflate", raw.clone()),
            ("deflate, gzip", gzip(&raw)),
            ("none", b"one two".to_vec()),
            ("", b"one two".to_vec()),
        ] {
            for size in [1, 2, 3, 7, 1000] {
                assert_eq!(expanded(encoding, &packed, size), "one two", "{encoding} in pieces of {size}");
            }
        }
    }

    #[test]
    fn what_is_unknown_stays_as_it_is_and_is_named() {
        let (mut expander, unknown) = Expander::new("gzip, BR", 1000);
        assert_eq!(unknown.as_deref(), Some("br"));
        assert!(!expander.push(b"plain after all").expect("nothing to undo"));
        assert_eq!(expander.bytes(), b"plain after all");
    }

    #[test]
    fn a_compression_bomb_ends_at_the_limit() {
        let bomb = gzip(&vec![b'a'; 50 << 20]);
        for (encoding, packed) in [("gzip", bomb.clone()), ("gzip, gzip", gzip(&bomb))] {
            let (mut body, _) = Expander::new(encoding, 64 * 1024);
            assert!(body.push(&packed).expect("cut, not broken"), "{encoding}");
            assert_eq!(body.bytes().len(), 64 * 1024);
        }
    }

    #[test]
    fn codings_in_each_other_of_which_nothing_comes_out_end_at_their_budget() {
        let empty = gzip(b"").repeat(1 << 20);
        let packed = gzip(&empty);
        assert!(packed.len() < 64 * 1024, "{}", packed.len());
        let (mut body, unknown) = Expander::new("gzip, gzip", 1024);
        assert_eq!(unknown, None);
        assert!(body.push(&packed).expect("cut, not broken"));
        assert!(body.bytes().is_empty());
        assert_eq!(Expander::new("gzip, gzip, gzip", 1024).1.as_deref(), Some("gzip, gzip, gzip"));
    }

    #[test]
    fn what_is_not_what_it_is_said_to_be_is_an_error() {
        for encoding in ["gzip", "deflate"] {
            let (mut body, _) = Expander::new(encoding, 1000);
            assert!(body.push(b"\xff\xff\xff this is neither").is_err(), "{encoding}");
        }
    }
}
