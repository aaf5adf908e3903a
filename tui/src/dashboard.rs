//! The loop: events in, state changed, effects out, screen drawn.

use std::io::{self, Write as _};
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
use tokio::time::Interval;

use crate::action::Action;
use crate::app::{App, Columns};
use crate::command::Command;
use crate::effect::Effect;
use crate::keymap::Keymap;
use crate::store::Store;
use crate::terminal::{Display, Screen};
use crate::worker::Worker;
use crate::{draw, keymap};

/// Often enough to see soon that something is due, seldom enough to cost nothing.
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
        // So may be the terminal.
        let _ = writeln!(io::stdout(), "{line}");
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
    /// The signals that ask the program to end.
    leaving: L,
    /// Tells the host's time.
    host_now: C,
}

/// A signal that asks the program to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Leaving {
    /// The terminal is gone. That is told more than once: by the kernel, and by the shell that goes with it.
    HungUp,
    /// Somebody asks.
    Terminated,
}

impl Leaving {
    /// As if the admin left: a change that is under way is waited for. Being asked once more leaves at once.
    fn action(self, app: &App) -> Option<Action> {
        let is_said_again = self == Self::HungUp && app.is_leaving;
        (!is_said_again).then_some(Action::Command(Command::Quit))
    }
}

fn signals() -> anyhow::Result<impl Stream<Item = Leaving> + Unpin> {
    let mut hangups = signal(SignalKind::hangup()).context("listening for SIGHUP")?;
    let mut terminations = signal(SignalKind::terminate()).context("listening for SIGTERM")?;
    let either = stream::select(
        stream::poll_fn(move |task| hangups.poll_recv(task)).map(|()| Leaving::HungUp),
        stream::poll_fn(move |task| terminations.poll_recv(task)).map(|()| Leaving::Terminated),
    );
    Ok(either)
}

/// Shows the dashboard until it is left, and sees a change to its end whose terminal is gone meanwhile.
async fn main_loop<D, E, L, C, S>(
    surroundings: Surroundings<D, E, L, C>,
    app: &mut App,
    worker: Worker<S>,
    answers: UnboundedReceiver<Action>,
) -> anyhow::Result<()>
where
    D: Display,
    E: Stream<Item = io::Result<Event>> + Unpin,
    L: Stream<Item = Leaving> + Unpin,
    C: Fn() -> Timestamp,
    S: Store,
{
    let ticks = tokio::time::interval(TICK);
    let mut dashboard = Dashboard { surroundings, app, worker, answers, ticks, drawn_in: None };
    let result = dashboard.show().await;
    if result.is_err() {
        dashboard.finish_work().await;
    }
    result
}

/// The dashboard at work.
struct Dashboard<'a, D, E, L, C, S> {
    surroundings: Surroundings<D, E, L, C>,
    app: &'a mut App,
    worker: Worker<S>,
    answers: UnboundedReceiver<Action>,
    ticks: Interval,
    /// The second in which the screen was drawn; none if there may be something new to draw.
    drawn_in: Option<i64>,
}

impl<D, E, L, C, S> Dashboard<'_, D, E, L, C, S>
where
    D: Display,
    E: Stream<Item = io::Result<Event>> + Unpin,
    L: Stream<Item = Leaving> + Unpin,
    C: Fn() -> Timestamp,
    S: Store,
{
    /// Draws and takes in what happens until the program is left, or its terminal fails.
    async fn show(&mut self) -> anyhow::Result<()> {
        loop {
            self.draw()?;
            // What has come in meanwhile is taken in before the screen is drawn again.
            let mut next = self.next_action().await?;
            while let Some(action) = next {
                for effect in self.update(action) {
                    if effect == Effect::Quit {
                        return Ok(());
                    }
                    self.carry_out(effect)?;
                }
                next = self.answers.try_recv().ok();
            }
        }
    }

    fn draw(&mut self) -> anyhow::Result<()> {
        let display = &self.surroundings.display;
        if !display.is_taken() {
            bail!("the program broke off. This is a defect; please report it");
        }
        // Asked for before each drawing: the event that tells of another size may stand behind keys and answers.
        let (width, height) = display.size().context("asking for the size of the terminal")?;
        if (width, height) != self.app.size {
            self.update(Action::Resized { width, height });
        }
        // Ages and what is left of a time count seconds: a tick that brought nothing shows nothing within the same one.
        let second = Some(self.app.now().unix_millis().div_euclid(1000));
        if self.drawn_in != second {
            let app = &*self.app;
            self.surroundings.display.draw(|frame| draw::draw(app, frame)).context("drawing on the terminal")?;
            self.drawn_in = second;
        }
        Ok(())
    }

    /// Waits for whatever happens first; `None` if it means nothing.
    async fn next_action(&mut self) -> anyhow::Result<Option<Action>> {
        let Surroundings { display, events, leaving, .. } = &mut self.surroundings;
        tokio::select! {
            event = events.next() => {
                let event = event.context("the terminal is gone")?.context("reading from the terminal")?;
                self.drawn_in = None;
                if matches!(event, Event::Resize(..)) {
                    display.redraw().context("drawing on the terminal")?;
                }
                Ok(keymap::action(self.app, &event))
            }
            answer = self.answers.recv() => Ok(answer),
            _ = self.ticks.tick() => Ok(Some(Action::Tick)),
            Some(leaving) = leaving.next() => Ok(leaving.action(self.app)),
        }
    }

    fn update(&mut self, action: Action) -> Vec<Effect> {
        if !matches!(action, Action::Tick) {
            self.drawn_in = None;
        }
        self.app.update(action, (self.surroundings.host_now)())
    }

    fn carry_out(&mut self, effect: Effect) -> anyhow::Result<()> {
        let display = &mut self.surroundings.display;
        match effect {
            Effect::Suspend => {
                display.suspend().context("taking the terminal again")?;
                // The ticks that were missed while the program was stopped are of no use.
                self.ticks.reset();
                self.update(Action::Resumed).into_iter().for_each(|it| self.worker.start(it));
            }
            Effect::Adopt(number) if self.worker.adopt(number) => {}
            Effect::Adopt(_) => bail!("the connection is gone. This is a defect; please report it"),
            Effect::TakeMouse(take) => display.take_mouse(take).context("writing to the terminal")?,
            Effect::Copy(text) => display.copy(&text).context("writing to the terminal")?,
            Effect::Ring => display.ring().context("writing to the terminal")?,
            effect => self.worker.start(effect),
        }
        Ok(())
    }

    /// Waits without a terminal for a change that is under way: it was confirmed, so it is made and journalled whole.
    async fn finish_work(self) {
        let Surroundings { display, events, mut leaving, host_now } = self.surroundings;
        let (app, mut answers) = (self.app, self.answers);
        drop((display, events));
        if !app.is_leaving {
            app.update(Action::Command(Command::Quit), host_now());
        }
        while app.work.is_some() {
            let action = tokio::select! {
                answer = answers.recv() => answer,
                Some(leaving) = leaving.next() => leaving.action(app),
            };
            let effects = action.map(|action| app.update(action, host_now()));
            if effects.is_some_and(|effects| effects.contains(&Effect::Quit)) {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests;
