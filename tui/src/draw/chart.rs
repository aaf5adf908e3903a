//! Tokens per month as bars.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::widgets::{Bar, BarChart, BarGroup, Block, Borders};

use super::format::number;
use super::style;
use crate::app::App;

pub(super) fn draw(app: &App, frame: &mut Frame, area: Rect) {
    let Some(months) = app.months.as_ref().filter(|_| area.height > 3) else { return };
    let title = if months.is_estimate { " Tokens per month, the server's estimate " } else { " Tokens per month " };
    let bars: Vec<Bar> = months
        .months
        .iter()
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
