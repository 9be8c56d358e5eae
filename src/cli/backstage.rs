//! What prompts look up: files, the editor, past output, what changed since the last run.

use std::ffi::{OsStr, OsString};
use std::fmt::Write as _;
use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use super::Context;
use super::agreement;
use super::leading::SharedLead;
use super::past::{History, ago};
use super::settings::Settings;
use crate::console::{Backstage, Exercise, HandedOut};
use crate::engine::{AttemptId, Event, Question, Run, Waiting};
use crate::journal::{Record, RunFolder, read};
use crate::report::{OfRunbook, Summary, last_worked};
use crate::runbook::StepId;
use crate::signing::{Files, request_line};
use crate::value::spoken;

/// More of a file is not pasted into a record.
const MOST_PASTED: u64 = 1 << 20;

/// What is behind the prompts of a walk.
pub(crate) struct Behind {
    /// The run's folder.
    pub(crate) folder: PathBuf,
    /// The editor, as the environment names it.
    pub(crate) editor: Option<String>,
    /// Where programs are looked for.
    pub(crate) path: OsString,
    /// What runs before this one say.
    pub(crate) history: History,
    /// The machine that the record is on.
    pub(crate) host: String,
    /// Where requests and answers lie.
    pub(crate) agreement: Files,
    /// Whether there is a desktop, on which a page can be opened.
    pub(crate) desktop: bool,
    /// Whether it is a drill.
    pub(crate) rehearsal: Rehearsal,
}

/// Whether a walk is a drill.
pub(crate) enum Rehearsal {
    /// One that somebody else walks.
    Followed,
    /// It is none.
    No,
    /// One that is walked here.
    Walked(SharedLead),
}

impl Behind {
    /// What is behind the prompts of a run.
    pub(crate) fn of(context: &Context, folder: &RunFolder, history: History) -> Self {
        let settings = &context.settings;
        Self {
            folder: folder.path().to_owned(),
            editor: settings.editor.clone(),
            path: settings.search_path(),
            history,
            host: settings.host.clone(),
            agreement: agreement::files(folder, context),
            desktop: has_desktop(settings),
            rehearsal: Rehearsal::No,
        }
    }

    /// The same behind a drill.
    pub(crate) fn rehearsed(self, rehearsal: Rehearsal) -> Self {
        Self { rehearsal, ..self }
    }

    fn records(&self) -> Vec<Record> {
        let contents = read(&RunFolder::at(self.folder.clone()).journal());
        contents.map_or_else(|_| Vec::new(), |contents| contents.records)
    }

    fn output(&self, attempt: AttemptId) -> PathBuf {
        self.folder.join(format!("output/{:04}.log", attempt.0))
    }
}

impl Backstage for Behind {
    fn difference(&mut self) -> Option<String> {
        self.history.difference.clone()
    }

    fn edit(&mut self, text: &str) -> Result<Option<String>, String> {
        let editor = self.editor.clone().ok_or("set $EDITOR to edit commands")?;
        let path = self.folder.join("edit.sh");
        private(&path, text).map_err(|error| format!("{}: {error}", path.display()))?;
        let status = crate::process::editor(&editor, &path, &self.path);
        let edited = fs::read_to_string(&path);
        let _gone = fs::remove_file(&path);
        match status {
            Err(error) => return Err(error.to_string()),
            Ok(status) if !status.success() => return Err(format!("the editor ended: {status}")),
            Ok(_) => {}
        }
        let edited = edited.map_err(|error| error.to_string())?;
        // Editors end the last line; the command did not have that end.
        let edited = if text.ends_with('\n') {
            edited
        } else {
            edited.strip_suffix('\n').unwrap_or(&edited).to_owned()
        };
        Ok((edited != text).then_some(edited))
    }

    fn exercise(&self) -> Exercise {
        match &self.rehearsal {
            Rehearsal::Followed => Exercise::Alone,
            Rehearsal::No => Exercise::None,
            Rehearsal::Walked(lead) => lead.exercise(),
        }
    }

    fn hint(&mut self, question: &Question, run: &Run) -> Result<(), String> {
        match &self.rehearsal {
            Rehearsal::Walked(lead) => lead.hint(question, run),
            Rehearsal::Followed | Rehearsal::No => Err("there are no hints here".to_owned()),
        }
    }

    fn ask_others(&mut self, text: &str) {
        if let Rehearsal::Walked(lead) = &self.rehearsal {
            lead.ask(text);
        }
    }

    fn handed_out(&mut self, waiting: &Waiting) -> Option<HandedOut> {
        let nonce = &waiting.request.nonce;
        Some(HandedOut {
            line: request_line(&waiting.text),
            request: self.agreement.request(nonce).display().to_string(),
            answer: self.agreement.answer(nonce).display().to_string(),
        })
    }

    fn hand_over(&mut self, run: &Run) -> Option<String> {
        let summary = Summary::of(&self.records())?;
        let mut text = String::new();
        for note in &summary.notes {
            let time = note.at.strftime("%H:%M:%S UTC");
            let _ = writeln!(text, "Note, {time}, {}: {}", note.by, note.text);
        }
        let folder = self.folder.display();
        let _ = writeln!(text, "The record is on {} in {folder}", self.host);
        let _ = writeln!(text, "All of it: surefoot report {}", run.plan().run);
        Some(text)
    }

    fn last_worked(&mut self, step: &StepId) -> Option<String> {
        let summaries = &self.history.summaries;
        let runbook = &summaries.first()?.started_with.runbook;
        let (service, id) = (runbook.service.as_deref(), runbook.id.as_str());
        let worked = last_worked(summaries, OfRunbook::Named { service, id }, step)?;
        Some(format!("worked {}, took {}", ago(worked.at), spoken(worked.took)))
    }

    fn open(&mut self, url: &str) -> Result<(), String> {
        if !is_web_page(url) {
            return Err(format!("only http and https pages are opened, not {url}"));
        }
        if !self.desktop {
            return Err("there is no desktop here; copy the address".to_owned());
        }
        crate::process::open_page(url, &self.path).map_err(|error| error.to_string())
    }

    fn read(&mut self, path: &str) -> Result<String, String> {
        let found = fs::metadata(path).map_err(|error| format!("{path}: {error}"))?;
        if found.len() > MOST_PASTED {
            return Err(format!("{path} is larger than 1 MiB"));
        }
        fs::read_to_string(path).map_err(|error| format!("{path}: {error}"))
    }

    fn started(&mut self, attempt: AttemptId) -> Option<String> {
        let records = self.records();
        let started = records.iter().rev().find(
            |record| matches!(&record.event, Event::AttemptStarted(it) if it.attempt == attempt),
        )?;
        Some(format!("{}, {}", started.at.strftime("%H:%M:%S UTC"), ago(started.at)))
    }

    fn tail(&mut self, attempt: AttemptId, lines: usize) -> Option<Vec<u8>> {
        use std::io::{Read as _, Seek as _, SeekFrom};
        let mut file = fs::File::open(self.output(attempt)).ok()?;
        let length = file.metadata().ok()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(64 << 10))).ok()?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).ok()?;
        let ends: Vec<usize> = bytes
            .iter()
            .enumerate()
            .rev()
            .filter(|(at, byte)| **byte == b'\n' && at + 1 < bytes.len())
            .map(|(at, _)| at)
            .collect();
        let start = ends.get(lines.saturating_sub(1)).map_or(0, |at| at + 1);
        Some(bytes.split_off(start))
    }
}

/// Whether a page can be shown: `xdg-open` without a desktop would take the terminal for a text
/// browser.
fn has_desktop(settings: &Settings) -> bool {
    let set = |name: &str| settings.environment.contains_key(OsStr::new(name));
    cfg!(target_os = "macos") || set("DISPLAY") || set("WAYLAND_DISPLAY")
}

/// Makes a file that only its owner can read; what an editor left of another one is gone first.
fn private(path: &Path, text: &str) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())
}

fn is_web_page(url: &str) -> bool {
    let scheme = url.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase());
    matches!(scheme.as_deref(), Some("http" | "https")) && !url.contains(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::is_web_page;

    #[test]
    fn only_web_pages_are_opened() {
        for url in ["https://example.org/a?b#c", "HTTP://example.org"] {
            assert!(is_web_page(url), "{url}");
        }
        for url in ["file:///etc/passwd", "--help", "javascript://x", "https:x", "http://a\nb"] {
            assert!(!is_web_page(url), "{url}");
        }
    }
}
