//! Painting the state. Nothing here changes anything, so what is on the screen is always what [`App`] says.

mod alarms;
mod appearance;
mod approval;
mod chart;
mod columns;
mod contexts;
mod details;
mod dialogs;
mod direction;
mod exporting;
mod fields;
mod foot;
pub mod format;
mod head;
mod help;
mod janitor;
mod lists;
mod overview;
mod page;
mod palette;
mod partitions;
mod plan;
mod plan_fields;
mod registration;
mod sparks;
mod style;
mod subject;
mod watches;
mod work;
mod wrapping;

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Position, Rect};

pub use appearance::Appearance;
pub use direction::LEFT_TO_RIGHT;

use crate::app::{App, Screen};

/// Where everything goes.
struct Areas {
    head: Rect,
    tabs: Rect,
    banner: Rect,
    subject: Rect,
    list: Rect,
    chart: Rect,
    details: Rect,
    watches: Rect,
    notice: Rect,
    hints: Rect,
}

/// Terminals lower than this show neither details nor chart: the list needs the lines.
const LOW: u16 = 18;
/// Terminals of this height have room for a chart.
const HIGH: u16 = 32;
/// The list's own title and column heads.
const LIST_HEADS: u16 = 2;

fn areas(app: &App) -> Areas {
    let (width, height) = app.size;
    let has_chart = app.screen == Screen::Tokens && height >= HIGH && !subject::is_shown(app);
    let [head, tabs, banner, subject, list, chart, details, watches, notice, hints] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Length(1),
        Constraint::Length(head::banner_height(app)),
        Constraint::Length(subject::height(app)),
        Constraint::Min(3),
        Constraint::Length(if has_chart { chart::height(app) } else { 0 }),
        Constraint::Length(if height >= LOW && app.list().is_some() { 3 } else { 0 }),
        Constraint::Length(watches::height(app)),
        Constraint::Length(foot::notice_height(app, width)),
        Constraint::Length(1),
    ])
    .areas(Rect::new(0, 0, width, height));
    Areas { head, tabs, banner, subject, list, chart, details, watches, notice, hints }
}

/// Rows of the list in view.
#[must_use]
pub fn list_height(app: &App) -> usize {
    usize::from(areas(app).list.height.saturating_sub(LIST_HEADS))
}

/// The columns of the list in view that can be seen, by their places in the table.
#[must_use]
pub fn columns_on_screen(app: &App) -> Vec<usize> {
    columns::visible(&columns::place(&app.columns_in_view(), app.size.0), app.size.0)
}

/// Whether the screen is about one subject, and has room to say so.
#[must_use]
pub fn shows_subject(app: &App) -> bool {
    subject::is_shown(app)
}

/// Lines of the open dialog that the terminal cannot show.
#[must_use]
pub fn hidden_dialog_lines(app: &App) -> u16 {
    dialogs::hidden_lines(app)
}

/// Lines of a screen that is no list that the terminal cannot show.
#[must_use]
pub fn hidden_page_lines(app: &App) -> u16 {
    page::hidden_lines(app, areas(app).list)
}

/// What stands in a cell, as far as a click on it means something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spot {
    /// The tab of a screen.
    Tab(Screen),
    /// The head of a column, by its place in the table.
    Head(usize),
    /// A row of the list in view, by where it stands among those shown.
    Row(usize),
}

/// What stands in a cell while no dialog lies over it.
#[must_use]
pub fn spot(app: &App, x: u16, y: u16) -> Option<Spot> {
    let areas = areas(app);
    let position = Position::new(x, y);
    if areas.tabs.contains(position) {
        return head::tab_at(app, areas.tabs, x).map(Spot::Tab);
    }
    let list = app.list().filter(|_| areas.list.contains(position))?;
    lists::spot(app, list, areas.list, position)
}

/// Paints everything.
pub fn draw(app: &App, frame: &mut Frame) {
    let areas = areas(app);
    // After a resize the frame may be smaller for a moment than the last size that was reported.
    let visible = |area: Rect| area.intersection(frame.area());
    let [head, tabs, banner, list] = [areas.head, areas.tabs, areas.banner, areas.list].map(visible);
    let [chart, details, watched] = [areas.chart, areas.details, areas.watches].map(visible);
    let [subject, notice, hints] = [areas.subject, areas.notice, areas.hints].map(visible);
    head::draw(app, frame, head, tabs, banner);
    subject::draw(app, frame, subject);
    if let Some(shown) = app.list() {
        lists::draw(app, shown, frame, list);
    } else {
        page::draw(app, frame, list);
    }
    chart::draw(app, frame, chart);
    lists::draw_details(app, frame, details);
    watches::draw(app, frame, watched);
    foot::draw(app, frame, notice, hints);
    dialogs::draw(app, frame);
    app.appearance.apply(frame.buffer_mut());
    direction::keep(frame.buffer_mut());
}
