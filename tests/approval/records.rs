//! Two people and the program: request, agreement, start; and what the record is worth afterwards,
//! as the program sees it and as the script of the manual does.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::keys::{key, listed, sign};
use crate::people::People;
use crate::sandbox::login;

const GUARDED: &str = "\
schema: surefoot/v1
title: Switch over
service: shop
owner: { team: payments }
steps:
  - id: switch
    title: Switch orders over
    run: echo switched >> \"$HOME/ledger\"
    undo: { none: It is switched back by hand. }
    approval: { role: payments lead, why: Orders stop for a minute. }
  - end: done
";

impl People {
    /// A run that the second person agreed to, sealed by them.
    fn sealed() -> Self {
        let people = Self::new(GUARDED);
        assert_eq!(people.run().code(), 4);
        let request = people.request();
        people.approve(&request, &request.with_extension("answer"));
        let resumed = people.resume();
        assert_eq!(resumed.code(), 0, "{}", resumed.text());
        let seal = ["seal", "--key", people.eve.to_str().unwrap()];
        let sealed = people.sandbox.surefoot(&seal).run();
        assert_eq!(sealed.code(), 0, "{}", sealed.text());
        people
    }

    fn journal(&self) -> PathBuf {
        self.sandbox.run().join("journal.jsonl")
    }

    /// What the script of the manual says; none if there is no Python here.
    fn script(&self) -> Option<(i32, String)> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/verify-record.py");
        let mut python = Command::new("python3");
        // Nothing of this machine's settings reaches it.
        python.env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin");
        let python = python.arg(script).arg(self.sandbox.run()).arg(self.signers());
        let Ok(output) = python.output() else {
            println!("skipped: there is no python3 here, the script was not run");
            return None;
        };
        let text = [output.stdout, output.stderr].concat();
        Some((output.status.code().unwrap(), String::from_utf8_lossy(&text).into_owned()))
    }

    /// Both find that something is wrong, or that nothing is.
    #[track_caller]
    fn both_say(&self, code: i32, program: &str, script: &str) {
        let verified = self.verify(&[]);
        assert_eq!(verified.code(), code, "{}", verified.text());
        assert!(verified.stdout.contains(program), "{}", verified.text());
        if let Some((status, said)) = self.script() {
            assert_eq!(status == 0, code == 0, "{said}");
            assert!(said.contains(script), "{said}");
        }
    }
}

#[test]
fn a_change_waits_for_a_second_person_and_runs_once_they_agree() {
    let people = People::new(GUARDED);
    let waits = people.run();
    assert_eq!(waits.code(), 4, "{}", waits.text());
    assert_eq!(people.ledger(), "");
    let request = people.request();
    let seen = people.approve(&request, &request.with_extension("answer"));
    for shown in ["payments lead", "Orders stop for a minute", "echo switched", "Switch over"] {
        assert!(seen.contains(shown), "{shown} is not on the card:\n{seen}");
    }
    let resumed = people.resume();
    assert_eq!(resumed.code(), 0, "{}", resumed.text());
    assert_eq!(people.ledger(), "switched\n");
    let started = people.sandbox.events_of("attempt_started");
    assert_eq!(started[0]["approvals"][0]["by"], "eve@example.org");
    let report = people.sandbox.surefoot(&["report"]).run();
    assert!(report.stdout.contains("eve@example.org agreed at"), "{}", report.stdout);
}

#[test]
fn a_name_in_the_environment_makes_nobody_another_person() {
    // Broken: whoever sets `USER` agrees under the login that they have.
    let people = People::new(GUARDED);
    people.list(&listed(&format!("{}@example.org,payments-lead", login()), &people.eve));
    assert_eq!(people.run().code(), 4);
    let request = people.request();
    people.approve(&request, &request.with_extension("answer"));
    let kim = people.sandbox.surefoot(&["resume", "--yes", "change"]).env("USER", "kim").run();
    assert_eq!(kim.code(), 4, "{}", kim.text());
    assert_eq!(people.ledger(), "");
    let refused = people.sandbox.events_of("approval_refused");
    assert!(refused[0]["why"].as_str().unwrap().contains("has the login of"), "{refused:?}");
}

#[test]
fn whoever_agreed_and_goes_on_has_agreed_with_nobody() {
    // Broken: the agreement stands though the person who gave it is the responder by now.
    let people = People::new(GUARDED);
    assert_eq!(people.run().code(), 4);
    let first = people.request();
    people.approve(&first, &first.with_extension("answer"));
    // It is taken, and nobody is there to confirm the change.
    assert_ne!(people.sandbox.surefoot(&["resume"]).run().code(), 0);
    assert_eq!(people.sandbox.events_of("approval_given").len(), 1);

    let own = people.sandbox.root().join("home/.ssh");
    fs::create_dir_all(&own).unwrap();
    fs::copy(people.eve.with_extension("pub"), own.join("key.pub")).unwrap();
    let eve = people.resume();
    assert_eq!(eve.code(), 4, "{}", eve.text());
    assert_eq!(people.ledger(), "");
    let resumed = people.sandbox.events_of("resumed");
    let voided = resumed.last().unwrap()["voided"].as_object().unwrap();
    assert!(voided.values().all(|why| why.as_str().unwrap().ends_with("a key of the responder")));
    assert_eq!(voided.len(), 1);
    let log = people.sandbox.surefoot(&["log"]).run();
    assert!(log.stdout.contains("an agreement is void"), "{}", log.stdout);

    fs::remove_dir_all(&own).unwrap();
    let second = people.request();
    assert_ne!(first, second);
    // The keys that were held when it was asked for do not agree to it either.
    people.approve(&second, &second.with_extension("answer"));
    assert_eq!(people.resume().code(), 4);
    assert_eq!(people.ledger(), "");
}

#[test]
fn an_answer_is_good_for_one_run_only() {
    // Broken: replay of an answer that was good in an earlier run of the same runbook.
    let people = People::new(GUARDED);
    assert_eq!(people.run().code(), 4);
    let request = people.request();
    let answer = people.home.path().join("answer");
    people.approve(&request, &answer);
    fs::copy(&answer, request.with_extension("answer")).unwrap();
    assert_eq!(people.resume().code(), 0);
    let first = people.sandbox.run();
    fs::rename(&first, people.sandbox.root().join("earlier")).unwrap();

    assert_eq!(people.run().code(), 4);
    fs::copy(&answer, people.request().with_extension("answer")).unwrap();
    assert_eq!(people.resume().code(), 4);
    assert_eq!(people.ledger(), "switched\n");
    let refused = people.sandbox.events_of("approval_refused");
    assert_eq!(refused[0]["why"], "it answers another request");
}

#[test]
fn a_record_is_anchored_by_an_agreement_and_by_a_seal() {
    let people = People::sealed();
    let records = people.sandbox.events().len();
    let last = format!("anchored to record {records}, the last, by eve@example.org");
    let by = format!("anchored to record {records} by eve@example.org");
    people.both_say(0, &last, &by);
    let head = people.verify(&["--head", &"0".repeat(64)]);
    assert_eq!(head.code(), 10, "{}", head.text());
    fs::remove_file(people.sandbox.run().join("seals.jsonl")).unwrap();
    people.both_say(0, "anchored to record ", "anchored to record ");
}

#[test]
fn a_tampered_record_is_found_by_the_program_and_by_the_script() {
    // Broken: one changed byte, or a chain that was made anew over another history.
    let people = People::sealed();
    let whole = fs::read_to_string(people.journal()).unwrap();
    let name = format!("\"{}@", login());
    fs::write(people.journal(), whole.replacen(&name, "\"Kim@", 1)).unwrap();
    people.both_say(10, "DAMAGED: record 1", "record 1 is not what was written");

    fs::write(people.journal(), rechained(&whole.replacen(&name, "\"kim@", 1))).unwrap();
    people.both_say(10, "the records before it are not those", "are not those that were signed");
}

#[test]
fn a_record_whose_end_was_cut_off_is_found_by_its_seal() {
    let people = People::sealed();
    let whole = fs::read_to_string(people.journal()).unwrap();
    let kept: Vec<&str> = whole.lines().collect();
    let cut = kept[..kept.len() - 1].join("\n") + "\n";
    fs::write(people.journal(), cut).unwrap();
    people.both_say(10, "the end was cut off", "cut off");
}

#[test]
fn a_signature_of_somebody_else_is_found() {
    // Broken: any good signature anchors, whoever made it.
    let people = People::sealed();
    let stranger = key(people.home.path(), "stranger");
    let path = people.sandbox.run().join("seals.jsonl");
    let text = fs::read_to_string(&path).unwrap();
    let mut seal: serde_json::Value = serde_json::from_str(&text).unwrap();
    let statement = seal["statement"].as_str().unwrap().to_owned();
    seal["signature"] = sign(&stranger, "surefoot-seal", &statement).into();
    fs::write(&path, format!("{seal}\n")).unwrap();
    people.both_say(10, "WRONG: seal 1: its key", "seal: no good signature");

    seal["signature"] = sign(&people.eve, "surefoot-approval", &statement).into();
    fs::write(&path, format!("{seal}\n")).unwrap();
    people.both_say(10, "WRONG: seal 1: it is a signature for", "seal: no good signature");
}

#[test]
fn nobody_agrees_through_a_pipe_nor_to_what_has_expired() {
    let people = People::new(GUARDED);
    assert_eq!(people.run().code(), 4);
    let request = people.request();
    let arguments = ["approve", request.to_str().unwrap()];
    let piped = people.sandbox.surefoot(&arguments).stdin("agree\n").run();
    assert_eq!(piped.code(), 8, "{}", piped.text());
    assert_eq!(piped.stdout, "");
}

/// The same records with a chain that holds, as somebody with write access would make it.
fn rechained(text: &str) -> String {
    use std::fmt::Write as _;

    use sha2::{Digest as _, Sha256};

    let mut prev = "0".repeat(64);
    let mut whole = String::new();
    for line in text.lines() {
        let (covered, _) = line.rsplit_once(",\"prev\":\"").unwrap();
        let covered = format!("{covered},\"prev\":\"{prev}\"");
        prev.clear();
        for byte in Sha256::digest(covered.as_bytes()) {
            write!(prev, "{byte:02x}").unwrap();
        }
        writeln!(whole, "{covered},\"sha256\":\"{prev}\"}}").unwrap();
    }
    whole
}
