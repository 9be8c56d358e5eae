//! Repositories that a file or a command lists.

use std::fs;

use crate::place::{Upstream, rows, settings, source, sync, synced};
use crate::sandbox::Sandbox;

#[test]
fn only_a_sync_runs_the_command_that_lists_repositories() {
    let sandbox = Sandbox::new();
    let upstreams = ["one", "two"].map(|name| Upstream::new(&sandbox, name));
    let marks = sandbox.root().join("asked");
    let script = format!(
        "echo x >>{}\necho {}\necho {}\n",
        marks.display(),
        upstreams[0].url(),
        upstreams[1].url()
    );
    let list = sandbox.root().join("list.sh");
    fs::write(&list, script).unwrap();
    let command = format!("[[source]]\ncommand = [\"sh\", \"{}\"]\n", list.display());
    settings(&sandbox, &(command + &source(&upstreams[1].url(), "name = \"mine\"")));
    let listed = sandbox.surefoot(&["source", "list"]).run();
    assert!(listed.stderr.contains("has not been asked yet"), "{}", listed.stderr);
    assert!(!marks.exists());
    let told = synced(&sandbox);
    let names: Vec<_> = told.iter().map(|row| row["name"].clone()).collect();
    assert_eq!(names, ["mine", "one"], "what is written down by itself is not listed again");
    for arguments in [&["source", "list"][..], &["sync", "mine"], &["policy", "explain", "x"]] {
        sandbox.surefoot(arguments).run();
    }
    assert_eq!(fs::read_to_string(&marks).unwrap(), "x\n");

    // A command that fails changes nothing of what is known.
    fs::write(&list, "echo 'no such organisation' >&2\nexit 4\n").unwrap();
    let failed = sync(&sandbox, &[]).run();
    assert_eq!(failed.code(), 1);
    assert!(failed.stderr.contains("no such organisation"), "{}", failed.stderr);
    assert!(failed.stderr.contains("0 fetched, 2 unchanged, 1 failed."), "{}", failed.stderr);
    // One that lists what cannot be fetched, too.
    fs::write(&list, "echo ext::sh\n").unwrap();
    assert_eq!(sync(&sandbox, &[]).run().code(), 1);
    let listed = sandbox.surefoot(&["source", "list", "--format", "json"]).run();
    assert_eq!(rows(&listed.stdout).len(), 2);
}

#[test]
fn a_file_lists_repositories_and_what_is_wrong_in_it_is_told() {
    let sandbox = Sandbox::new();
    let upstream = Upstream::new(&sandbox, "one");
    let config = sandbox.root().join("home/.config/surefoot");
    settings(&sandbox, "[[source]]\nlist = \"all.txt\"\n");
    let lines = format!("# all\n{0}\n\n-oProxyCommand=x\n{0}\n", upstream.url());
    fs::write(config.join("all.txt"), lines).unwrap();
    let outcome = sync(&sandbox, &[]).run();
    assert_eq!(outcome.code(), 1);
    assert!(outcome.stderr.contains("all.txt: line 4: `-oProxyCommand=x`"), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("1 fetched, 0 unchanged, 1 failed."), "{}", outcome.stderr);
    fs::remove_file(config.join("all.txt")).unwrap();
    assert_eq!(sync(&sandbox, &[]).run().code(), 1);
}

#[test]
fn settings_of_a_repository_name_no_source() {
    let sandbox = Sandbox::new();
    let marks = sandbox.root().join("asked");
    let text = format!(
        "schema = \"surefoot-config/v1\"\n[[source]]\ncommand = [\"touch\", \"{}\"]\n",
        marks.display()
    );
    sandbox.file("surefoot.toml", text);
    sandbox.file("runbooks/look.yaml", crate::READS);
    fs::create_dir(sandbox.path(".git")).unwrap();
    assert_eq!(sync(&sandbox, &[]).run().code(), 0);
    let checked = sandbox.surefoot(&["check", "surefoot.toml"]).run();
    assert!(checked.text().contains("a repository can only ask for more care"));
    assert!(!marks.exists());
}
