//! Many runs of one side, and what they have in common.

use crate::scales::Weight;
use std::fmt;
use std::time::Duration;

/// The runs of one side.
pub(crate) struct Series(pub(crate) Vec<Weight>);

impl Series {
    /// Milliseconds of every run, as `of` sees it.
    fn times(&self, of: impl Fn(&Weight) -> Duration) -> Vec<f64> {
        self.0.iter().map(|weight| of(weight).as_secs_f64() * 1000.0).collect()
    }

    pub(crate) fn elapsed(&self) -> Vec<f64> {
        self.times(|weight| weight.elapsed)
    }

    pub(crate) fn processor(&self) -> Vec<f64> {
        self.times(|weight| weight.processor)
    }

    /// The median peak of memory, MB.
    pub(crate) fn megabytes(&self) -> f64 {
        let kibibytes: Vec<_> = self.0.iter().map(|weight| u32::try_from(weight.peak).unwrap_or(u32::MAX)).collect();
        median(kibibytes.into_iter().map(|kibibytes| f64::from(kibibytes) * 1024.0 / 1e6).collect())
    }
}

impl fmt::Display for Series {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let times = self.elapsed();
        let (least, most) =
            times.iter().fold((f64::MAX, 0.0_f64), |(least, most), time| (least.min(*time), most.max(*time)));
        let (middle, processor) = (median(times), median(self.processor()));
        write!(f, "{least:9.2} {middle:9.2} {most:9.2} {processor:14.2} {:11.1}", self.megabytes())
    }
}

/// The middle one, or the mean of the middle two; of nothing, nothing.
pub(crate) fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    let half = numbers.len() / 2;
    match numbers.len() {
        0 => 0.0,
        length if length % 2 == 1 => numbers[half],
        _ => f64::midpoint(numbers[half - 1], numbers[half]),
    }
}

/// The median of the ratios of what was measured side by side.
pub(crate) fn median_ratio(ours: &[f64], theirs: &[f64]) -> f64 {
    median(ours.iter().zip(theirs).map(|(ours, theirs)| ours / theirs).collect())
}
