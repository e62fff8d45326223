//! The MD5 digest (RFC 1321), which HTTP Digest authentication and squid's password file still use.

use crate::hex::hex;

/// Left rotations of the four rounds, four each.
const ROTATIONS: [[u32; 4]; 4] = [[7, 12, 17, 22], [5, 9, 14, 20], [4, 11, 16, 23], [6, 10, 15, 21]];

/// The digest of `message` in lower-case hexadecimal.
pub(crate) fn digest(message: &[u8]) -> String {
    let mut state = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476];
    for block in padded(message).chunks_exact(64) {
        absorb(&mut state, block);
    }
    hex(state.map(u32::to_le_bytes).as_flattened())
}

/// The message, a one bit, zeros, and the message's length in bits: a multiple of 64 bytes.
fn padded(message: &[u8]) -> Vec<u8> {
    let mut padded = message.to_vec();
    padded.push(0x80);
    padded.resize(padded.len().next_multiple_of(64), 0);
    if padded.len() < message.len() + 9 {
        padded.resize(padded.len() + 64, 0);
    }
    let bits = (message.len() as u64).wrapping_mul(8).to_le_bytes();
    let end = padded.len() - bits.len();
    padded[end..].copy_from_slice(&bits);
    padded
}

/// One block of 64 bytes: 64 steps in four rounds.
fn absorb(state: &mut [u32; 4], block: &[u8]) {
    let words = block.chunks_exact(4).map(|w| u32::from_le_bytes([w[0], w[1], w[2], w[3]])).collect::<Vec<_>>();
    let sines = sines();
    let [mut a, mut b, mut c, mut d] = *state;
    for step in 0..64 {
        let (mixed, word) = match step / 16 {
            0 => (b & c | !b & d, step),
            1 => (d & b | !d & c, (5 * step + 1) % 16),
            2 => (b ^ c ^ d, (3 * step + 5) % 16),
            _ => (c ^ (b | !d), 7 * step % 16),
        };
        let sum = a.wrapping_add(mixed).wrapping_add(sines[step]).wrapping_add(words[word]);
        let turned = b.wrapping_add(sum.rotate_left(ROTATIONS[step / 16][step % 4]));
        (a, d, c, b) = (d, c, b, turned);
    }
    for (word, addend) in state.iter_mut().zip([a, b, c, d]) {
        *word = word.wrapping_add(addend);
    }
}

/// The table T: the integer part of 2^32 times |sin(i)|, i from 1 to 64 in radians.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the integer part is what is wanted, and it is positive"
)]
fn sines() -> [u32; 64] {
    let mut table = [0; 64];
    for (entry, angle) in table.iter_mut().zip(1_u32..) {
        *entry = (f64::from(angle).sin().abs() * 4_294_967_296.0) as u32;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::digest;

    #[test]
    fn the_test_suite_of_rfc_1321_holds() {
        let digits = "1234567890".repeat(8);
        let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
        assert_eq!(digest(b""), "d41d8cd98f00b204e9800998ecf8427e");
        assert_eq!(digest(b"a"), "0cc175b9c0f1b6a831c399e269772661");
        assert_eq!(digest(b"abc"), "900150983cd24fb0d6963f7d28e17f72");
        assert_eq!(digest(b"message digest"), "f96b697d7cb7938d525a2f31aaf161d0");
        assert_eq!(digest(letters.as_bytes()), "d174ab98d277d9f5a5611c2c9f419d9f");
        assert_eq!(digest(digits.as_bytes()), "57edf4a22be3c955ac49da2e2107b67a");
    }
}
