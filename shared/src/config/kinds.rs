//! The kinds of values: how a text becomes one, and what to say where it cannot.
//!
//! Each function returns the advice that completes "KEY cannot be `TEXT`: …".

use std::net::SocketAddr;
use std::time::Duration;

use croner::parser::{CronParser, Seconds};

use super::url::DatabaseUrl;
use super::{Ascii, Bell, Colour, Privacy, Theme, Times};
use crate::registry::RegistrySource;
use crate::telemetry::LogFormat;

/// The largest span that dates can be computed with safely: a century.
const LONGEST: Duration = Duration::from_hours(100 * 366 * 24);

/// What a span looks like.
const SPAN: &str = "write a span such as \"30s\", \"10m\" or \"2h\"";

/// A positive span such as `10m`.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let duration = duration_or_zero(text)?;
    if duration.is_zero() { Err(format!("it must be longer than nothing; {SPAN}")) } else { Ok(duration) }
}

/// The same, or `0s` for what is switched off.
pub(super) fn duration_or_zero(text: &str) -> Result<Duration, String> {
    if text.trim_start().starts_with('-') {
        return Err(format!("it is negative; {SPAN}"));
    }
    if text.trim().parse::<f64>().is_ok() {
        return Err(format!("it has no unit; write \"{}s\" for seconds or \"{0}m\" for minutes", text.trim()));
    }
    let duration = humantime::parse_duration(text.trim()).map_err(|error| format!("{error}; {SPAN}"))?;
    if duration > LONGEST { Err(format!("it is longer than a century; {SPAN}")) } else { Ok(duration) }
}

/// A whole number from 1.
pub(super) fn count(text: &str) -> Result<u32, String> {
    let number: u32 = text.trim().parse().map_err(|_| "write a whole number from 1".to_owned())?;
    if (1..=1_000_000).contains(&number) {
        Ok(number)
    } else {
        Err("write a whole number from 1 to 1000000".to_owned())
    }
}

/// A number of months from 1.
pub(super) fn months(text: &str) -> Result<u32, String> {
    match text.trim().parse() {
        Ok(months @ 1..=600) => Ok(months),
        _ => Err("write a whole number of months from 1 to 600".to_owned()),
    }
}

/// `true` or `false`.
pub(super) fn boolean(text: &str) -> Result<bool, String> {
    match text.trim() {
        "true" | "1" => Ok(true),
        "false" | "0" => Ok(false),
        _ => Err("write true or false".to_owned()),
    }
}

/// A theme.
pub(super) fn theme(text: &str) -> Result<Theme, String> {
    let theme = Theme::ALL.into_iter().find(|theme| theme.name() == text.trim());
    theme.ok_or_else(|| format!("write {}", choices(&Theme::ALL.map(Theme::name))))
}

/// Whether to draw with ASCII only.
pub(super) fn ascii(text: &str) -> Result<Ascii, String> {
    match text.trim() {
        "auto" => Ok(Ascii::Auto),
        text => boolean(text)
            .map(|is_ascii| if is_ascii { Ascii::Always } else { Ascii::Never })
            .map_err(|_| "write auto, true or false".to_owned()),
    }
}

/// Whether the bell rings.
pub(super) fn bell(text: &str) -> Result<Bell, String> {
    boolean(text).map(|rings| if rings { Bell::Rings } else { Bell::Silent })
}

/// Whether people are hidden.
pub(super) fn privacy(text: &str) -> Result<Privacy, String> {
    boolean(text).map(|is_on| if is_on { Privacy::On } else { Privacy::Off })
}

/// How times are told.
pub(super) fn times(text: &str) -> Result<Times, String> {
    let times = Times::ALL.into_iter().find(|times| times.name() == text.trim());
    times.ok_or_else(|| format!("write {}", choices(&Times::ALL.map(Times::name))))
}

/// A colour of a context.
pub(super) fn colour(text: &str) -> Result<Colour, String> {
    let colour = Colour::ALL.into_iter().find(|colour| colour.name() == text.trim());
    colour.ok_or_else(|| format!("write {}", choices(&Colour::ALL.map(Colour::name))))
}

/// `a, b or c`.
fn choices(names: &[&str]) -> String {
    let (last, others) = names.split_last().unwrap_or((&"", &[]));
    format!("{} or {last}", others.join(", "))
}

/// A cron line of six fields.
pub(super) fn schedule(text: &str) -> Result<String, String> {
    let fields = text.split_whitespace().count();
    match fields {
        5 => Err(format!("it has five fields; put the seconds before them: \"0 {}\"", text.trim())),
        6 => {
            let cron = CronParser::builder().seconds(Seconds::Required).build().parse(text.trim());
            let cron =
                cron.map_err(|error| format!("{error}; write six fields: second minute hour day month weekday"))?;
            // A date such as 31 February parses, and would leave the job unscheduled for good.
            cron.find_next_occurrence(&chrono::DateTime::UNIX_EPOCH, false)
                .map_err(|_| "that date never comes; write six fields that some day match".to_owned())?;
            Ok(text.trim().to_owned())
        }
        _ => Err(format!("it has {fields} fields; write six: second minute hour day month weekday")),
    }
}

/// An address and port to listen on; none if empty.
pub(super) fn listen(text: &str) -> Result<Option<SocketAddr>, String> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    let advice = "write an address and a port such as \"127.0.0.1:9469\" or \"[::1]:9469\", or nothing for none";
    text.trim().parse().map(Some).map_err(|_| advice.to_owned())
}

/// A form of the log.
pub(super) fn log_format(text: &str) -> Result<LogFormat, String> {
    match text.trim() {
        "auto" => Ok(LogFormat::Auto),
        "plain" => Ok(LogFormat::Plain),
        "json" => Ok(LogFormat::Json),
        "journald" => Ok(LogFormat::Journald),
        _ => Err("write auto, plain, json or journald".to_owned()),
    }
}

/// Where DiracX's registry is; nowhere if empty.
pub(super) fn registry(text: &str) -> Result<Option<RegistrySource>, String> {
    RegistrySource::parse(text).map_err(|error| error.to_string())
}

/// Any text.
#[expect(clippy::unnecessary_wraps, reason = "every kind has this form")]
pub(super) fn text(text: &str) -> Result<String, String> {
    Ok(text.to_owned())
}

/// A database URL.
pub(super) fn database_url(text: &str) -> Result<DatabaseUrl, String> {
    DatabaseUrl::parse(text).map_err(|error| error.to_string())
}
