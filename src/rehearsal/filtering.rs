//! Filters of captures, in this process: nothing of a scenario starts another one, where the kernel
//! could end a filter that has no end. So each document's filters run in a thread of their own, and
//! one that takes too long is no longer waited for.

use std::collections::BTreeSet;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use crate::engine::Filtered;
use crate::expression::{Filter, Output};

/// How long a filter is waited for. In a run it may compute for a second; a busy machine takes longer.
const PATIENCE: Duration = Duration::from_secs(10);

/// As much as the main thread has, so that what one can compute the other can.
const STACK: usize = 8 << 20;

/// Filters that were given up, each with its document: a walk that goes round would wait for them
/// again each time.
static GIVEN_UP: Mutex<BTreeSet<(String, String)>> = Mutex::new(BTreeSet::new());

type Outcome = Result<Vec<Output>, String>;

/// What filters give for a document.
pub(super) fn filtered(filters: &[Filter], document: &str) -> Filtered {
    patiently(filters, document, PATIENCE)
}

fn patiently(filters: &[Filter], document: &str, patience: Duration) -> Filtered {
    let mut outcomes: Vec<Outcome> = Vec::new();
    while outcomes.len() < filters.len() {
        let left = &filters[outcomes.len()..];
        if was_given_up(&left[0], document) {
            outcomes.push(Err(too_long()));
            continue;
        }
        match outside(left, document) {
            Ok(given) => outcomes.extend(heard(&given, left, document, patience)),
            Err(error) => outcomes.push(Err(format!("the filter cannot be run: {error}"))),
        }
    }
    filters.iter().map(|filter| filter.text().to_owned()).zip(outcomes).collect()
}

/// The outcomes of filters in their order, as they come from another thread.
fn outside(filters: &[Filter], document: &str) -> std::io::Result<Receiver<Outcome>> {
    let (sender, given) = channel();
    let (filters, document) = (filters.to_vec(), document.to_owned());
    let work = move || {
        for filter in &filters {
            let outcome = filter.run(&document).map_err(|error| error.message);
            if sender.send(outcome).is_err() {
                return;
            }
        }
    };
    thread::Builder::new().stack_size(STACK).spawn(work)?;
    Ok(given)
}

/// What came in time, up to the first filter that does not end.
fn heard(
    given: &Receiver<Outcome>,
    filters: &[Filter],
    document: &str,
    patience: Duration,
) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    for filter in filters {
        match given.recv_timeout(patience) {
            Ok(outcome) => outcomes.push(outcome),
            Err(RecvTimeoutError::Timeout) => {
                give_up(filter, document);
                outcomes.push(Err(too_long()));
                break;
            }
            Err(RecvTimeoutError::Disconnected) => {
                outcomes.push(Err("the filter broke off".to_owned()));
                break;
            }
        }
    }
    outcomes
}

fn was_given_up(filter: &Filter, document: &str) -> bool {
    let given_up = GIVEN_UP.lock().unwrap_or_else(PoisonError::into_inner);
    given_up.contains(&(filter.text().to_owned(), document.to_owned()))
}

fn give_up(filter: &Filter, document: &str) {
    let mut given_up = GIVEN_UP.lock().unwrap_or_else(PoisonError::into_inner);
    given_up.insert((filter.text().to_owned(), document.to_owned()));
}

fn too_long() -> String {
    format!("the filter takes more than {} s", PATIENCE.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(text: &str) -> Filter {
        Filter::compile(text).unwrap()
    }

    #[test]
    fn a_filter_without_end_is_given_up_and_those_beside_it_are_not() {
        let endless = "last(range(1000000000000000))";
        let filters = [filter(".a"), filter(endless), filter(".b")];
        let document = "{\"a\": 1, \"b\": 2}";
        let found = patiently(&filters, document, Duration::from_secs(1));
        assert_eq!(found[".a"].as_ref().unwrap()[0].text, "1");
        assert_eq!(found[".b"].as_ref().unwrap()[0].text, "2");
        assert_eq!(found[endless], Err("the filter takes more than 10 s".to_owned()));
        // It is not waited for once more: this would last for years.
        let again = patiently(&filters[1..2], document, Duration::from_hours(100_000));
        assert_eq!(again[endless], Err("the filter takes more than 10 s".to_owned()));
    }
}
