//! Looks: what the screens that are no lists are made of, each read on its own, so that one that fails or is slow keeps
//! none of the others.

use std::time::Duration;

use authdb_shared::Timestamp;
use authdb_shared::db::{
    Activity, AdminAction, ClientCodes, DbError, EndedSubject, FlowStateFilter, JournalCheck, LivenessFilter,
    OneSubject, Page, Run, StateCounts, TokensByMonth,
};
use authdb_shared::janitor::{JanitorStatus, Plan};
use authdb_shared::model::{AuthorizationFlow, DeviceFlow, SubjectSummary};
use authdb_shared::partition::Layout;
use authdb_shared::rotation::Chain;

use crate::app::Screen;

/// Something to look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// How many flows are in each state, and whose.
    Flows,
    /// How many tokens are in each state.
    Tokens,
    /// Who has most live tokens.
    Top,
    /// Whose sessions have all ended at once.
    Ended,
    /// The last hour, minute by minute.
    Minutes,
    /// The retention, day by day.
    Days,
    /// How the janitor is.
    Status,
    /// The partitions, or the months where there are none.
    Months,
    /// What a run would do now.
    Plan,
    /// What the janitor did.
    Runs,
    /// Whether the journal is as it was written.
    Chain,
    /// What was changed by hand lately.
    Deeds,
}

impl Look {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::Status,
        Self::Flows,
        Self::Tokens,
        Self::Minutes,
        Self::Ended,
        Self::Top,
        Self::Deeds,
        Self::Days,
        Self::Months,
        Self::Plan,
        Self::Runs,
        Self::Chain,
    ];

    /// Whether a screen shows it.
    #[must_use]
    pub fn is_on(self, screen: Screen) -> bool {
        match screen {
            Screen::Overview => matches!(
                self,
                Self::Status
                    | Self::Flows
                    | Self::Tokens
                    | Self::Minutes
                    | Self::Ended
                    | Self::Top
                    | Self::Deeds
                    | Self::Days
                    | Self::Chain
            ),
            Screen::Partitions => matches!(self, Self::Months | Self::Plan | Self::Runs),
            Screen::Janitor => matches!(self, Self::Status | Self::Runs | Self::Plan),
            Screen::Journal => self == Self::Chain,
            _ => false,
        }
    }

    /// Whether tokens are added up for it, of which there may be millions.
    #[must_use]
    pub fn is_sum(self) -> bool {
        matches!(self, Self::Tokens | Self::Minutes | Self::Ended | Self::Top | Self::Days)
    }

    /// How often it is read while this screen shows it; what costs the database more, less often. The whole journal is read
    /// to verify it, which the overview, where a dashboard may stand for days, does no more often than sums of months.
    #[must_use]
    pub fn interval_on(self, screen: Screen) -> Duration {
        Duration::from_secs(match self {
            Self::Flows | Self::Tokens | Self::Ended | Self::Top => 5,
            Self::Minutes | Self::Status | Self::Runs | Self::Deeds => 15,
            Self::Months => 60,
            Self::Chain if screen == Screen::Journal => 60,
            Self::Days | Self::Plan | Self::Chain => 600,
        })
    }
}

/// How many flows are in each state, and whose.
#[derive(Clone, Debug)]
pub struct Flows {
    /// Device flows by where they stand.
    pub device_flows: StateCounts<FlowStateFilter>,
    /// Authorization flows by where they stand.
    pub authorization_flows: StateCounts<FlowStateFilter>,
    /// Device codes that still count, by client, the most pending first.
    pub clients: Vec<ClientCodes>,
}

/// The partitions, or the months where there are none.
#[derive(Clone, Debug)]
pub struct Months {
    /// The database's time.
    pub now: Timestamp,
    /// The partitions; none where the table has none.
    pub layout: Layout,
    /// Tokens per month, where there are no partitions.
    pub counted: Option<TokensByMonth>,
}

/// What was seen, or why nothing was.
#[derive(Debug)]
#[expect(missing_docs, reason = "each answers the look of the same name")]
pub enum Seen {
    Flows(Result<Flows, DbError>),
    Tokens(Result<StateCounts<LivenessFilter>, DbError>),
    Top(Result<Page<SubjectSummary>, DbError>),
    Ended(Result<Page<EndedSubject>, DbError>),
    Minutes(Result<Activity, DbError>),
    Days(Result<Activity, DbError>),
    Status(Result<JanitorStatus, DbError>),
    Months(Result<Months, DbError>),
    Plan(Result<Plan, DbError>),
    Runs(Result<Option<Page<Run>>, DbError>),
    Chain(Result<Option<JournalCheck>, DbError>),
    Deeds(Result<Option<Page<AdminAction>>, DbError>),
}

/// Something to look at of one subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SubjectLook {
    /// What its tokens add up to.
    Sessions,
    /// Its logins.
    Flows,
    /// What was done to it by hand.
    Journal,
}

impl SubjectLook {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Sessions, Self::Flows, Self::Journal];

    /// How often it is read while the subject is in view; what costs the database more, less often.
    #[must_use]
    pub fn interval(self) -> Duration {
        Duration::from_secs(match self {
            Self::Sessions => 5,
            Self::Flows | Self::Journal => 15,
        })
    }
}

/// What the tokens of one subject add up to.
#[derive(Clone, Debug)]
pub struct Sessions {
    /// Their numbers.
    pub one: OneSubject,
    /// The sessions that the newest of them likely are.
    pub chains: Vec<Chain>,
    /// How many of those carry no time, and so are in none.
    pub undated: usize,
    /// Whether all tokens of the subject were looked at.
    pub is_whole: bool,
}

/// The logins of one subject, of those that are known to be its own: nobody is named before somebody has authenticated.
#[derive(Clone, Debug)]
pub struct SubjectFlows {
    /// By user code.
    pub device: Page<DeviceFlow>,
    /// By browser.
    pub browser: Page<AuthorizationFlow>,
}

/// What was seen of a subject, or why nothing was.
#[derive(Debug)]
#[expect(missing_docs, reason = "each answers the look of the same name")]
pub enum SeenOfSubject {
    Sessions(Result<Option<Sessions>, DbError>),
    Flows(Result<SubjectFlows, DbError>),
    Journal(Result<Option<Page<AdminAction>>, DbError>),
}
