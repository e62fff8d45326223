//! Numbers that are the same in every run: a case that fails can be seen again by its seed.

/// A source of numbers (Marsaglia, "Xorshift RNGs").
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// The numbers of a seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// One of 0 to `limit - 1`.
    pub fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap_or_default() % limit.max(1)
    }

    /// Whether this is the one case in so many.
    pub fn one_in(&mut self, many: usize) -> bool {
        self.below(many) == 0
    }

    /// One of them.
    ///
    /// # Panics
    /// When there is none.
    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }
}

/// How many cases a test has: `usual` ones, unless this variable says another number, as `cargo xtask` does
/// for the long forms.
///
/// # Panics
/// When it is not a number.
#[must_use]
pub fn count(variable: &str, usual: usize) -> usize {
    std::env::var(variable).ok().map_or(usual, |count| count.parse().expect("a number"))
}
