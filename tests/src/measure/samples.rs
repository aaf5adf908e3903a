//! Durations of one thing done many times.

use std::time::Duration;

/// Durations, in the order in which they were measured.
#[derive(Debug, Clone, Default)]
pub struct Samples(Vec<Duration>);

impl Samples {
    /// One more.
    pub fn push(&mut self, duration: Duration) {
        self.0.push(duration);
    }

    /// All of another series, behind these.
    pub fn append(&mut self, mut others: Self) {
        self.0.append(&mut others.0);
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// The middle one; zero if there is none.
    #[must_use]
    pub fn median(&self) -> Duration {
        self.per_mille(500)
    }

    /// The one that 99 of 100 do not exceed.
    #[must_use]
    pub fn p99(&self) -> Duration {
        self.per_mille(990)
    }

    /// The longest.
    #[must_use]
    pub fn max(&self) -> Duration {
        self.per_mille(1000)
    }

    /// Their mean.
    #[must_use]
    pub fn mean(&self) -> Duration {
        let count = u32::try_from(self.0.len()).unwrap_or(u32::MAX);
        self.0.iter().sum::<Duration>().checked_div(count).unwrap_or_default()
    }

    /// The smallest one that so many of a thousand do not exceed.
    fn per_mille(&self, share: usize) -> Duration {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        let rank = (sorted.len() * share).div_ceil(1000).max(1);
        sorted.get(rank - 1).copied().unwrap_or_default()
    }
}

impl FromIterator<Duration> for Samples {
    fn from_iter<I: IntoIterator<Item = Duration>>(durations: I) -> Self {
        Self(durations.into_iter().collect())
    }
}

/// How many times as long as `other` something took.
#[must_use]
pub fn ratio(one: Duration, other: Duration) -> f64 {
    one.as_secs_f64() / other.as_secs_f64()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Samples;

    #[test]
    fn shares_are_counted_from_the_shortest() {
        let samples: Samples = (1..=200).rev().map(Duration::from_millis).collect();
        assert_eq!(samples.median(), Duration::from_millis(100));
        assert_eq!(samples.p99(), Duration::from_millis(198));
        assert_eq!(samples.max(), Duration::from_millis(200));
        assert_eq!(samples.mean(), Duration::from_micros(100_500));
    }

    #[test]
    fn a_series_of_one_is_its_own_median() {
        let samples: Samples = [Duration::from_millis(7)].into_iter().collect();
        assert_eq!((samples.median(), samples.p99(), samples.max()), (samples.mean(), samples.mean(), samples.mean()));
        assert_eq!(Samples::default().max(), Duration::ZERO);
    }
}
