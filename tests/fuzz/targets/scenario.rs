//! Scenarios: any bytes give findings or a scenario, and what is told of them moves no cursor.

use surefoot::diagnostic::{Colour, render};
use surefoot::runbook::{Found, NotFound, Shelf, decode, load_scenario};

use super::{files, has_controls};

struct Empty;

impl Shelf for Empty {
    fn find(&self, reference: &str) -> Result<Found<'_>, NotFound> {
        Err(NotFound { message: format!("there is no `{reference}`"), help: String::new() })
    }
}

pub(super) fn run(data: &[u8]) {
    let (source, _) = decode("a.yaml", data);
    let loaded = load_scenario(&source, &Empty);
    let text = render(&source, &loaded.findings, 80, Colour::Plain);
    assert!(!has_controls(&text), "{text:?}");
}

pub(super) fn seeds() -> Vec<Vec<u8>> {
    files("tests/scenarios", "yaml")
}
