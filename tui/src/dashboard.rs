//! The loop: events in, state changed, effects out, screen drawn.

use std::io;
use std::time::Duration;

use anyhow::{Context, bail};
use authdb_shared::clock::Zone;
use authdb_shared::config::{Config, Sources};
use authdb_shared::db::AuthDb;
use authdb_shared::{Error, Timestamp, clock};
use crossterm::event::{Event, EventStream};
use futures_util::stream::{self, Stream, StreamExt};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::action::Action;
use crate::app::{App, Columns};
use crate::command::Command;
use crate::effect::Effect;
use crate::keymap::Keymap;
use crate::store::Store;
use crate::terminal::{Display, Screen};
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
    let mut app = App::new(&db, place, config, size, clock::host_now());
    app.columns = columns;
    app.telling.local = Zone::of_this_host();
    app.appearance = draw::Appearance::of(&config.dashboard, |name| std::env::var(name).ok());
    app.keys = keys.in_ascii(app.appearance.is_ascii);
    screen.take_mouse(app.mouse).context("writing to the terminal")?;
    let worker = Worker::new(db, config, sources, sender);
    let surroundings =
        Surroundings { display: screen, events: EventStream::new(), leaving: signals()?, host_now: clock::host_now };
    let result = main_loop(surroundings, &mut app, worker, answers).await;
    // The screen that would have said it is gone.
    for line in app.last_words() {
        println!("{line}");
    }
    if let Some(defect) = app.defect {
        bail!("the program broke off: {defect}. This is a defect; please report it");
    }
    result
}

/// What the loop is surrounded by.
struct Surroundings<D, E, L, C> {
    display: D,
    /// Keys, clicks and other sizes.
    events: E,
    /// Yields when somebody outside asks the program to end.
    leaving: L,
    /// Tells the host's time.
    host_now: C,
}

/// The signals that ask the program to end.
fn signals() -> anyhow::Result<impl Stream<Item = ()> + Unpin> {
    let mut hangups = signal(SignalKind::hangup()).context("listening for SIGHUP")?;
    let mut terminations = signal(SignalKind::terminate()).context("listening for SIGTERM")?;
    let either = stream::select(
        stream::poll_fn(move |task| hangups.poll_recv(task)),
        stream::poll_fn(move |task| terminations.poll_recv(task)),
    );
    Ok(either)
}

async fn main_loop<D, E, L, C, S>(
    surroundings: Surroundings<D, E, L, C>,
    app: &mut App,
    mut worker: Worker<S>,
    mut answers: UnboundedReceiver<Action>,
) -> anyhow::Result<()>
where
    D: Display,
    E: Stream<Item = io::Result<Event>> + Unpin,
    L: Stream<Item = ()> + Unpin,
    C: Fn() -> Timestamp,
    S: Store,
{
    let Surroundings { mut display, mut events, mut leaving, host_now } = surroundings;
    let mut ticks = tokio::time::interval(TICK);
    loop {
        if !display.is_taken() {
            bail!("the program broke off. This is a defect; please report it");
        }
        // Asked for before each drawing: the event that tells of another size may stand behind keys and answers.
        let (width, height) = display.size().context("asking for the size of the terminal")?;
        if (width, height) != app.size {
            app.update(Action::Resized { width, height }, host_now());
        }
        display.draw(|frame| draw::draw(app, frame)).context("drawing on the terminal")?;
        let action = tokio::select! {
            event = events.next() => match event {
                Some(event) => {
                    let event = event.context("reading from the terminal")?;
                    if matches!(event, Event::Resize(..)) {
                        display.redraw().context("drawing on the terminal")?;
                    }
                    keymap::action(app, &event)
                }
                None => return Ok(()),
            },
            action = answers.recv() => action,
            _ = ticks.tick() => Some(Action::Tick),
            // As if the admin left: a change that is under way is waited for, and a second signal leaves at once.
            Some(()) = leaving.next() => Some(Action::Command(Command::Quit)),
        };
        // What has come in meanwhile is taken in before the screen is drawn again.
        let mut next = action;
        while let Some(action) = next {
            for effect in app.update(action, host_now()) {
                match effect {
                    Effect::Quit => return Ok(()),
                    Effect::Suspend => {
                        display.suspend().context("taking the terminal again")?;
                        // The ticks that were missed while the program was stopped are of no use.
                        ticks.reset();
                        app.update(Action::Resumed, host_now()).into_iter().for_each(|it| worker.start(it));
                    }
                    Effect::Adopt(number) if worker.adopt(number) => {}
                    Effect::Adopt(_) => bail!("the connection is gone. This is a defect; please report it"),
                    Effect::TakeMouse(take) => display.take_mouse(take).context("writing to the terminal")?,
                    Effect::Copy(text) => display.copy(&text).context("writing to the terminal")?,
                    Effect::Ring => display.ring().context("writing to the terminal")?,
                    effect => worker.start(effect),
                }
            }
            next = answers.try_recv().ok();
        }
    }
}

#[cfg(test)]
mod tests;
