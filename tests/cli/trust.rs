//! Trust is for content, and neither a script nor a pipe is somebody who looked.

use crate::READS;
use crate::sandbox::Sandbox;

#[test]
fn an_untrusted_runbook_is_refused_without_a_person() {
    let sandbox = Sandbox::new();
    sandbox.file("runbook.yaml", READS);
    sandbox.surefoot(&["run", "runbook.yaml"]).check(
        r"
        exit 8
        --- stderr
        error: runbook.yaml is not trusted, and nobody is here to look at each step
        hint: look at it and trust it: surefoot trust runbook.yaml
        hint: in automation: surefoot trust --digest DIGEST runbook.yaml
    ",
    );
    let agreed = sandbox.surefoot(&["run", "runbook.yaml", "--yes", "change"]).env("CI", "true");
    assert_eq!(agreed.run().code(), 8);
    assert!(sandbox.runs().is_empty());
}

#[test]
fn nobody_is_asked_to_trust_through_a_pipe() {
    let sandbox = Sandbox::new();
    sandbox.file("runbook.yaml", READS);
    sandbox.surefoot(&["trust", "runbook.yaml"]).stdin("y\ny\n").check(
        r"
        exit 8
        --- stderr
        Two looks
          shop/runbook: 2 read, 0 change, 0 destroy
          owner   payments
          help    secondary: page the rota

         1  Look once  [read]
            $ echo one

         2  Look twice  [read]
            $ echo two

         3  End: done

        file    runbook.yaml, 296 bytes
        digest  DIGEST
        Trusted content may run its reads by itself; changes still ask.
        error: nobody is there to look at it
        hint: trust a known digest: surefoot trust --digest DIGEST PATH
    ",
    );
    assert!(!sandbox.state().join("trust").exists());
}

#[test]
fn a_digest_trusts_exactly_that_content() {
    let sandbox = Sandbox::new();
    sandbox.file("runbook.yaml", READS);
    let digest = sandbox.digest("runbook.yaml");
    sandbox.file("runbook.yaml", READS.replace("echo one", "echo other"));
    sandbox.surefoot(&["trust", "--digest", &digest, "runbook.yaml"]).check(
        r"
        exit 8
        --- stderr
        error: runbook.yaml is not that content: DIGEST
    ",
    );
    assert_eq!(sandbox.surefoot(&["run", "runbook.yaml"]).run().code(), 8);
    sandbox.file("runbook.yaml", READS);
    sandbox.surefoot(&["trust", "--digest", &digest, "runbook.yaml"]).check(
        r"
        exit 0
        --- stderr
        Trusted runbook.yaml (DIGEST).
    ",
    );
    sandbox.surefoot(&["trust", "runbook.yaml"]).check(
        r"
        exit 0
        --- stderr
        runbook.yaml is trusted already.
    ",
    );
    assert_eq!(sandbox.surefoot(&["run", "runbook.yaml"]).run().code(), 0);
}

#[test]
fn any_changed_byte_asks_again_also_of_what_a_runbook_brings() {
    let sandbox = Sandbox::new();
    let runbook = READS.replace(
        "run: echo one",
        "run: cat {{files.note}}\n    files: { note: { from: note.txt } }",
    );
    sandbox.file("note.txt", "as it was\n").file("runbook.yaml", &runbook);
    sandbox.trust("runbook.yaml");
    let run = || sandbox.surefoot(&["run", "runbook.yaml"]).run().code();
    assert_eq!(run(), 0);
    sandbox.file("note.txt", "another\n");
    assert_eq!(run(), 8);
    sandbox.file("note.txt", "as it was\n").file("runbook.yaml", format!("{runbook}\n"));
    assert_eq!(run(), 8);
    sandbox.file("runbook.yaml", &runbook);
    assert_eq!(run(), 0);
}

#[test]
fn what_was_frozen_goes_on_whatever_became_of_the_file() {
    let sandbox = Sandbox::trusting(&READS.replace("run: echo two", "run: exit 3"));
    assert_eq!(sandbox.surefoot(&["run", "runbook.yaml"]).run().code(), 4);
    sandbox.file("runbook.yaml", "no runbook any more");
    let resumed = sandbox.surefoot(&["resume"]).run();
    assert_eq!(resumed.code(), 4, "{}", resumed.text());
}

#[test]
fn a_frozen_runbook_that_was_changed_is_damage() {
    let sandbox = Sandbox::trusting(&READS.replace("run: echo two", "run: exit 3"));
    assert_eq!(sandbox.surefoot(&["run", "runbook.yaml"]).run().code(), 4);
    let frozen = sandbox.run().join("runbook/runbook.yaml");
    std::fs::remove_file(&frozen).unwrap();
    std::fs::write(&frozen, READS.replace("echo one", "touch \"$HOME/ran\"")).unwrap();
    sandbox.surefoot(&["resume"]).check(
        r"
        exit 10
        --- stderr
        error: the frozen file runbook.yaml was changed
    ",
    );
    assert!(!sandbox.root().join("home/ran").exists());
}
