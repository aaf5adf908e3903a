//! config.toml: found, read, and flattened to `section.name` keys that remember their lines; tables with free names are
//! kept beside them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use toml_edit::{Document, Item, TableLike, Value};

use super::ConfigError;
use super::contexts::ContextTable;
use super::keys::{self, KEYS};
use super::named::{self, NamedEntry};
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

/// What the file says.
#[derive(Default)]
pub(super) struct Content {
    /// Of the keys that are known.
    pub(super) values: FileValues,
    /// Of the tables whose names are the dashboard's.
    pub(super) named: Vec<NamedEntry>,
    /// Of other databases.
    pub(super) contexts: Vec<ContextTable>,
}

/// What every user of the host shares.
const OF_SYSTEM: &str = "/etc/authdb/config.toml";

/// The file to read: the one that was named, or the first that exists of `./config.toml`, the user's and the system's.
///
/// # Errors
/// If the system's may exist and this user may not know: what it says must not be replaced by defaults without a word.
pub(super) fn locate(sources: &Sources) -> Result<Option<PathBuf>, ConfigError> {
    if let Some(path) = &sources.config_file {
        return Ok(Some(path.clone()));
    }
    if let Some(path) = sources.variable(CONFIG_FILE_VARIABLE) {
        return Ok(Some(PathBuf::from(path)));
    }
    let of_user = sources
        .variable("XDG_CONFIG_HOME")
        .map(PathBuf::from)
        .or_else(|| sources.variable("HOME").map(|home| Path::new(&home).join(".config")))
        .map(|folder| folder.join("authdb").join("config.toml"));
    let own = [Some(PathBuf::from("config.toml")), of_user].into_iter().flatten().find(|path| path.exists());
    if own.is_some() {
        return Ok(own);
    }
    let of_system = PathBuf::from(OF_SYSTEM);
    match of_system.try_exists() {
        Ok(exists) => Ok(exists.then_some(of_system)),
        Err(reason) => Err(ConfigError::Unreadable { path: of_system, reason }),
    }
}

pub(super) fn read(path: &Path) -> Result<Content, ConfigError> {
    let text =
        std::fs::read_to_string(path).map_err(|reason| ConfigError::Unreadable { path: path.to_owned(), reason })?;
    let document = Document::parse(text.as_str()).map_err(|error| ConfigError::Syntax {
        place: Origin::File { path: path.to_owned(), line: line_of(&text, error.span().map_or(0, |span| span.start)) },
        reason: format!("this is not TOML: {}", error.message().replace('\n', ", ")),
    })?;
    let file = File { path, text: &text };
    let mut content = Content::default();
    for (section, item) in document.as_table() {
        let place = file.place_of(document.as_table(), section, item);
        let named = named::TABLES.into_iter().find(|table| *table == section);
        match item.as_table_like() {
            Some(table) if is_section(section) => file.keys(section, table, &mut content.values)?,
            Some(table) if section == CONTEXTS => content.contexts = file.contexts(table)?,
            Some(table) if named.is_some() => {
                content.named.extend(file.named(named.unwrap_or_default(), table)?);
            }
            _ => return Err(unknown(place, section)),
        }
    }
    Ok(content)
}

/// The section of other databases.
const CONTEXTS: &str = "contexts";

/// The file while it is read.
struct File<'a> {
    path: &'a Path,
    text: &'a str,
}

impl File<'_> {
    /// Where an entry stands. Its value's position is of no use when the value spans lines.
    fn place_of(&self, table: &dyn TableLike, name: &str, item: &Item) -> Origin {
        let of_key = table.key(name).and_then(toml_edit::Key::span);
        let offset = of_key.or_else(|| item.span()).map_or(0, |span| span.start);
        Origin::File { path: self.path.to_owned(), line: line_of(self.text, offset) }
    }

    /// A section whose keys are known.
    fn keys(&self, section: &str, table: &dyn TableLike, values: &mut FileValues) -> Result<(), ConfigError> {
        for (name, item) in table.iter() {
            let place = self.place_of(table, name, item);
            let full_name = format!("{section}.{name}");
            let key = keys::find(&full_name).ok_or_else(|| unknown(place.clone(), &full_name))?;
            let advice = || format!("write a single value, such as {name} = \"{}\"", key.default);
            let value = plain(item).ok_or_else(|| refuse(&place, key.name.to_owned(), item, advice()))?;
            values.insert(key.name, (value, place));
        }
        Ok(())
    }

    /// A table whose names are the dashboard's.
    fn named(&self, section: &'static str, table: &dyn TableLike) -> Result<Vec<NamedEntry>, ConfigError> {
        let entry = |(name, item): (&str, &Item)| {
            let origin = self.place_of(table, name, item);
            let advice = || "write one text, or a list of texts such as [\"a\", \"b\"]".to_owned();
            let values = texts(item).ok_or_else(|| refuse(&origin, format!("{section}.{name}"), item, advice()))?;
            Ok(NamedEntry { table: section, name: name.to_owned(), values, origin })
        };
        table.iter().map(entry).collect()
    }

    /// The databases of `[contexts]`.
    fn contexts(&self, contexts: &dyn TableLike) -> Result<Vec<ContextTable>, ConfigError> {
        let context = |(name, item): (&str, &Item)| {
            let origin = self.place_of(contexts, name, item);
            let advice = || format!("write a section [contexts.{name}] with a url");
            let Some(table) = item.as_table_like() else {
                return Err(refuse(&origin, format!("contexts.{name}"), item, advice()));
            };
            let mut values = BTreeMap::new();
            self.fields(name, "", table, &mut values)?;
            Ok(ContextTable { name: name.to_owned(), origin, values })
        };
        contexts.iter().map(context).collect()
    }

    /// The fields of a context, those of tables inside of it with the table's name before their own.
    fn fields(
        &self,
        context: &str,
        prefix: &str,
        table: &dyn TableLike,
        values: &mut BTreeMap<String, (String, Origin)>,
    ) -> Result<(), ConfigError> {
        for (name, item) in table.iter() {
            let (place, name) = (self.place_of(table, name, item), format!("{prefix}{name}"));
            if let Some(inner) = item.as_table_like() {
                self.fields(context, &format!("{name}."), inner, values)?;
            } else {
                let full_name = format!("{CONTEXTS}.{context}.{name}");
                let value =
                    plain(item).ok_or_else(|| refuse(&place, full_name, item, "write a single value".to_owned()))?;
                values.insert(name, (value, place));
            }
        }
        Ok(())
    }
}

/// The error that an entry has a value of another form.
fn refuse(place: &Origin, key: String, item: &Item, advice: String) -> ConfigError {
    ConfigError::Value { place: place.clone(), key, given: format!("a {}", item.type_name()), advice }
}

fn is_section(name: &str) -> bool {
    KEYS.iter().any(|key| key.name.split_once('.').is_some_and(|(section, _)| section == name))
}

fn line_of(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
}

/// Strings, numbers and booleans as text; nothing else is a value of ours.
fn plain(item: &Item) -> Option<String> {
    text_of(item.as_value()?)
}

/// One such value, or those of a list.
fn texts(item: &Item) -> Option<Vec<String>> {
    match item.as_value()? {
        Value::Array(list) => list.iter().map(text_of).collect(),
        value => Some(vec![text_of(value)?]),
    }
}

fn text_of(value: &Value) -> Option<String> {
    match value {
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
        "Sections are [database], [policy], [dashboard], [approval], [janitor], [keys], [columns] and [contexts.NAME]"
            .to_owned()
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
