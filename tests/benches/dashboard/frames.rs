//! Drawing a frame: from the state to the bytes for the terminal, in this process, with what the dashboard has really read.

use std::io::{Sink, sink};
use std::time::Instant;

use anyhow::{Context as _, Result};
use authdb_shared::clock;
use authdb_shared::config::{Config, Sources};
use authdb_tests::measure::{Figure, Report, Samples};
use authdb_tui::action::Action;
use authdb_tui::app::{App, Screen};
use authdb_tui::command::Command;
use authdb_tui::draw;
use authdb_tui::effect::Effect;
use authdb_tui::worker::Worker;
use ratatui::backend::CrosstermBackend;
use ratatui::layout::Rect;
use ratatui::{Terminal, TerminalOptions, Viewport};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::FRAME;
use crate::console::SIZE;
use crate::installation::Installation;

/// Frames per screen.
const FRAMES: usize = 500;

/// The program's own configuration, with every default.
const CONFIGURATION: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../config.toml");

/// A dashboard whose loop is turned by hand.
struct Dashboard {
    app: App,
    worker: Worker,
    answers: UnboundedReceiver<Action>,
}

/// Draws every screen again and again, the cursor on another row each time.
///
/// # Errors
/// When the database cannot be read.
pub(crate) async fn measure(installation: &Installation, report: &mut Report) -> Result<()> {
    let mut dashboard = Dashboard::on(installation)?;
    let options = TerminalOptions { viewport: Viewport::Fixed(Rect::new(0, 0, SIZE.0, SIZE.1)) };
    let mut terminal = Terminal::with_options(CrosstermBackend::new(sink()), options)?;
    let mut slowest = Samples::default();
    for screen in Screen::ALL {
        dashboard.show(*screen).await?;
        let samples = dashboard.draw(&mut terminal)?;
        if samples.p99() > slowest.p99() {
            slowest = samples.clone();
        }
        report.timing(format!("drawing a frame of {}", screen.title()), samples);
    }
    report.check("drawing a frame of the slowest screen: 99th percentile", Figure::Time(slowest.p99()), FRAME);
    Ok(())
}

impl Dashboard {
    fn on(installation: &Installation) -> Result<Self> {
        let url = installation.world.database.url();
        let sources =
            Sources::default().with_variable("AUTHDB_CONFIG", CONFIGURATION).with_variable("AUTHDB_DATABASE_URL", url);
        let config = Config::load(&sources).context("cannot configure the dashboard")?;
        let db = installation.world.db.clone();
        let (sender, answers) = unbounded_channel();
        let app = App::new(&db, db.place(), &config, SIZE, clock::host_now());
        Ok(Self { app, worker: Worker::new(db, &config, sources, sender), answers })
    }

    /// Shows a screen, and waits until everything on it has been read.
    async fn show(&mut self, screen: Screen) -> Result<()> {
        let mut awaited = 0;
        for action in [Action::Command(Command::Show(screen)), Action::Tick] {
            awaited += self.act(action);
        }
        while awaited > 0 {
            let answer = self.answers.recv().await.context("the worker is gone")?;
            awaited -= 1;
            awaited += self.act(answer);
        }
        Ok(())
    }

    /// Does what an action asks for, and says how many answers will come.
    fn act(&mut self, action: Action) -> usize {
        let effects = self.app.update(action, clock::host_now());
        let answered = |effect: &Effect| !matches!(effect, Effect::Ring | Effect::Copy(_) | Effect::TakeMouse(_));
        let effects: Vec<Effect> = effects.into_iter().filter(answered).collect();
        let count = effects.len();
        for effect in effects {
            self.worker.start(effect);
        }
        count
    }

    fn draw(&mut self, terminal: &mut Terminal<CrosstermBackend<Sink>>) -> Result<Samples> {
        let mut samples = Samples::default();
        for frame in 0..FRAMES {
            // Down the list and up again, so that rows move as well as the cursor.
            let command = if frame < FRAMES / 2 { Command::Down } else { Command::Up };
            self.app.update(Action::Command(command), clock::host_now());
            let begin = Instant::now();
            terminal.draw(|frame| draw::draw(&self.app, frame))?;
            samples.push(begin.elapsed());
        }
        Ok(samples)
    }
}
