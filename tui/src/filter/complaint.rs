//! What is wrong with a filter that cannot be read, and what to write instead: one sentence each.

use crate::table::{Head, Kind};

/// Such a sentence. It may hold what was typed, and is made harmless where it is shown.
pub(super) type Complaint = String;

pub(super) fn only_blanks() -> Complaint {
    "There are only blanks: type a word to look for, or press Esc to see every row.".to_owned()
}

pub(super) fn lone_negation() -> Complaint {
    "A ! needs a term right behind it: !word or !field:value; \"!\" in quotes is the sign itself.".to_owned()
}

pub(super) fn empty_quotes() -> Complaint {
    "There is nothing between the quotes: put the text to look for there.".to_owned()
}

pub(super) fn unclosed_quote() -> Complaint {
    "A quote is not closed: end the text with \", and write a quote inside of it as \"\".".to_owned()
}

pub(super) fn no_blank_after_quote() -> Complaint {
    "Behind a closing quote a blank is missing; a quote inside of a text is written as \"\".".to_owned()
}

pub(super) fn quote_within() -> Complaint {
    "A quote stands within a word: put the whole word in quotes, and write a quote inside of it as \"\".".to_owned()
}

pub(super) fn no_field(heads: &[Head]) -> Complaint {
    format!("A field is missing before the sign; there are {}. In quotes a sign is only a text.", fields(heads))
}

pub(super) fn unknown_field(name: &str, heads: &[Head]) -> Complaint {
    format!("There is no field {name} here but {}; to look for the text itself, put it in quotes.", fields(heads))
}

pub(super) fn no_value(head: &Head) -> Complaint {
    format!("Behind {} a value is missing: write {}.", head.field, examples(head))
}

pub(super) fn no_order(head: &Head, value: &str) -> Complaint {
    let field = head.field;
    format!("{field} is a text and has no order: write {field}:{value} for what contains it, {field}={value} exactly.")
}

pub(super) fn compare_instead(head: &Head) -> Complaint {
    format!("{} is {}: write {}.", head.field, kind(head), examples(head))
}

pub(super) fn no_number(head: &Head, value: &str) -> Complaint {
    format!("{value} is no number, and {} is one: write {}.", head.field, examples(head))
}

pub(super) fn no_span(head: &Head, value: &str) -> Complaint {
    let field = head.field;
    if value.bytes().all(|digit| digit.is_ascii_digit()) {
        return format!(
            "{value} has no unit: write {value}s, {value}m, {value}h or {value}d, for example {field}<{value}m."
        );
    }
    format!("{value} is no span of time: write {}.", examples(head))
}

pub(super) fn no_time(head: &Head, value: &str) -> Complaint {
    format!("{value} is no date or time: write {}.", examples(head))
}

fn fields(heads: &[Head]) -> String {
    heads.iter().map(|head| head.field).collect::<Vec<_>>().join(", ")
}

fn kind(head: &Head) -> &'static str {
    match head.kind {
        Kind::Text | Kind::State | Kind::Remark => "a text",
        Kind::Count => "a number",
        Kind::Span => "a span of time, which changes with every second",
        Kind::Time => "a point in time",
    }
}

fn examples(head: &Head) -> String {
    let field = head.field;
    match head.kind {
        Kind::Text | Kind::State | Kind::Remark => format!("{field}:part or {field}=whole"),
        Kind::Count => format!("{field}>3, {field}<=3 or {field}=3"),
        Kind::Span => format!("{field}<5m, {field}>=1h or {field}>2d"),
        Kind::Time => format!("{field}>=2026-11-25, {field}<2026-11-25T14:30 or {field}:2026-11-25"),
    }
}
