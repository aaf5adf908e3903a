//! Keys from the command line, or from standard input, one per line.
//!
//! All of them are read and understood before anything is done with the first: a list with a bad line in it is perhaps
//! not the list that was meant.

use std::collections::HashSet;
use std::fmt::Display;
use std::io::{BufRead, Read};

use anyhow::bail;

use super::UsageError;

/// Stands for standard input.
const STANDARD_INPUT: &str = "-";

/// More than anybody means to change at once, and far less than fills the memory.
const MOST: u64 = 64 * 1024 * 1024;

/// Whether the keys come from standard input, so that nobody can be asked there.
pub(super) fn are_piped(given: &[String]) -> bool {
    given.iter().any(|word| word == STANDARD_INPUT)
}

/// The keys, each once, in the order given.
pub(super) fn read<K: Display, E: Display>(
    given: &[String],
    input: impl BufRead,
    parse: impl Fn(&str) -> Result<K, E>,
) -> anyhow::Result<Vec<K>> {
    if !are_piped(given) {
        let words = given.iter().map(|word| ("the command line".to_owned(), word.clone()));
        return collect(words, parse);
    }
    if given.len() > 1 {
        return Err(UsageError::Mixed.into());
    }
    let mut text = String::new();
    let mut limited = input.take(MOST + 1);
    if let Err(error) = limited.read_to_string(&mut text) {
        bail!("reading keys from standard input: {error}. Nothing was changed");
    }
    if text.len() as u64 > MOST {
        let reason = "there is more than 64 MiB of it".to_owned();
        return Err(UsageError::Bad { place: "standard input".to_owned(), reason }.into());
    }
    let lines = (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty());
    collect(lines.map(|(number, line)| (format!("standard input, line {number}"), line.to_owned())), parse)
}

fn collect<K: Display, E: Display>(
    words: impl Iterator<Item = (String, String)>,
    parse: impl Fn(&str) -> Result<K, E>,
) -> anyhow::Result<Vec<K>> {
    let (mut keys, mut seen) = (Vec::new(), HashSet::new());
    for (place, word) in words {
        let key = parse(&word).map_err(|error| UsageError::Bad { place, reason: error.to_string() })?;
        if seen.insert(key.to_string()) {
            keys.push(key);
        }
    }
    Ok(keys)
}

#[cfg(test)]
mod tests {
    use authdb_shared::ids::Jti;

    use super::*;

    const ONE: &str = "01a22ee6b0007abc800000000000000f";
    const TWO: &str = "01a22ee6-b000-7abc-8000-000000000010";

    fn from_input(text: &str) -> anyhow::Result<Vec<Jti>> {
        read(&["-".to_owned()], text.as_bytes(), Jti::read)
    }

    #[test]
    fn keys_come_one_per_line_with_blank_lines_between() {
        let keys = from_input(&format!("\n{ONE}\r\n   \n  {TWO}  \n\n")).expect("both are keys");
        assert_eq!(keys.iter().map(ToString::to_string).collect::<Vec<_>>()[1], TWO);
        assert_eq!(keys.len(), 2);
    }

    #[test]
    fn a_key_that_is_given_twice_is_changed_once() {
        let keys = from_input(&format!("{TWO}\n{}\n", TWO.replace('-', ""))).expect("both are keys");
        assert_eq!(keys.len(), 1);
    }

    #[test]
    fn a_bad_line_refuses_all_with_its_number() {
        let error = from_input(&format!("{ONE}\n\nnull\n")).expect_err("null is no key").to_string();
        assert!(error.starts_with("standard input, line 3: `null` is not a key"), "{error}");
        assert!(error.ends_with("Nothing was changed"), "{error}");
    }

    #[test]
    fn keys_and_standard_input_are_not_mixed() {
        let given = [ONE.to_owned(), "-".to_owned()];
        assert!(read(&given, &b""[..], Jti::read).is_err());
        assert!(from_input("").expect("nothing is no mistake").is_empty());
    }
}
