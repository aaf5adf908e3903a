//! A database that cannot be reached: when that is worth a line in the log.
//!
//! It is said at once, and then after 1, 10 and 60 minutes and every hour: an outage of a night must not fill the log, and
//! must still be seen by whoever looks at its end.

use std::time::Duration;

use tokio::time::Instant;

/// How long after its beginning an outage is mentioned again; then every hour.
const REMINDERS: [Duration; 3] = [Duration::from_mins(1), Duration::from_mins(10), HOUR];
const HOUR: Duration = Duration::from_hours(1);

/// Whether the database answers, and since when not.
#[derive(Debug, Default)]
pub(crate) struct Contact {
    outage: Option<Outage>,
    /// Whether it ever answered.
    pub(crate) is_known: bool,
}

#[derive(Debug)]
struct Outage {
    since: Instant,
    next_mention: Duration,
    reason: String,
}

/// What to say about contact with the database.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Mention {
    /// It can no longer be reached.
    Lost,
    /// It still cannot, after so long.
    StillLost(Duration),
    /// It answers again, after so long.
    Back(Duration),
}

impl Contact {
    /// It did not answer.
    pub(crate) fn lost(&mut self, now: Instant, reason: &str) -> Option<Mention> {
        let Some(outage) = &mut self.outage else {
            self.outage = Some(Outage { since: now, next_mention: REMINDERS[0], reason: reason.to_owned() });
            return Some(Mention::Lost);
        };
        reason.clone_into(&mut outage.reason);
        let lasted = now - outage.since;
        if lasted < outage.next_mention {
            return None;
        }
        let next = REMINDERS.into_iter().find(|reminder| *reminder > lasted);
        outage.next_mention = next.unwrap_or(lasted + HOUR);
        Some(Mention::StillLost(lasted))
    }

    /// It answered.
    pub(crate) fn answered(&mut self, now: Instant) -> Option<Mention> {
        self.is_known = true;
        self.outage.take().map(|outage| Mention::Back(now - outage.since))
    }

    /// For how long it has not answered, and why.
    pub(crate) fn outage(&self, now: Instant) -> Option<(Duration, &str)> {
        self.outage.as_ref().map(|outage| (now - outage.since, outage.reason.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outage_is_mentioned_once_and_then_rarely() {
        let begin = Instant::now();
        let mut contact = Contact::default();
        let minutes: Vec<u64> = (0..=180)
            .filter(|minute| contact.lost(begin + Duration::from_mins(*minute), "refused").is_some())
            .collect();
        assert_eq!(minutes, [0, 1, 10, 60, 120, 180]);
    }

    #[test]
    fn the_end_of_an_outage_is_mentioned_with_its_length() {
        let begin = Instant::now();
        let mut contact = Contact::default();
        assert_eq!(contact.answered(begin), None, "nothing was wrong");
        assert_eq!(contact.lost(begin, "refused"), Some(Mention::Lost));
        let later = begin + Duration::from_mins(7);
        assert_eq!(contact.outage(later), Some((Duration::from_mins(7), "refused")));
        assert_eq!(contact.answered(later), Some(Mention::Back(Duration::from_mins(7))));
        assert_eq!((contact.answered(later), contact.outage(later)), (None, None));
        assert_eq!(contact.lost(later, "refused"), Some(Mention::Lost), "the next one is another");
    }
}
