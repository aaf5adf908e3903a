//! The head: which database this is, the screens, and whether what is shown is fresh.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Padding, Paragraph, Wrap};
use unicode_width::UnicodeWidthStr;

use super::format::{OLD, fit, harmless, number, span};
use super::style;
use crate::app::{App, List, Screen, Work};
use crate::table::Row;

/// An answer that takes longer than this is worth a word.
const SLOW: std::time::Duration = std::time::Duration::from_millis(1500);

pub(super) fn draw(app: &App, frame: &mut Frame, head: Rect, tabs: Rect, banner: Rect) {
    frame.render_widget(Paragraph::new(title(app, usize::from(head.width))), head);
    frame.render_widget(Paragraph::new(screens(app, usize::from(tabs.width))), tabs);
    if let Some(text) = bad_news(app) {
        let text = app.veil.text(&text).into_owned();
        let margin = Block::new().padding(Padding::horizontal(1));
        let text = Paragraph::new(text).wrap(Wrap { trim: true }).block(margin);
        frame.render_widget(text.style(style::BANNER), banner);
    }
}

/// Two lines while something is wrong with what is shown.
pub(super) fn banner_height(app: &App) -> u16 {
    if bad_news(app).is_some() { 2 } else { 0 }
}

/// What is wrong with the rows in view.
fn bad_news(app: &App) -> Option<String> {
    let freshness = app.freshness();
    let rows = freshness
        .age
        .map_or_else(|| "Nothing has been read yet.".to_owned(), |age| format!("Rows are from {} ago.", span(age)));
    if let Some(lost) = &app.lost {
        let since = span(app.host_now.since(lost.since));
        return Some(format!("DATABASE LOST: no answer for {since}. {rows} Trying again. {}", harmless(&lost.reason)));
    }
    freshness.error.map(|error| format!("{rows} {}", harmless(error)))
}

fn title(app: &App, width: usize) -> Line<'static> {
    let context = context(app);
    let left = format!(" authdb{context}  {}  {}", app.place, app.server);
    let right = conditions(app, width, &left, &context);
    let room = width.saturating_sub(right.width() + 1);
    let authdb = format!(" authdb{context}");
    let left = match context.strip_prefix(' ') {
        // Of the context only its name is needed.
        Some(context) if room < authdb.width() => context.to_owned(),
        _ if room < authdb.width() + LEAST_PLACE => authdb,
        _ => left,
    };
    let left = fit(&left, room);
    let padding = " ".repeat(width.saturating_sub(left.width() + right.width()));
    Line::from(vec![Span::styled(left, style::STRONG), Span::raw(padding), Span::styled(right, style::STRONG)])
        .style(style::of_context(app.contexts.iter().find(|it| it.name == app.context_name).and_then(|it| it.colour)))
}

/// What holds for all that is shown, in as many words as there is room for. Time and place yield first, and then how long
/// something has lasted; that nothing is read, changed or shown as it is, is never left out: somebody would act on it.
fn conditions(app: &App, width: usize, left: &str, context: &str) -> String {
    let joined = |parts: &[&str], gap: &str| -> String {
        let parts: Vec<&str> = parts.iter().copied().filter(|part| !part.is_empty()).collect();
        parts.join(gap)
    };
    let waiting = app.freshness().waiting.filter(|waiting| *waiting >= SLOW && app.lost.is_none());
    let [state, short_state] = match (waiting, &app.work) {
        (Some(waiting), _) => ["waiting for the database, ", "waiting "].map(|text| format!("{text}{}", span(waiting))),
        (None, Some(work)) => [under_way(work), "changing…".to_owned()],
        (None, None) => [String::new(), String::new()],
    };
    let paused = app.paused_at.map(|since| format!("PAUSED {}", span(app.host_now.since(since)))).unwrap_or_default();
    let short_paused = if app.paused_at.is_some() { "PAUSED" } else { "" };
    let privacy = if app.veil.is_drawn() { "PRIVATE" } else { "" };
    let mode = if app.read_only { "READ-ONLY" } else { "" };
    let clock = app.telling.clock(app.now());
    let place = app.place.width().min(PLACE) + GAP.len() * 2;
    let authdb = " authdb".len() + context.width();
    let ways = [
        // How times are told shows on them too, so this yields to everything else.
        (left.width(), joined(&[app.telling.words(), &state, &paused, privacy, mode, &clock], "  ")),
        (authdb + place, joined(&[&state, &paused, privacy, mode, &clock], "  ")),
        (authdb, joined(&[&state, &paused, privacy, mode], "  ")),
        (context.width(), joined(&[&short_state, &paused, privacy, mode], " ")),
        (context.width(), joined(&[&short_state, short_paused, privacy, mode], " ")),
    ];
    // A blank at the end, and one at least before.
    let fits = |way: &&(usize, String)| way.0 + way.1.width() + 2 <= width;
    let most = ways.iter().find(fits).map(|(_, text)| text.clone());
    // The name of the context is cut before any of these is.
    let text = most.unwrap_or_else(|| joined(&[short_paused, privacy, mode], " "));
    if text.is_empty() { text } else { text + " " }
}

/// The context, where there are several, and in any case if it is one of production.
fn context(app: &App) -> String {
    let name = harmless(&app.context_name);
    match (app.is_production, app.contexts.len()) {
        (true, _) => format!("  PRODUCTION {name}"),
        (false, 0 | 1) => String::new(),
        (false, _) => format!("  {name}"),
    }
}

fn under_way(work: &Work) -> String {
    match work.steps() {
        1 if work.has_batches() => format!("changing… {} tokens", number(work.rows())),
        1 => "changing…".to_owned(),
        steps => format!("changing… {} of {}", number(work.report.tried() as u64), number(steps as u64)),
    }
}

/// The screens with their names.
fn screens(app: &App, width: usize) -> Line<'static> {
    let style = |screen| if screen == app.screen { style::SELECTED } else { style::PLAIN };
    let tab = |(screen, text)| [Span::raw(GAP), Span::styled(text, style(screen))];
    tabs(app, width).into_iter().flat_map(tab).collect()
}

/// The screen whose tab stands in a cell of the line.
pub(super) fn tab_at(app: &App, area: Rect, x: u16) -> Option<Screen> {
    let mut end = usize::from(area.x);
    tabs(app, usize::from(area.width)).into_iter().find_map(|(screen, text)| {
        let start = end + GAP.width();
        end = start + text.width();
        (start..end).contains(&usize::from(x)).then_some(screen)
    })
}

/// So many cells of the place matter more than the time.
const PLACE: usize = 16;
/// Of a place that has fewer cells, with those before it, nothing would be read.
const LEAST_PLACE: usize = 6;
/// What stands before each tab.
const GAP: &str = " ";

/// The tabs, in as many words as there is room for.
fn tabs(app: &App, width: usize) -> Vec<(Screen, String)> {
    let tabs = |name: &dyn Fn(Screen) -> String, counts: bool| -> Vec<(Screen, String)> {
        let tab = |screen: &Screen| {
            let count = if counts || *screen == app.screen { count(app, *screen) } else { String::new() };
            (*screen, format!("{}{count} ", name(*screen)))
        };
        Screen::ALL.iter().map(tab).collect()
    };
    let whole = |screen: Screen| format!(" {} {}", screen.digit(), screen.title());
    let brief = |screen: Screen| format!(" {} {}", screen.digit(), screen.brief_title());
    // The screen in view keeps its whole name for as long as the others keep what waits on them.
    let name = |screen: Screen| if screen == app.screen { screen.title() } else { screen.short_title() };
    let short = |screen: Screen| format!(" {} {}", screen.digit(), name(screen));
    let tight = |screen: Screen| format!("{} {}", screen.digit(), name(screen));
    let tightest = |screen: Screen| format!("{} {}", screen.digit(), screen.short_title());
    let digits = |screen: Screen| {
        if screen == app.screen {
            format!(" {} {}", screen.digit(), screen.short_title())
        } else {
            format!(" {}", screen.digit())
        }
    };
    let ways = [
        tabs(&whole, true),
        tabs(&brief, true),
        tabs(&short, true),
        tabs(&tight, true),
        tabs(&tightest, true),
        tabs(&tightest, false),
    ];
    let cells = |tabs: &[(Screen, String)]| tabs.iter().map(|(_, text)| GAP.width() + text.width()).sum::<usize>();
    ways.into_iter().find(|tabs| cells(tabs) <= width).unwrap_or_else(|| tabs(&digits, false))
}

/// A list that was read, and that no filter narrows, nor has narrowed when it was read, can be counted.
fn is_whole<R: Row>(list: &List<R>) -> bool {
    list.reading.read_at.is_some() && list.filter().is_empty() && !list.is_behind()
}

/// What waits on a screen: pending flows, subjects, live tokens.
fn count(app: &App, screen: Screen) -> String {
    let now = app.now();
    let is_pending = |state: authdb_shared::liveness::FlowState| state.rank() == 0;
    let (count, is_cut, is_read) = match screen {
        Screen::DeviceFlows => {
            let list = &app.device_flows;
            let pending = list.rows.iter().filter(|flow| is_pending(flow.state(now, &app.policy))).count();
            (pending, pending == list.rows.len() && list.has_more, is_whole(list))
        }
        Screen::AuthorizationFlows => {
            let list = &app.authorization_flows;
            let pending = list.rows.iter().filter(|flow| is_pending(flow.state(now, &app.policy))).count();
            (pending, pending == list.rows.len() && list.has_more, is_whole(list))
        }
        Screen::Subjects => (app.subjects.rows.len(), app.subjects.has_more, is_whole(&app.subjects)),
        Screen::Overview | Screen::Partitions | Screen::Janitor | Screen::Journal => return String::new(),
        Screen::Tokens => {
            let live: u64 = app.subjects.rows.iter().map(|summary| summary.live).sum();
            (usize::try_from(live).unwrap_or(usize::MAX), app.subjects.has_more, is_whole(&app.subjects))
        }
    };
    if !is_read {
        return String::new();
    }
    let about = if is_sum_old(app, screen) { "~" } else { "" };
    format!(" {about}{}{}", number(count as u64), if is_cut { "+" } else { "" })
}

/// Whether what stands for a screen was added up a while ago, because that takes the database long.
fn is_sum_old(app: &App, screen: Screen) -> bool {
    let age = app.subjects.reading.freshness(app.host_now).age;
    matches!(screen, Screen::Subjects | Screen::Tokens) && age.is_some_and(|age| age >= app.background_interval() + OLD)
}
