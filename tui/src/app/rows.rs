//! Which list and which query belong to each screen: the one place that knows. A screen that is added is named in each
//! `match` here, and nowhere else in the state.

use std::time::Duration;

use authdb_shared::Timestamp;
use authdb_shared::db::{AdminAction, DbError, Page};
use authdb_shared::model::{AuthorizationFlow, DeviceFlow, RefreshToken, SubjectSummary};

use super::{App, Browse, Freshness, List, Lost, Reading, Screen};
use crate::action::Rows;
use crate::effect::{Effect, Query};
use crate::table::{Row, Viewpoint};

/// What an answer says about the database.
enum News {
    /// It answered within so long, and said what time it was meanwhile.
    Time(Timestamp, Duration),
    /// It does not answer.
    Lost(String),
    /// Nothing: the answer was late, or refused for another reason.
    None,
}

impl App {
    /// The list that a screen shows; `None` if it shows something else.
    #[must_use]
    pub fn list_of(&self, screen: Screen) -> Option<&dyn Browse> {
        Some(match screen {
            Screen::DeviceFlows => &self.device_flows,
            Screen::AuthorizationFlows => &self.authorization_flows,
            Screen::Subjects => &self.subjects,
            Screen::Tokens => &self.tokens,
            Screen::Journal => &self.journal,
            Screen::Overview | Screen::Partitions | Screen::Janitor => return None,
        })
    }

    /// The list in view.
    #[must_use]
    pub fn list(&self) -> Option<&dyn Browse> {
        self.list_of(self.screen)
    }

    /// The same, to change.
    pub(super) fn list_mut(&mut self) -> Option<&mut dyn Browse> {
        self.list_of_mut(self.screen)
    }

    /// The list that a screen shows, to change.
    pub(super) fn list_of_mut(&mut self, screen: Screen) -> Option<&mut dyn Browse> {
        Some(match screen {
            Screen::DeviceFlows => &mut self.device_flows,
            Screen::AuthorizationFlows => &mut self.authorization_flows,
            Screen::Subjects => &mut self.subjects,
            Screen::Tokens => &mut self.tokens,
            Screen::Journal => &mut self.journal,
            Screen::Overview | Screen::Partitions | Screen::Janitor => return None,
        })
    }

    /// Finds anew which rows the lists show, where that depends on more than the rows.
    pub(super) fn rearrange(&mut self) {
        let viewpoint = self.viewpoint();
        let lists: [&mut dyn Browse; 5] = [
            &mut self.device_flows,
            &mut self.authorization_flows,
            &mut self.subjects,
            &mut self.tokens,
            &mut self.journal,
        ];
        for list in lists {
            let text = list.filter().text().to_owned();
            list.set_filter(&text, &viewpoint);
        }
    }

    /// The state of reading the list of a screen.
    pub(super) fn reading(&self, screen: Screen) -> Option<&Reading> {
        self.list_of(screen).map(Browse::reading)
    }

    /// What the list of a screen asks the database.
    fn query(&self, screen: Screen) -> Option<Query> {
        Some(match screen {
            Screen::DeviceFlows => Query::DeviceFlows(self.device_flows.filter().narrowing().flows()),
            Screen::AuthorizationFlows => {
                Query::AuthorizationFlows(self.authorization_flows.filter().narrowing().flows())
            }
            Screen::Subjects => Query::Subjects(self.subjects.filter().narrowing().containing()),
            Screen::Tokens => Query::Tokens(self.tokens.filter().narrowing().tokens(self.selection.filter())),
            Screen::Journal => Query::Journal,
            Screen::Overview | Screen::Partitions | Screen::Janitor => return None,
        })
    }

    /// Asks for the list that a screen shows, if it shows one and its filter can be read.
    pub(super) fn fetch(&mut self, screen: Screen) -> Option<Effect> {
        let now = self.host_now;
        // What cannot be read selects nothing, so there is nothing to ask.
        if self.list_of(screen)?.filter().complaint().is_some() {
            return None;
        }
        let query = self.query(screen)?;
        let generation = self.list_of_mut(screen)?.ask(now);
        Some(Effect::Fetch { generation, query, is_typed: false })
    }

    /// Takes in what a screen asked for.
    pub(super) fn rows(&mut self, generation: u64, rows: Rows) -> Vec<Effect> {
        let (now, viewpoint) = (self.host_now, self.viewpoint());
        let may_ring = matches!(rows, Rows::DeviceFlows(Ok(_)));
        let news = match rows {
            Rows::DeviceFlows(page) => take_in(&mut self.device_flows, generation, page, &viewpoint, now),
            Rows::AuthorizationFlows(page) => take_in(&mut self.authorization_flows, generation, page, &viewpoint, now),
            Rows::Subjects(page) => take_in(&mut self.subjects, generation, page, &viewpoint, now),
            Rows::Tokens(page) => take_in(&mut self.tokens, generation, page, &viewpoint, now),
            Rows::Journal(page) => take_in(&mut self.journal, generation, page, &viewpoint, now),
        };
        match news {
            News::Time(database_now, took) => self.has_answered(database_now, took),
            News::Lost(reason) => self.has_not_answered(reason),
            // A late answer has brought nothing.
            News::None => return Vec::new(),
        }
        if may_ring { self.ring() } else { Vec::new() }
    }

    /// The database has answered within so long, and said what time it was meanwhile.
    pub(super) fn has_answered(&mut self, database_now: Timestamp, took: Duration) {
        let now = self.host_now;
        // It read its clock somewhen between the question and the answer: only what no such moment explains is news.
        // Otherwise all times would jump back by as long as a slow list has taken.
        let least = database_now.unix_millis() - now.unix_millis();
        let most = database_now.unix_millis() - now.before(took).unix_millis();
        self.clock_offset = self.clock_offset.clamp(least, most.max(least));
        self.answered_at = Some(now);
        if self.lost.take().is_some() {
            let text = "The database is back.";
            let paused = "The database is back. Reading stays paused.";
            self.say_in_passing(if self.paused_at.is_some() { paused } else { text });
        }
    }

    /// The database does not answer.
    pub(super) fn has_not_answered(&mut self, reason: String) {
        self.lost = Some(Lost { since: self.answered_at.unwrap_or(self.host_now), reason });
    }

    /// How fresh what is in view is.
    #[must_use]
    pub fn freshness(&self) -> Freshness<'_> {
        let main = match self.screen {
            Screen::Overview => &self.looks.flows.reading,
            Screen::Partitions => &self.looks.months.reading,
            Screen::Janitor => &self.looks.status.reading,
            screen => match self.list_of(screen) {
                Some(list) => list.reading(),
                None => &self.looks.flows.reading,
            },
        };
        main.freshness(self.host_now)
    }
}

/// The fields of the rows that a screen lists, by their names; `None` if it shows something else.
pub(super) fn fields(screen: Screen) -> Option<Vec<&'static str>> {
    fn of<R: Row>() -> Vec<&'static str> {
        R::COLUMNS.iter().map(|column| column.head.field).collect()
    }
    Some(match screen {
        Screen::DeviceFlows => of::<DeviceFlow>(),
        Screen::AuthorizationFlows => of::<AuthorizationFlow>(),
        Screen::Subjects => of::<SubjectSummary>(),
        Screen::Tokens => of::<RefreshToken>(),
        Screen::Journal => of::<AdminAction>(),
        Screen::Overview | Screen::Partitions | Screen::Janitor => return None,
    })
}

fn take_in<R: Row>(
    list: &mut List<R>,
    generation: u64,
    page: Result<Page<R>, DbError>,
    viewpoint: &Viewpoint,
    now: Timestamp,
) -> News {
    let reason = page.as_ref().err().filter(|error| error.is_connection_loss()).map(DbError::cause);
    let database_now = page.as_ref().ok().map(|page| page.now);
    // The database decided by its own clock what is stale or young enough; the filter must decide by the same.
    let viewpoint = Viewpoint { now: database_now.unwrap_or(viewpoint.now), ..viewpoint.clone() };
    if !list.answer(generation, page, &viewpoint, now) {
        return News::None;
    }
    match (database_now, reason) {
        (Some(database_now), _) => News::Time(database_now, list.reading().took()),
        (None, Some(reason)) => News::Lost(reason),
        (None, None) => News::None,
    }
}
