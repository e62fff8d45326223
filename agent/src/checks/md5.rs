//! MD5, where a protocol has passwords hashed by it.

use ::md5::{Digest as _, Md5};
use std::fmt::Write as _;

/// The digest of these parts, one after the other, in small hexadecimal letters.
pub(super) fn hex(parts: &[&[u8]]) -> String {
    let mut hash = Md5::new();
    parts.iter().for_each(|part| hash.update(part));
    hash.finalize().iter().fold(String::new(), |mut hex, byte| {
        // A text takes everything.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 1321, section A.5.
    #[test]
    fn digests_are_those_of_the_standard() {
        assert_eq!(hex(&[]), "d41d8cd98f00b204e9800998ecf8427e");
        assert_eq!(hex(&[b"a", b"bc"]), "900150983cd24fb0d6963f7d28e17f72");
    }
}
