//! JSON that is exact and still harmless: letters that could steer a terminal are written as `\u…`.

use std::io::{self, Write};

use authdb_shared::text;
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use serde_json::Value;
use serde_json::ser::Formatter;

/// Names with values, in this order.
pub(super) struct Object<'a>(pub(super) &'a [(&'static str, Value)]);

impl Serialize for Object<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

/// Compact, and ASCII wherever a letter is not harmless.
struct Harmless;

impl Formatter for Harmless {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        let mut units = [0; 2];
        for character in fragment.chars() {
            let mut bytes = [0; 4];
            let letter: &str = character.encode_utf8(&mut bytes);
            if text::harmless(letter) == letter {
                writer.write_all(letter.as_bytes())?;
            } else {
                for unit in character.encode_utf16(&mut units) {
                    write!(writer, "\\u{unit:04x}")?;
                }
            }
        }
        Ok(())
    }
}

/// A value as one line, without its end.
pub(super) fn line(value: &impl Serialize) -> io::Result<String> {
    let mut line = Vec::new();
    value.serialize(&mut serde_json::Serializer::with_formatter(&mut line, Harmless))?;
    String::from_utf8(line).map_err(io::Error::other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_steer_a_terminal_is_escaped_and_reads_back_as_it_was() {
        let hostile = "\u{1b}[2J\u{9b}31m\u{202e}evil\u{e0041} \u{7f}naïve 東 \"\\\n";
        let line = line(&Object(&[("client", hostile.into())])).expect("memory takes everything");
        assert!(line.chars().all(|letter| !letter.is_control() && letter != '\u{202e}'), "{line:?}");
        assert!(line.contains("naïve 東"), "{line}");
        let read: Value = serde_json::from_str(&line).expect("it is JSON");
        assert_eq!(read["client"], hostile);
    }

    #[test]
    fn fields_keep_their_order() {
        let line = line(&Object(&[("zeta", 1.into()), ("alpha", Value::Null)])).expect("memory takes everything");
        assert_eq!(line, r#"{"zeta":1,"alpha":null}"#);
    }
}
