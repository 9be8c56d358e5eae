//! jq filters in a process of their own: this program again, called as `surefoot __filter`. What a
//! filter needs cannot be told from its text, so the kernel bounds its memory and its time, and one
//! that asks for more ends there, not in the program that keeps the record.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Write as _};
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{ExitCode, ExitStatus};
use std::time::Duration;

use rustix::process::{Resource, Rlimit, Signal, getrlimit, setrlimit};
use serde::{Deserialize, Serialize};

use super::tool::{Tool, capture};
use super::undumped::keep_from_dumps;
use crate::expression::{Filter, Output};

/// The argument that makes this program run filters.
pub const FILTER: &str = "__filter";

/// What the filters of one output may need together.
const MEBIBYTES: u64 = 256;
const SECONDS: u64 = 1;

/// Their time is counted while they compute; on a busy machine that takes longer.
const PATIENCE: Duration = Duration::from_mins(1);

/// What one filter gave, or why it gave nothing.
type Outcome = Result<Vec<Output>, String>;

#[derive(Deserialize, Serialize)]
struct Wanted {
    filters: Vec<String>,
    document: String,
}

/// Runs filters on a document, by a program that is this one. One that fails leaves the others as
/// they are.
pub fn filtered(program: &Path, filters: &[Filter], document: &str) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    while outcomes.len() < filters.len() {
        let (found, end) = run(program, &filters[outcomes.len()..], document);
        outcomes.extend(found);
        if outcomes.len() < filters.len() {
            outcomes.push(Err(end));
        }
    }
    outcomes.truncate(filters.len());
    outcomes
}

/// The outcomes up to the filter that ended the process, and why that one did.
fn run(program: &Path, filters: &[Filter], document: &str) -> (Vec<Outcome>, String) {
    let filters = filters.iter().map(|filter| filter.text().to_owned()).collect();
    let wanted = Wanted { filters, document: document.to_owned() };
    let captured = capture(&Tool {
        program: program.to_owned(),
        args: vec![FILTER.into()],
        environment: BTreeMap::new(),
        folder: "/".into(),
        stdin: serde_json::to_vec(&wanted).expect("texts serialise"),
        timeout: PATIENCE,
    });
    match captured {
        Ok(captured) => {
            let lines = captured.stdout.split_inclusive(|byte| *byte == b'\n');
            let outcomes = lines.map_while(|line| serde_json::from_slice(line).ok());
            (outcomes.collect(), why(captured.status))
        }
        Err(error) => (Vec::new(), error.to_string()),
    }
}

fn why(status: ExitStatus) -> String {
    match status.signal().and_then(Signal::from_named_raw) {
        Some(Signal::KILL | Signal::XCPU) => {
            format!("the filter takes more than {SECONDS} s of computing")
        }
        // Without memory a program of Rust aborts; without stack it faults.
        Some(Signal::ABORT | Signal::SEGV) => {
            format!("the filter needs more than {MEBIBYTES} MiB of memory")
        }
        _ => "the filter broke off".to_owned(),
    }
}

/// Runs the filters that come by standard input; a line of standard output for each.
pub fn filter_main() -> ExitCode {
    match serve() {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn serve() -> io::Result<()> {
    // The output may hold a secret.
    keep_from_dumps()?;
    limit(Resource::Core, 0)?;
    limit(Resource::As, MEBIBYTES << 20)?;
    limit(Resource::Cpu, SECONDS)?;
    let input = File::from(rustix::stdio::stdin().try_clone_to_owned()?);
    let wanted: Wanted = serde_json::from_reader(io::BufReader::new(input))?;
    let mut output = File::from(rustix::stdio::stdout().try_clone_to_owned()?);
    for filter in &wanted.filters {
        let outcome: Outcome = Filter::compile(filter)
            .and_then(|filter| filter.run(&wanted.document))
            .map_err(|error| error.message);
        let mut line = serde_json::to_vec(&outcome)?;
        line.push(b'\n');
        output.write_all(&line)?;
    }
    Ok(())
}

/// Lowers a limit of this process for good.
fn limit(resource: Resource, most: u64) -> io::Result<()> {
    let given = getrlimit(resource);
    let most = given.maximum.map_or(most, |maximum| maximum.min(most));
    Ok(setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) })?)
}
