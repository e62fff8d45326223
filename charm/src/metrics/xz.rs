//! The form of compressed files that dashboards have to have, with nothing compressed: a compressor is many times as large as
//! what there is to be saved.
//!
//! Source: "The .xz File Format", version 1.2.1, sections 2 to 4; LZMA2's uncompressed chunks, in the kernel's
//! `lib/xz/xz_dec_lzma2.c`.

const MAGIC: [u8; 6] = [0xfd, b'7', b'z', b'X', b'Z', 0];
const MAGIC_AT_THE_END: [u8; 2] = *b"YZ";

/// The content is checked by CRC32.
const FLAGS: [u8; 2] = [0, 1];

/// One filter, of the number of LZMA2, with one byte of properties: the dictionary's size, of which the largest chunk needs
/// no more than this (64 KiB).
const FILTER: [u8; 4] = [0, 0x21, 1, 8];

/// The header of the block is filled up to twelve bytes, with its length and its CRC; the length is in words but for one.
const HEADER_WORDS: u8 = 2;

/// A chunk that is not compressed, the first of which empties the dictionary, and the end of all.
const FIRST: u8 = 1;
const FURTHER: u8 = 2;
const END: u8 = 0;

/// In bytes.
const LONGEST_CHUNK: usize = 1 << 16;

/// A whole file, with this content.
#[must_use]
pub(super) fn packed(content: &[u8]) -> Vec<u8> {
    let mut file = MAGIC.to_vec();
    file.extend(FLAGS);
    file.extend(crc32(&FLAGS).to_le_bytes());
    let start = file.len();
    file.extend(with_crc(&[&[HEADER_WORDS], &FILTER[..], &[0; 3]].concat()));
    for (index, chunk) in content.chunks(LONGEST_CHUNK).enumerate() {
        file.push(if index == 0 { FIRST } else { FURTHER });
        file.extend(u16::try_from(chunk.len() - 1).unwrap_or(u16::MAX).to_be_bytes());
        file.extend(chunk);
    }
    file.push(END);
    // The padding is not counted, the check is.
    let unpadded = file.len() - start + 4;
    pad(&mut file);
    file.extend(crc32(content).to_le_bytes());
    let index = index(unpadded, content.len());
    let words = u32::try_from(index.len() / 4 - 1).unwrap_or_default().to_le_bytes();
    file.extend(index);
    let footer = [&words[..], &FLAGS].concat();
    file.extend(crc32(&footer).to_le_bytes());
    file.extend(footer);
    file.extend(MAGIC_AT_THE_END);
    file
}

/// One record: how long the one block is, packed and unpacked.
fn index(packed: usize, unpacked: usize) -> Vec<u8> {
    let mut index = vec![0, 1];
    for mut number in [packed, unpacked] {
        while number > 0x7f {
            index.push(u8::try_from(number & 0x7f).unwrap_or_default() | 0x80);
            number >>= 7;
        }
        index.push(u8::try_from(number).unwrap_or_default());
    }
    pad(&mut index);
    with_crc(&index)
}

/// Up to whole words.
fn pad(bytes: &mut Vec<u8>) {
    bytes.resize(bytes.len().next_multiple_of(4), 0);
}

fn with_crc(bytes: &[u8]) -> Vec<u8> {
    [bytes, &crc32(bytes).to_le_bytes()].concat()
}

/// IEEE 802.3's, as section 6 has it.
fn crc32(bytes: &[u8]) -> u32 {
    let shift = |crc: u32, _| if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 };
    !bytes.iter().fold(u32::MAX, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), shift))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;
    use std::process::{Command, Stdio};

    /// As xz(1) reads it.
    fn unpacked(file: &[u8]) -> Vec<u8> {
        let mut xz = Command::new("xz");
        let xz = xz.args(["--decompress", "--stdout"]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut xz = xz.spawn().expect("xz is there: apt-get install xz-utils");
        let (mut stdin, file) = (xz.stdin.take().expect("a pipe"), file.to_owned());
        let writer = std::thread::spawn(move || stdin.write_all(&file).expect("it reads"));
        let output = xz.wait_with_output().expect("it ends");
        writer.join().expect("written");
        assert!(output.status.success(), "{output:?}");
        output.stdout
    }

    #[test]
    fn what_is_packed_is_unpacked_by_the_program_itself() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
        for length in [1, 2, 3, 4, 100, 127, 128, 65_535, 65_536, 65_537, 200_000] {
            let content: Vec<u8> = (0..length).map(|index| u8::try_from(index % 251).expect("a byte")).collect();
            assert_eq!(unpacked(&packed(&content)), content, "{length}");
        }
    }
}
