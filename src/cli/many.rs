//! Many files on all processors, told in their order.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::console::Terminal;
use crate::effects::SystemClock;
use crate::process::Signals;
use crate::session::Clock as _;

/// As much as the main thread has, so that what one can read the other can.
const STACK: usize = 8 << 20;
/// How often signals and the progress are looked at.
const LOOK: Duration = Duration::from_millis(100);
/// How long it may take before its progress is shown, in seconds.
const PATIENCE: f64 = 0.5;
/// How many parcels of results may wait.
const WAITING: usize = 8;
/// The most items that are done before their results are handed over, which wakes whoever tells
/// them.
const PARCEL: usize = 16;

/// Does the work for every item, and hands the results on in the order of the items.
pub(crate) fn in_order<T: Sync, R: Send>(
    items: &[T],
    (terminal, doing): (&Terminal, &str),
    work: impl Fn(&T) -> R + Sync,
    mut hand_on: impl FnMut(R) -> Result<(), Failure>,
) -> Result<(), Failure> {
    if let [one] = items {
        return hand_on(work(one));
    }
    let signals = Signals::get().map_err(|error| Failure::from_error(Exit::Failed, &error))?;
    let threads = thread::available_parallelism().map_or(1, usize::from).min(items.len());
    // A few items are spread over all threads first.
    let each = items.len() / (4 * threads).max(1);
    let parcels: Vec<&[T]> = items.chunks(each.clamp(1, PARCEL)).collect();
    let (next, stop) = (AtomicUsize::new(0), AtomicBool::new(false));
    let (sender, receiver) = sync_channel(WAITING);
    let done = thread::scope(|scope| {
        for _ in 0..threads {
            let (sender, parcels, next, stop, work) =
                (sender.clone(), &parcels, &next, &stop, &work);
            let worker = move || produce(parcels, next, stop, work, &sender);
            if let Err(error) = thread::Builder::new().stack_size(STACK).spawn_scoped(scope, worker)
            {
                stop.store(true, Ordering::Relaxed);
                return Err(Failure::from_error(Exit::Failed, &error));
            }
        }
        drop(sender);
        let mut order = Order { early: BTreeMap::new(), next: 0, told: 0 };
        let clock = SystemClock::start();
        let mut drawn = clock.monotonic() + PATIENCE;
        loop {
            let handed = match receiver.recv_timeout(LOOK) {
                Ok((index, results)) => order.take(index, results, &mut hand_on),
                Err(RecvTimeoutError::Timeout) => Ok(()),
                Err(RecvTimeoutError::Disconnected) => return Ok(()),
            };
            let ended = match signals.take() {
                Some(_) => Err(interrupted(order.told, items.len())),
                None => handed,
            };
            if ended.is_err() {
                stop.store(true, Ordering::Relaxed);
                // Whoever waits to hand over a result must not wait for ever.
                drop(receiver);
                return ended;
            }
            let now = clock.monotonic();
            if now >= drawn {
                drawn = now + LOOK.as_secs_f64();
                terminal.spinner().progress(doing, order.told, items.len());
            }
        }
    });
    terminal.spinner().clear();
    done
}

/// Does the work for one parcel after the other, until there is none or nobody wants more.
fn produce<T, R>(
    parcels: &[&[T]],
    next: &AtomicUsize,
    stop: &AtomicBool,
    work: impl Fn(&T) -> R,
    sender: &SyncSender<(usize, Vec<R>)>,
) {
    loop {
        let index = next.fetch_add(1, Ordering::Relaxed);
        let Some(items) = parcels.get(index) else {
            return;
        };
        let mut results = Vec::with_capacity(items.len());
        for item in *items {
            if stop.load(Ordering::Relaxed) {
                return;
            }
            results.push(work(item));
        }
        if sender.send((index, results)).is_err() {
            return;
        }
    }
}

/// Parcels of results that came before those that go before them.
struct Order<R> {
    early: BTreeMap<usize, Vec<R>>,
    /// The parcel that is handed on next.
    next: usize,
    /// How many results were handed on.
    told: usize,
}

impl<R> Order<R> {
    fn take(
        &mut self,
        index: usize,
        results: Vec<R>,
        mut hand_on: impl FnMut(R) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        self.early.insert(index, results);
        while let Some(results) = self.early.remove(&self.next) {
            self.next += 1;
            for result in results {
                self.told += 1;
                hand_on(result)?;
            }
        }
        Ok(())
    }
}

fn interrupted(told: usize, all: usize) -> Failure {
    Failure::new(Exit::Interrupted, format!("interrupted: {told} of {all} runbooks were checked"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::{Colour, Cursor, Glyphs, Settings, Width};

    #[test]
    fn results_are_told_in_the_order_of_the_items_however_long_each_takes() {
        let settings = Settings {
            colour: Colour::Never,
            cursor: Cursor::Still,
            glyphs: Glyphs::Ascii,
            width: Width::Columns(80),
        };
        let (terminal, _) = Terminal::buffered(settings);
        let items: Vec<usize> = (0..500).collect();
        let work = |item: &usize| {
            // The earlier ones take longer.
            (0..(500 - item) * 20).fold(0, |sum: usize, it| sum.wrapping_add(it));
            *item
        };
        let mut told = Vec::new();
        let keep = |result| {
            told.push(result);
            Ok(())
        };
        in_order(&items, (&terminal, "checking"), work, keep).unwrap();
        assert_eq!(told, items);
        for few in 0..2 * PARCEL {
            let mut told = Vec::new();
            let keep = |result| {
                told.push(result);
                Ok(())
            };
            in_order(&items[..few], (&terminal, "checking"), work, keep).unwrap();
            assert_eq!(told, items[..few]);
        }
        let fails = |_| Err(Failure::told(Exit::Failed));
        assert_eq!(
            in_order(&items, (&terminal, "checking"), work, fails).unwrap_err().exit,
            Exit::Failed
        );
    }
}
