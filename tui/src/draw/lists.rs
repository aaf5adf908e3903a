//! The lists, and the details of the row under the cursor.

use authdb_shared::Timestamp;
use authdb_shared::db::{TokenRange, TokenSelection};
use authdb_shared::liveness::{FlowState, Liveness};
use authdb_shared::model::{AuthorizationFlow, DeviceFlow, RefreshToken, Scope, SubjectSummary};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Borders, Paragraph, Wrap};

use super::columns::{self, Cell, Column};
use super::format::{fit, harmless, number, span};
use super::{LIST_HEADS, style};
use crate::app::{App, List, Row, Screen};

/// Terminals of this width show whole keys and more columns.
const WIDE: u16 = 110;
/// Terminals narrower than this show only what an action needs.
const MEDIUM: u16 = 70;

pub(super) fn draw(app: &App, frame: &mut Frame, area: Rect) {
    let is_wide = area.width >= WIDE;
    match app.screen {
        Screen::DeviceFlows => {
            let columns = flow_columns(Column::cells("CODE", 9));
            paint(app, frame, area, &columns, &app.device_flows, |flow| device_flow(app, flow));
        }
        Screen::AuthorizationFlows => {
            let columns = flow_columns(Column::cells("FLOW", if is_wide { 36 } else { 13 }));
            let cells = |flow: &AuthorizationFlow| authorization_flow(app, flow, is_wide);
            paint(app, frame, area, &columns, &app.authorization_flows, cells);
        }
        Screen::Subjects => {
            let columns = [
                Column::rest("SUBJECT", 1),
                Column::right("LIVE", 6),
                Column::right("NO LONGER LIVE", 14).from(MEDIUM),
                Column::right("OLDEST", 8).from(MEDIUM),
                Column::right("NEWEST", 8),
            ];
            paint(app, frame, area, &columns, &app.subjects, |summary| subject(app, summary));
        }
        Screen::Tokens => {
            let columns = [
                Column::right("AGE", 7),
                Column::cells("STATE", 8),
                Column::right("LEFT", 7),
                Column::rest("SUBJECT", 3),
                Column::rest("GROUP", 2).from(MEDIUM),
                Column::cells("TOKEN", if is_wide { 36 } else { 13 }).from(MEDIUM),
            ];
            paint(app, frame, area, &columns, &app.tokens, |row| token(app, row, is_wide));
        }
    }
}

fn flow_columns(key: Column) -> [Column; 8] {
    [
        key,
        Column::cells("STATE", 8),
        Column::right("LEFT", 6),
        Column::right("AGE", 6).from(MEDIUM),
        Column::rest("CLIENT", 3).from(MEDIUM),
        Column::cells("VO", 6),
        Column::rest("GROUP", 3),
        Column::rest("APPROVED FOR", 3),
    ]
}

/// Paints a list: its title, the heads, and as many rows as fit.
fn paint<R: Row>(
    app: &App,
    frame: &mut Frame,
    area: Rect,
    columns: &[Column],
    list: &List<R>,
    cells: impl Fn(&R) -> Vec<Cell>,
) {
    let is_shown = |column: &Column| column.is_shown(area.width);
    let shown: Vec<Column> = columns.iter().copied().filter(is_shown).collect();
    let widths = columns::widths(&shown, usize::from(area.width));
    let height = usize::from(area.height.saturating_sub(LIST_HEADS));
    let offset = list.offset(height);
    let selected = list.selected_index();
    let mut lines = vec![title(app, list, offset), columns::heads(&shown, &widths)];
    for (index, row) in list.rows.iter().enumerate().skip(offset).take(height) {
        let cells =
            columns.iter().zip(cells(row)).filter(|(column, _)| is_shown(column)).map(|(_, cell)| cell).collect();
        lines.push(columns::row(&shown, &widths, cells, selected == Some(index)));
    }
    if list.rows.is_empty() {
        lines.push(Line::styled(format!("  {}", empty(app, list)), style::FAINT));
    }
    let style = if app.lost.is_some() || app.freshness().error.is_some() { style::STALE_ROWS } else { style::PLAIN };
    frame.render_widget(Paragraph::new(lines).style(style), area);
}

fn title<R: Row>(app: &App, list: &List<R>, offset: usize) -> Line<'static> {
    let what = match (app.screen, &app.selection) {
        (Screen::Tokens, TokenSelection::Of(subject)) => format!("All tokens of {subject}"),
        (Screen::Tokens, TokenSelection::Everybody(TokenRange::Live)) => "Live tokens".to_owned(),
        (Screen::Tokens, TokenSelection::Everybody(TokenRange::LastDay)) => "Tokens of the last day".to_owned(),
        (Screen::Subjects, _) => "Subjects with live tokens".to_owned(),
        (screen, _) => screen.title().to_owned(),
    };
    let count = number(list.rows.len() as u64);
    let count = if list.has_more { format!(" first {count}; / narrows") } else { format!(" {count}") };
    let mut spans = vec![Span::styled(format!("  {what}"), style::STRONG), Span::styled(count, style::FAINT)];
    if !list.filter.is_empty() {
        spans.push(Span::raw(format!("  containing \"{}\"", harmless(&list.filter))));
    }
    if offset > 0 {
        spans.push(Span::styled(format!("  ↑ {offset} more above"), style::FAINT));
    }
    Line::from(spans)
}

fn empty<R: Row>(app: &App, list: &List<R>) -> &'static str {
    if list.read_at.is_none() {
        "reading…"
    } else if !list.filter.is_empty() {
        "nothing contains this text; Esc clears the filter"
    } else {
        match app.screen {
            Screen::DeviceFlows => "no device flows",
            Screen::AuthorizationFlows => "no authorization flows",
            Screen::Subjects => "nobody has a live token",
            Screen::Tokens => "no tokens; l switches to everything of the last day",
        }
    }
}

fn age(app: &App, since: Option<Timestamp>) -> Cell {
    (since.map_or_else(|| "?".to_owned(), |since| span(app.now().since(since))), style::PLAIN)
}

fn plain(text: &str) -> Cell {
    (harmless(text), style::PLAIN)
}

fn left(state: FlowState) -> Cell {
    state.left().map_or((String::new(), style::PLAIN), |left| (span(left), style::of_left(left)))
}

fn of_scope(scope: &Scope) -> [Cell; 2] {
    [plain(scope.vo().unwrap_or("-")), plain(scope.group().unwrap_or("(default)"))]
}

fn device_flow(app: &App, flow: &DeviceFlow) -> Vec<Cell> {
    let state = flow.state(app.now(), &app.policy);
    flow_cells(app, flow.user_code.to_string(), state, flow.created, &flow.client_id, &flow.scope, flow.sub.as_deref())
}

fn authorization_flow(app: &App, flow: &AuthorizationFlow, is_wide: bool) -> Vec<Cell> {
    let state = flow.state(app.now(), &app.policy);
    let id = key(&flow.id.to_string(), is_wide);
    flow_cells(app, id, state, flow.created, &flow.client_id, &flow.scope, flow.sub.as_deref())
}

fn flow_cells(
    app: &App,
    key: String,
    state: FlowState,
    created: Option<Timestamp>,
    client_id: &str,
    scope: &Scope,
    sub: Option<&str>,
) -> Vec<Cell> {
    let [vo, group] = of_scope(scope);
    vec![
        (key, style::STRONG),
        (state.to_string(), style::of_flow(state)),
        left(state),
        age(app, created),
        plain(client_id),
        vo,
        group,
        plain(sub.unwrap_or_default()),
    ]
}

/// The end of a key is what differs between keys of the same minute.
fn key(key: &str, is_wide: bool) -> String {
    if is_wide {
        key.to_owned()
    } else {
        format!("…{}", key.chars().skip(key.chars().count().saturating_sub(12)).collect::<String>())
    }
}

fn subject(app: &App, summary: &SubjectSummary) -> Vec<Cell> {
    vec![
        (summary.subject.to_string(), style::STRONG),
        (number(summary.live), style::of_token(Liveness::Live { left: std::time::Duration::ZERO })),
        (number(summary.revoked), style::FAINT),
        age(app, summary.first),
        age(app, summary.last),
    ]
}

fn token(app: &App, token: &RefreshToken, is_wide: bool) -> Vec<Cell> {
    let liveness = token.liveness(app.now(), &app.policy);
    let left = match liveness {
        Liveness::Live { left } => (span(left), style::of_left(left)),
        _ => (String::new(), style::PLAIN),
    };
    let subject = token.subject.as_ref().map_or_else(|| "(nobody)".to_owned(), ToString::to_string);
    vec![
        age(app, token.jti.issued_at()),
        (liveness.to_string(), style::of_token(liveness)),
        left,
        (subject, style::STRONG),
        plain(token.scope.group().unwrap_or("(default)")),
        (key(&token.jti.to_string(), is_wide), style::FAINT),
    ]
}

/// Everything about the row under the cursor that its columns had no room for.
pub(super) fn draw_details(app: &App, frame: &mut Frame, area: Rect) {
    let text = match app.screen {
        Screen::DeviceFlows => app.device_flows.selected().map(|flow| {
            format!("client {}  scope {}  started {}", harmless(&flow.client_id), flow.scope, instant(flow.created))
        }),
        Screen::AuthorizationFlows => app.authorization_flows.selected().map(|flow| {
            let redirect = harmless(&flow.redirect_uri);
            // First, because where a login returns to is what tells a forged one.
            let redirect = fit(&format!("returns to {redirect}"), usize::from(area.width));
            format!("{redirect}\n{}  scope {}  started {}", flow.id, flow.scope, instant(flow.created))
        }),
        Screen::Subjects => app
            .subjects
            .selected()
            .map(|summary| format!("{}  newest token issued {}", summary.subject, instant(summary.last))),
        Screen::Tokens => app.tokens.selected().map(|token| {
            let subject = token.subject.as_ref().map(ToString::to_string).unwrap_or_default();
            format!("{}  {subject}  {}  issued {}", token.jti, token.scope, instant(token.jti.issued_at()))
        }),
    };
    let text = text.unwrap_or_else(|| "↓ chooses a row".to_owned());
    let details = Paragraph::new(text).wrap(Wrap { trim: true }).style(Style::new().patch(style::FAINT));
    frame.render_widget(details.block(Block::new().borders(Borders::TOP).border_style(style::FAINT)), area);
}

fn instant(time: Option<Timestamp>) -> String {
    time.map_or_else(|| "at an unknown time".to_owned(), |time| time.to_string())
}
