//! The index over files on the disk: what it finds, what it reads again, and what may happen to it.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use tempfile::TempDir;

use super::*;
use crate::catalog::{Sources, expand};

/// Where programs are; nothing here asks for one.
const PATH: &str = "/usr/bin:/bin";

/// A state folder, and a repository that nobody wrote to lately.
struct World {
    folder: TempDir,
}

impl World {
    fn new() -> Self {
        let world = Self { folder: tempfile::tempdir().unwrap() };
        fs::create_dir_all(world.root().join("runbooks")).unwrap();
        fs::create_dir_all(world.root().join(".git")).unwrap();
        world.write("disk-full", "title: The disk is full\nowner: { team: Storage }\ntags: [disk]");
        world.write(
            "redis-slow",
            "title: Redis is slow\nalerts: [ { match: [ 'alertname=\"RedisSlow\"' ] } ]",
        );
        world
    }

    fn root(&self) -> PathBuf {
        self.folder.path().join("shop")
    }

    fn state(&self) -> PathBuf {
        self.folder.path().join("state")
    }

    fn database(&self) -> PathBuf {
        self.state().join("catalog/index.sqlite")
    }

    fn write(&self, name: &str, head: &str) {
        let steps = "steps:\n  - { id: look, effect: read, run: df -h }\n  - { end: done }\n";
        self.file(
            &format!("runbooks/{name}.yaml"),
            &format!("schema: surefoot/v1\n{head}\n{steps}"),
        );
    }

    fn file(&self, path: &str, text: &str) {
        fs::write(self.root().join(path), text).unwrap();
    }

    fn places(&self) -> Vec<Place> {
        places(&Sources::default(), None, &self.root())
    }

    fn open(&self) -> Index {
        open(Some(self.state()), self.places())
    }
}

/// Opens an index so late that what was written is relied upon.
fn open(state: Option<PathBuf>, places: Vec<Place>) -> Index {
    let now = Timestamp::from_second(4_000_000_000).unwrap();
    Index::open(state, OsStr::new(PATH), places, now, &mut |_, _, _| ()).unwrap()
}

fn names(index: &mut Index, wanted: &Wanted) -> Vec<String> {
    index.entries(wanted, 100).unwrap().iter().map(Entry::reference).collect()
}

fn found(index: &mut Index, words: &str) -> Vec<String> {
    index.find(words, 10).unwrap().entries.iter().map(|entry| entry.runbook.clone()).collect()
}

#[test]
fn runbooks_around_here_are_listed_and_found_by_words_of_all_kinds() {
    let world = World::new();
    let mut index = world.open();
    assert_eq!(index.said(), Vec::<String>::new());
    assert_eq!(names(&mut index, &Wanted::default()), ["shop/disk-full", "shop/redis-slow"]);
    assert_eq!(index.count(&Wanted::default()).unwrap(), 2);
    for words in ["disk", "DISK ful", "storage", "disk-full", "shop full", "\"disk", "dis*"] {
        assert_eq!(found(&mut index, words), ["disk-full"], "{words}");
    }
    for words in ["slow", "RedisSlow", "redis"] {
        assert_eq!(found(&mut index, words), ["redis-slow"], "{words}");
    }
    assert_eq!(found(&mut index, "df").len(), 2);
    for nothing in ["", " ", "\"", "*", "zzzzzz", "-"] {
        assert!(found(&mut index, nothing).is_empty(), "{nothing}");
    }
}

#[test]
fn what_is_nearly_the_word_is_found_and_said_to_be_near() {
    let world = World::new();
    let mut index = world.open();
    let hits = index.find("dsik", 10).unwrap();
    assert_eq!(hits.fit, Fit::Near(vec![("dsik".to_owned(), vec!["disk".to_owned()])]));
    assert_eq!(hits.entries[0].runbook, "disk-full");
    // Words of which no runbook has both.
    let hits = index.find("redis storage", 10).unwrap();
    assert_eq!(hits.fit, Fit::Near(Vec::new()));
    assert_eq!(hits.entries.len(), 2);
}

#[test]
fn only_what_changed_is_read_again() {
    let world = World::new();
    let mut read = Vec::new();
    let mut opened = |world: &World| {
        read.clear();
        let now = Timestamp::from_second(4_000_000_000).unwrap();
        let mut progress = |work, done, of| {
            assert_eq!(work, Work::Files);
            read.push((done, of));
        };
        let (state, path) = (Some(world.state()), OsStr::new(PATH));
        let index = Index::open(state, path, world.places(), now, &mut progress).unwrap();
        (index, read.clone())
    };
    assert_eq!(opened(&world).1, [(2, 2)]);
    assert_eq!(opened(&world).1, []);
    world.write("disk-full", "title: The disk overflows");
    let (mut index, read) = opened(&world);
    assert_eq!(read, [(1, 1)]);
    assert_eq!(found(&mut index, "overflows"), ["disk-full"]);
    assert!(found(&mut index, "storage").is_empty());
    fs::remove_file(world.root().join("runbooks/disk-full.yaml")).unwrap();
    let (mut index, read) = opened(&world);
    assert_eq!(read, []);
    assert_eq!(names(&mut index, &Wanted::default()), ["shop/redis-slow"]);
    assert!(found(&mut index, "overflows").is_empty());
}

#[test]
fn a_file_that_was_just_written_is_read_again_until_its_time_can_be_relied_on() {
    let world = World::new();
    let mut read = 0;
    for _ in 0..2 {
        let now = Timestamp::UNIX_EPOCH;
        let mut progress = |_, done, _| read += done;
        let (state, path) = (Some(world.state()), OsStr::new(PATH));
        Index::open(state, path, world.places(), now, &mut progress).unwrap();
    }
    assert_eq!(read, 4);
}

#[test]
fn invalid_runbooks_are_listed_with_their_first_finding_and_scenarios_are_not() {
    let world = World::new();
    world.file("runbooks/broken.yaml", "schema: surefoot/v1\ntitle: Broken\nstepz: []\n");
    world.file("runbooks/rubbish.yaml", "\u{1}: [");
    world.file("runbooks/try.yaml", "schema: surefoot-scenario/v1\nrunbook: disk-full.yaml\n");
    let mut index = world.open();
    let wanted = Wanted { validity: Validity::Invalid, ..Wanted::default() };
    let invalid = index.entries(&wanted, 10).unwrap();
    let why: Vec<_> = invalid.iter().map(|it| (it.runbook.as_str(), it.invalid.clone())).collect();
    assert_eq!(why.len(), 2, "{why:?}");
    assert_eq!(why[0].0, "broken");
    assert!(why[0].1.as_ref().unwrap().starts_with("line "), "{why:?}");
    assert_eq!(invalid[0].title, "Broken");
    assert_eq!(index.count(&Wanted::default()).unwrap(), 4);
    assert_eq!(found(&mut index, "stepz"), ["broken"]);
}

#[test]
fn a_runbook_is_looked_at_again_when_what_it_uses_changes() {
    let world = World::new();
    let uses = "schema: surefoot/v1\ntitle: Outer\nsteps:\n  - use: { file: disk-full.yaml }\n  - { end: done }\n";
    world.file("runbooks/outer.yaml", uses);
    let wanted = Wanted { validity: Validity::Invalid, ..Wanted::default() };
    assert_eq!(names(&mut world.open(), &wanted), Vec::<String>::new());
    world.file("runbooks/disk-full.yaml", "schema: surefoot/v1\ntitle: Nothing\n");
    assert_eq!(names(&mut world.open(), &wanted), ["shop/disk-full", "shop/outer"]);
    world.write("disk-full", "title: The disk is full");
    assert_eq!(names(&mut world.open(), &wanted), Vec::<String>::new());
}

#[test]
fn lists_are_narrowed_by_service_tag_and_owner() {
    let world = World::new();
    let mut index = world.open();
    let one = |wanted: Wanted, index: &mut Index| names(index, &wanted);
    let tag = Wanted { tag: Some("DISK".to_owned()), ..Wanted::default() };
    assert_eq!(one(tag, &mut index), ["shop/disk-full"]);
    let owner = Wanted { owner: Some("storage".to_owned()), ..Wanted::default() };
    assert_eq!(one(owner, &mut index), ["shop/disk-full"]);
    let service = Wanted { service: Some("other".to_owned()), ..Wanted::default() };
    assert!(one(service, &mut index).is_empty());
}

#[test]
fn an_alert_is_answered_by_the_rules_that_may_fit() {
    let world = World::new();
    world.write("any", "title: Any\nalerts: [ { match: [ 'alertname=~\"R.*\"' ] } ]");
    world.write("other", "title: Other\nalerts: [ { match: [ 'alertname=~\"A|B\"' ] } ]");
    let mut index = world.open();
    assert_eq!(index.alerts().unwrap().len(), 3);
    let mut may_fit = |name: &str| {
        let labels = BTreeMap::from([("alertname".to_owned(), name.to_owned())]);
        let rules = index.alerts_for(&labels).unwrap();
        let ids: Vec<i64> = rules.iter().map(|rule| rule.entry).collect();
        let entries = index.some(&ids).unwrap();
        entries.into_iter().map(|entry| entry.runbook).collect::<Vec<_>>()
    };
    assert_eq!(may_fit("RedisSlow"), ["redis-slow", "any"]);
    assert_eq!(may_fit("B"), ["other", "any"]);
}

/// Settings that name folders.
fn folders(pattern: &Path) -> crate::settings::Source {
    crate::settings::Source {
        kind: crate::settings::SourceKind::Path(pattern.to_owned()),
        name: None,
        signers: None,
        runbooks: None,
        trust: crate::settings::SourceTrust::Ask,
        services: Vec::new(),
        origin: crate::policy::Origin {
            authority: crate::policy::Authority::User,
            file: "config.toml".to_owned(),
            line: 1,
        },
    }
}

#[test]
fn the_repository_around_here_wins_over_a_folder_with_the_same_names() {
    let world = World::new();
    let other = world.folder.path().join("clones/shop");
    fs::create_dir_all(other.join("runbooks")).unwrap();
    fs::create_dir_all(other.join(".git")).unwrap();
    let name = "runbooks/disk-full.yaml";
    fs::copy(world.root().join(name), other.join(name)).unwrap();
    let source = folders(&world.folder.path().join("clon*/*"));
    let places = places(&expand(&[source], None, None), None, &world.root());
    let mut index = open(Some(world.state()), places);
    let both = index.named("disk-full", Some("shop")).unwrap();
    let told: Vec<_> = both.iter().map(|it| (index.place(it).kind, it.standing)).collect();
    assert_eq!(told, [(PlaceKind::Here, Standing::First), (PlaceKind::Folder, Standing::Behind)]);
    // Elsewhere the folder is all there is.
    drop(index);
    let mut index = open(Some(world.state()), Vec::new());
    assert_eq!(index.count(&Wanted::default()).unwrap(), 0);
    assert!(found(&mut index, "disk").is_empty());
}

/// Three clones beside the repository around here, in folders that settings name together.
fn clones(world: &World) -> crate::settings::Source {
    for name in ["a", "b", "c"] {
        clone(world, name);
    }
    folders(&world.folder.path().join("clones/*"))
}

fn clone(world: &World, name: &str) {
    let root = world.folder.path().join("clones").join(name);
    fs::create_dir_all(root.join("runbooks")).unwrap();
    fs::create_dir_all(root.join(".git")).unwrap();
    let file = format!("runbooks/{name}.yaml");
    fs::copy(world.root().join("runbooks/disk-full.yaml"), root.join(file)).unwrap();
}

/// The runbooks that are found, each with the last part of the path of its place.
fn placed(world: &World, here: &Path, source: &crate::settings::Source, at: i64) -> Vec<String> {
    let now = Timestamp::from_second(4_000_000_000 + at).unwrap();
    let places = places(&expand(std::slice::from_ref(source), None, None), None, here);
    let (state, path) = (Some(world.state()), OsStr::new(PATH));
    let mut index = Index::open(state, path, places, now, &mut |_, _, _| ()).unwrap();
    let entries = index.entries(&Wanted::default(), 100).unwrap();
    let told = entries.iter().map(|entry| {
        let name = index.place(entry).name();
        format!("{} in {}", entry.runbook, name.rsplit('/').next().unwrap())
    });
    told.collect()
}

#[test]
fn folders_that_hold_much_rest_and_are_looked_through_again_in_time() {
    let world = World::new();
    let source = clones(&world);
    let elsewhere = world.folder.path().to_owned();
    let own = world.folder.path().join("clones/b");
    let all = ["a in a", "b in b", "c in c"];
    assert_eq!(placed(&world, &elsewhere, &source, 0), all);
    let much = "UPDATE place SET runbooks = 3000";
    Connection::open(world.database()).unwrap().execute_batch(much).unwrap();
    // Whichever repository is around, they are the same, each in its own place.
    for here in [&own, &elsewhere, &own] {
        assert_eq!(placed(&world, here, &source, 10), all);
    }
    fs::remove_file(world.folder.path().join("clones/c/runbooks/c.yaml")).unwrap();
    assert_eq!(placed(&world, &elsewhere, &source, 20), all, "nothing is looked at");
    // What settings lead to is another thing: that is seen at once.
    clone(&world, "d");
    assert_eq!(placed(&world, &elsewhere, &source, 21), ["a in a", "b in b", "c in c", "d in d"]);
    assert_eq!(placed(&world, &elsewhere, &source, 40), ["a in a", "b in b", "d in d"]);
}

#[test]
fn a_roster_that_names_places_that_are_not_there_is_not_believed() {
    let world = World::new();
    let source = clones(&world);
    placed(&world, &world.root(), &source, 0);
    let run = |sql: &str| Connection::open(world.database()).unwrap().execute_batch(sql).unwrap();
    run("UPDATE place SET runbooks = 3000");
    placed(&world, &world.root(), &source, 1);
    run("UPDATE member SET number = number * 1000 - 1");
    let all = ["a in a", "b in b", "c in c", "disk-full in shop", "redis-slow in shop"];
    assert_eq!(placed(&world, &world.root(), &source, 2), all);
}

#[test]
fn what_is_called_so_comes_first_and_of_that_the_shortest_title() {
    let world = World::new();
    world.write("a", "title: How a lock on the queue is opened by hand");
    world.write("b", "title: Something else\nsummary: The queue has a lock.");
    world.write("c", "title: The queue and its lock\nsummary: A lock.");
    world.write("d", "title: Names\ntags: [queue, lock]");
    world.write("e", "title: Lock of the queue");
    let mut index = world.open();
    let order = ["e", "c", "a", "d", "b"];
    assert_eq!(found(&mut index, "queue lock"), order);
    assert_eq!(found(&mut index, "que loc"), order);
    let best = index.find("lock queue", 2).unwrap().entries;
    assert_eq!(best.iter().map(|it| it.runbook.as_str()).collect::<Vec<_>>(), ["e", "c"]);
    // A title that becomes shorter is found once, in its new place.
    world.write("a", "title: A queue, a lock");
    assert_eq!(found(&mut world.open(), "queue lock"), ["a", "e", "c", "d", "b"]);
}

/// Whatever is in the place of the file, there is an index with all runbooks, and it is said why.
fn check_damage(damage: impl Fn(&Path), kept: Kept, said: &str) {
    let world = World::new();
    drop(world.open());
    damage(&world.database());
    let mut index = world.open();
    let told = index.said().join("\n");
    assert!(if said.is_empty() { told.is_empty() } else { told.contains(said) }, "{told}");
    assert_eq!(index.kept(), kept);
    assert_eq!(names(&mut index, &Wanted::default()), ["shop/disk-full", "shop/redis-slow"]);
    assert_eq!(found(&mut index, "redis"), ["redis-slow"]);
    drop(index);
    if kept == Kept::File {
        assert_eq!(world.open().said(), Vec::<String>::new());
    }
}

#[test]
fn a_file_that_is_damaged_or_of_another_version_is_made_anew() {
    let anew = "the index of runbooks was made anew";
    check_damage(|path| fs::write(path, "").unwrap(), Kept::File, "");
    check_damage(|path| fs::remove_file(path).unwrap(), Kept::File, "");
    check_damage(
        |path| fs::write(path, "not a database, but a text\n".repeat(99)).unwrap(),
        Kept::File,
        anew,
    );
    check_damage(
        |path| {
            let bytes = fs::read(path).unwrap();
            fs::write(path, &bytes[..bytes.len() / 2]).unwrap();
        },
        Kept::File,
        anew,
    );
    check_damage(
        |path| Connection::open(path).unwrap().execute_batch("PRAGMA user_version = 999").unwrap(),
        Kept::File,
        anew,
    );
    check_damage(
        |path| Connection::open(path).unwrap().execute_batch("DROP TABLE entry").unwrap(),
        Kept::File,
        anew,
    );
}

#[test]
fn a_flipped_byte_anywhere_leaves_an_index_that_answers() {
    let world = World::new();
    drop(world.open());
    let whole = fs::read(world.database()).unwrap();
    for at in (0..whole.len()).step_by(whole.len() / 97) {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x55;
        fs::write(world.database(), bytes).unwrap();
        let mut index = world.open();
        // What it holds may be wrong; that it answers is what a responder needs.
        index.entries(&Wanted::default(), 10).unwrap();
        index.find("redis dsik", 10).unwrap();
        index.alerts().unwrap();
    }
}

#[test]
fn where_no_file_can_be_had_the_index_is_made_in_memory() {
    let folder_in_its_place = |path: &Path| {
        fs::remove_file(path).unwrap();
        fs::create_dir(path).unwrap();
    };
    check_damage(folder_in_its_place, Kept::Memory, "made in memory");
    let world = World::new();
    fs::write(world.state(), "a file where the folder should be").unwrap();
    let mut index = world.open();
    assert_eq!(index.kept(), Kept::Memory);
    assert_eq!(names(&mut index, &Wanted::default()).len(), 2);
    let mut index = open(None, world.places());
    assert_eq!(index.said(), Vec::<String>::new());
    assert_eq!(names(&mut index, &Wanted::default()).len(), 2);
}

#[test]
fn nobody_else_can_read_the_index() {
    let world = World::new();
    let index = world.open();
    for entry in fs::read_dir(world.state().join("catalog")).unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{}", entry.path().display());
    }
    let mode = fs::metadata(world.state().join("catalog")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
    drop(index);
}

#[test]
fn two_at_once_both_have_everything() {
    let world = World::new();
    for number in 0..60 {
        world.write(&format!("more-{number}"), "title: One more");
    }
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| world.open().count(&Wanted::default()).unwrap()))
            .collect();
        for worker in workers {
            assert_eq!(worker.join().unwrap(), 62);
        }
    });
}
