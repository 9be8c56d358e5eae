//! Help, versions, and command lines that make no sense.

use crate::sandbox::Sandbox;

#[test]
fn help_is_data_and_one_page() {
    Sandbox::new().surefoot(&["--help"]).check(
        r"
        exit 0
        --- stdout
        Walks responders through versioned runbooks and keeps a record that can be trusted

        Usage: surefoot [COMMAND]

        Commands:
          run          Walk a runbook
          resume       Go on with a run: after a break, a crash, or a hand-over
          drill        Rehearse: walk a runbook against a scenario; nothing is run
          plan         Say what a run would do; nothing is run and nothing is asked
          policy       Say what would be asked before each command, and what decides it
          show         Show a runbook for reading
          check        Validate runbooks
          follow       Show a run while somebody else walks it, in a second terminal; nothing is changed
          test         Walk scenarios as tests; not one process is started
          alert        Find the runbooks that answer alerts
          listen       Listen on this machine for the webhooks of an Alertmanager; nothing is run
          list         List the runbooks that are known on this machine
          find         Find runbooks by words
          history      List past runs
          insights     Say what the runs say: who has practised what
          doctor       Say whether this machine is ready for a shift
          log          Show what happened in a run, line by line
          records      Deliver finished runs to the team's records, and read those of others
          report       Write the document of a run, for a review or a ticket
          verify       Check that the record of a run was not changed
          seal         Sign the head of a finished run's record with your SSH key
          approve      Agree to another person's step: look at it, then sign it with your SSH key
          source       Say where runbooks come from
          sync         Fetch what is new from the repositories that runbooks come from
          trust        Look at a runbook and trust its content
          schema       Print the JSON Schema of runbooks, scenarios or settings files, for editors
          completions  Print completions for a shell

        Options:
          -h, --help     Print help
          -V, --version  Print version
    ",
    );
}

#[test]
fn every_command_has_a_page_of_help() {
    let sandbox = Sandbox::new();
    let commands = [
        "run",
        "resume",
        "plan",
        "show",
        "check",
        "list",
        "find",
        "history",
        "log",
        "report",
        "verify",
        "seal",
        "approve",
        "trust",
        "schema",
        "completions",
    ];
    for command in commands {
        let help = sandbox.surefoot(&[command, "--help"]).run();
        assert_eq!(help.code(), 0, "{command}");
        assert!(help.stdout.contains(&format!("Usage: surefoot {command}")), "{}", help.stdout);
        assert_eq!(help.stderr, "", "{command}");
        let lines = help.stdout.lines().count();
        assert!(lines <= 60, "the help of {command} has {lines} lines");
    }
}

#[test]
fn the_version_is_data() {
    for call in [&["--version"][..], &["-V"], &["--version", "check"]] {
        let version = Sandbox::new().surefoot(call).run();
        assert_eq!(version.stdout, format!("surefoot {}\n", env!("CARGO_PKG_VERSION")), "{call:?}");
        assert_eq!((version.code(), version.stderr.as_str()), (0, ""), "{call:?}");
    }
}

#[test]
fn what_makes_no_sense_is_status_2_and_no_data() {
    let sandbox = Sandbox::new();
    let calls: [&[&str]; 9] = [
        &["find"],
        &["walk"],
        &["run"],
        &["run", "a", "b"],
        &["run", "a", "--yes", "destroy"],
        &["run", "a", "--auto", "change"],
        &["check", "--format", "xml"],
        &["completions", "tcsh-ish"],
        &["trust", "--print", "--digest", "x", "a.yaml"],
    ];
    for call in calls {
        let outcome = sandbox.surefoot(call).run();
        assert_eq!(outcome.code(), 2, "{call:?}");
        assert_eq!(outcome.stdout, "", "{call:?}");
        assert!(!outcome.stderr.is_empty(), "{call:?}");
    }
    assert!(!sandbox.state().exists());
}

#[test]
fn a_mistyped_command_gets_the_right_one_proposed() {
    Sandbox::new().surefoot(&["chek"]).check(
        r"
        exit 2
        --- stderr
        error: unrecognized subcommand 'chek'

          tip: some similar subcommands exist: 'schema', 'check'

        Usage: surefoot [COMMAND]

        For more information, try '--help'.
    ",
    );
}

#[test]
fn the_schema_is_json_schema() {
    let schema = Sandbox::new().surefoot(&["schema"]).run();
    assert_eq!((schema.code(), schema.stderr.as_str()), (0, ""));
    let schema: serde_json::Value = serde_json::from_str(&schema.stdout).unwrap();
    assert!(schema["$schema"].is_string(), "{schema}");
    assert!(schema["properties"]["steps"].is_object(), "{schema}");
}

#[test]
fn completions_name_every_command() {
    for shell in ["bash", "zsh", "fish"] {
        let script = Sandbox::new().surefoot(&["completions", shell]).run();
        assert_eq!((script.code(), script.stderr.as_str()), (0, ""));
        for command in ["resume", "verify", "history", "trust"] {
            assert!(script.stdout.contains(command), "{shell}: {command}");
        }
    }
}

#[test]
fn bash_accepts_its_completions() {
    let sandbox = Sandbox::new();
    let script = sandbox.surefoot(&["completions", "bash"]).run().stdout;
    sandbox.file("complete.bash", script);
    let call = sandbox.surefoot(&[]).under(&["bash", "-n", "complete.bash"]).run();
    assert_eq!(call.code(), 0, "{}", call.stderr);
}
