//! The language of `/`: which rows of a list are shown.
//!
//! A filter is a list of terms, and a row is shown if it fulfils all of them:
//!
//! | term | a row fulfils it if |
//! | --- | --- |
//! | `alice` | a text, key or state of it contains the word |
//! | `client:myDIRAC` | this field contains the text |
//! | `vo=lhcb` | this field is exactly that |
//! | `age<5m` `left<=60s` `live>3` `issued>=2026-11-25` | the span, number or time compares so |
//! | `!term` | it does not fulfil the term |
//!
//! Quotes hold blanks and signs together, and a doubled quote inside of them is a quote. Letters of ASCII match in either
//! case, as they do in the database; only `=` on a text is exact to the letter, because two subjects may differ in
//! nothing but case. A word is not looked for in numbers, spans and times: what matches would change with every second,
//! and `12` would match nearly everything; nor in remarks, which name what they find wrong.
//!
//! A text that cannot be read shows *nothing*. What it would show is anybody's guess, and the rows that are shown are
//! what is marked, copied and revoked.

mod complaint;
mod evaluate;
mod narrowing;
mod parse;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;

use std::fmt;
use std::time::Duration;

pub use narrowing::{Narrowing, Reach, States};

use crate::table::{Head, Row};

/// What was typed, read for the fields of one table. The default shows every row.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Filter {
    text: String,
    meaning: Meaning,
    narrowing: Narrowing,
}

#[derive(Clone, Debug, PartialEq)]
enum Meaning {
    /// Rows that fulfil all of these.
    Terms(Vec<Term>),
    /// None: the text cannot be read, for this reason.
    Unreadable(String),
}

impl Default for Meaning {
    fn default() -> Self {
        Self::Terms(Vec::new())
    }
}

impl Filter {
    /// Reads what was typed, for a table of `R`.
    #[must_use]
    pub fn of<R: Row>(text: &str) -> Self {
        if text.is_empty() {
            return Self::default();
        }
        let heads: Vec<Head> = R::COLUMNS.iter().map(|column| column.head).collect();
        let (meaning, narrowing) = match parse::terms(text, &heads) {
            Ok(terms) => {
                let narrowing = Narrowing::of(&terms, &heads, R::REACH);
                (Meaning::Terms(terms), narrowing)
            }
            Err(complaint) => (Meaning::Unreadable(complaint), Narrowing::default()),
        };
        Self { text: text.to_owned(), meaning, narrowing }
    }

    /// As it was typed.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether nothing was typed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Why the text cannot be read and what to write instead; `None` if it can be.
    #[must_use]
    pub fn complaint(&self) -> Option<&str> {
        match &self.meaning {
            Meaning::Terms(_) => None,
            Meaning::Unreadable(complaint) => Some(complaint),
        }
    }

    /// What the database can do of it.
    #[must_use]
    pub fn narrowing(&self) -> &Narrowing {
        &self.narrowing
    }
}

/// One condition.
#[derive(Clone, Debug, PartialEq)]
struct Term {
    is_negated: bool,
    test: Test,
}

#[derive(Clone, Debug, PartialEq)]
enum Test {
    /// Any text, key or state contains this.
    Word(String),
    /// The field in this place of the table is so.
    Field { column: usize, field: &'static str, condition: Condition },
}

/// What must be true of a field.
#[derive(Clone, Debug, PartialEq)]
enum Condition {
    /// It contains this text.
    Contains(String),
    /// It is exactly this text.
    Is(String),
    /// It compares so with a value of its kind.
    Compares(Comparison, Operand),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Comparison {
    Less,
    AtMost,
    Equal,
    AtLeast,
    More,
}

#[derive(Clone, Debug, PartialEq)]
enum Operand {
    Count(u64),
    Span(Duration),
    /// The beginning of a time as it is written, `2026-11-25 14`: as much of a row's time is compared with it.
    Time(String),
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Less => "<",
            Self::AtMost => "<=",
            Self::Equal => "=",
            Self::AtLeast => ">=",
            Self::More => ">",
        })
    }
}

/// As it can be typed.
impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_negated {
            f.write_str("!")?;
        }
        match &self.test {
            Test::Word(word) => f.write_str(&quoted(word)),
            Test::Field { field, condition, .. } => match condition {
                Condition::Contains(text) => write!(f, "{field}:{}", quoted(text)),
                Condition::Is(text) => write!(f, "{field}={}", quoted(text)),
                Condition::Compares(comparison, operand) => write!(f, "{field}{comparison}{operand}"),
            },
        }
    }
}

impl fmt::Display for Operand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(count) => write!(f, "{count}"),
            Self::Span(span) => f.write_str(&quoted(&humantime::format_duration(*span).to_string())),
            Self::Time(time) => f.write_str(&quoted(time)),
        }
    }
}

/// Quotes always mean the text itself.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}
