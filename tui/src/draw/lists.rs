//! The lists, and the details of the row under the cursor.

use authdb_shared::Timestamp;
use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Borders, Padding, Paragraph, Wrap};

use super::columns::Marks;
use super::format::{OLD, fit, harmless, number, span};
use super::{LIST_HEADS, Spot, columns, page, style};
use crate::app::{App, Browse, Screen};
use crate::command::Command;
use crate::effect::TokenView;
use crate::table::MEDIUM;

/// The line of the list's area that its heads stand on, below the title.
const HEADS_LINE: usize = 1;

/// Cells before the details, as before the rows.
const MARGIN: u16 = 2;

/// What the title shows of a filter, so that the count of the marks behind it stays in view.
const FILTER_CELLS: usize = 30;

/// What stands in a cell of a list.
pub(super) fn spot(app: &App, list: &dyn Browse, area: Rect, position: Position) -> Option<Spot> {
    let (x, line) = (usize::from(position.x - area.x), usize::from(position.y - area.y));
    match line.checked_sub(usize::from(LIST_HEADS)) {
        Some(row) => Some(list.offset(row_lines(area)) + row).filter(|index| *index < list.len()).map(Spot::Row),
        None if line == HEADS_LINE => {
            columns::at(&columns::place(&app.columns_in_view(), area.width), x).map(Spot::Head)
        }
        None => None,
    }
}

/// Lines that rows have.
fn row_lines(area: Rect) -> usize {
    usize::from(area.height.saturating_sub(LIST_HEADS))
}

/// Paints a list: its title, the heads, and as many rows as fit.
pub(super) fn draw(app: &App, list: &dyn Browse, frame: &mut Frame, area: Rect) {
    let viewpoint = app.viewpoint();
    let placed = columns::place(&app.columns_in_view(), area.width);
    let widths: Vec<(usize, usize)> = placed.iter().map(|column| (column.place, column.width)).collect();
    let height = row_lines(area);
    let (offset, selected) = (list.offset(height), list.selected_index());
    let mut lines = vec![app.veil.line(title(app, list, offset)), columns::heads(&placed, list.sort())];
    for index in offset..list.len().min(offset + height) {
        let marks = Marks {
            is_selected: selected == Some(index),
            is_marked: list.is_marked(index),
            is_new: list.is_new(index, app.host_now),
        };
        let cells = list.cells(index, &widths, &viewpoint);
        lines.push(columns::row(&placed, cells, marks));
    }
    if list.is_empty() {
        lines.push(Line::styled(format!("  {}", empty(app, list)), style::FAINT));
    }
    let style = if app.lost.is_some() || app.freshness().error.is_some() { style::STALE_ROWS } else { style::PLAIN };
    frame.render_widget(Paragraph::new(lines).style(style), area);
}

fn title(app: &App, list: &dyn Browse, offset: usize) -> Line<'static> {
    let what = match (app.screen, &app.selection) {
        (Screen::Tokens, TokenView::Of(subject)) => {
            format!("All tokens of {}", fit(&app.veil.alias(subject.as_str()), usize::from(app.size.0) / 2))
        }
        (Screen::Tokens, TokenView::Live) => "Live tokens".to_owned(),
        (Screen::Tokens, TokenView::LastDay) => "Tokens of the last day".to_owned(),
        (Screen::Tokens, TokenView::LastWeek) => "Tokens of the last week".to_owned(),
        (Screen::Tokens, TokenView::NotRevoked) => "All tokens not revoked".to_owned(),
        (Screen::Subjects, _) => "Subjects with live tokens".to_owned(),
        (screen, _) => screen.title().to_owned(),
    };
    let count = number(list.len() as u64);
    let read = number(list.read() as u64);
    let count = match (list.filter().narrowing().is_partial, list.is_cut_short(), list.has_more()) {
        _ if list.is_behind() => format!(" {count} so far; not all was read yet"),
        (true, true, _) => format!(" {count} of the {read} that were read; time was up, not all was searched"),
        (false, true, _) => format!(" {count}; time was up, not all was searched"),
        (true, false, true) => format!(" {count} of the {read} that were read; there are more"),
        (false, false, true) => format!(" first {count}; {} narrows", app.keys.way_to(Command::Filter)),
        (_, false, false) => format!(" {count}"),
    };
    let mut spans = vec![Span::styled(format!("  {what}"), style::STRONG), Span::styled(count, style::FAINT)];
    if app.screen == Screen::Journal {
        spans.extend([Span::raw("  "), page::chain(app)]);
    }
    if !list.filter().is_empty() {
        spans.push(Span::raw(format!("  / {}", fit(&app.veil.typed(list.filter().text()), FILTER_CELLS))));
    }
    match list.marks() {
        (0, _) => {}
        (marked, 0) => spans.push(Span::styled(format!("  {} marked", number(marked as u64)), style::STRONG)),
        (marked, hidden) => {
            let text = format!("  {} marked, {} of them not shown", number(marked as u64), number(hidden as u64));
            spans.push(Span::styled(text, style::STRONG));
        }
    }
    if list.unseen() > 0 {
        let (count, key) = (number(list.unseen() as u64), app.keys.way_to(Command::GoToNew));
        let is_narrow = app.size.0 < MEDIUM;
        let text =
            if is_narrow { format!("  + {count} new: {key}") } else { format!("  + {count} new; {key} goes there") };
        spans.push(Span::styled(text, style::KEY));
    }
    let freshness = app.freshness();
    // Where reading fails, another line says so.
    if let Some(age) = freshness.age.filter(|age| *age >= OLD && freshness.error.is_none()) {
        spans.push(Span::styled(format!("  from {} ago", span(age)), style::FAINT));
    }
    if offset > 0 {
        spans.push(Span::styled(format!("  ↑ {offset} more above"), style::FAINT));
    }
    Line::from(spans)
}

fn empty(app: &App, list: &dyn Browse) -> String {
    let freshness = app.freshness();
    if freshness.age.is_none() || list.is_behind() {
        if freshness.waiting.is_some() { "reading…".to_owned() } else { "not read yet".to_owned() }
    } else if list.filter().complaint().is_some() {
        "the filter cannot be read, so it selects nothing".to_owned()
    } else if !list.filter().is_empty() {
        // While it is typed, Esc does so however the keys are bound.
        let back = if app.filter_input.is_some() { "Esc".to_owned() } else { app.keys.way_to(Command::Back) };
        format!("no row matches the filter; {back} clears it")
    } else {
        match app.screen {
            Screen::DeviceFlows => "no device flows".to_owned(),
            Screen::AuthorizationFlows => "no authorization flows".to_owned(),
            Screen::Subjects => "nobody has a live token".to_owned(),
            Screen::Tokens => format!("no tokens; {} reaches further back", app.keys.way_to(Command::SwitchRange)),
            _ if matches!(app.looks.chain.value, Some(None)) => {
                "nothing was changed by hand: there is no journal (authdb init makes one)".to_owned()
            }
            _ => "nothing was changed by hand".to_owned(),
        }
    }
}

/// Everything about the row under the cursor that its columns had no room for.
pub(super) fn draw_details(app: &App, frame: &mut Frame, area: Rect) {
    let instant = |time: Option<Timestamp>| {
        time.map_or_else(|| "at an unknown time".to_owned(), |time| app.telling.past(time, app.now()))
    };
    let text = match app.screen {
        Screen::DeviceFlows => app.device_flows.selected().map(|flow| {
            format!("started {}  client {}  scope {}", instant(flow.created), harmless(&flow.client_id), flow.scope)
        }),
        Screen::AuthorizationFlows => app.authorization_flows.selected().map(|flow| {
            let redirect = harmless(&flow.redirect_uri);
            // First, because where a login returns to is what tells a forged one.
            let redirect = fit(&format!("returns to {redirect}"), usize::from(area.width.saturating_sub(MARGIN)));
            format!("{redirect}\nstarted {}  scope {}  {}", instant(flow.created), flow.scope, flow.id)
        }),
        Screen::Subjects => app.subjects.selected().map(|summary| {
            let remarks = summary.anomalies(&app.policy).into_iter().map(|anomaly| format!("{anomaly}  "));
            let remarks: String = remarks.collect();
            format!("{remarks}newest token issued {}  {}", instant(summary.last), summary.subject)
        }),
        Screen::Journal => app.journal.selected().map(|action| {
            let reason =
                if action.reason.is_empty() { "no reason given".to_owned() } else { app.veil.hide(&action.reason) };
            let (host, account) = (app.veil.alias(&action.host), app.veil.alias(&action.account));
            format!(
                "{}  {}  from {host} as {account}\n{}",
                action.id,
                reason,
                app.veil.hide(&action.details.to_string())
            )
        }),
        Screen::Tokens => app.tokens.selected().map(|token| {
            let subject = token.subject.as_ref().map(ToString::to_string).unwrap_or_default();
            format!("issued {}  {subject}  {}  {}", instant(token.jti.issued_at()), token.jti, token.scope)
        }),
        Screen::Overview | Screen::Partitions | Screen::Janitor => return,
    };
    let has_rows = app.list().is_some_and(|list| !list.is_empty());
    let advice = if has_rows { format!("{} chooses a row", app.keys.way_to(Command::Down)) } else { String::new() };
    let text = text.unwrap_or(advice);
    let text = app.veil.text(&text).into_owned();
    let details = Paragraph::new(text).wrap(Wrap { trim: true }).style(Style::new().patch(style::FAINT));
    let rule = Block::new().borders(Borders::TOP).border_style(style::FAINT);
    frame.render_widget(details.block(rule.padding(Padding::left(MARGIN))), area);
}
