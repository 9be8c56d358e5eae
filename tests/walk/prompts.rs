//! Every state in which somebody is asked: what is pasted answers one question at most, and a window
//! that changes its size loses nothing that was typed.

use std::fs;

use crate::sandbox::{Sandbox, eventually};
use crate::{PROMPT, Walk, in_doubt, runbook};

/// A state that a walk comes to, and what happens there.
struct State {
    name: &'static str,
    /// The top of the runbook.
    top: &'static str,
    /// Its steps. What follows what is asked is a change.
    steps: &'static str,
    /// What is waited for and typed on the way.
    way: &'static [(&'static str, &'static str)],
    /// What is asked, and before which words the answer is typed.
    asked: (&'static str, &'static str),
    answer: &'static str,
    /// What is asked then, and before which words.
    then: (&'static str, &'static str),
    /// What has been changed by then.
    ledger: &'static str,
}

const PLAIN: State = State {
    name: "",
    top: "",
    steps: "",
    way: &[],
    asked: ("", PROMPT),
    answer: "",
    then: ("Alter it", PROMPT),
    ledger: "",
};

/// Follows every question: what nobody agreed to must not run.
const ALTER: &str = "
- id: alter
  title: Alter it
  run: echo altered >> \"$HOME/ledger\"
  undo: echo undone >> \"$HOME/ledger\"
- id: more
  title: Alter more
  run: echo more >> \"$HOME/ledger\"
  undo: { none: a test }
- end: done
";

/// What is typed there is not shown.
const SECRET: &str = "a secret input";

const STATES: &[State] = &[
    State {
        name: "Enter",
        steps: "- { id: q, title: Look once, effect: read, run: 'true' }",
        asked: ("Look once", PROMPT),
        ..PLAIN
    },
    State {
        name: "y",
        asked: ("Alter it", PROMPT),
        answer: "y",
        then: ("Alter more", PROMPT),
        ledger: "altered\n",
        ..PLAIN
    },
    State {
        name: "typed words",
        steps: "- { id: q, title: Wipe it, effect: destroy, subject: volume-7, irreversible: gone, \
                run: 'echo wiped >> \"$HOME/ledger\"' }",
        asked: ("Wipe it", "Type volume-7 to run it > "),
        answer: "volume-7",
        ledger: "wiped\n",
        ..PLAIN
    },
    State {
        name: "options",
        steps: "- id: q\n  title: What now?\n  ask: What is it?\n  options:\n  \
                - { id: one, label: The one, goto: alter }\n  \
                - { id: two, label: The other, goto: alter }",
        asked: ("What is it?", PROMPT),
        answer: "1",
        ..PLAIN
    },
    State {
        name: "a value in the middle",
        steps: "- { id: q, title: Which?, ask: Which colour?, into: colour, choices: [ red, green ] }\n\
                - { id: use, title: Use it, effect: read, run: 'echo {{colour}}' }",
        asked: ("Which colour?", PROMPT),
        answer: "red",
        then: ("Use it", PROMPT),
        ..PLAIN
    },
    State {
        name: "an input",
        top: "inputs:\n  colour: { type: text, description: Its colour }\n",
        steps: "- { id: q, title: Use it, effect: read, run: 'echo {{colour}}' }",
        asked: ("Its colour", "colour > "),
        answer: "red",
        then: ("Use it", PROMPT),
        ..PLAIN
    },
    State {
        name: SECRET,
        top: "inputs:\n  token: { type: string, secret: true, description: Its token }\n",
        steps: "- { id: q, title: Use it, effect: read, env: { TOKEN: '{{token}}' }, run: 'true' }",
        asked: ("Its token", "token > "),
        answer: "hunter2-correct-horse",
        then: ("Use it", PROMPT),
        ..PLAIN
    },
    State {
        name: "an instruction",
        steps: "- { id: q, title: Do it, do: Pull the plug. }",
        asked: ("Pull the plug.", PROMPT),
        ..PLAIN
    },
    State {
        name: "a list to tick",
        steps: "- { id: q, title: Do it, do: Go through it., checklist: [ the first, the second ] }",
        way: &[("Go through it.", PROMPT), ("", "")],
        asked: ("1/2 the first", "Enter when done > "),
        then: ("2/2 the second", "Enter when done > "),
        ..PLAIN
    },
    State {
        name: "an output from elsewhere",
        steps: "- { id: q, title: Look there, effect: read, run: hostname }",
        way: &[("Look there", PROMPT), ("t", "")],
        asked: ("single dot", "Output > "),
        answer: "db-7\r.",
        then: ("Exit status there", "[0] > "),
        ..PLAIN
    },
    State {
        name: "a note",
        way: &[("Alter it", PROMPT), ("n", "")],
        asked: ("", "Note > "),
        answer: "it is late",
        then: ("noted", PROMPT),
        ..PLAIN
    },
    State {
        name: "a reason",
        steps: "- { id: q, title: Look once, effect: read, run: 'true' }",
        way: &[("Look once", PROMPT), ("s", "")],
        asked: ("Why skip it?", " > "),
        answer: "no time",
        ..PLAIN
    },
    State {
        name: "a step to go to",
        steps: "- { id: q, title: Look once, effect: read, run: 'true' }",
        way: &[("Look once", PROMPT), ("g", "")],
        asked: ("Go to which step", " > "),
        answer: "alter",
        ..PLAIN
    },
    State {
        name: "a key that means nothing",
        asked: ("Alter it", PROMPT),
        answer: "nonsense",
        then: ("means nothing here", PROMPT),
        ..PLAIN
    },
    State {
        name: "what is unexpected",
        steps: "- { id: q, title: Look once, effect: read, run: exit 3 }",
        way: &[("Look once", PROMPT), ("", "")],
        asked: ("! exit 3", PROMPT),
        ..PLAIN
    },
    State {
        name: "the offer to undo",
        way: &[("Alter it", PROMPT), ("y", ""), ("Alter more", PROMPT), ("k", "")],
        asked: ("undo", PROMPT),
        answer: "u",
        then: ("This undoes: Alter it", PROMPT),
        ledger: "altered\n",
        ..PLAIN
    },
    State {
        name: "a wait",
        steps: "- { id: q, title: Let it settle, wait: 10m }",
        asked: ("Let it settle", PROMPT),
        answer: "s",
        ..PLAIN
    },
];

impl State {
    /// A walk that is there. What is asked there is shown whole.
    fn arrive(&self) -> Walk {
        let steps = format!("\n{}{ALTER}", if self.steps.is_empty() { "" } else { self.steps });
        let text = runbook(&steps).replace("steps:", &format!("{}steps:", self.top));
        let sandbox = Sandbox::trusting(&text);
        let path = sandbox.path("runbook.yaml");
        let mut walk = Walk::start(sandbox, &["run", path.to_str().unwrap()], &[], 80);
        for place in self.way.chunks(2) {
            let [(what, words), (typed, _)] = place else { panic!("{}", self.name) };
            walk.session.wait_for(what);
            walk.session.wait_for(words);
            walk.session.send(&format!("{typed}\r"));
        }
        let (what, words) = self.asked;
        if !what.is_empty() {
            walk.session.wait_for(what);
        }
        walk.session.wait_for(words);
        if self.name == SECRET {
            eventually(|| (!walk.session.echoes()).then_some(())).expect("no echo");
        }
        walk
    }
}

/// Lines that would agree to anything that is asked, were they heard.
const BLOCK: &str = "\ry\r\ry\r1\ryes\rvolume-7\r\r.\r0\ralter\ry\r\r";

/// The walk is left by Ctrl-D, as often as it takes: once for what is asked beside a question.
fn leave(mut walk: Walk, state: &State) -> Walk {
    walk.session.send("\x04");
    if state.then.1 != PROMPT {
        walk.session.wait_for("Back to the question.");
        walk.session.wait_for(PROMPT);
        walk.session.send("\x04");
    }
    assert_eq!(walk.code(), Some(4), "{}", state.name);
    walk
}

#[test]
fn a_pasted_block_answers_one_question_at_most() {
    // Broken: the terminal holds lines for the questions to come, and each takes the next.
    for state in STATES {
        let mut walk = state.arrive();
        walk.session.send(&format!("{}{BLOCK}", state.answer));
        walk.session.wait_for(state.then.0);
        walk.session.wait_for(state.then.1);
        // Had anything been left for it, the question would have heard that first.
        let walk = leave(walk, state);
        assert_eq!(walk.ledger(), state.ledger, "{}", state.name);
    }
}

#[test]
fn a_pasted_block_decides_nothing_in_doubt() {
    let mut walk = in_doubt("");
    walk.session.wait_for("mark it done");
    walk.session.wait_for(PROMPT);
    walk.session.send(&format!("nonsense{BLOCK}"));
    walk.session.wait_for("means nothing here");
    walk.session.wait_for(PROMPT);
    walk.session.send(&format!("o{BLOCK}"));
    walk.session.wait_for("This changes something");
    walk.session.wait_for(PROMPT);
    walk.session.send("\x04");
    assert_eq!(walk.code(), Some(4));
    assert_eq!(walk.ledger(), "altered\n");
}

#[test]
fn a_window_that_changes_its_size_loses_nothing_that_was_typed() {
    // Broken: the signal ends the read and what was typed with it, or the question is drawn anew over
    // what was typed.
    for state in STATES {
        let mut walk = state.arrive();
        let before = walk.session.log().len();
        let answer = state.answer;
        let (typed, rest) = answer.split_at(answer.len() / 2);
        walk.session.send(typed);
        for columns in [40, 132, 80] {
            walk.session.resize(columns);
        }
        walk.session.send(&format!("{rest}\r"));
        walk.session.wait_for(state.then.0);
        walk.session.wait_for(state.then.1);
        let log = String::from_utf8_lossy(&walk.session.log()[before..]).into_owned();
        let echo = format!("{}\r\n", answer.replace('\r', "\r\n"));
        // A countdown moves on above the line, and a secret is not shown.
        let shown = !matches!(state.name, "a wait" | SECRET);
        assert!(!shown || log.starts_with(&echo), "{}: {log:?}", state.name);
        assert!(!log.contains("hunter2"), "{}", state.name);
        let walk = leave(walk, state);
        assert_eq!(walk.ledger(), state.ledger, "{}", state.name);
        let journal = fs::read_to_string(walk.sandbox.run().join("journal.jsonl")).unwrap();
        assert!(!journal.contains("hunter2"), "{}", state.name);
    }
}
