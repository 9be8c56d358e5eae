//! What a summary says of a run, and that nothing a run's text holds comes alive in a document.

use proptest::prelude::*;

use super::fold::elapsed;
use super::inert::{fenced, line, link, markdown as safe};
use super::*;
use crate::diagnostic::terminal_strings::{assert_inert, texts};
use crate::engine::{Answer, AttemptId, End, Event, PauseReason, Role, StepStatus};
use crate::journal::Record;
use crate::journal::samples::{
    SECRET, answered, attempt, closed, entered, failed, passed, records, started, step, story,
};
use crate::runbook::{Effect, Outcome};

fn summary(events: &[Event]) -> Summary {
    Summary::of(&records(events)).unwrap()
}

fn finished(outcome: Outcome, still_changed: &[&str]) -> Event {
    Event::RunFinished {
        outcome,
        failed: None,
        still_changed: still_changed.iter().map(|id| step(id)).collect(),
        changed_by: Vec::new(),
        ended_by: None,
    }
}

#[test]
fn a_whole_run_is_told() {
    let told = summary(&story());
    assert_eq!(phrases::state(&told.state), "mitigated");
    let responders: Vec<_> = told.responders.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(responders, ["dana@laptop", "sam@desk"]);
    let walked: Vec<_> = told.steps.iter().map(|step| step.id.0.as_str()).collect();
    assert_eq!(walked[..5], ["pods", "decide", "roll_back", "tell", "wait"]);
    assert_eq!(told.steps[2].attempts, [AttemptId(2), AttemptId(3), AttemptId(4)]);
    assert_eq!(told.steps[2].status, Some(StepStatus::MarkedDone));
    assert_eq!(told.effects.read, 9);
    assert_eq!(told.effects.change, 2);
    let decisions: Vec<_> = told.decisions.iter().map(|it| it.choice.as_str()).collect();
    assert_eq!(
        decisions,
        ["chose roll_back", "run it again", "look whether it took effect", "marked as done"]
    );
    assert_eq!(told.decisions[0].reason.as_deref(), Some("the deploy fits in time"));
    assert_eq!(told.notes.len(), 1);
    assert_eq!(told.findings[0].attempt, AttemptId(1));
    assert_eq!(told.edited.len(), 1);
    assert_eq!(told.missing[0].what, "program jq");
    assert_eq!(told.attempts[2].settled.as_deref(), Some("marked as done"));
}

#[test]
fn what_was_passed_over_says_why() {
    let told = summary(&story());
    assert_eq!(
        told.skipped,
        [
            Skipped {
                step: step("cache"),
                title: "Is the cache warm?".to_owned(),
                why: SkipReason::Condition { condition: "region == 'eu'".to_owned() },
            },
            Skipped {
                step: step("tell"),
                title: "Tell the customers".to_owned(),
                why: SkipReason::Responder {
                    by: "sam@desk".to_owned(),
                    reason: Some("nobody noticed".to_owned())
                },
            }
        ]
    );
}

#[test]
fn ending_a_wait_early_is_no_skipped_step() {
    let told = summary(&[
        started(),
        entered("wait", "Let it settle"),
        answered("wait", "wait", Answer::Skip { reason: None }),
        closed("wait", StepStatus::Done),
    ]);
    assert_eq!(told.skipped, []);
}

#[test]
fn obligations_are_what_somebody_still_has_to_do() {
    let told = summary(&story());
    assert_eq!(
        told.obligations,
        [
            Obligation::StillChanged { step: step("roll_back"), items: Vec::new() },
            Obligation::LeftRunning {
                attempt: AttemptId(1),
                process: crate::engine::Survivor { pid: 4711, command: "tail -f".to_owned() },
            },
            Obligation::Edited { step: Some(step("roll_back")) },
        ]
    );
}

#[test]
fn the_state_follows_the_records() {
    fn check(events: &[Event], expected: &State) {
        let mut all = vec![started(), entered("a", "A")];
        all.extend_from_slice(events);
        assert_eq!(summary(&all).state, *expected, "{events:?}");
    }
    let change = attempt(1, "a", Role::Main, Effect::Change, "x");
    let read = attempt(1, "a", Role::Main, Effect::Read, "x");
    let paused = Event::Paused { why: PauseReason::Wished };
    let left = State::Paused { reason: PauseReason::Wished };
    let unseen = Event::AttemptEnded(Box::new(crate::journal::samples::ended(
        1,
        End::Disconnected,
        crate::engine::Verdict::InDoubt,
    )));
    check(&[], &State::Open);
    check(std::slice::from_ref(&paused), &left);
    check(std::slice::from_ref(&change), &State::InDoubt);
    check(&[read, paused.clone()], &left);
    check(&[change.clone(), paused.clone()], &State::InDoubt);
    check(&[change.clone(), unseen.clone()], &State::InDoubt);
    check(&[change.clone(), passed(1), paused.clone()], &left);
    let marked = answered("a", "doubt", Answer::MarkDone);
    check(&[change.clone(), marked, paused.clone()], &left);
    let looked = answered("a", "doubt", Answer::Recheck);
    check(&[change.clone(), looked], &State::InDoubt);
    check(
        &[change, unseen, finished(Outcome::Abandoned, &[])],
        &State::Finished { outcome: Outcome::Abandoned, failed: None },
    );
}

#[test]
fn every_prefix_of_a_run_has_a_summary_and_documents() {
    let all = records(&story());
    assert_eq!(Summary::of(&[]), None);
    assert_eq!(Summary::of(&all[1..]), None);
    for end in 1..=all.len() {
        let told = Summary::of(&all[..end]).unwrap();
        let finished = matches!(told.state, State::Finished { .. });
        assert_eq!(finished, end == all.len());
        assert_eq!(told.obligations.contains(&Obligation::Unfinished), !finished);
        assert!(!markdown(&told, &all[..end]).is_empty());
        assert_eq!(timeline(&all[..end]).len(), end);
    }
}

#[test]
fn a_change_is_undone_only_by_an_undo_that_passed_after_it() {
    fn check(events: &[Event], expected: UndoState) {
        let told = summary(&[&[started(), entered("a", "A")], events].concat());
        assert_eq!(told.changes[0].undo, expected, "{events:?}");
    }
    let change = |n| attempt(n, "a", Role::Main, Effect::Change, "x");
    let undo = |n| attempt(n, "a", Role::Undo, Effect::Change, "y");
    let done = finished(Outcome::RolledBack, &[]);
    check(&[change(1), passed(1), done.clone()], UndoState::NotRecorded);
    check(
        &[change(1), passed(1), undo(2), passed(2), done],
        UndoState::Undone { by: AttemptId(2) },
    );
    check(
        &[
            change(1),
            passed(1),
            undo(2),
            failed(2, 1, "exit status 1"),
            finished(Outcome::Abandoned, &["a"]),
        ],
        UndoState::StillChanged,
    );
    check(&[change(1), passed(1), undo(2)], UndoState::NotRecorded);
}

fn at_times(times: &[(i64, f64)], resumed: usize) -> Vec<u64> {
    let resumption = story().into_iter().find(|event| matches!(event, Event::Resumed(_))).unwrap();
    let mut events = vec![started()];
    events.resize(times.len(), entered("a", "A"));
    events[resumed] = resumption;
    let mut records = records(&events);
    for (record, (second, mono)) in records.iter_mut().zip(times) {
        record.at = jiff::Timestamp::from_second(*second).unwrap();
        record.mono = *mono;
    }
    elapsed(&records)
}

#[test]
fn a_clock_that_jumps_changes_no_duration() {
    let day = 86_400;
    assert_eq!(
        at_times(&[(0, 5.0), (day, 6.5), (-day, 8.0), (60, 1.0), (61, 2.25)], 3),
        [0, 1_500, 3_000, 3_000 + 86_460_000, 3_000 + 86_460_000 + 1_250]
    );
    // A clock set back while nobody was there adds nothing.
    assert_eq!(at_times(&[(100, 1.0), (50, 9.0)], 1), [0, 0]);
}

#[test]
fn milestones_are_measured_from_the_beginning() {
    let reached = summary(&story()).milestones;
    assert_eq!(reached.first_step, Some(15_000));
    assert_eq!(reached.first_decision, Some(82_500));
    assert_eq!(reached.first_change, Some(120_000));
    assert_eq!(reached.end, Some(summary(&story()).duration));
}

#[test]
fn a_log_is_a_line_for_each_record_with_the_day_where_it_changes() {
    let all = records(&story()[..4]);
    let log = log_text(&timeline(&all));
    let expected = "\
2026-11-20 UTC
03:12:07     1  dana@laptop  began checkout/checkout-error-rate in production, as incident: Checkout error rate is high
03:12:14     2  dana@laptop  missing: program jq
03:12:22     3  dana@laptop  pods: Are the pods healthy?
03:12:29     4  dana@laptop  read: go on
";
    assert_eq!(log, expected);
}

#[test]
fn no_document_holds_a_secret_or_a_control_character() {
    let all = records(&story());
    let told = Summary::of(&all).unwrap();
    let rows = [Row::of("x", &told)];
    for document in
        [markdown(&told, &all), json(&told, &all), log_text(&timeline(&all)), history_json(&rows)]
    {
        assert!(!document.contains(SECRET));
        assert!(!document.chars().any(|c| c.is_control() && c != '\n'));
    }
}

#[test]
fn json_says_its_format_and_is_json() {
    let all = records(&story());
    let told = Summary::of(&all).unwrap();
    let document: serde_json::Value = serde_json::from_str(&json(&told, &all)).unwrap();
    assert_eq!(document["format"], "surefoot-report/1");
    assert_eq!(document["state"]["outcome"], "mitigated");
    assert_eq!(document["timeline"].as_array().unwrap().len(), all.len());
    assert_eq!(document["findings"][0]["severity"], "critical");
}

#[test]
fn text_in_a_document_is_inert() {
    fn check(text: &str, expected: &str) {
        assert_eq!(safe(text), expected);
    }
    check("plain text, 5.5 % (of it)", "plain text, 5.5 % (of it)");
    check("<script>&", "&lt;script&gt;&amp;");
    check("[x](javascript:x) ![y](z)", r"\[x\](javascript:x) \!\[y\](z)");
    check("a|b `c` *d* _e_ ~f~ $g$", r"a\|b \`c\` \*d\* \_e\_ \~f\~ \$g\$");
    check("- item", r"\- item");
    check("12. item", r"12\. item");
    check("# head", r"\# head");
    check("see https://x.example, www.x", r"see https\://x.example, www\.x");
    check("a\nb\tc\r\u{1b}[31m", r"a\\nb\\tc\\r\\x1b\[31m");
    check("\u{202e}x\u{200b}", r"\\u\{202e\}x\\u\{200b\}");
    check("\u{85}", r"\\u\{85\}");
}

#[test]
fn no_string_is_obeyed_or_taken_for_markup_in_a_report() {
    for (name, text) in texts() {
        let all = records(&hostile_story(text));
        let told = Summary::of(&all).unwrap();
        let document = markdown(&told, &all);
        for shown in [&document, &json(&told, &all), &log_text(&timeline(&all))] {
            assert_inert(name, shown);
        }
        assert_plain(name, &document);
        let rows = [Row::of(text, &told)];
        assert_inert(name, &history_json(&rows));
    }
}

/// A document that only formats: no HTML, no pictures, and links to files of the run's folder alone.
fn assert_plain(what: &str, document: &str) {
    use pulldown_cmark::{Event as Piece, Options, Parser, Tag};
    for piece in Parser::new_ext(document, Options::all()) {
        match piece {
            Piece::Html(html) | Piece::InlineHtml(html) => panic!("{what}: {html:?} is HTML"),
            Piece::Start(Tag::Image { dest_url, .. }) => panic!("{what}: a picture of {dest_url}"),
            Piece::Start(Tag::Link { dest_url, .. }) => {
                assert!(dest_url.starts_with("output/"), "{what}: a link to {dest_url}");
            }
            _ => {}
        }
    }
}

#[test]
fn json_hides_nothing_and_means_the_same() {
    let told = "a\u{9b}b\u{202e}c\u{7f}\u{e0041}\u{1b}é";
    let shown = crate::diagnostic::visible_json(&serde_json::to_string(told).unwrap());
    assert_eq!(shown, r#""a\u009bb\u202ec\u007f\udb40\udc41\u001bé""#);
    assert_eq!(serde_json::from_str::<String>(&shown).unwrap(), told);
}

#[test]
fn nothing_inside_ends_a_block_of_code() {
    assert_eq!(fenced("x", "sh"), "```sh\nx\n```\n");
    assert_eq!(fenced("```\n", ""), "````\n```\n````\n");
    assert_eq!(fenced("a ````` b", "sh"), "``````sh\na ````` b\n``````\n");
    assert_eq!(fenced("a\r\u{9b}b\tc", ""), "```\na\\x0d\\u{9b}b\tc\n```\n");
}

#[test]
fn only_plain_paths_inside_the_folder_become_links() {
    assert_eq!(link("output/0001.log"), "[output/0001.log](output/0001.log)");
    assert_eq!(link("../x"), "../x");
    assert_eq!(link("/etc/passwd"), "/etc/passwd");
    assert_eq!(link("a) [b](javascript:c"), r"a) \[b\](javascript:c");
}

/// The lines of a document that are not inside a block of code.
fn outside_code(document: &str) -> Vec<&str> {
    let mut fence: Option<&str> = None;
    let mut outside = Vec::new();
    for text in document.lines() {
        let ticks = &text[..text.len() - text.trim_start_matches('`').len()];
        match fence {
            None if ticks.len() >= 3 => fence = Some(ticks),
            None => outside.push(text),
            Some(open) if text == open => fence = None,
            Some(_) => {}
        }
    }
    assert_eq!(fence, None, "a block of code is not closed");
    outside
}

fn hostile_story(text: &str) -> Vec<Event> {
    let mut events = story();
    for event in &mut events {
        match event {
            Event::RunStarted(started) => text.clone_into(&mut started.runbook.title),
            Event::StepEntered { title, .. } => text.clone_into(title),
            Event::AttemptStarted(started) => text.clone_into(&mut started.shown),
            Event::AttemptEnded(ended) => {
                for finding in &mut ended.findings {
                    text.clone_into(&mut finding.say);
                }
            }
            Event::Answered { answer: Answer::Note { text: note }, .. } => text.clone_into(note),
            _ => {}
        }
    }
    events
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(40) })]

    #[test]
    fn no_text_breaks_out_of_its_place(text in "[-`<>&|\\[\\]()!*_#\n\r\u{1b}\u{202e}a ~$=+.0]{0,40}") {
        let all: Vec<Record> = records(&hostile_story(&text));
        let told = Summary::of(&all).unwrap();
        let document = markdown(&told, &all);
        let calm = records(&hostile_story("calm"));
        let model = markdown(&Summary::of(&calm).unwrap(), &calm);
        let (outside, wanted) = (outside_code(&document), outside_code(&model));
        prop_assert_eq!(outside.len(), wanted.len());
        for (text, wanted) in outside.iter().zip(&wanted) {
            prop_assert!(!text.contains(['<', '>']), "{}", text);
            let cells = |text: &str| text.replace("\\\\", "").replace("\\|", "").matches('|').count();
            prop_assert_eq!(cells(text), cells(wanted), "{}", text);
        }
        let log = log_text(&timeline(&all));
        prop_assert_eq!(log.lines().count(), all.len() + 1);
        prop_assert_eq!(line(&text).lines().count(), usize::from(!text.is_empty()));
    }
}

fn past(run: &str, change: impl FnOnce(&mut Past)) -> Row {
    let mut row = Row::of(run, &summary(&story()));
    if let Told::Run(past) = &mut row.told {
        change(past);
    }
    row
}

#[test]
fn a_runbook_went_well_when_a_real_run_ended_well() {
    let ended = |outcome| State::Finished { outcome, failed: None };
    let rows = [
        past("drill", |past| past.mode = crate::plan::Mode::Drill),
        // Whatever a record of others calls it, nothing of it was run.
        past("scripted", |past| past.world = crate::plan::World::Scripted),
        past("abandoned", |past| past.state = ended(Outcome::Abandoned)),
        past("open", |past| past.state = State::Open),
        past("long", |past| past.duration = 9_000),
        past("other", |past| past.digest = "other".to_owned()),
        past("latest", |past| {
            past.started = "2026-12-01T00:00:00Z".parse().unwrap();
            past.duration = 1_000;
        }),
        past("short", |past| past.duration = 2_000),
        Row::unreadable("broken", "damaged".to_owned()),
    ];
    let digest = "d".repeat(64);
    let well = last_ok(&rows, OfRunbook::Digest(&digest)).unwrap();
    assert_eq!((well.run.as_str(), well.usual, well.times), ("latest", 2_000, 3));
    let named = OfRunbook::Named { service: Some("checkout"), id: "checkout-error-rate" };
    assert_eq!(last_ok(&rows, named).unwrap().times, 4);
    let stranger = OfRunbook::Named { service: None, id: "checkout-error-rate" };
    assert_eq!(last_ok(&rows, stranger), None);
}

#[test]
fn rows_are_json_whether_or_not_they_could_be_read() {
    let rows = [past("a", |_| {}), Row::unreadable("b", "record 3 is damaged".to_owned())];
    assert_eq!(rows[0].state(), "mitigated");
    assert_eq!(rows[1].state(), "unreadable");
    let told: serde_json::Value = serde_json::from_str(&history_json(&rows)).unwrap();
    assert_eq!(told[0]["past"]["runbook"], "checkout-error-rate");
    assert_eq!(told[1]["unreadable"], "record 3 is damaged");
}

#[test]
fn a_command_worked_when_it_last_passed_as_the_steps_own() {
    let which = OfRunbook::Named { service: Some("checkout"), id: "checkout-error-rate" };
    let runs = [summary(&story())];
    let worked = |id| last_worked(&runs, which, &step(id)).map(|worked| worked.took);
    assert_eq!(worked("check_5"), Some(1_250));
    assert_eq!(worked("pods"), None, "its result was not expected");
    assert_eq!(worked("roll_back"), None, "only its recheck passed");
    let other = OfRunbook::Digest("other");
    assert_eq!(last_worked(&runs, other, &step("check_5")), None);
}
