//! Tables of columns: what a row of each kind consists of.
//!
//! Each kind of row has one table, and everything about its fields comes from there: the list's columns and their heads,
//! the details, sorting and filtering. A field that is added to the table is known to all
//! of them, and none can disagree with another about what it holds. What is copied or exported has the fields of the verbs'
//! output, so that a program reads both alike.

mod authorization_flows;
mod device_flows;
mod flows;
mod journal;
mod subjects;
mod tokens;
mod value;

use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;

use authdb_shared::anomaly::Anomaly;
use authdb_shared::liveness::{FlowState, Liveness};
use authdb_shared::{Policy, Timestamp};
pub use value::{Value, tail};

use crate::filter::Reach;
use crate::telling::Telling;
use crate::veil::Veil;
use crate::verbs::output::{Field, Moment, values};

/// A row by the fields of the verbs' output, names and values in their order.
pub type Record = Vec<(&'static str, serde_json::Value)>;

/// What a field depends on besides its row.
#[derive(Clone, Debug)]
pub struct Viewpoint {
    /// The database's time.
    pub now: Timestamp,
    /// Lifetimes.
    pub policy: Policy,
    /// How times are told.
    pub telling: Telling,
    /// What hides who people are.
    pub veil: Arc<Veil>,
}

/// What the way a text looks says about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Nothing.
    Plain,
    /// That it is seldom needed, or over.
    Faint,
    /// That it is what the row is about.
    Strong,
    /// That it works, or was done.
    Good,
    /// That it waits for somebody.
    Waiting,
    /// That something is on its way.
    Active,
    /// That it failed.
    Bad,
    /// That it ends within a minute.
    Urgent,
    /// That it should not be.
    Odd,
}

impl Role {
    /// Of a flow in this state.
    #[must_use]
    pub fn of_flow(state: FlowState) -> Self {
        match state {
            FlowState::Pending { .. } => Self::Waiting,
            FlowState::Ready { .. } => Self::Active,
            FlowState::Done => Self::Good,
            FlowState::Error => Self::Bad,
            FlowState::Stale { .. } => Self::Faint,
            FlowState::Unrecognised => Self::Odd,
        }
    }

    /// Of a token of this liveness.
    #[must_use]
    pub fn of_token(liveness: Liveness) -> Self {
        match liveness {
            Liveness::Live { .. } => Self::Good,
            Liveness::Expired { .. } | Liveness::Revoked => Self::Faint,
            Liveness::Undated | Liveness::Unrecognised => Self::Odd,
            Liveness::FromTheFuture { .. } => Self::Bad,
        }
    }

    /// Of time that may be running out.
    #[must_use]
    pub fn of_left(left: Option<std::time::Duration>) -> Self {
        if left.is_some_and(|left| left.as_secs() < 60) { Self::Urgent } else { Self::Plain }
    }
}

/// What of a column is shown to whoever looks at a screen that is shared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Discretion {
    /// Nothing, as long as its table does not say more.
    #[default]
    Hidden,
    /// A name in place of each value, by this noun.
    Alias(&'static str),
    /// The same in place of what stands behind a VO and its colon.
    AliasBehindVo(&'static str),
    /// Everything: the values name nobody.
    Open,
}

/// How wide a column is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Width {
    /// So many cells.
    Cells(usize),
    /// So many cells, or so many where the terminal is wide.
    CellsOrWide(usize, usize),
    /// A share of what the others leave.
    Rest(usize),
    /// Not in the list: the field stands in the details, can be filtered by, and is exported.
    Unlisted,
}

/// What kind of values a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Texts and keys.
    Text,
    /// States.
    State,
    /// Sentences about the row, which are worked out and stored nowhere.
    Remark,
    /// Numbers.
    Count,
    /// Spans of time.
    Span,
    /// Points in time.
    Time,
}

impl Kind {
    /// Whether a word of a filter is looked for in values of this kind.
    #[must_use]
    pub fn has_words(self) -> bool {
        matches!(self, Self::Text | Self::State)
    }
}

/// What is known of a column without a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// The name of the field: in filters, exports and the configuration.
    pub field: &'static str,
    /// What stands above the column, and before the field in the details.
    pub title: &'static str,
    /// How wide it is.
    pub width: Width,
    /// What it holds.
    pub kind: Kind,
    /// Whether it is aligned to the right.
    pub is_right: bool,
    /// Terminals narrower than this do without it.
    pub from: u16,
    /// What is shown where the row has nothing.
    pub absent: &'static str,
}

/// A time that a row knows of.
pub type TimeOf<R> = fn(&R) -> Option<Timestamp>;

impl Head {
    /// The same for a list that was told to show it: whatever the terminal's width is, and also where it usually is not shown.
    #[must_use]
    pub fn chosen(self) -> Self {
        let width = match (self.width, self.kind) {
            (Width::Unlisted, Kind::Time) => Width::Cells(TIME),
            (Width::Unlisted, Kind::Text | Kind::State | Kind::Remark) => Width::Rest(3),
            (Width::Unlisted, Kind::Count | Kind::Span) => Width::Cells(8),
            (width, _) => width,
        };
        Self { width, from: 0, ..self }
    }
}

/// A column of a table of `R`.
pub struct Column<R: 'static> {
    /// What is known of it without a row.
    pub head: Head,
    /// What a row holds in it.
    pub value: fn(&R, &Viewpoint) -> Value,
    /// What its look says.
    pub role: fn(&R, &Viewpoint) -> Role,
    /// How much is left of a whole, as a bar before the value where the column has room for it.
    pub gauge: fn(&R, &Viewpoint) -> Option<(Duration, Duration)>,
    /// The time that the value is an age of, and the head of the column where it is told as that time.
    pub since: Option<(&'static str, TimeOf<R>)>,
    /// What is shown of it on a screen that is shared.
    pub discretion: Discretion,
    /// What the list shows in place of any value, which stands in the details.
    pub mark: Option<&'static str>,
}

impl<R> Column<R> {
    /// A column of texts, aligned to the left, and hidden on a screen that is shared.
    pub const fn new(
        field: &'static str,
        title: &'static str,
        width: Width,
        value: fn(&R, &Viewpoint) -> Value,
    ) -> Self {
        Self {
            head: Head { field, title, width, kind: Kind::Text, is_right: false, from: 0, absent: "" },
            value,
            role: |_, _| Role::Plain,
            gauge: |_, _| None,
            since: None,
            discretion: Discretion::Hidden,
            mark: None,
        }
    }

    /// The same for values that are no texts. Words for states, numbers and times name nobody; a sentence may.
    #[must_use]
    pub const fn of(mut self, kind: Kind) -> Self {
        self.head.kind = kind;
        if !matches!(kind, Kind::Text | Kind::Remark) {
            self.discretion = Discretion::Open;
        }
        self
    }

    /// The same, whose values name nobody.
    #[must_use]
    pub const fn open(mut self) -> Self {
        self.discretion = Discretion::Open;
        self
    }

    /// The same, with a name by this noun in place of each value on a screen that is shared.
    #[must_use]
    pub const fn alias(mut self, noun: &'static str) -> Self {
        self.discretion = Discretion::Alias(noun);
        self
    }

    /// The same for what stands behind a VO, which is shown.
    #[must_use]
    pub const fn alias_behind_vo(mut self, noun: &'static str) -> Self {
        self.discretion = Discretion::AliasBehindVo(noun);
        self
    }

    /// The same, aligned to the right.
    #[must_use]
    pub const fn right(mut self) -> Self {
        self.head.is_right = true;
        self
    }

    /// The same for terminals of at least this width only.
    #[must_use]
    pub const fn from(mut self, width: u16) -> Self {
        self.head.from = width;
        self
    }

    /// The same with this text where the row has nothing.
    #[must_use]
    pub const fn absent(mut self, text: &'static str) -> Self {
        self.head.absent = text;
        self
    }

    /// The same for an age: where times are absolute, the list shows this time in its place, under this head.
    #[must_use]
    pub const fn since(mut self, title: &'static str, time: TimeOf<R>) -> Self {
        self.since = Some((title, time));
        self
    }

    /// What a row holds in it, as far as it is for everybody's eyes.
    #[must_use]
    pub fn shown(&self, row: &R, at: &Viewpoint) -> Value {
        at.veil.value((self.value)(row, at), self.discretion)
    }

    /// What is known of it without a row, seen from here.
    #[must_use]
    pub fn head_at(&self, at: &Viewpoint) -> Head {
        match self.since {
            Some((title, _)) if at.telling.is_absolute() => Head { title, width: Width::Cells(TIME), ..self.head },
            _ => self.head,
        }
    }

    /// The time that the list shows in place of the age, where it does.
    #[must_use]
    pub fn time_at(&self, row: &R, at: &Viewpoint) -> Option<Timestamp> {
        self.since.filter(|_| at.telling.is_absolute()).and_then(|(_, time)| time(row))
    }

    /// The column of what should not be about a row: a `!` in the list, and everywhere else sentences, which name VOs and
    /// addresses but nobody.
    pub const fn anomaly(sentences: fn(&R, &Viewpoint) -> Value) -> Self {
        let column = Self::new("anomaly", "!", Width::Cells(2), sentences).absent("nothing odd");
        Self { mark: Some("!"), role: |_, _| Role::Odd, ..column.of(Kind::Remark).open() }
    }

    /// The same with a bar of what is left of a whole.
    #[must_use]
    pub const fn gauge(mut self, gauge: fn(&R, &Viewpoint) -> Option<(Duration, Duration)>) -> Self {
        self.gauge = gauge;
        self
    }

    /// The same with a look that says something.
    #[must_use]
    pub const fn looks(mut self, role: fn(&R, &Viewpoint) -> Role) -> Self {
        self.role = role;
        self
    }
}

/// A row of a list.
pub trait Row: Sized + 'static {
    /// What identifies it.
    type Key: Clone + Eq + Hash;

    /// Its fields.
    const COLUMNS: &'static [Column<Self>];

    /// What the database can look for in them; by itself nothing.
    const REACH: Reach = Reach::NOTHING;

    /// Its key.
    fn key(&self) -> Self::Key;

    /// A key as people write it, whole: what is copied of a row.
    fn key_text(key: &Self::Key) -> String;

    /// The row by the fields of the verbs' output.
    fn record(&self, viewpoint: &Viewpoint) -> Record;
}

/// What a verb prints of a row.
fn record_of<R>(fields: &[Field<R>], row: &R, at: &Viewpoint) -> Record {
    values(fields, row, &Moment { now: at.now, policy: &at.policy })
}

/// Sentences about what should not be, or nothing.
fn sentences(anomalies: &[Anomaly]) -> Value {
    let sentences: Vec<String> = anomalies.iter().map(ToString::to_string).collect();
    if sentences.is_empty() { Value::Absent } else { Value::Text(sentences.join(" ")) }
}

/// Cells of a time in short.
const TIME: usize = 11;
/// Cells of time left, and of the same with a bar before it.
pub(crate) const LEFT: usize = 6;
pub(crate) const LEFT_WITH_BAR: usize = LEFT + 1 + BAR;
/// Cells of the bar.
pub(crate) const BAR: usize = 5;
/// Terminals narrower than this show only what an action needs.
pub const MEDIUM: u16 = 70;
/// Terminals of this width show whole keys.
pub const WIDE: u16 = 110;

#[cfg(test)]
mod tests {
    use authdb_shared::db::AdminAction;
    use authdb_shared::model::{AuthorizationFlow, DeviceFlow, RefreshToken, SubjectSummary};

    use super::*;

    fn fields<R: Row>() -> Vec<&'static str> {
        R::COLUMNS.iter().map(|column| column.head.field).collect()
    }

    #[test]
    fn a_column_whose_values_could_name_somebody_is_hidden_until_it_says_that_they_do_not() {
        let column = |kind| Column::<DeviceFlow>::new("new", "NEW", Width::Unlisted, |_, _| Value::Absent).of(kind);
        for kind in [Kind::Text, Kind::Remark] {
            assert_eq!(column(kind).discretion, Discretion::Hidden, "{kind:?}");
            assert_eq!(column(kind).open().discretion, Discretion::Open, "{kind:?}");
        }
    }

    #[test]
    fn a_field_has_one_name_that_can_be_typed() {
        for fields in [
            fields::<DeviceFlow>(),
            fields::<AuthorizationFlow>(),
            fields::<SubjectSummary>(),
            fields::<RefreshToken>(),
            fields::<AdminAction>(),
        ] {
            for (index, field) in fields.iter().enumerate() {
                assert!(!fields[index + 1..].contains(field), "{field} is there twice");
                assert!(field.chars().all(|letter| letter.is_ascii_lowercase() || letter == '_'), "{field}");
            }
        }
    }
}
