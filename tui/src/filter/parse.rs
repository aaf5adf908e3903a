//! From what was typed to terms.

use std::iter::Peekable;
use std::str::Chars;

use super::complaint::{self, Complaint};
use super::{Comparison, Condition, Operand, Term, Test};
use crate::table::{Head, Kind};

/// The form of a point in time, which may end after any of its parts.
const TIME: &str = "0000-00-00 00:00:00";
/// The lengths of its beginnings that end with a part.
const TIME_PARTS: [usize; 6] = [4, 7, 10, 13, 16, 19];

/// The terms of a text that is not empty.
pub(super) fn terms(text: &str, heads: &[Head]) -> Result<Vec<Term>, Complaint> {
    let mut letters = text.chars().peekable();
    let mut terms = Vec::new();
    loop {
        while letters.next_if(|letter| letter.is_whitespace()).is_some() {}
        if letters.peek().is_none() {
            break;
        }
        terms.push(term(&mut letters, heads)?);
    }
    if terms.is_empty() { Err(complaint::only_blanks()) } else { Ok(terms) }
}

fn term(letters: &mut Peekable<Chars>, heads: &[Head]) -> Result<Term, Complaint> {
    let is_negated = letters.next_if_eq(&'!').is_some();
    if is_negated && letters.peek().is_none_or(|letter| letter.is_whitespace() || *letter == '!') {
        return Err(complaint::lone_negation());
    }
    let test = if letters.peek() == Some(&'"') {
        let word = quoted(letters)?;
        if word.is_empty() {
            return Err(complaint::empty_quotes());
        }
        Test::Word(word)
    } else {
        let name = bare(letters, |letter| ":=<>".contains(letter))?;
        match sign(letters) {
            None => Test::Word(name),
            Some(sign) => field(&name, sign, letters, heads)?,
        }
    };
    Ok(Term { is_negated, test })
}

/// What stands between a field and its value.
#[derive(Clone, Copy)]
enum Sign {
    Contains,
    Compares(Comparison),
}

fn sign(letters: &mut Peekable<Chars>) -> Option<Sign> {
    let sign = letters.next_if(|letter| ":=<>".contains(*letter))?;
    let or_equal = matches!(sign, '<' | '>') && letters.next_if_eq(&'=').is_some();
    Some(match (sign, or_equal) {
        (':', _) => Sign::Contains,
        ('<', false) => Sign::Compares(Comparison::Less),
        ('<', true) => Sign::Compares(Comparison::AtMost),
        ('>', false) => Sign::Compares(Comparison::More),
        ('>', true) => Sign::Compares(Comparison::AtLeast),
        _ => Sign::Compares(Comparison::Equal),
    })
}

fn field(name: &str, sign: Sign, letters: &mut Peekable<Chars>, heads: &[Head]) -> Result<Test, Complaint> {
    if name.is_empty() {
        return Err(complaint::no_field(heads));
    }
    let value = if letters.peek() == Some(&'"') { quoted(letters)? } else { bare(letters, |_| false)? };
    let found = heads.iter().position(|head| head.field.eq_ignore_ascii_case(name));
    let Some(column) = found else { return Err(complaint::unknown_field(name, heads)) };
    let head = &heads[column];
    if value.is_empty() {
        return Err(complaint::no_value(head));
    }
    let condition = condition(head, sign, value)?;
    Ok(Test::Field { column, field: head.field, condition })
}

fn condition(head: &Head, sign: Sign, value: String) -> Result<Condition, Complaint> {
    Ok(match (head.kind, sign) {
        (Kind::Text | Kind::State | Kind::Remark | Kind::Time, Sign::Contains) => Condition::Contains(value),
        (Kind::Text | Kind::State | Kind::Remark, Sign::Compares(Comparison::Equal)) => Condition::Is(value),
        (Kind::Text | Kind::State | Kind::Remark, Sign::Compares(_)) => return Err(complaint::no_order(head, &value)),
        (Kind::Count | Kind::Span, Sign::Contains) | (Kind::Span, Sign::Compares(Comparison::Equal)) => {
            return Err(complaint::compare_instead(head));
        }
        (_, Sign::Compares(comparison)) => Condition::Compares(comparison, operand(head, &value)?),
    })
}

fn operand(head: &Head, value: &str) -> Result<Operand, Complaint> {
    match head.kind {
        Kind::Count => value.parse().map(Operand::Count).map_err(|_| complaint::no_number(head, value)),
        Kind::Span => humantime::parse_duration(value).map(Operand::Span).map_err(|_| complaint::no_span(head, value)),
        Kind::Text | Kind::State | Kind::Remark | Kind::Time => {
            let time = value.replacen('T', " ", 1);
            if is_time(&time) { Ok(Operand::Time(time)) } else { Err(complaint::no_time(head, value)) }
        }
    }
}

fn is_time(text: &str) -> bool {
    let fits = |(letter, form): (char, char)| if form == '0' { letter.is_ascii_digit() } else { letter == form };
    TIME_PARTS.contains(&text.len()) && text.chars().zip(TIME.chars()).all(fits)
}

/// Letters up to a blank or one of these. A quote belongs to the beginning of a text: anywhere else it is more likely
/// a mistake than meant.
fn bare(letters: &mut Peekable<Chars>, is_end: impl Fn(char) -> bool) -> Result<String, Complaint> {
    let mut text = String::new();
    while let Some(letter) = letters.next_if(|letter| !letter.is_whitespace() && !is_end(*letter)) {
        if letter == '"' {
            return Err(complaint::quote_within());
        }
        text.push(letter);
    }
    Ok(text)
}

/// A text in quotes, with what stands for a quote in it.
fn quoted(letters: &mut Peekable<Chars>) -> Result<String, Complaint> {
    letters.next();
    let mut text = String::new();
    loop {
        match letters.next() {
            None => return Err(complaint::unclosed_quote()),
            Some('"') if letters.next_if_eq(&'"').is_some() => text.push('"'),
            Some('"') if letters.peek().is_none_or(|letter| letter.is_whitespace()) => return Ok(text),
            Some('"') => return Err(complaint::no_blank_after_quote()),
            Some(letter) => text.push(letter),
        }
    }
}
