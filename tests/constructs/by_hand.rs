//! Walks by a person at a terminal, who reads what is shown and does what no command does.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::pty::Session;
use crate::sandbox::{PROGRAM, Sandbox};

const PROMPT: &str = "    > ";

/// A person who walks a runbook.
struct Person {
    sandbox: Sandbox,
    session: Session,
}

impl Person {
    fn walks(runbook: &str, set: &str, programs: &[(&str, &str)]) -> Self {
        let sandbox = Sandbox::trusting(runbook);
        for (name, text) in programs {
            let path = format!("bin/{name}");
            sandbox.file(&path, text);
            fs::set_permissions(sandbox.path(&path), fs::Permissions::from_mode(0o755)).unwrap();
        }
        Self::starts(sandbox, &["--set", set])
    }

    fn starts(sandbox: Sandbox, more: &[&str]) -> Self {
        let search = format!("{}:/usr/bin:/bin", sandbox.path("bin").display());
        let mut env = sandbox.environment();
        env.retain(|(name, _)| !["PATH", "TERM"].contains(&name.as_str()));
        let mut env: Vec<(&str, &str)> =
            env.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        env.extend([("PATH", search.as_str()), ("TERM", "xterm"), ("NO_COLOR", "1")]);
        let path = sandbox.path("runbook.yaml");
        let words = [&["run", path.to_str().unwrap()], more].concat();
        let session = Session::start(PROGRAM, &words, &env, 100);
        Self { sandbox, session }
    }

    /// Walks it once more.
    fn walks_again(self, more: &[&str]) -> Self {
        let Self { sandbox, session } = self;
        drop(session);
        Self::starts(sandbox, more)
    }

    /// Waits until all of this was shown, in this order.
    fn sees(&mut self, texts: &[&str]) {
        for text in texts {
            self.session.wait_for(text);
        }
    }

    /// Answers the question that comes next.
    fn says(&mut self, line: &str) {
        self.sees(&[PROMPT]);
        self.session.send(&format!("{line}\r"));
    }

    /// Answers a question that has its own words.
    fn says_to(&mut self, prompt: &str, line: &str) {
        self.sees(&[prompt]);
        self.session.send(&format!("{line}\r"));
    }

    fn ends(&mut self, outcome: &str, code: i32) {
        self.sees(&[outcome]);
        assert_eq!(self.session.wait().code(), Some(code));
        assert_eq!(self.sandbox.events_of("run_finished").len(), 1);
    }

    fn at_home(&self, name: &str) -> Option<String> {
        fs::read_to_string(self.sandbox.root().join("home").join(name)).ok()
    }

    fn answer_to(&self, step: &str) -> serde_json::Value {
        let answers = self.sandbox.events_of("answered");
        let found = answers.into_iter().rfind(|it| it["step"] == step);
        found.unwrap_or_else(|| panic!("{step} was not answered"))["answer"].clone()
    }
}

/// What a person does by hand: clicks, a page, a sample to compare with, a flag that is set and
/// unset, people who are told and asked, what is left for later.
const MAINTENANCE: &str = include_str!("maintenance.yaml");

const NEVER: &str = "Do not kill the database of a host that still takes writes.";

/// Up to the answer of the tenant.
fn maintenance() -> Person {
    let mut person = Person::walks(MAINTENANCE, "host=db-1", &[]);
    person.sees(&["Take db-1 out", "never walked on this machine", NEVER]);
    // Clicks, one below the other, and why, for who asks.
    person.sees(&["open the application of", "db-1", "[ ] Details", "[ ] Sync policy"]);
    person.sees(&["[ ] Disable auto-sync for db-1", "https://deploys.example/applications/db-1"]);
    assert!(!person.session.screen().contains("within a minute"), "the why is not folded away");
    person.says("w");
    person.sees(&["The sync compares what runs with what is written down"]);
    person.says("");
    for item in ["1/3 Details", "2/3 Sync policy", "3/3 Disable auto-sync for db-1"] {
        person.says_to(&format!("{item}: Enter when done > "), "");
    }
    // A page whose address is encoded, and what was seen on it.
    person.sees(&[
        "https://graphs.example/explore?host=db-1&left=rate%28errors%7Bhost%3D%22a%20b%22%7D%5B5m%5D%29%20%3E%201",
    ]);
    person.says("");
    person.says_to("What did you see?", "a little noise");
    // What good and bad look like, beside the real output.
    person.sees(&["expect", "replicas 3    good: all are there", "replicas 0    bad"]);
    person.says("");
    person.sees(&["replicas 3", "replicas = 3"]);
    // What must not be done stands on every card, and how each change is undone.
    for undo in ["rm -f", "echo 3 >"] {
        person.sees(&["This changes something", "undo", undo, NEVER]);
        person.says("y");
    }
    person.sees(&["Ask the tenant to look", "Tell the tenant of db-1"]);
    person.says("");
    person.sees(&["The wait is over.", "Is everything there?"]);
    person
}

#[test]
fn what_is_done_by_hand_is_shown_attested_and_recorded() {
    let mut person = maintenance();
    person.says("1");
    person.sees(&["Enable auto-sync for db-1 when the host is back."]);
    person.says("");
    person.sees(&["2 changes were made and not undone"]);
    person.ends("surefoot report", 0);
    assert_eq!(person.answer_to("sync")["answer"], "done");
    assert_eq!(person.answer_to("graph")["note"], "a little noise");
    assert_eq!(person.answer_to("tell")["answer"], "done");
    assert_eq!(person.answer_to("tenant")["option"], "all_there");
    assert_eq!(person.answer_to("sync_again")["answer"], "done");
    // What is left to do is in the report.
    let report = person.sandbox.surefoot(&["report"]).run().stdout;
    for step in ["Tell the cluster not to heal", "One replica only"] {
        assert!(report.contains(&format!("- Undo {step}, or decide to keep it.")), "{report}");
    }
}

#[test]
fn what_was_set_is_unset_and_what_was_noted_is_restored() {
    let mut person = maintenance();
    assert_eq!(person.at_home("replicas").as_deref(), Some("1\n"));
    assert_eq!(person.at_home("flags").as_deref(), Some("noup\n"));
    person.says("2");
    person.sees(&[
        "2 changes can be undone, the latest first.",
        "One replica only",
        "Tell the cluster",
    ]);
    person.says("u");
    person.says_to("Enter for all, the latest first > ", "");
    person.sees(&["This undoes: One replica only", "echo 3 >", NEVER]);
    person.says("y");
    person.sees(&["This undoes: Tell the cluster not to heal", "rm -f"]);
    person.says("y");
    // Final steps are offered however it ends.
    person.sees(&["Enable auto-sync for db-1 when the host is back."]);
    person.says("");
    person.ends("Rolled back", 5);
    assert_eq!(person.at_home("replicas").as_deref(), Some("3\n"));
    assert_eq!(person.at_home("flags"), None);
    assert_eq!(person.sandbox.events_of("run_finished")[0]["still_changed"].to_string(), "[]");
}

/// What is typed into a program.
const CONSOLE: &str = include_str!("console.yaml");

/// A console of a database, as far as this runbook needs one.
const QUEUE_CONSOLE: &str = r#"#!/bin/sh
while printf 'queues=> ' && read -r line; do
  case $line in
    'select orders') echo 'orders: 7 old' ;;
    'delete where '*) echo "deleted by: $line" >> "$HOME/queue"; echo 'deleted 7' ;;
    '\q') exit 3 ;;
    *) echo "what is $line?" ;;
  esac
done
"#;

#[test]
fn a_program_is_typed_into_line_by_line() {
    let programs = [("queue-console", QUEUE_CONSOLE)];
    let mut person = Person::walks(CONSOLE, "queue=orders", &programs);
    person.sees(&["This changes something", "queue-console"]);
    person.says("y");
    // The lines are shown; each is typed at a key and entered by the person.
    person.sees(&["1  select orders", "2  delete where age > 7d", "3  \\q", "queues=> "]);
    for (typed, said) in
        [("select orders", "orders: 7 old"), ("delete where age > 7d", "deleted 7")]
    {
        person.session.send("\x1dt");
        person.sees(&[typed]);
        person.session.send("\r");
        person.sees(&[said, "queues=> "]);
    }
    person.session.send("\x1dt\r");
    // Its status is not judged: the person says what was seen.
    person.sees(&["Did it do what it should?"]);
    person.says("");
    person.says_to("What did you see?", "seven were deleted");
    person.sees(&["Is it empty?"]);
    person.says("");
    person.ends("Done", 0);
    assert_eq!(person.at_home("queue").as_deref(), Some("deleted by: delete where age > 7d\n"));
    assert_eq!(person.answer_to("console")["note"], "seven were deleted");
    let transcript = fs::read_to_string(person.sandbox.run().join("output/0001.log")).unwrap();
    assert!(transcript.contains("queues=> select orders\r\norders: 7 old\r\n"), "{transcript:?}");
}

/// What destroys: each thing by its name, nothing by a habit.
const WIPE: &str = include_str!("wipe.yaml");

#[test]
fn what_destroys_says_what_is_gone_and_takes_its_name() {
    let mut person = Person::walks(WIPE, "host=db-1", &[]);
    person.sees(&["2 destroy"]);
    person.says("y");
    for _ in ["copies", "free"] {
        person.says("");
    }
    person.sees(&["2 items: a, b"]);
    for copy in ["a", "b"] {
        person.sees(&["This destroys something", "cannot be undone: A copy cannot be had back."]);
        person.sees(&["never   Do not wipe a volume that is attached."]);
        let prompt = format!("Type {copy} of db-1 to run it > ");
        // Neither a habit nor the name of another one.
        for wrong in ["y", "", "a", "b of db-2"] {
            person.says_to(&prompt, wrong);
        }
        person.says_to(&prompt, &format!("{copy} of db-1"));
    }
    person.sees(&[
        "cannot be undone: This cannot be undone, and it is the volume of all applications.",
    ]);
    person.says_to("Type main of db-1 to run it > ", "main of db-1");
    person.ends("Done", 0);
    let work = person.sandbox.run().join("work");
    let left = |name: &str| work.join(name).exists();
    assert_eq!(["a", "b", "main", "attached"].map(left), [false, false, false, true]);
    let started = person.sandbox.events_of("attempt_started");
    let destroyed: Vec<_> = started.iter().filter(|it| it["effect"] == "destroy").collect();
    assert_eq!(destroyed.len(), 3);
    for (attempt, typed) in destroyed.iter().zip(["a of db-1", "b of db-1", "main of db-1"]) {
        assert_eq!(attempt["confirmation"]["how"], "typed");
        assert_eq!(attempt["confirmation"]["typed"], typed);
    }
}

#[test]
fn how_well_a_runbook_is_known_stands_where_it_is_confirmed() {
    let mut person = Person::walks(WIPE, "host=db-1", &[]);
    person.sees(&["never walked on this machine"]);
    person.says("y");
    for _ in ["copies", "free"] {
        person.says("");
    }
    for name in ["a", "b", "main"] {
        let name = format!("{name} of db-1");
        person.says_to(&format!("Type {name} to run it > "), &name);
    }
    person.ends("Done", 0);
    let mut person = person.walks_again(&["--set", "host=db-2"]);
    person.sees(&["last walked OK on this machine", "This changes something", "last"]);
    person.says("q");
    assert_eq!(person.session.wait().code(), Some(4));
}
