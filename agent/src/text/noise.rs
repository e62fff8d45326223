//! Random numbers for tests that damage what they read.

/// Marsaglia's xorshift (2003): the same numbers in every run.
pub(crate) struct Noise(u64);

impl Default for Noise {
    fn default() -> Self {
        Self(0x9e37_79b9_7f4a_7c15)
    }
}

impl Noise {
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % limit
    }

    /// So many bytes, all below `range`.
    pub(crate) fn bytes(&mut self, length: usize, range: usize) -> Vec<u8> {
        (0..length).map(|_| u8::try_from(self.below(range)).unwrap()).collect()
    }

    /// Puts other bytes in the place of one to `most` of these.
    pub(crate) fn damage(&mut self, bytes: &mut [u8], most: usize) {
        for _ in 0..=self.below(most) {
            let at = self.below(bytes.len());
            bytes[at] = u8::try_from(self.below(256)).unwrap();
        }
    }
}
