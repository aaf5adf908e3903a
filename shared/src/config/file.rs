//! config.toml: found, read, and flattened to `section.name` keys that remember their lines.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use toml_edit::{Document, Item, TableLike, Value};

use super::ConfigError;
use super::keys::{self, KEYS};
use super::settings::{Origin, Sources};

/// The environment variable that names the configuration file.
///
/// # Examples
/// ```
/// use authdb_shared::config::{CONFIG_FILE_VARIABLE, Config, Sources};
///
/// # let folder = tempfile::tempdir()?;
/// let path = folder.path().join("janitor.toml");
/// std::fs::write(&path, "[janitor]\nbatch_size = 250\n")?;
/// let sources = Sources::default().with_variable(CONFIG_FILE_VARIABLE, &path.display().to_string());
/// assert_eq!(Config::load(&sources)?.janitor.batch_size, 250);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub const CONFIG_FILE_VARIABLE: &str = "AUTHDB_CONFIG";

/// A value of the file, as text, and where it stands.
pub(super) type FileValues = BTreeMap<&'static str, (String, Origin)>;

/// The file to read: the one that was named, or the first that exists of `./config.toml`, the user's and the system's.
pub(super) fn locate(sources: &Sources) -> Option<PathBuf> {
    if let Some(path) = &sources.config_file {
        return Some(path.clone());
    }
    if let Some(path) = sources.variable(CONFIG_FILE_VARIABLE) {
        return Some(PathBuf::from(path));
    }
    let of_user = sources
        .variable("XDG_CONFIG_HOME")
        .map(PathBuf::from)
        .or_else(|| sources.variable("HOME").map(|home| Path::new(&home).join(".config")))
        .map(|folder| folder.join("authdb").join("config.toml"));
    [Some(PathBuf::from("config.toml")), of_user, Some(PathBuf::from("/etc/authdb/config.toml"))]
        .into_iter()
        .flatten()
        .find(|path| path.exists())
}

pub(super) fn read(path: &Path) -> Result<FileValues, ConfigError> {
    let text =
        std::fs::read_to_string(path).map_err(|reason| ConfigError::Unreadable { path: path.to_owned(), reason })?;
    let place = |offset: usize| Origin::File { path: path.to_owned(), line: line_of(&text, offset) };
    let document = Document::parse(text.as_str()).map_err(|error| ConfigError::Syntax {
        place: place(error.span().map_or(0, |span| span.start)),
        reason: format!("this is not TOML: {}", error.message().replace('\n', ", ")),
    })?;
    let mut values = FileValues::new();
    for (section, item) in document.as_table() {
        let offset = item.span().map_or(0, |span| span.start);
        let Some(table) = item.as_table_like().filter(|_| is_section(section)) else {
            return Err(unknown(place(key_offset(document.as_table(), section, offset)), section));
        };
        for (name, item) in table.iter() {
            let offset = key_offset(table, name, item.span().map_or(offset, |span| span.start));
            let full_name = format!("{section}.{name}");
            let key = keys::find(&full_name).ok_or_else(|| unknown(place(offset), &full_name))?;
            let value = plain(item).ok_or_else(|| ConfigError::Value {
                place: place(offset),
                key: key.name,
                given: format!("a {}", item.type_name()),
                advice: format!("write a single value, such as {} = \"{}\"", name, key.default),
            })?;
            values.insert(key.name, (value, place(offset)));
        }
    }
    Ok(values)
}

fn is_section(name: &str) -> bool {
    KEYS.iter().any(|key| key.name.split_once('.').is_some_and(|(section, _)| section == name))
}

/// Where the key itself stands: its value's position is of no use when the value spans lines.
fn key_offset(table: &dyn TableLike, name: &str, otherwise: usize) -> usize {
    table.key(name).and_then(toml_edit::Key::span).map_or(otherwise, |span| span.start)
}

fn line_of(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
}

/// Strings, numbers and booleans as text; nothing else is a value of ours.
fn plain(item: &Item) -> Option<String> {
    match item.as_value()? {
        Value::String(text) => Some(text.value().clone()),
        Value::Integer(number) => Some(number.value().to_string()),
        Value::Boolean(truth) => Some(truth.value().to_string()),
        _ => None,
    }
}

fn unknown(place: Origin, name: &str) -> ConfigError {
    ConfigError::UnknownKey { place, key: name.to_owned(), advice: advice(name) }
}

/// The nearest key, if one is near; otherwise the sections or the keys of the section.
pub(super) fn advice(name: &str) -> String {
    let nearest = KEYS.iter().map(|key| (distance(key.name, name), key.name)).min();
    if let Some((_, key)) = nearest.filter(|(distance, _)| *distance <= 3) {
        return format!("Did you mean `{key}`?");
    }
    let section = name.split('.').next().unwrap_or_default();
    let siblings: Vec<&str> = KEYS.iter().filter_map(|key| key.name.strip_prefix(section)?.strip_prefix('.')).collect();
    if siblings.is_empty() {
        "Sections are [database], [policy], [dashboard], [approval] and [janitor]".to_owned()
    } else {
        format!("[{section}] has {}", siblings.join(", "))
    }
}

/// Levenshtein's distance, for short names.
fn distance(one: &str, two: &str) -> usize {
    let mut row: Vec<usize> = (0..=two.chars().count()).collect();
    for (i, a) in one.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in two.chars().enumerate() {
            let substituted = diagonal + usize::from(a != b);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[two.chars().count()]
}
