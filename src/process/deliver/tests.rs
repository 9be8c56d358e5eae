//! Tests of git as a place for records, with repositories on this machine.

use super::*;

const AUTHOR: Author<'_> = Author { name: "dana@laptop", seconds: 1, message: "1 run" };

/// Waits for whatever comes.
struct Patient;

impl Watch for Patient {
    fn told(&self, _: &str) {}

    fn stopped(&self) -> bool {
        false
    }
}

fn environment(home: &Path) -> BTreeMap<OsString, OsString> {
    let path = "/usr/local/bin:/usr/bin:/bin";
    BTreeMap::from([("PATH".into(), path.into()), ("HOME".into(), home.into())])
}

/// Repositories in a folder; none, and a word of it, where there is no git.
fn copies<'a, const COUNT: usize>(
    folder: &Path,
    environment: &'a BTreeMap<OsString, OsString>,
    names: [&str; COUNT],
) -> Option<[Deliverer<'a>; COUNT]> {
    let with = Conversation { environment, patience: Duration::from_mins(1), watch: &Patient };
    let at = |name: &str| Deliverer::at(&folder.join(name), with);
    if matches!(at(names[0]), Err(GitFailed::Missing)) {
        println!("skipped: there is no git here");
        return None;
    }
    Some(names.map(|name| at(name).unwrap()))
}

fn added(path: &str, text: &str) -> Added {
    Added { path: path.to_owned(), bytes: text.as_bytes().to_vec(), executable: false }
}

#[test]
fn what_is_added_is_there_under_its_name_and_a_slower_one_is_told_so() {
    let folder = tempfile::tempdir().unwrap();
    let environment = environment(folder.path());
    let copies = copies(folder.path(), &environment, ["there", "one", "other"]);
    let Some([_there, one, other]) = copies else { return };
    let url = format!("file://{}", folder.path().join("there").display());
    let branch = Branch { url: &url, name: "records" };
    assert_eq!(one.tip(branch).unwrap(), None);
    let odd = "runs/a \"b\" \\c/ü.json";
    let first = one.add(None, &[added(odd, "\n\0x")], AUTHOR, "a").unwrap();
    let slower = other.add(None, &[added("runs/z", "z")], AUTHOR, "a").unwrap();
    assert_eq!(one.push(branch, &first).unwrap(), Pushed::Done);
    assert!(matches!(other.push(branch, &slower).unwrap(), Pushed::Raced(_)));

    assert_eq!(other.tip(branch).unwrap().as_deref(), Some(first.as_str()));
    assert!(!other.keeps(&first));
    assert_eq!(other.fetch(branch, "b").unwrap(), first);
    assert!(other.keeps(&first) && other.descends(&first, &first));
    let second = other.add(Some(&first), &[added("runs/z", "z")], AUTHOR, "c").unwrap();
    assert_eq!(other.push(branch, &second).unwrap(), Pushed::Done);
    other.keep_only(&second);
    assert!(other.keeps(&second) && !other.keeps(&slower) && other.is_sound());
    assert!(other.descends(&first, &second) && !other.descends(&slower, &second));

    let files = other.files(&second, "runs", 0).unwrap();
    let names: Vec<&str> =
        files.iter().map(|blob| std::str::from_utf8(&blob.path).unwrap()).collect();
    assert_eq!(names, [odd, "runs/z"]);
    let ids: Vec<&str> = files.iter().map(|blob| blob.id.as_str()).collect();
    let gone = "0".repeat(40);
    let read = other.read(&[ids[0], &gone, ids[1]]).unwrap();
    assert_eq!(read, [Some(b"\n\0x".to_vec()), None, Some(b"z".to_vec())]);
    let refused = one.tip(Branch { url: "file:///nowhere", name: "records" }).unwrap_err();
    assert!(refused.to_string().starts_with("git could not reach file:///nowhere: '/nowhere'"));
}

#[test]
fn what_is_too_large_is_not_fetched_and_keeps_nothing_else_away() {
    let folder = tempfile::tempdir().unwrap();
    let environment = environment(folder.path());
    let copies = copies(folder.path(), &environment, ["there", "hostile", "ours"]);
    let Some([there, hostile, ours]) = copies else { return };
    let lets_itself_be_asked = ["config", "uploadpack.allowFilter", "true"];
    there.near(&lets_itself_be_asked, Vec::new()).unwrap();
    let url = format!("file://{}", folder.path().join("there").display());
    let branch = Branch { url: &url, name: "records" };
    let zeros = vec![0; 50 << 20];
    let large = Added { path: "runs/2026/11/large".to_owned(), bytes: zeros, executable: false };
    let first = hostile.add(None, &[large, added("runs/2026/10/small", "x")], AUTHOR, "a").unwrap();
    assert_eq!(hostile.push(branch, &first).unwrap(), Pushed::Done);

    assert_eq!(ours.fetch(branch, "b").unwrap(), first);
    let sizes = |commit: &str| -> Vec<(String, Option<u64>)> {
        let files = ours.files(commit, "runs", 2).unwrap().into_iter();
        files.map(|it| (String::from_utf8(it.path).unwrap(), it.size)).collect()
    };
    let fetched =
        [("runs/2026/10/small".to_owned(), Some(1)), ("runs/2026/11/large".to_owned(), None)];
    assert_eq!(sizes(&first), fetched);
    assert!(ours.keeps(&first) && ours.is_sound());
    let second = ours.add(Some(&first), &[added("runs/2026/12/y", "y")], AUTHOR, "c").unwrap();
    assert_eq!(ours.push(branch, &second).unwrap(), Pushed::Done);
    assert!(ours.is_sound() && ours.descends(&first, &second));
    assert_eq!(sizes(&second).len(), 3);
}

#[test]
fn many_folders_beside_each_other_are_listed_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let environment = environment(folder.path());
    let Some([ours]) = copies(folder.path(), &environment, ["ours"]) else { return };
    let files: Vec<Added> = (0..=MOST_FOLDERS)
        .flat_map(|at| ["10/a", "11/b"].map(|rest| added(&format!("runs/{at:04}/{rest}"), "x")))
        .chain([added("runs/beside", "x"), added("runs/0001/beside", "x")])
        .collect();
    let few = ours.add(None, &files[..4], AUTHOR, "a").unwrap();
    let many = ours.add(None, &files, AUTHOR, "b").unwrap();
    for (commit, expected) in [(few, &files[..4]), (many, &files[..])] {
        let found = ours.files(&commit, "runs", 2).unwrap().into_iter();
        let mut found: Vec<String> = found.map(|it| String::from_utf8(it.path).unwrap()).collect();
        found.sort();
        let mut expected: Vec<String> = expected.iter().map(|it| it.path.clone()).collect();
        expected.sort();
        assert_eq!(found, expected);
    }
}
