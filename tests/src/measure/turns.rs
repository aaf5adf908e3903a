//! Measuring several things in turns.
//!
//! A machine that does something else for a second slows down whatever is measured then. In turns, it slows down all of
//! them alike, and their ratio stands.

use std::time::{Duration, Instant};

use anyhow::Result;
use futures_util::future::LocalBoxFuture;

use crate::measure::samples::Samples;

/// One of the things that are measured in turns.
pub struct Side<'a> {
    turn: Box<dyn FnMut() -> LocalBoxFuture<'a, Result<Samples>> + 'a>,
    /// Every duration.
    pub samples: Samples,
    /// The mean of each turn: what compares with a side that knows no more than its means.
    pub means: Samples,
}

impl<'a> Side<'a> {
    /// A side that measures itself.
    pub fn new(turn: impl FnMut() -> LocalBoxFuture<'a, Result<Samples>> + 'a) -> Self {
        Self { turn: Box::new(turn), samples: Samples::default(), means: Samples::default() }
    }

    /// A side whose turn is `calls` calls of one function.
    pub fn calls<T>(calls: u32, call: impl AsyncFn() -> Result<T> + Clone + 'a) -> Self {
        Self::new(move || {
            let call = call.clone();
            Box::pin(async move {
                let mut samples = Samples::default();
                for _ in 0..calls {
                    let start = Instant::now();
                    call().await?;
                    samples.push(start.elapsed());
                }
                Ok(samples)
            })
        })
    }
}

/// Turns that are thrown away: the first fills the caches, the second sees them filled.
const WARM_UP: u32 = 2;

/// Turns that are taken however long they last.
const AT_LEAST: u32 = 3;

/// How long the others may last in all.
const PATIENCE: Duration = Duration::from_secs(40);

/// How long the calls of one turn should last.
const TURN: Duration = Duration::from_millis(100);

/// How many calls make up a turn, of something that takes `once`: `at_most`, or as many as do not take too long.
#[must_use]
pub fn calls_per_turn(once: Duration, at_most: u32) -> u32 {
    let calls = TURN.as_micros() / once.as_micros().max(1);
    u32::try_from(calls).unwrap_or(at_most).clamp(1, at_most)
}

/// Gives every side its turn, so many times, or fewer if they are slow.
///
/// # Errors
/// The first of any side.
pub async fn in_turns(turns: u32, sides: &mut [&mut Side<'_>]) -> Result<()> {
    let begin = Instant::now();
    for turn in 0..WARM_UP + turns {
        if turn >= WARM_UP + AT_LEAST && begin.elapsed() > PATIENCE {
            break;
        }
        for side in sides.iter_mut() {
            let samples = (side.turn)().await?;
            if turn >= WARM_UP {
                side.means.push(samples.mean());
                side.samples.append(samples);
            }
        }
    }
    Ok(())
}
