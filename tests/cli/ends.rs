//! How commands end: exits, signals, time-outs and what could not start are told apart.

use crate::sandbox::Sandbox;

/// How the only command of an unattended run ended, and what a person was told.
fn end(run: &str) -> (serde_json::Value, String) {
    let runbook = format!(
        "schema: surefoot/v1\ntitle: Ends\nsteps:\n  - {{ id: it, title: It, effect: read, {run}, expect: true }}\n  - end: done\n"
    );
    let sandbox = Sandbox::trusting(&runbook);
    let outcome = sandbox.surefoot(&["run", "runbook.yaml"]).run();
    let ended = sandbox.events_of("attempt_ended");
    assert_eq!(ended.len(), 1, "{}", outcome.text());
    (ended[0]["end"].clone(), outcome.stderr)
}

#[track_caller]
fn check(run: &str, expected: &serde_json::Value, told: &str) {
    let (end, text) = end(run);
    assert_eq!(&end, expected, "{text}");
    assert!(text.contains(told), "{told:?} is not in\n{text}");
}

#[test]
fn every_exit_status_is_exact() {
    for code in [0, 1, 2, 126, 127, 128, 137, 143, 255] {
        let expected = serde_json::json!({ "end": "exited", "code": code });
        check(&format!("run: exit {code}"), &expected, &format!("exit {code}"));
    }
}

#[test]
fn a_signal_is_no_exit_status() {
    for (signal, name) in [(9, "SIGKILL"), (15, "SIGTERM"), (11, "SIGSEGV"), (13, "SIGPIPE")] {
        let expected = serde_json::json!({ "end": "signalled", "signal": signal });
        check(&format!("run: kill -{signal} $$"), &expected, &format!("killed by {name}"));
    }
}

#[test]
fn a_timeout_is_told_with_its_length() {
    let expected = serde_json::json!({ "end": "timed_out", "after": 50 });
    check("run: exec sleep 1000, timeout: 50ms", &expected, "timed out after");
}

#[test]
fn what_cannot_start_is_no_exit_status() {
    for (command, why) in [
        ("run: [ /no/such/program ]", "does not exist"),
        ("run: [ no-such-program-at-all ]", "no-such-program-at-all"),
        ("run: [ /etc/hosts ]", ""),
    ] {
        let (end, text) = end(command);
        assert_eq!(end["end"], "could_not_start", "{command}: {text}");
        assert!(end["why"].as_str().unwrap().contains(why), "{end}");
        assert!(text.contains("could not start"), "{text}");
    }
}

#[test]
fn output_is_kept_byte_for_byte_and_shown_harmless() {
    let sandbox = Sandbox::trusting(
        "schema: surefoot/v1\ntitle: Output\nsteps:\n  - { id: it, title: It, effect: read, run: 'printf \"a\\033[2Jb\\r\\377\\nno end\"' }\n  - end: done\n",
    );
    let outcome = sandbox.surefoot(&["run", "runbook.yaml"]).run();
    assert_eq!(outcome.code(), 0, "{}", outcome.text());
    let kept = std::fs::read(sandbox.run().join("output/0001.log")).unwrap();
    assert_eq!(kept, b"a\x1b[2Jb\r\xff\nno end");
    assert!(outcome.stderr.chars().all(|c| c == '\n' || !c.is_control()), "{:?}", outcome.stderr);
    for command in ["log", "report", "verify"] {
        let looked = sandbox.surefoot(&[command]).run();
        assert_eq!(looked.code(), 0, "{}", looked.text());
        assert!(looked.stdout.chars().all(|c| c == '\n' || !c.is_control()), "{:?}", looked.stdout);
    }
}

#[test]
fn large_output_is_counted_whole() {
    let sandbox = Sandbox::trusting(
        "schema: surefoot/v1\ntitle: Output\nsteps:\n  - { id: it, title: It, effect: read, run: 'head -c 3000000 /dev/zero | tr \"\\0\" x; echo' }\n  - end: done\n",
    );
    let outcome = sandbox.surefoot(&["run", "runbook.yaml"]).run();
    assert_eq!(outcome.code(), 0);
    let output = &sandbox.events_of("attempt_ended")[0]["output"];
    assert_eq!(output["bytes"], 3_000_001);
    assert_eq!(output["kept"], 3_000_001);
    assert_eq!(sandbox.surefoot(&["verify"]).run().code(), 0);
}
