//! Changing rows: the plan, the question, the changes one by one, and a report of each.

use authdb_shared::Error;
use authdb_shared::actor::Actor;
use authdb_shared::config::{Config, Origin};
use authdb_shared::db::{AuthDb, DbError, REASON_WIDTH, WritePermit};
use authdb_shared::error::{EXIT_DONE, EXIT_REFUSED, EXIT_UNREACHABLE};
use authdb_shared::session_plan::{PlanStep, StepFate};
use clap::Args;
use clap::builder::NonEmptyStringValueParser;
use serde_json::Value;

use super::change::{self, Preview};
use super::consent::{Question, require_terminal};
use super::output::{Cell, Field, List, Moment, names};
use super::registration::Remark;
use super::{Run, UsageError, or_null, say};

/// What every verb that changes something takes.
#[derive(Debug, Args)]
pub(crate) struct WriteOptions {
    /// Print what would happen, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Do not ask; needed where there is no terminal to ask on
    #[arg(long, conflicts_with = "dry_run")]
    yes: bool,
    /// Why, such as a ticket, for the journal; `dashboard.require_reason` makes it obligatory
    #[arg(long, value_name = "TEXT", value_parser = NonEmptyStringValueParser::new())]
    reason: Option<String>,
}

/// Rows of a plan that are shown before a question.
const SHOWN: usize = 20;

/// A change with what would come of it.
struct Planned {
    step: PlanStep,
    preview: Preview,
}

const PLAN: &[Field<Planned>] = &[
    Field::new("action", Cell::Plain, |row, _| change::action(&row.step).into()),
    Field::new("target", Cell::Plain, |row, _| change::target(&row.step).into()),
    Field::new("is_possible", Cell::Plain, |row, _| row.preview.refusal.is_none().into()),
    Field::new("refusal", Cell::Plain, |row, _| or_null(row.preview.refusal.as_deref())),
    Field::new("sub", Cell::Plain, |row, _| or_null(row.preview.sub.as_deref())),
    Field::new("tokens", Cell::Plain, |row, _| row.preview.tokens.into()),
    Field::new("consequences", Cell::Hidden, |row, _| row.preview.consequences.clone().into()),
    Field::new("tokens_are_complete", Cell::Hidden, |row, _| {
        row.preview.tokens.map_or(Value::Null, |_| (!row.preview.has_more_tokens).into())
    }),
];

/// What came of a change.
struct Made {
    step: PlanStep,
    outcome: Outcome,
    message: String,
    tokens: Option<u64>,
}

/// In one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Done,
    /// The row was not as it must be; nothing was changed.
    Refused,
    /// The database refused; nothing was changed, or no more than the message says.
    Failed,
    /// The connection broke while it was made: it may have been made or not.
    NotKnown,
    /// The connection broke before.
    NotTried,
}

impl Outcome {
    fn word(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::NotKnown => "not_known",
            Self::NotTried => "not_tried",
        }
    }
}

const MADE: &[Field<Made>] = &[
    Field::new("action", Cell::Hidden, |row, _| change::action(&row.step).into()),
    Field::new("target", Cell::Plain, |row, _| change::target(&row.step).into()),
    Field::new("outcome", Cell::Plain, |row, _| row.outcome.word().into()),
    Field::new("tokens", Cell::Hidden, |row, _| row.tokens.map_or(Value::Null, Value::from)),
    Field::new("message", Cell::Plain, |row, _| row.message.as_str().into()),
];

/// The fields of plan and report for a help text.
pub(super) fn help(examples: &str) -> String {
    let (plan, made) = (names(PLAN), names(MADE));
    format!("Fields: {made}\nFields with --dry-run: {plan}\n\n{examples}")
}

impl Run {
    /// Makes these changes, or shows what they would do.
    pub(super) async fn write(
        &mut self,
        steps: &[PlanStep],
        options: &WriteOptions,
        keys_are_piped: bool,
    ) -> anyhow::Result<u8> {
        self.write_remarked(steps, options, keys_are_piped, &Remark::default()).await
    }

    /// The same with what the registry has to say about it.
    pub(super) async fn write_remarked(
        &mut self,
        steps: &[PlanStep],
        options: &WriteOptions,
        keys_are_piped: bool,
        remark: &Remark,
    ) -> anyhow::Result<u8> {
        if steps.is_empty() {
            say("no key was given; nothing was changed");
            return Ok(EXIT_REFUSED);
        }
        if options.reason.as_deref().is_some_and(|it| it.chars().count() > REASON_WIDTH) {
            return Err(UsageError::LongReason.into());
        }
        if options.dry_run {
            let (db, config) = self.reading().await?;
            return self.plan(&db, &config, steps, remark).await;
        }
        let config = self.config()?;
        if config.dashboard.require_reason && options.reason.as_deref().is_none_or(|it| it.trim().is_empty()) {
            return Err(UsageError::NoReason.into());
        }
        if !options.yes {
            require_terminal(keys_are_piped)?;
        }
        if options.yes && is_production_unnamed(&config) {
            return Err(UsageError::Production(config.context.name).into());
        }
        let (db, permit) = connect(&config, options).await?;
        if !options.yes && !asked(&db, &config, steps, remark).await? {
            say("nothing was changed");
            return Ok(EXIT_REFUSED);
        }
        self.make(&db, &permit, &config, steps, remark).await
    }

    async fn plan(&mut self, db: &AuthDb, config: &Config, steps: &[PlanStep], remark: &Remark) -> anyhow::Result<u8> {
        let now = db.now().await.map_err(Error::from)?;
        let moment = Moment { now, policy: &config.policy };
        let mut consequences: Vec<String> = Vec::new();
        let (mut list, mut code) = (List::begin(&mut self.sink, self.format, PLAN)?, EXIT_DONE);
        for step in steps {
            let preview = change::preview(step, db, &config.policy).await.map_err(Error::from)?.with(remark);
            if preview.refusal.is_some() {
                code = EXIT_REFUSED;
            }
            for consequence in &preview.consequences {
                if !consequences.contains(consequence) {
                    consequences.push(consequence.clone());
                }
            }
            list.add(&Planned { step: step.clone(), preview }, &moment)?;
        }
        list.end()?;
        if self.format == super::Format::Table {
            for consequence in &consequences {
                say(consequence);
            }
        }
        Ok(code)
    }

    async fn make(
        &mut self,
        db: &AuthDb,
        permit: &WritePermit,
        config: &Config,
        steps: &[PlanStep],
        remark: &Remark,
    ) -> anyhow::Result<u8> {
        let now = db.now().await.map_err(Error::from)?;
        let moment = Moment { now, policy: &config.policy };
        let (mut list, mut code, mut broke) = (List::begin(&mut self.sink, self.format, MADE)?, EXIT_DONE, false);
        let (mut done, mut unwritten) = (0_u64, None);
        for step in steps {
            let made = match &remark.refusal {
                Some(refusal) => Made::refused(step, refusal, &mut code),
                None if broke => Made::not_tried(step),
                None => attempt(step, db, permit, config, &mut code).await,
            };
            broke |= made.outcome == Outcome::NotKnown;
            done += u64::from(made.outcome == Outcome::Done);
            // That it cannot be reported is no reason to leave the rest undone: nobody would know of that either.
            if unwritten.is_none() {
                unwritten = list.add(&made, &moment).and_then(|()| list.hand_on()).err();
            }
        }
        let unwritten = if unwritten.is_none() { list.end().err() } else { unwritten };
        db.close().await;
        if let Some(error) = unwritten {
            say(&format!("{done} of {} done, but the report could not be written: {error}", steps.len()));
            code = EXIT_REFUSED.max(code);
        }
        Ok(code)
    }
}

impl Made {
    /// Refused before the database was asked.
    fn refused(step: &PlanStep, refusal: &str, code: &mut u8) -> Self {
        *code = EXIT_REFUSED.max(*code);
        Self { step: step.clone(), outcome: Outcome::Refused, message: refusal.to_owned(), tokens: None }
    }

    fn not_tried(step: &PlanStep) -> Self {
        let message = "not tried, because the connection broke before".to_owned();
        Self { step: step.clone(), outcome: Outcome::NotTried, message, tokens: None }
    }
}

/// Makes one change. The exit code becomes that of the worst.
async fn attempt(step: &PlanStep, db: &AuthDb, permit: &WritePermit, config: &Config, code: &mut u8) -> Made {
    let (outcome, message, rows, own_code) = match db.take_step(permit, step, &config.policy).await {
        StepFate::Done(rows) => (Outcome::Done, change::done(step, rows), rows, EXIT_DONE),
        StepFate::Refused(reason) => (Outcome::Refused, reason, 0, EXIT_REFUSED),
        StepFate::Failed(rows, reason) => (Outcome::Failed, reason, rows, EXIT_REFUSED),
        StepFate::Stopped(rows) => (Outcome::Failed, "stopped before all were revoked".to_owned(), rows, EXIT_REFUSED),
        StepFate::Unknown(rows, reason) => (Outcome::NotKnown, reason, rows, EXIT_UNREACHABLE),
    };
    *code = own_code.max(*code);
    Made { step: step.clone(), outcome, message, tokens: change::tokens(step, rows) }
}

/// Refuses where nothing may be changed.
pub(super) fn require_writable(config: &Config) -> anyhow::Result<()> {
    if config.dashboard.read_only { Err(Error::from(DbError::ReadOnly).into()) } else { Ok(()) }
}

/// Whether production would be changed, and only the configuration file says so: whoever types the call, or wrote the
/// script, may think of another installation.
pub(super) fn is_production_unnamed(config: &Config) -> bool {
    let is_named = matches!(config.context_origin, Origin::Flag(_) | Origin::Variable(_));
    config.context.is_production && !is_named
}

async fn connect(config: &Config, options: &WriteOptions) -> anyhow::Result<(AuthDb, WritePermit)> {
    require_writable(config)?;
    let db = AuthDb::connect(&config.database).await.map_err(Error::from)?;
    let permit = db.write_permit(&Actor::of_this_process()).map_err(Error::from)?;
    let permit = match &options.reason {
        Some(reason) => permit.because(reason.as_str()),
        None => permit,
    };
    Ok((db, permit))
}

/// Says what would happen, and asks.
async fn asked(db: &AuthDb, config: &Config, steps: &[PlanStep], remark: &Remark) -> anyhow::Result<bool> {
    let mut consequences: Vec<String> = Vec::new();
    for step in steps.iter().take(SHOWN) {
        let preview = change::preview(step, db, &config.policy).await.map_err(Error::from)?.with(remark);
        let of_another = preview.sub.filter(|sub| *sub != change::target(step));
        let of_whom = of_another.map(|sub| format!(" of {sub}")).unwrap_or_default();
        let refusal = preview.refusal.map(|refusal| format!(": will be refused, {refusal}")).unwrap_or_default();
        say(&format!("{} {}{of_whom}{refusal}", change::action(step), change::target(step)));
        for consequence in preview.consequences {
            if !consequences.contains(&consequence) {
                consequences.push(consequence);
            }
        }
    }
    if steps.len() > SHOWN {
        say(&format!("… and {} more", steps.len() - SHOWN));
    }
    for consequence in &consequences {
        say(consequence);
    }
    let question = match &remark.warning {
        Some(_) => Question::against_the_registry(steps, &config.context),
        None => Question::about(steps, &config.context),
    };
    Ok(question.ask(std::io::stdin().lock(), std::io::stderr())?)
}
