//! The loop: events in, state changed, effects out, screen drawn.

use std::time::Duration;

use anyhow::{Context, bail};
use authdb_shared::clock::Zone;
use authdb_shared::config::{Config, Sources};
use authdb_shared::db::AuthDb;
use authdb_shared::{Error, clock};
use crossterm::event::{Event, EventStream};
use futures_util::StreamExt;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::action::Action;
use crate::app::{App, Columns};
use crate::command::Command;
use crate::effect::Effect;
use crate::keymap::Keymap;
use crate::terminal::Screen;
use crate::worker::Worker;
use crate::{draw, keymap};

/// Often enough for seconds that count down, seldom enough to cost nothing.
const TICK: Duration = Duration::from_millis(250);

/// Shows the dashboard of `db`, called `place`, until the admin leaves or the program is told to end. The configuration of
/// another context is read from the `sources`.
///
/// # Errors
/// If `[keys]` or `[columns]` cannot be used, the terminal fails, or a defect ends the program.
pub async fn run(db: AuthDb, place: &str, config: &Config, sources: Sources) -> anyhow::Result<()> {
    crate::terminal::require()?;
    let keys = Keymap::configured(&config.dashboard.keys).map_err(Error::from)?;
    let columns = Columns::configured(&config.dashboard.columns).map_err(Error::from)?;
    let mut screen = Screen::take().context("taking over the terminal")?;
    let size = screen.size().context("asking for the size of the terminal")?;
    let (sender, answers) = unbounded_channel();
    let mut app = App::new(&db, place, config, (size.width, size.height), clock::host_now());
    app.columns = columns;
    app.telling.local = Zone::of_this_host();
    app.appearance = draw::Appearance::of(&config.dashboard, |name| std::env::var(name).ok());
    app.keys = keys.in_ascii(app.appearance.is_ascii);
    screen.take_mouse(app.mouse).context("writing to the terminal")?;
    let worker = Worker::new(db, config, sources, sender);
    let result = main_loop(&mut screen, &mut app, worker, answers).await;
    drop(screen);
    // The screen that would have said it is gone.
    for line in app.last_words() {
        println!("{line}");
    }
    if let Some(defect) = app.defect {
        bail!("the program broke off: {defect}. This is a defect; please report it");
    }
    result
}

async fn main_loop(
    screen: &mut Screen,
    app: &mut App,
    mut worker: Worker,
    mut answers: UnboundedReceiver<Action>,
) -> anyhow::Result<()> {
    let mut events = EventStream::new();
    let mut ticks = tokio::time::interval(TICK);
    let mut hangups = signal(SignalKind::hangup()).context("listening for SIGHUP")?;
    let mut terminations = signal(SignalKind::terminate()).context("listening for SIGTERM")?;
    loop {
        if !Screen::is_taken() {
            bail!("the program broke off. This is a defect; please report it");
        }
        // Asked for before each drawing: the event that tells of another size may stand behind keys and answers.
        let size = screen.size().context("asking for the size of the terminal")?;
        if (size.width, size.height) != app.size {
            app.update(Action::Resized { width: size.width, height: size.height }, clock::host_now());
        }
        screen.draw(|frame| draw::draw(app, frame)).context("drawing on the terminal")?;
        let action = tokio::select! {
            event = events.next() => match event {
                Some(event) => {
                    let event = event.context("reading from the terminal")?;
                    if matches!(event, Event::Resize(..)) {
                        screen.redraw().context("drawing on the terminal")?;
                    }
                    keymap::action(app, &event)
                }
                None => return Ok(()),
            },
            action = answers.recv() => action,
            _ = ticks.tick() => Some(Action::Tick),
            // As if the admin left: a change that is under way is waited for, and a second signal leaves at once.
            _ = hangups.recv() => Some(Action::Command(Command::Quit)),
            _ = terminations.recv() => Some(Action::Command(Command::Quit)),
        };
        // What has come in meanwhile is taken in before the screen is drawn again.
        let mut next = action;
        while let Some(action) = next {
            for effect in app.update(action, clock::host_now()) {
                match effect {
                    Effect::Quit => return Ok(()),
                    Effect::Suspend => {
                        screen.suspend().context("taking the terminal again")?;
                        // The ticks that were missed while the program was stopped are of no use.
                        ticks.reset();
                        app.update(Action::Resumed, clock::host_now()).into_iter().for_each(|it| worker.start(it));
                    }
                    Effect::Adopt(number) if worker.adopt(number) => {}
                    Effect::Adopt(_) => bail!("the connection is gone. This is a defect; please report it"),
                    Effect::TakeMouse(take) => screen.take_mouse(take).context("writing to the terminal")?,
                    Effect::Copy(text) => screen.copy(&text).context("writing to the terminal")?,
                    Effect::Ring => screen.ring().context("writing to the terminal")?,
                    effect => worker.start(effect),
                }
            }
            next = answers.try_recv().ok();
        }
    }
}
