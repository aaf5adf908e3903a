//! Moving about: screens, rows and filters.

use tui_input::Input;

use super::{App, Browse, Dialog, Screen, Sort};

use crate::command::Command;
use crate::draw;
use crate::effect::{Effect, TokenView};
use crate::look::Look;

impl App {
    /// Gives a command that is available.
    pub(super) fn browse(&mut self, command: Command) -> Vec<Effect> {
        self.dialog_scroll = 0;
        self.type_ahead.clear();
        let page = isize::try_from(self.list_height().max(2) - 1).unwrap_or(1);
        match command {
            Command::Help => {
                self.dialog = Some(Dialog::Help);
                Vec::new()
            }
            Command::Palette => self.open_palette(),
            Command::Show(screen) => self.show(screen),
            Command::NextScreen => self.show(self.screen.step(1)),
            Command::PreviousScreen => self.show(self.screen.step(Screen::ALL.len() - 1)),
            Command::Down => self.step(1),
            Command::Up => self.step(-1),
            Command::PageDown => self.step(page),
            Command::PageUp => self.step(-page),
            Command::First => self.select(0),
            Command::Last => self.select(usize::MAX),
            Command::Details | Command::SubjectDetails => {
                self.dialog = Some(Dialog::Details);
                Vec::new()
            }
            Command::Open | Command::OpenOwner => self.open_subject(),
            Command::GoToNew => self.go_to_new(),
            Command::Sort => self.sort_by_next(),
            Command::ReverseSort => self.reverse_sort(),
            Command::Mark => self.mark(),
            Command::MarkRange => self.with_list(|list| {
                list.mark_range();
            }),
            Command::MarkAll => self.with_list(|list| {
                list.mark_all();
            }),
            Command::CopyKey => self.copy_keys(),
            Command::CopyRow => self.copy_rows(),
            Command::Export => self.open_export(),
            Command::Back => self.back(),
            Command::Filter => {
                self.filter_input = self.list().map(|list| Input::new(list.filter().text().to_owned()));
                Vec::new()
            }
            Command::Refresh => self.read_anew(),
            Command::Pause => self.pause_or_resume(),
            Command::Contexts => self.open_contexts(),
            Command::SwitchTheme => self.switch_theme(),
            Command::SwitchMouse => self.switch_mouse(),
            Command::SwitchPrivacy => self.switch_privacy(),
            Command::SwitchTimes => self.switch_times(),
            Command::SwitchRange => self.switch_range(),
            Command::Approve => self.open_approval(),
            Command::Deny => self.ask_deny(),
            Command::Cancel => self.ask_cancel(),
            Command::Revoke => self.ask_revoke(),
            Command::RevokeSubject => self.ask_revoke_subject(),
            Command::Watches => self.open_watches(),
            Command::LastReport => self.open_last_report(),
            Command::Quit | Command::Suspend | Command::Confirm | Command::Dismiss => Vec::new(),
        }
    }

    fn show(&mut self, screen: Screen) -> Vec<Effect> {
        self.screen = screen;
        self.page_scroll = 0;
        let mut effects = self.fetch_unless_paused(screen);
        effects.extend(self.looks_due());
        effects
    }

    /// Reads every list, and what the screen in view shows besides. What is being read already is not asked for once more:
    /// a key that is held down would ask more of the database than it can answer.
    pub(super) fn read_anew(&mut self) -> Vec<Effect> {
        let lists: Vec<Effect> = Screen::ALL.iter().filter_map(|screen| self.fetch(*screen)).collect();
        let is_wanted = |look: &Look| look.is_on(self.screen) && !self.looks.reading(*look).is_waiting();
        let looks = Look::ALL.into_iter().filter(is_wanted).collect::<Vec<_>>();
        let mut effects: Vec<Effect> = lists.into_iter().chain(looks.into_iter().map(|look| self.look(look))).collect();
        if !self.subject.is_waiting() {
            effects.extend(self.look_at_subject_anew());
        }
        if self.screen == Screen::Tokens && !self.months.reading.is_waiting() {
            effects.push(self.fetch_months());
        }
        effects
    }

    pub(super) fn step(&mut self, count: isize) -> Vec<Effect> {
        let height = self.list_height();
        match self.list_mut() {
            Some(list) => list.step(count, height),
            None => self.scroll_page(usize::from(self.page_scroll).saturating_add_signed(count)),
        }
        Vec::new()
    }

    pub(super) fn select(&mut self, index: usize) -> Vec<Effect> {
        let height = self.list_height();
        match self.list_mut() {
            Some(list) => list.select(index, height),
            None => self.scroll_page(index),
        }
        Vec::new()
    }

    /// Shows a screen that is no list from another line on.
    fn scroll_page(&mut self, line: usize) {
        let last = draw::hidden_page_lines(self);
        self.page_scroll = u16::try_from(line).unwrap_or(u16::MAX).min(last);
    }

    fn open_subject(&mut self) -> Vec<Effect> {
        let Some(subject) = self.subject_at_cursor().cloned() else { return Vec::new() };
        self.screen = Screen::Tokens;
        self.show_tokens(TokenView::Of(subject))
    }

    fn switch_range(&mut self) -> Vec<Effect> {
        self.show_tokens(match self.selection {
            TokenView::Live => TokenView::LastDay,
            TokenView::LastDay => TokenView::LastWeek,
            TokenView::LastWeek => TokenView::NotRevoked,
            TokenView::NotRevoked | TokenView::Of(_) => TokenView::Live,
        })
    }

    fn show_tokens(&mut self, selection: TokenView) -> Vec<Effect> {
        self.selection = selection;
        self.tokens.set_filter("", &self.viewpoint());
        self.tokens.clear();
        self.subject.forget();
        let mut effects = self.look_at_subject_anew();
        effects.extend(self.fetch(Screen::Tokens));
        effects
    }

    pub(super) fn with_list(&mut self, change: impl FnOnce(&mut dyn Browse)) -> Vec<Effect> {
        if let Some(list) = self.list_mut() {
            change(list);
        }
        Vec::new()
    }

    /// Marks the row under the cursor, and goes on to the next.
    fn mark(&mut self) -> Vec<Effect> {
        let height = self.list_height();
        self.with_list(|list| {
            list.toggle_mark();
            list.step(1, height);
        })
    }

    /// By the next column that is on the screen; after the last, as the database gives the rows.
    fn sort_by_next(&mut self) -> Vec<Effect> {
        let (viewpoint, columns) = (self.viewpoint(), draw::columns_on_screen(self));
        self.with_list(|list| {
            let sorted = list.sort().and_then(|sort| columns.iter().position(|place| *place == sort.column));
            let next = columns.get(sorted.map_or(0, |index| index + 1));
            list.set_sort(next.map(|column| Sort { column: *column, is_descending: false }), &viewpoint);
        })
    }

    fn reverse_sort(&mut self) -> Vec<Effect> {
        let (viewpoint, columns) = (self.viewpoint(), draw::columns_on_screen(self));
        self.with_list(|list| {
            let first = columns.first().copied().unwrap_or_default();
            let sort = list.sort().unwrap_or(Sort { column: first, is_descending: false });
            list.set_sort(Some(Sort { is_descending: !sort.is_descending, ..sort }), &viewpoint);
        })
    }

    /// One step back at a time: the marks, the filter, the subject, the row.
    fn back(&mut self) -> Vec<Effect> {
        if self.list_mut().is_some_and(Browse::unmark) {
            return Vec::new();
        }
        if self.list().is_some_and(|list| !list.filter().is_empty()) {
            return self.narrow("");
        }
        if self.screen == Screen::Tokens && matches!(self.selection, TokenView::Of(_)) {
            let mut effects = self.show_tokens(TokenView::Live);
            effects.extend(self.show(Screen::Subjects));
            return effects;
        }
        self.with_list(|list| {
            list.release();
        })
    }
}
