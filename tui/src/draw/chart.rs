//! Tokens per month as bars.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Bar, BarChart, BarGroup, Block, Borders};

use super::format::number;
use super::{page, style};
use crate::app::App;

const HEIGHT: u16 = 9;

/// Lines of it: of what cannot be read there is no more to show than that.
pub(super) fn height(app: &App) -> u16 {
    match (&app.months.value, app.months.reading.freshness(app.host_now).error) {
        (Some(_), _) => HEIGHT,
        (None, Some(_)) => 1,
        (None, None) => 0,
    }
}

pub(super) fn draw(app: &App, frame: &mut Frame, area: Rect) {
    if area.is_empty() {
        return;
    }
    let months = app.months.value.as_ref();
    let estimate = if months.is_some_and(|it| it.is_estimate) { ", the server's estimate" } else { "" };
    let mut title = Line::raw(format!(" Tokens per month{estimate}"));
    title.extend(page::remark_on_months(app));
    title.push_span(Span::raw(" "));
    let bars: Vec<Bar> = months
        .iter()
        .flat_map(|it| &it.months)
        .map(|month| Bar::with_label(month.month.to_string(), month.rows).text_value(number(month.rows)))
        .collect();
    let chart = BarChart::default()
        .data(BarGroup::default().bars(&bars))
        .bar_width(9)
        .bar_gap(2)
        .label_style(style::FAINT)
        .block(Block::new().borders(Borders::TOP).border_style(style::FAINT).title(title));
    frame.render_widget(chart, area);
}
