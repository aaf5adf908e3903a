//! Whether a row fulfils a filter.

use std::cmp::Ordering;

use super::{Comparison, Condition, Filter, Meaning, Operand, Term, Test};
use crate::table::{Row, Value, Viewpoint};

impl Filter {
    /// Whether the row is shown.
    #[must_use]
    pub fn admits<R: Row>(&self, row: &R, at: &Viewpoint) -> bool {
        match &self.meaning {
            Meaning::Terms(terms) => terms.iter().all(|term| term.admits(row, at)),
            Meaning::Unreadable(_) => false,
        }
    }
}

impl Term {
    pub(super) fn admits<R: Row>(&self, row: &R, at: &Viewpoint) -> bool {
        let holds = match &self.test {
            Test::Word(word) => R::COLUMNS.iter().any(|column| {
                column.head.kind.has_words() && contains(&(column.value)(row, at), column.head.absent, word, at)
            }),
            Test::Field { column, condition, .. } => {
                let column = &R::COLUMNS[*column];
                condition.holds(&(column.value)(row, at), column.head.absent, at)
            }
        };
        holds != self.is_negated
    }
}

impl Condition {
    /// Of a value, or what is shown in its place where there is none. Nothing compares with what is absent.
    fn holds(&self, value: &Value, absent: &str, at: &Viewpoint) -> bool {
        match self {
            Self::Contains(wanted) => contains(value, absent, wanted, at),
            Self::Is(wanted) => match value {
                Value::Key(key) => undashed(key).eq_ignore_ascii_case(&undashed(wanted)),
                Value::State(word, _) => word.eq_ignore_ascii_case(wanted),
                value => text(value, absent, at) == *wanted,
            },
            Self::Compares(comparison, operand) => {
                let order = match (value, operand) {
                    (Value::Count(count), Operand::Count(other)) => count.cmp(other),
                    (Value::Span(span), Operand::Span(other)) => span.cmp(other),
                    (Value::Time(time), Operand::Time(beginning)) => {
                        at.telling.whole(*time).chars().take(beginning.len()).collect::<String>().cmp(beginning)
                    }
                    _ => return false,
                };
                comparison.admits(order)
            }
        }
    }
}

impl Comparison {
    fn admits(self, order: Ordering) -> bool {
        match self {
            Self::Less => order.is_lt(),
            Self::AtMost => order.is_le(),
            Self::Equal => order.is_eq(),
            Self::AtLeast => order.is_ge(),
            Self::More => order.is_gt(),
        }
    }
}

/// The dashes of a key are for people: it is found with and without them, as in the database.
fn contains(value: &Value, absent: &str, wanted: &str, at: &Viewpoint) -> bool {
    if let Value::Key(key) = value {
        let wanted = undashed(wanted);
        return !wanted.is_empty() && folded(&undashed(key)).contains(&folded(&wanted));
    }
    folded(&text(value, absent, at)).contains(&folded(wanted))
}

/// A text as it is stored, and everything else as it is shown.
fn text(value: &Value, absent: &str, at: &Viewpoint) -> String {
    match value {
        Value::Text(text) | Value::Key(text) => text.clone(),
        Value::Time(time) => at.telling.whole(*time),
        value => value.shown(absent, usize::MAX),
    }
}

fn undashed(text: &str) -> String {
    text.replace('-', "")
}

pub(super) fn folded(text: &str) -> String {
    text.to_ascii_lowercase()
}
