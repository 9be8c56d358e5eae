//! A list of those who may agree that is a file of a branch. Each test names the broken build that
//! it is for.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use surefoot::settings::Signers as List;

use crate::answers::{Desk, answer, request, waiting};

/// Git, with nothing of this machine's settings.
fn git(folder: &Path, arguments: &[&str]) {
    let mut git = Command::new("git");
    git.env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin").env("HOME", folder);
    git.args(["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]);
    let git = git.current_dir(folder).args(arguments).stdout(Stdio::null()).stderr(Stdio::null());
    assert!(git.status().unwrap().success(), "git {arguments:?}");
}

fn is_there() -> bool {
    let there = Command::new("git").arg("--version").stdout(Stdio::null()).status().is_ok();
    if !there {
        println!("skipped: there is no git here");
    }
    there
}

/// A repository with the list on its branch `main`.
fn repository(desk: &Desk, name: &str, list: &str) -> PathBuf {
    let folder = desk.folder().join(name);
    fs::create_dir(&folder).unwrap();
    git(&folder, &["init", "-q", "-b", "main"]);
    commit(&folder, list);
    folder
}

fn commit(repository: &Path, list: &str) {
    fs::create_dir_all(repository.join("keys")).unwrap();
    fs::write(repository.join("keys/signers"), list).unwrap();
    git(repository, &["add", "."]);
    git(repository, &["commit", "-q", "-m", "list"]);
}

fn on_main(repository: &Path) -> List {
    let (branch, file) = ("main".to_owned(), "keys/signers".to_owned());
    List::Branch { repository: repository.to_owned(), branch, file }
}

#[test]
fn a_clone_is_asked_for_what_was_fetched_and_not_for_its_own_commits() {
    // Broken: the responder commits a list of their own, or just writes one.
    if !is_there() {
        return;
    }
    let mut desk = Desk::new();
    let eve = desk.person("eve@example.org,payments-lead");
    let waiting = waiting(request());
    let given = answer(&eve, &waiting.text);
    let listed = desk.list().to_owned();
    for (upstream, own, taken) in
        [(listed.as_str(), "# nobody\n", true), ("# nobody\n", &listed, false)]
    {
        let name = if taken { "good" } else { "bad" };
        let origin = repository(&desk, name, upstream);
        let clone = desk.folder().join(format!("clone-{name}"));
        git(desk.folder(), &["clone", "-q", origin.to_str().unwrap(), clone.to_str().unwrap()]);
        commit(&clone, own);
        desk.is_listed_in(on_main(&clone));
        assert_eq!(desk.check(&waiting, &given).is_ok(), taken, "clone {name}");

        let bare = desk.folder().join(format!("bare-{name}"));
        let words = ["clone", "-q", "--bare", origin.to_str().unwrap(), bare.to_str().unwrap()];
        git(desk.folder(), &words);
        desk.is_listed_in(on_main(&bare));
        assert_eq!(desk.check(&waiting, &given).is_ok(), taken, "bare {name}");
        // One that was never fetched has no such branch.
        desk.is_listed_in(on_main(&origin));
        desk.refuses(&waiting, &given, "git has no keys/signers of the branch main in");
    }
}

#[test]
fn a_branch_of_the_runbooks_repository_counts_and_a_repository_inside_it_does_not() {
    // Broken: a pull request brings a repository of its own along.
    if !is_there() {
        return;
    }
    let mut desk = Desk::new();
    let eve = desk.person("eve@example.org,payments-lead");
    let waiting = waiting(request());
    let given = answer(&eve, &waiting.text);
    let listed = desk.list().to_owned();
    let origin = repository(&desk, "origin", &listed);
    let clone = desk.folder().join("clone");
    git(desk.folder(), &["clone", "-q", origin.to_str().unwrap(), clone.to_str().unwrap()]);
    desk.stands_in(&clone);
    desk.is_listed_in(on_main(&clone));
    assert_eq!(desk.check(&waiting, &given), Ok("eve@example.org".to_owned()));
    git(&clone, &["clone", "-q", "--bare", origin.to_str().unwrap(), "inside"]);
    desk.is_listed_in(on_main(&clone.join("inside")));
    desk.refuses(&waiting, &given, "lies in the repository of the runbook");
}

#[test]
fn a_repository_of_the_organisation_may_belong_to_somebody_else() {
    // Broken: git's own refusal of other people's repositories leaves nobody who may agree.
    if !is_there() {
        return;
    }
    if !rustix::process::geteuid().is_root() {
        println!("skipped: only root can give a repository away");
        return;
    }
    let mut desk = Desk::new();
    let eve = desk.person("eve@example.org,payments-lead");
    let waiting = waiting(request());
    let given = answer(&eve, &waiting.text);
    let listed = desk.list().to_owned();
    let origin = repository(&desk, "origin", &listed);
    let clone = desk.folder().join("clone");
    git(desk.folder(), &["clone", "-q", origin.to_str().unwrap(), clone.to_str().unwrap()]);
    for path in [clone.clone(), clone.join(".git")] {
        std::os::unix::fs::chown(path, Some(65_534), Some(65_534)).unwrap();
    }
    desk.is_listed_in(on_main(&clone));
    assert_eq!(desk.check(&waiting, &given), Ok("eve@example.org".to_owned()));
}
