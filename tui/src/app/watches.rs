//! Watches: what comes after a revocation.
//!
//! Access tokens that were issued work on for their lifetime, and a client that still runs may come back with a new
//! refresh token. So each subject is watched until its access tokens have expired: a new live token in that time is an
//! alarm, and that there was none is said at the end. Both stay on the screen until they are dismissed.

use std::time::Duration;

use authdb_shared::Timestamp;
use authdb_shared::db::DbError;
use authdb_shared::ids::{Jti, Subject};

use super::{App, Dialog};
use crate::command::Command;
use crate::effect::Effect;

/// How often the database is asked.
const INTERVAL: Duration = Duration::from_secs(3);
/// So many rounds of questions may fail before a watch says that it sees nothing.
const ROUNDS_UNSEEN: u32 = 3;
/// Subjects that are asked for at a time; those that were asked for longest ago come first.
const ASKED_AT_ONCE: usize = 50;
/// Watches that a page goes on by.
const PAGE: usize = 5;

/// A subject after a revocation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Watch {
    /// Who.
    pub subject: Subject,
    /// When the revocation had been made, by the database's clock.
    pub revoked_at: Timestamp,
    /// When the last access token from before it expires, by the database's clock.
    pub until: Timestamp,
    /// What was seen.
    pub sight: Sight,
    /// From when on a token is a new one. Without, any live one is, because none was left.
    since: Option<Timestamp>,
    number: u64,
    asked_at: Option<Timestamp>,
    /// When a look last succeeded; before the first, when it was wanted. By the host's clock.
    looked_at: Option<Timestamp>,
    /// Why the last look failed, if it did.
    error: Option<String>,
}

impl Watch {
    /// Whether it has seen a new token.
    #[must_use]
    pub fn is_alarm(&self) -> bool {
        matches!(self.sight, Sight::NewToken { .. })
    }
}

/// A watch that cannot look: that it has seen no new token means nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Blindness<'a> {
    /// For how long no look has succeeded.
    pub span: Duration,
    /// Why, once that is known.
    pub reason: Option<&'a str>,
}

/// What a watch has seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sight {
    /// No new token so far.
    Nothing,
    /// A new live token, which is an alarm.
    NewToken {
        /// Which.
        jti: Jti,
        /// When it was issued, as its key says.
        issued_at: Option<Timestamp>,
    },
    /// No new token, and every access token from before the revocation has expired.
    Over,
}

/// A question about a watched subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Glance {
    /// Which watch asks.
    pub number: u64,
    /// Who.
    pub subject: Subject,
    /// From when on a token is a new one.
    pub since: Option<Timestamp>,
}

/// The newest token that a glance found, and the database's time.
pub type Glanced = Result<(Option<Jti>, Timestamp), DbError>;

/// All watches, in the order of their revocations.
#[derive(Debug, Default)]
pub struct Watches {
    list: Vec<Watch>,
    /// The number of the one that is chosen in the dialog.
    chosen: Option<u64>,
    added: u64,
    asked_at: Option<Timestamp>,
    is_waiting: bool,
}

impl Watches {
    /// All of them.
    #[must_use]
    pub fn list(&self) -> &[Watch] {
        &self.list
    }

    /// All of them as the dialog shows them: alarms first.
    #[must_use]
    pub fn shown(&self) -> Vec<&Watch> {
        let others = self.list.iter().filter(|watch| !watch.is_alarm());
        self.alarms().chain(others).collect()
    }

    /// Where the chosen one stands among those shown. An alarm that goes to their top takes no other's place under the
    /// cursor.
    #[must_use]
    pub fn chosen(&self) -> usize {
        let is_chosen = |watch: &&Watch| Some(watch.number) == self.chosen;
        self.shown().iter().position(is_chosen).unwrap_or_default()
    }

    /// Chooses the one in this place among those shown, or the last.
    fn choose(&mut self, place: usize) {
        let shown = self.shown();
        self.chosen = shown.get(place).or(shown.last()).map(|watch| watch.number);
    }

    /// Those that have seen a new token.
    pub fn alarms(&self) -> impl Iterator<Item = &Watch> {
        self.list.iter().filter(|watch| watch.is_alarm())
    }

    /// Those that still look.
    pub fn looking(&self) -> impl Iterator<Item = &Watch> {
        self.list.iter().filter(|watch| watch.sight == Sight::Nothing)
    }

    /// Since when and why a watch cannot look, if that is so, at this time of the host.
    #[must_use]
    pub fn blindness<'a>(&self, watch: &'a Watch, now: Timestamp) -> Option<Blindness<'a>> {
        let span = now.since(watch.looked_at?);
        // Many are not asked for all at once, but in turns.
        let turns = u32::try_from(self.looking().count().div_ceil(ASKED_AT_ONCE)).unwrap_or(u32::MAX);
        let is_blind =
            watch.sight == Sight::Nothing && span > INTERVAL.saturating_mul(ROUNDS_UNSEEN).saturating_mul(turns);
        is_blind.then_some(Blindness { span, reason: watch.error.as_deref() })
    }

    /// Watches a subject from now on. If it is watched already, the stricter of both watches goes on for longer.
    pub(super) fn add(&mut self, subject: Subject, since: Option<Timestamp>, revoked_at: Timestamp, until: Timestamp) {
        let older = self.list.iter().position(|watch| watch.subject == subject).map(|index| self.list.remove(index));
        let was_chosen = older.as_ref().is_some_and(|older| Some(older.number) == self.chosen);
        let (since, until) = match older.filter(|older| older.sight == Sight::Nothing) {
            Some(older) => (older.since.zip(since).map(|(one, other)| one.min(other)), until.max(older.until)),
            None => (since, until),
        };
        self.added += 1;
        let number = self.added;
        if was_chosen {
            self.chosen = Some(number);
        }
        self.list.push(Watch {
            subject,
            revoked_at,
            until,
            sight: Sight::Nothing,
            since,
            number,
            asked_at: None,
            looked_at: None,
            error: None,
        });
        // What is asked next must not wait for what was asked before.
        self.asked_at = None;
    }

    /// What to ask the database now.
    fn due(&mut self, now: Timestamp) -> Vec<Glance> {
        let mut looking: Vec<&mut Watch> = self.list.iter_mut().filter(|it| it.sight == Sight::Nothing).collect();
        // Also of those that have to wait until others have been looked after: they see nothing meanwhile.
        for watch in &mut looking {
            watch.looked_at.get_or_insert(now);
        }
        let is_early = self.asked_at.is_some_and(|asked| now >= asked && now.since(asked) < INTERVAL);
        if self.is_waiting || is_early {
            return Vec::new();
        }
        looking.sort_by_key(|watch| watch.asked_at);
        looking.truncate(ASKED_AT_ONCE);
        let glances: Vec<Glance> = looking
            .into_iter()
            .map(|watch| {
                watch.asked_at = Some(now);
                Glance { number: watch.number, subject: watch.subject.clone(), since: watch.since }
            })
            .collect();
        self.is_waiting = !glances.is_empty();
        self.asked_at = Some(now);
        glances
    }

    /// Takes an answer in, unless its watch has been dismissed or begun anew meanwhile.
    fn saw(&mut self, number: u64, glanced: Glanced, host_now: Timestamp) {
        let Some(watch) = self.list.iter_mut().find(|it| it.number == number && it.sight == Sight::Nothing) else {
            return;
        };
        match &glanced {
            Ok(_) => (watch.looked_at, watch.error) = (Some(host_now), None),
            Err(error) => watch.error = Some(error.cause()),
        }
        match glanced {
            Ok((Some(jti), _)) => watch.sight = Sight::NewToken { issued_at: jti.issued_at(), jti },
            Ok((None, now)) if now >= watch.until => watch.sight = Sight::Over,
            // What cannot be asked now is asked again, also after the time is up: nothing is said to be over unseen.
            Ok((None, _)) | Err(_) => {}
        }
    }
}

impl App {
    /// Asks the database about the watched subjects, when it is time to.
    pub(super) fn glances_due(&mut self) -> Option<Effect> {
        let glances = self.watches.due(self.host_now);
        (!glances.is_empty()).then_some(Effect::Glance(glances))
    }

    /// Takes in what was seen of the watched subjects.
    pub(super) fn glanced(&mut self, seen: Vec<(u64, Glanced)>) -> Vec<Effect> {
        self.watches.is_waiting = false;
        for (number, glanced) in seen {
            self.watches.saw(number, glanced, self.host_now);
        }
        Vec::new()
    }

    pub(super) fn open_watches(&mut self) -> Vec<Effect> {
        self.watches.choose(0);
        self.dialog = Some(Dialog::Watches);
        Vec::new()
    }

    /// Why there is nothing to show.
    pub(crate) fn watches_nobody(&self) -> Option<String> {
        let is_empty = self.watches.list.is_empty();
        is_empty.then(|| "Nobody is watched: that begins when something has been revoked.".to_owned())
    }

    /// Chooses another watch. The dialog shows whichever is chosen, so that none is dismissed unseen.
    pub(super) fn choose_watch(&mut self, command: Command) -> Vec<Effect> {
        let chosen = self.watches.chosen();
        self.watches.choose(match command {
            Command::Down => chosen + 1,
            Command::PageDown => chosen + PAGE,
            Command::Up => chosen.saturating_sub(1),
            Command::PageUp => chosen.saturating_sub(PAGE),
            Command::Last => usize::MAX,
            _ => 0,
        });
        Vec::new()
    }

    /// Takes the chosen watch off the screen; with the last of them, the dialog goes.
    pub(super) fn dismiss_watch(&mut self) -> Vec<Effect> {
        let watches = &mut self.watches;
        let place = watches.chosen();
        let number = watches.shown().get(place).map(|watch| watch.number);
        watches.list.retain(|watch| Some(watch.number) != number);
        watches.choose(place);
        if watches.list.is_empty() {
            self.dialog = None;
        }
        Vec::new()
    }
}
