//! The veil: who somebody is, hidden from whoever looks at a screen that is shared.
//!
//! Hidden is what names a person (a subject, a user name, who acted, from which machine and account), what an admin wrote
//! about one (the reason and details of the journal), and the user codes: whoever reads a pending code can enter it, and an
//! approval rests on its being told by the user and by nobody else. So is the account that an error of the server quotes, with
//! the machine it came from, and a reason while it is typed. The keys of tokens and authorization flows stay: they are
//! random, open nothing by themselves (what a client presents is signed or encrypted), and tell rows apart. So do clients,
//! VOs, groups and scopes, which are the installation's.
//!
//! Two things hide them. A column of texts shows them only if its table says that they are harmless, so that a new one is
//! hidden until somebody has thought about it. And whatever is written in sentences, such as what a plan says or why a
//! change was refused, passes [`Veil::text`] as a whole, before it is wrapped or cut, which replaces every value that was
//! ever learnt. A value is replaced by a name such as `subject-3` that stays the same for as long as the program runs, so
//! that rows can still be told apart. It is counted, not computed: no hash stands there to be tried names against.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};

use authdb_shared::config::{DashboardConfig, Privacy};
use ratatui::text::{Line, Span, Text};
use unicode_width::UnicodeWidthStr;

use crate::draw::format::harmless;
use crate::table::{Discretion, Row, Value, Viewpoint};

/// What stands for a value that has no name.
pub const HIDDEN: &str = "hidden";
/// What stands for a letter that is typed.
const LETTER: &str = "•";

/// What hides personal values, and by which names it replaces them.
#[derive(Clone, Debug, Default)]
pub struct Veil {
    is_drawn: bool,
    /// The name of each value that was learnt.
    names: HashMap<String, String>,
    /// How many names of each kind there are.
    counts: HashMap<&'static str, usize>,
    /// The lengths of values, in bytes.
    lengths: BTreeSet<usize>,
}

impl Veil {
    /// As the configuration has it at the beginning.
    #[must_use]
    pub fn of(config: &DashboardConfig) -> Self {
        Self { is_drawn: config.privacy == Privacy::On, ..Self::default() }
    }

    /// Whether it hides anything now.
    #[must_use]
    pub fn is_drawn(&self) -> bool {
        self.is_drawn
    }

    /// Draws it, or draws it back. Names outlive that.
    pub fn draw(&mut self, is_drawn: bool) {
        self.is_drawn = is_drawn;
    }

    /// Gives a value a name, unless it has one.
    pub fn learn(&mut self, noun: &'static str, value: &str) {
        let value = value.trim();
        if value.is_empty() || self.names.contains_key(value) {
            return;
        }
        let count = self.counts.entry(noun).or_default();
        *count += 1;
        let name = format!("{noun}-{count}");
        for form in [value.to_owned(), harmless(value)] {
            self.lengths.insert(form.len());
            self.names.insert(form, name.clone());
        }
    }

    /// The same for what stands behind the VO and its colon, which is not hidden.
    pub fn learn_behind_vo(&mut self, noun: &'static str, value: &str) {
        let behind = value.split_once(':').map_or(value, |(_, behind)| behind);
        if self.name(value).is_none() {
            self.learn(noun, behind);
        }
    }

    /// The same for every value in the rows of a list.
    pub fn learn_rows<'a, R: Row>(&mut self, rows: impl IntoIterator<Item = &'a R>, at: &Viewpoint) {
        let personal: Vec<_> = R::COLUMNS.iter().filter(|column| column.discretion != Discretion::Open).collect();
        for row in rows {
            for column in &personal {
                let (Value::Text(text) | Value::Key(text)) = (column.value)(row, at) else { continue };
                match column.discretion {
                    Discretion::Alias(noun) => self.learn(noun, &text),
                    Discretion::AliasBehindVo(noun) => self.learn_behind_vo(noun, &text),
                    Discretion::Hidden | Discretion::Open => {}
                }
            }
        }
    }

    fn name(&self, value: &str) -> Option<String> {
        if let Some(name) = self.names.get(value.trim()) {
            return Some(name.clone());
        }
        let (vo, behind) = value.split_once(':')?;
        Some(format!("{}:{}", harmless(vo), self.names.get(behind.trim())?))
    }

    /// The name of a personal value, harmless; the value itself while the veil is not drawn.
    #[must_use]
    pub fn alias(&self, value: &str) -> String {
        if !self.is_drawn {
            return harmless(value);
        }
        self.name(value).unwrap_or_else(|| HIDDEN.to_owned())
    }

    /// Whether what was typed means a value: it, or while the veil is drawn, the name that stands in its place, in a list or
    /// in a sentence. These differ where the VO or a part of the value is somebody's name as well.
    #[must_use]
    pub fn is_meant(&self, typed: &str, value: &str) -> bool {
        let typed = typed.trim();
        let is_shown = || self.name(value).is_some_and(|name| name == typed) || self.text(&harmless(value)) == typed;
        !typed.is_empty() && (typed == value || (self.is_drawn && is_shown()))
    }

    /// A text that somebody wrote, harmless, or that it is hidden.
    #[must_use]
    pub fn hide(&self, text: &str) -> String {
        if self.is_drawn { HIDDEN.to_owned() } else { harmless(text) }
    }

    /// What was typed, harmless, or as many dots as it has cells.
    #[must_use]
    pub fn typed(&self, text: &str) -> String {
        let text = harmless(text);
        if self.is_drawn { LETTER.repeat(text.width()) } else { text }
    }

    /// A value of a column, or what is shown in its place.
    #[must_use]
    pub fn value(&self, value: Value, discretion: Discretion) -> Value {
        match (&value, discretion) {
            _ if !self.is_drawn => value,
            (Value::Absent, _) | (_, Discretion::Open) => value,
            (Value::Text(text) | Value::Key(text), Discretion::Alias(_) | Discretion::AliasBehindVo(_)) => {
                Value::Text(self.alias(text))
            }
            (_, Discretion::Alias(_) | Discretion::AliasBehindVo(_) | Discretion::Hidden) => {
                Value::Text(HIDDEN.to_owned())
            }
        }
    }

    /// A sentence with names in place of all values that were learnt, where they stand for themselves, and without the
    /// accounts that a server quotes.
    #[must_use]
    pub fn text<'a>(&self, text: &'a str) -> Cow<'a, str> {
        if !self.is_drawn {
            return Cow::Borrowed(text);
        }
        let (mut told, mut rest) = (String::with_capacity(text.len()), text);
        let mut before = None;
        while let Some(letter) = rest.chars().next() {
            let taken = if let Some(length) = account_at_the_start_of(rest) {
                told.push_str(HIDDEN);
                length
            } else if let Some((length, name)) = self.at_the_start_of(rest, before) {
                told.push_str(name);
                length
            } else {
                told.push(letter);
                letter.len_utf8()
            };
            before = rest[..taken].chars().next_back();
            rest = &rest[taken..];
        }
        Cow::Owned(told)
    }

    /// The longest value that a text begins with, by its length, and its name.
    fn at_the_start_of(&self, text: &str, before: Option<char>) -> Option<(usize, &str)> {
        let joins = |one: Option<char>, other: Option<char>| {
            one.is_some_and(char::is_alphanumeric) && other.is_some_and(char::is_alphanumeric)
        };
        if joins(before, text.chars().next()) {
            return None;
        }
        self.lengths.range(..=text.len()).rev().find_map(|length| {
            let (value, after) = (text.get(..*length)?, text.get(*length..)?);
            let name = self.names.get(value)?;
            (!joins(value.chars().next_back(), after.chars().next())).then_some((*length, name.as_str()))
        })
    }

    /// Lines with names in place of values.
    #[must_use]
    pub fn lines(&self, lines: Vec<Line<'static>>) -> Vec<Line<'static>> {
        if self.is_drawn { lines.into_iter().map(|line| self.line(line)).collect() } else { lines }
    }

    /// The same for what a dialog says.
    #[must_use]
    pub fn paragraphs(&self, mut text: Text<'static>) -> Text<'static> {
        text.lines = self.lines(text.lines);
        text
    }

    /// The same for one line.
    #[must_use]
    pub fn line(&self, mut line: Line<'static>) -> Line<'static> {
        if self.is_drawn {
            for span in &mut line.spans {
                *span = Span::styled(self.text(&span.content).into_owned(), span.style);
            }
        }
        line
    }
}

/// The length of an account as servers quote it, `'USER'@'HOST'`, if a text begins with one. Who may not log in is told by it,
/// before any row was read that could have taught the name.
fn account_at_the_start_of(text: &str) -> Option<usize> {
    let (_, behind) = text.strip_prefix('\'')?.split_once("'@'")?;
    let (_, rest) = behind.split_once('\'')?;
    let length = text.len() - rest.len();
    // Of two quoted words, the first is no user with the rest for a name.
    (text[..length].matches('\'').count() == 4).then_some(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(values: &[(&'static str, &str)]) -> Veil {
        let mut veil = Veil::default();
        veil.draw(true);
        for (noun, value) in values {
            veil.learn_behind_vo(noun, value);
        }
        veil
    }

    #[test]
    fn names_are_counted_and_stay() {
        let mut veil = drawn(&[("subject", "lhcb:alice"), ("code", "BCDF-GHJK"), ("subject", "belle:bjorn")]);
        let told = |veil: &Veil| ["lhcb:alice", "belle:alice", "bjorn", "BCDF-GHJK"].map(|value| veil.alias(value));
        let first = told(&veil);
        assert_eq!(first, ["lhcb:subject-1", "belle:subject-1", "subject-2", "code-1"]);
        veil.draw(false);
        assert_eq!(veil.alias("lhcb:alice"), "lhcb:alice");
        veil.learn("subject", "zoe");
        veil.draw(true);
        assert_eq!((told(&veil), veil.alias("zoe")), (first, "subject-3".to_owned()));
        assert_eq!(veil.alias("nobody ever learnt this"), HIDDEN);
    }

    #[test]
    fn sentences_name_nobody() {
        let veil =
            drawn(&[("subject", "lhcb:alice"), ("subject", "lhcb:alice smith"), ("subject", "lhcb:\u{1b}[2Jeve")]);
        for (sentence, told) in [
            ("Revoke ALL tokens of lhcb:alice?", "Revoke ALL tokens of lhcb:subject-1?"),
            ("alice, alice smith and malice", "subject-1, subject-2 and malice"),
            ("of lhcb:␛[2Jeve.", "of lhcb:subject-3."),
            ("Zoë said nothing", "Zoë said nothing"),
        ] {
            assert_eq!(veil.text(sentence), told);
        }
    }

    #[test]
    fn what_is_shown_in_place_of_a_value_means_it() {
        let veil = drawn(&[("subject", "lhcb:alice"), ("subject", "lhcb")]);
        assert_eq!(veil.text("Type lhcb:alice, or lhcb-prod"), "Type subject-2:subject-1, or subject-2-prod");
        for (value, names) in [
            ("lhcb:alice", ["lhcb:alice", "lhcb:subject-1", "subject-2:subject-1"]),
            ("lhcb-prod", ["lhcb-prod", " subject-2-prod ", "subject-2-prod"]),
        ] {
            assert!(names.iter().all(|name| veil.is_meant(name, value)), "{value}");
            assert!(["", "subject-1", "subject-2"].iter().all(|name| !veil.is_meant(name, value)), "{value}");
        }
        assert!(!veil.is_meant("", ""), "nothing means nobody");
    }

    #[test]
    fn an_account_that_a_server_quotes_is_hidden_before_anything_was_learnt() {
        let veil = drawn(&[]);
        for (said, told) in [
            (
                "Access denied for user 'eve'@'10.0.0.7' (using password: YES)",
                "Access denied for user hidden (using password: YES)",
            ),
            ("SELECT denied to ''@'%' for table 'RefreshTokens'", "SELECT denied to hidden for table 'RefreshTokens'"),
            ("'AuthDB' is not for 'eve'@'a.host'.", "'AuthDB' is not for hidden."),
            ("it's o'clock, 'and'", "it's o'clock, 'and'"),
        ] {
            assert_eq!(veil.text(said), told);
            assert_eq!(Veil::default().text(said), said);
        }
    }

    #[test]
    fn what_is_typed_keeps_its_width() {
        let veil = drawn(&[]);
        assert_eq!((veil.typed("王 a"), Veil::default().typed("王 a")), ("••••".to_owned(), "王 a".to_owned()));
    }

    #[test]
    fn a_column_that_says_nothing_of_its_values_is_hidden() {
        let veil = drawn(&[]);
        assert_eq!(veil.value(Value::Text("alice".to_owned()), Discretion::default()), Value::Text(HIDDEN.to_owned()));
        assert_eq!(veil.value(Value::Absent, Discretion::default()), Value::Absent);
    }
}
