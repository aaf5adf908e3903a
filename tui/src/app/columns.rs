//! Which columns the lists show: those that are meant for a list, or those that `[columns]` names, in its order.

use authdb_shared::config::{ConfigError, NamedEntry};

use super::{App, Screen, rows};
use crate::command::{Command, entry};
use crate::table::{Head, Width};

/// The lists whose columns were chosen, with the places of those columns in their tables.
#[derive(Debug, Default)]
pub struct Columns {
    chosen: Vec<(Screen, Vec<usize>)>,
}

/// A column that a list shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shown {
    /// Its place in the table.
    pub place: usize,
    /// What is known of it.
    pub head: Head,
}

impl Columns {
    /// The columns that `[columns]` chooses.
    ///
    /// # Errors
    /// If it names no list or no field, a field twice, or no field at all.
    pub fn configured(entries: &[NamedEntry]) -> Result<Self, ConfigError> {
        let mut chosen = Vec::new();
        for configured in entries {
            let Some((screen, fields)) = lists().find(|(screen, _)| name(*screen) == configured.name) else {
                let names: Vec<&str> = lists().map(|(screen, _)| name(screen)).collect();
                return Err(configured.unknown(format!("The lists are {}", names.join(", "))));
            };
            let mut places = Vec::new();
            for field in &configured.values {
                let Some(place) = fields.iter().position(|known| known == field) else {
                    return Err(configured.refuse(field, format!("its columns are {}", fields.join(", "))));
                };
                if places.contains(&place) {
                    return Err(configured.refuse(field, "it is there twice".to_owned()));
                }
                places.push(place);
            }
            if places.is_empty() {
                return Err(configured.refuse("", format!("name one column at least of {}", fields.join(", "))));
            }
            chosen.push((screen, places));
        }
        Ok(Self { chosen })
    }

    /// Those of the columns with these heads that the list of a screen shows, in their order.
    #[must_use]
    pub fn shown(&self, screen: Screen, heads: &[Head]) -> Vec<Shown> {
        let all = || heads.iter().enumerate().map(|(place, head)| Shown { place, head: *head });
        match self.chosen.iter().find(|(of, _)| *of == screen) {
            Some((_, places)) => {
                let chosen = places.iter().filter_map(|place| all().nth(*place));
                chosen.map(|shown| Shown { head: shown.head.chosen(), ..shown }).collect()
            }
            None => all().filter(|shown| shown.head.width != Width::Unlisted).collect(),
        }
    }
}

impl App {
    /// The columns that the list in view shows, on terminals that are wide enough for them. The one that it is sorted by is
    /// shown on every one: rows whose order nothing explains would be taken for the order that the others suggest.
    #[must_use]
    pub fn columns_in_view(&self) -> Vec<Shown> {
        let Some(list) = self.list() else { return Vec::new() };
        let mut shown = self.columns.shown(self.screen, &list.heads(&self.viewpoint()));
        for column in shown.iter_mut().filter(|it| list.sort().is_some_and(|sort| sort.column == it.place)) {
            column.head = column.head.chosen();
        }
        shown
    }
}

/// Every list by its name in `[columns]`, with the fields that it can show, for people.
#[must_use]
pub fn names() -> Vec<String> {
    lists().map(|(screen, fields)| format!("{}: {}", name(screen), fields.join(" "))).collect()
}

/// The screens that are lists, with the fields of their tables.
fn lists() -> impl Iterator<Item = (Screen, Vec<&'static str>)> {
    Screen::ALL.iter().filter_map(|screen| Some((*screen, rows::fields(*screen)?)))
}

/// The name of a list is that of the command that shows it.
fn name(screen: Screen) -> &'static str {
    entry(Command::Show(screen)).map_or("", |entry| entry.name)
}

#[cfg(test)]
mod tests {
    use authdb_shared::config::Origin;

    use super::*;
    use crate::table::Kind;

    fn configured(list: &str, fields: &[&str]) -> Result<Columns, String> {
        let entry = NamedEntry {
            table: "columns",
            name: list.to_owned(),
            values: fields.iter().map(|field| (*field).to_owned()).collect(),
            origin: Origin::File { path: "config.toml".into(), line: 2 },
        };
        Columns::configured(&[entry]).map_err(|error| error.to_string())
    }

    #[test]
    fn what_cannot_be_shown_is_refused_with_what_can() {
        for (list, fields, said) in [
            ("token", &["age"][..], ["line 2", "`columns.token`", "The lists are device_flows, authorization_flows"]),
            (
                "tokens",
                &["age", "client"],
                ["columns.tokens cannot be `client`", "its columns are age, state", "scope"],
            ),
            ("tokens", &["age", "state", "age"], ["line 2", "cannot be `age`", "it is there twice"]),
            ("journal", &[], ["line 2", "columns.journal", "name one column at least of age, actor"]),
        ] {
            let refused = configured(list, fields).expect_err("it must be refused");
            assert!(said.iter().all(|part| refused.contains(part)), "{refused}");
        }
    }

    #[test]
    fn every_column_of_every_list_can_be_chosen_and_has_room() {
        for (screen, fields) in lists() {
            let columns = configured(name(screen), &fields).expect("they are all there");
            for kind in [Kind::Text, Kind::State, Kind::Remark, Kind::Count, Kind::Span, Kind::Time] {
                let (width, from) = (Width::Unlisted, 500);
                let head = Head { field: "", title: "", width, kind, is_right: false, from, absent: "" };
                let shown = columns.shown(screen, &vec![head; fields.len()]);
                assert_eq!(shown.len(), fields.len());
                assert!(shown.iter().all(|it| it.head.width != width && it.head.from == 0), "{shown:?}");
            }
        }
    }
}
