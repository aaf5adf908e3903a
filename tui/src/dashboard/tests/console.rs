//! A terminal without a terminal, with the loop at work on it.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use authdb_shared::Timestamp;
use authdb_shared::config::{Config, Sources};
use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
use futures_util::stream;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::style::Modifier;
use ratatui::{Frame, Terminal};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::super::{Leaving, Surroundings, main_loop};
use super::fake_store::FakeStore;
use crate::app::tests::{NOW, at};
use crate::app::{App, Mouse};
use crate::store::Store as _;
use crate::terminal::Display;
use crate::worker::Worker;

const SIZE: (u16, u16) = (100, 30);
/// Of the clock that jumps: whatever has not come by then never will.
const PATIENCE: Duration = Duration::from_mins(2);

/// The dashboard at work.
pub(super) struct Console {
    keyboard: UnboundedSender<io::Result<Event>>,
    signals: UnboundedSender<Leaving>,
    drawn: watch::Receiver<Buffer>,
    history: Arc<Mutex<Vec<String>>>,
    program: JoinHandle<(anyhow::Result<()>, App)>,
}

/// How the dashboard has ended.
pub(super) struct Ended {
    pub(super) result: anyhow::Result<()>,
    pub(super) app: App,
}

impl Console {
    /// Starts the dashboard on a store.
    pub(super) fn on(store: &FakeStore) -> Self {
        Self::with(store, Sources::default())
    }

    /// The same with a configuration of its own.
    pub(super) fn with(store: &FakeStore, sources: Sources) -> Self {
        let config = Config::load(&sources).expect("a valid configuration");
        let arrival = store.arrival();
        let app = App::unconnected(&arrival.place, &arrival.server, arrival.read_only, &config, SIZE, at(NOW));
        let (keyboard, mut keys) = unbounded_channel();
        let (signals, mut leaving) = unbounded_channel();
        let terminal = Terminal::new(TestBackend::new(SIZE.0, SIZE.1)).expect("a terminal in memory");
        let (sender, drawn) = watch::channel(terminal.backend().buffer().clone());
        let history = Arc::default();
        let display = FakeDisplay { terminal, drawn: sender, history: Arc::clone(&history) };
        let started = Instant::now();
        let surroundings = Surroundings {
            display,
            events: stream::poll_fn(move |task| keys.poll_recv(task)),
            leaving: stream::poll_fn(move |task| leaving.poll_recv(task)),
            host_now: move || host_time(started),
        };
        let (answers, answered) = unbounded_channel();
        let worker = Worker::on(store.clone(), sources, answers);
        let program = tokio::spawn(async move {
            let mut app = app;
            let result = main_loop(surroundings, &mut app, worker, answered).await;
            (result, app)
        });
        Self { keyboard, signals, drawn, history, program }
    }

    pub(super) fn press(&self, code: KeyCode) {
        let modifiers = match code {
            KeyCode::Char(letter) if letter.is_ascii_uppercase() => KeyModifiers::SHIFT,
            _ => KeyModifiers::NONE,
        };
        let key = Event::Key(KeyEvent::new(code, modifiers));
        self.keyboard.send(Ok(key)).expect("the dashboard is at work");
    }

    /// Breaks the line.
    pub(super) fn lose_terminal(&self) {
        self.keyboard.send(Err(io::Error::other("no such line"))).expect("the dashboard is at work");
    }

    pub(super) fn signal(&self, signal: Leaving) {
        self.signals.send(signal).expect("the dashboard is at work");
    }

    pub(super) fn type_in(&self, text: &str) {
        text.chars().for_each(|letter| self.press(KeyCode::Char(letter)));
    }

    /// Waits until the screen is so, and gives it.
    #[track_caller]
    pub(super) fn wait_until(&mut self, what: &str, is_so: impl Fn(&str) -> bool) -> impl Future<Output = String> {
        let caller = std::panic::Location::caller();
        async move {
            let awaited = self.drawn.wait_for(|buffer| is_so(&text(buffer)));
            let found = tokio::time::timeout(PATIENCE, awaited).await.ok().and_then(Result::ok);
            let found = found.map(|buffer| text(&buffer));
            found.unwrap_or_else(|| panic!("{what} did not come ({caller}):\n{}", text(&self.drawn.borrow())))
        }
    }

    /// Waits until the screen shows something, however it is wrapped inside of a box, and gives it.
    #[track_caller]
    pub(super) fn wait_for(&mut self, said: &str) -> impl Future<Output = String> {
        self.wait_until(said, move |screen| says(screen, said))
    }

    /// The same where no time may pass before.
    pub(super) async fn wait_for_at_once(&mut self, said: &str) -> String {
        let asked = Instant::now();
        let screen = self.wait_for(said).await;
        assert_eq!(asked.elapsed(), Duration::ZERO, "{said} has waited for something");
        screen
    }

    /// Whether the row of the screen that holds a text is dimmed.
    pub(super) fn is_dimmed(&self, part: &str) -> bool {
        let buffer = self.drawn.borrow();
        let row = (0..buffer.area.height).find(|y| line(&buffer, *y).contains(part));
        let y = row.unwrap_or_else(|| panic!("no row has {part}:\n{}", text(&buffer)));
        (0..buffer.area.width).all(|x| {
            let cell = &buffer[(x, y)];
            cell.symbol() == " " || cell.modifier.contains(Modifier::DIM)
        })
    }

    /// How often it was drawn.
    pub(super) fn drawings(&self) -> usize {
        self.history.lock().expect("nobody panics with it").len()
    }

    /// Whether any drawing has shown something.
    pub(super) fn has_ever_said(&self, said: &str) -> bool {
        self.history.lock().expect("nobody panics with it").iter().any(|screen| says(screen, said))
    }

    /// Waits until the dashboard has ended.
    pub(super) async fn ended(self) -> Ended {
        let ended = tokio::time::timeout(PATIENCE, self.program).await.expect("it ends");
        let (result, app) = ended.expect("the loop does not panic");
        Ended { result, app }
    }
}

/// The host's time: the clock that jumps, from when the test began.
pub(super) fn host_time(started: Instant) -> Timestamp {
    at(NOW).after(started.elapsed())
}

/// Whether a screen shows something, however it is wrapped inside of a box.
fn says(screen: &str, said: &str) -> bool {
    let letters = |text: &str| -> String { text.chars().filter(|it| !it.is_whitespace() && *it != '│').collect() };
    letters(screen).contains(&letters(said))
}

fn text(buffer: &Buffer) -> String {
    (0..buffer.area.height).map(|y| line(buffer, y)).collect::<Vec<_>>().join("\n")
}

fn line(buffer: &Buffer, y: u16) -> String {
    (0..buffer.area.width).map(|x| buffer[(x, y)].symbol()).collect()
}

/// Keeps what is drawn.
struct FakeDisplay {
    terminal: Terminal<TestBackend>,
    drawn: watch::Sender<Buffer>,
    history: Arc<Mutex<Vec<String>>>,
}

impl Display for FakeDisplay {
    fn size(&self) -> io::Result<(u16, u16)> {
        Ok(SIZE)
    }

    fn draw(&mut self, paint: impl FnOnce(&mut Frame)) -> io::Result<()> {
        let Ok(_) = self.terminal.draw(paint);
        let buffer = self.terminal.backend().buffer().clone();
        self.history.lock().expect("nobody panics with it").push(text(&buffer));
        self.drawn.send_replace(buffer);
        Ok(())
    }

    fn redraw(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn suspend(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn take_mouse(&mut self, _: Mouse) -> io::Result<()> {
        Ok(())
    }

    fn copy(&mut self, _: &str) -> io::Result<()> {
        Ok(())
    }

    fn ring(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn is_taken(&self) -> bool {
        true
    }
}
