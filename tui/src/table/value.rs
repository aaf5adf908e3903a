//! What a field of a row holds, and how it is read by people, compared and written down.

use std::cmp::Ordering;
use std::time::Duration;

use authdb_shared::Timestamp;

use crate::draw::format::{harmless, number, span};

/// What a field of a row holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Nothing, or nothing that is known.
    Absent,
    /// Text as it is stored: it may be hostile, and is made harmless where it is shown.
    Text(String),
    /// A key. Its end is what differs between keys of the same minute.
    Key(String),
    /// A state. Lists that are sorted by it have the least rank first.
    State(String, u8),
    /// How many.
    Count(u64),
    /// How long.
    Span(Duration),
    /// When.
    Time(Timestamp),
}

impl Value {
    /// A text, where there is one.
    #[must_use]
    pub fn text(text: Option<&str>) -> Self {
        text.map_or(Self::Absent, |text| Self::Text(text.to_owned()))
    }

    /// A span, where there is one.
    #[must_use]
    pub fn span(span: Option<Duration>) -> Self {
        span.map_or(Self::Absent, Self::Span)
    }

    /// A time, where it is known.
    #[must_use]
    pub fn time(time: Option<Timestamp>) -> Self {
        time.map_or(Self::Absent, Self::Time)
    }

    /// As it stands in a list whose column is `width` cells wide: harmless, but not cut yet.
    #[must_use]
    pub fn shown(&self, absent: &str, width: usize) -> String {
        match self {
            Self::Absent => absent.to_owned(),
            Self::Text(text) => harmless(text),
            Self::Key(key) => {
                let key = harmless(key);
                if key.chars().count() > width { format!("…{}", tail(&key, width.saturating_sub(1))) } else { key }
            }
            Self::State(word, _) => harmless(word),
            Self::Count(count) => number(*count),
            Self::Span(length) => span(*length),
            Self::Time(time) => time.to_string(),
        }
    }

    /// The order of two values of one field, from small to large; what is absent has no place in it.
    #[must_use]
    pub fn order(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Text(one) | Self::Key(one), Self::Text(two) | Self::Key(two)) => {
                let folded = |text: &str| text.to_lowercase();
                folded(one).cmp(&folded(two)).then_with(|| one.cmp(two))
            }
            (Self::State(one, rank), Self::State(two, other)) => rank.cmp(other).then_with(|| one.cmp(two)),
            (Self::Count(one), Self::Count(two)) => one.cmp(two),
            (Self::Span(one), Self::Span(two)) => one.cmp(two),
            (Self::Time(one), Self::Time(two)) => one.cmp(two),
            _ => Ordering::Equal,
        }
    }

    /// Whether the row has nothing here.
    #[must_use]
    pub fn is_absent(&self) -> bool {
        *self == Self::Absent
    }
}

/// The last `count` characters of a text.
#[must_use]
pub fn tail(text: &str, count: usize) -> String {
    text.chars().skip(text.chars().count().saturating_sub(count)).collect()
}
