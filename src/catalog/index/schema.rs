//! The tables of the index, and how its file is opened: made if it is not there, made anew if it is
//! damaged or of another version, held in memory where no file can be had.

use std::fs;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};

/// A file with another number was made by another version, and is made anew.
const VERSION: i64 = 4;

/// What tells our files from those of other programs.
const APPLICATION: i64 = 0x5375_7265;

/// How long others may write before we go on without.
const PATIENCE: Duration = Duration::from_secs(5);

/// The whole of an index. `titles`, `heads`, `briefs` and `words` hold more and more of the words of a
/// runbook, each all that the one before it does; none keeps the text. `gram` finds names that are
/// nearly what was typed. `roster` and `member` are the folders that were looked through last.
const TABLES: &str = "
CREATE TABLE place (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    state TEXT,
    looked INTEGER NOT NULL DEFAULT 0,
    problems TEXT NOT NULL DEFAULT '',
    runbooks INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE roster (
    said TEXT NOT NULL,
    looked INTEGER NOT NULL,
    problems TEXT NOT NULL
);
CREATE TABLE member (
    place INTEGER PRIMARY KEY REFERENCES place ON DELETE CASCADE,
    number INTEGER NOT NULL
);
CREATE TABLE entry (
    id INTEGER PRIMARY KEY,
    place INTEGER NOT NULL REFERENCES place ON DELETE CASCADE,
    path TEXT NOT NULL,
    stamp TEXT NOT NULL,
    kind INTEGER NOT NULL,
    linked INTEGER NOT NULL,
    runbook TEXT NOT NULL,
    service TEXT,
    title TEXT NOT NULL,
    summary TEXT,
    owner TEXT COLLATE NOCASE,
    tags TEXT NOT NULL,
    reads INTEGER NOT NULL,
    changes INTEGER NOT NULL,
    destroys INTEGER NOT NULL,
    invalid TEXT,
    UNIQUE (place, path)
);
CREATE INDEX entry_named ON entry (runbook, service);
CREATE INDEX entry_listed ON entry (service, runbook) WHERE kind = 1;
CREATE INDEX entry_owned ON entry (owner) WHERE owner IS NOT NULL;
CREATE INDEX entry_invalid ON entry (place) WHERE invalid IS NOT NULL;
CREATE INDEX entry_linked ON entry (place) WHERE linked = 1;
CREATE TABLE tag (
    tag TEXT NOT NULL COLLATE NOCASE,
    entry INTEGER NOT NULL REFERENCES entry ON DELETE CASCADE,
    PRIMARY KEY (tag, entry)
) WITHOUT ROWID;
CREATE INDEX tag_of ON tag (entry);
CREATE TABLE depends (
    entry INTEGER NOT NULL REFERENCES entry ON DELETE CASCADE,
    path TEXT NOT NULL,
    stamp TEXT NOT NULL,
    PRIMARY KEY (entry, path)
) WITHOUT ROWID;
CREATE TABLE rule (
    id INTEGER PRIMARY KEY,
    entry INTEGER NOT NULL REFERENCES entry ON DELETE CASCADE,
    matchers TEXT NOT NULL
);
CREATE INDEX rule_of ON rule (entry);
CREATE TABLE door (
    label TEXT NOT NULL,
    value TEXT NOT NULL,
    rule INTEGER NOT NULL REFERENCES rule ON DELETE CASCADE,
    PRIMARY KEY (label, value, rule)
) WITHOUT ROWID;
CREATE INDEX door_of ON door (rule);
CREATE TABLE term (id INTEGER PRIMARY KEY, term TEXT NOT NULL UNIQUE);
CREATE TABLE gram (
    gram TEXT NOT NULL,
    term INTEGER NOT NULL,
    PRIMARY KEY (gram, term)
) WITHOUT ROWID;
CREATE TABLE walk (
    run TEXT PRIMARY KEY,
    stamp TEXT NOT NULL,
    runbook TEXT,
    service TEXT,
    title TEXT,
    started INTEGER,
    well INTEGER NOT NULL,
    open TEXT
) WITHOUT ROWID;
CREATE INDEX walk_of ON walk (runbook, service, well, started);
CREATE INDEX walk_open ON walk (started) WHERE open IS NOT NULL;
CREATE TABLE team (stamp TEXT NOT NULL);
CREATE TABLE team_walk (
    runbook TEXT NOT NULL,
    service TEXT,
    started INTEGER NOT NULL,
    walker TEXT NOT NULL,
    host TEXT NOT NULL
);
CREATE UNIQUE INDEX team_walk_of ON team_walk (runbook, service);
CREATE VIRTUAL TABLE titles USING fts5(title,
    content='', contentless_delete=1, tokenize='unicode61 remove_diacritics 2', prefix='2 3');
CREATE VIRTUAL TABLE heads USING fts5(title, names,
    content='', contentless_delete=1, tokenize='unicode61 remove_diacritics 2', prefix='2 3');
CREATE VIRTUAL TABLE briefs USING fts5(title, names, summary,
    content='', contentless_delete=1, tokenize='unicode61 remove_diacritics 2', prefix='2 3');
CREATE VIRTUAL TABLE words USING fts5(title, names, summary, steps, commands,
    content='', contentless_delete=1, tokenize='unicode61 remove_diacritics 2', prefix='2 3');
";

/// Where an index is kept.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kept {
    /// In its file.
    File,
    /// In memory, for as long as the program runs.
    Memory,
}

/// An index that can be used.
pub(super) struct Opened {
    pub(super) db: Connection,
    pub(super) kept: Kept,
    /// What the user should know, a sentence.
    pub(super) said: Option<String>,
}

/// Opens the index in a folder.
pub(super) fn open(folder: Option<&Path>) -> rusqlite::Result<Opened> {
    let Some(folder) = folder else {
        return in_memory(None);
    };
    let path = folder.join("index.sqlite");
    match prepare(folder, &path).and_then(|()| file(&path)) {
        Ok((db, said)) => Ok(Opened { db, kept: Kept::File, said }),
        Err(why) => in_memory(Some(format!(
            "the index of runbooks is made in memory this time: {} cannot be used: {why}",
            path.display()
        ))),
    }
}

/// An index without a file.
fn in_memory(said: Option<String>) -> rusqlite::Result<Opened> {
    let db = Connection::open_in_memory()?;
    settings(&db)?;
    create(&db)?;
    Ok(Opened { db, kept: Kept::Memory, said })
}

/// The folder and the file, for nobody else to read. Its neighbours get the same mode.
fn prepare(folder: &Path, path: &Path) -> Result<(), String> {
    let said = |error: std::io::Error| error.to_string();
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(said)?;
    let file = fs::OpenOptions::new().append(true).create(true).mode(0o600).open(path);
    let found = file.and_then(|file| Ok((file.metadata()?, file))).map_err(said)?;
    if found.0.permissions().mode() & 0o077 != 0 {
        found.1.set_permissions(fs::Permissions::from_mode(0o600)).map_err(said)?;
    }
    Ok(())
}

/// Opens the file, and makes it anew if it does not hold what it should.
fn file(path: &Path) -> Result<(Connection, Option<String>), String> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = Connection::open_with_flags(path, flags).map_err(|error| error.to_string())?;
    let why = match settings(&db).and_then(|()| state(&db)) {
        Ok(State::Ours) => return Ok((db, None)),
        Ok(State::Empty) => None,
        Ok(State::Other) => Some("it was made by another version".to_owned()),
        Err(error) if is_damage(&error) => Some(format!("it was damaged ({error})")),
        Err(error) => return Err(error.to_string()),
    };
    renew(&db).map_err(|error| error.to_string())?;
    Ok((db, why.map(|why| format!("the index of runbooks was made anew: {why}"))))
}

/// Empties a file, whatever it holds, and makes the tables. Others who use it at this moment wait,
/// or find it empty.
pub(super) fn renew(db: &Connection) -> rusqlite::Result<()> {
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_RESET_DATABASE, true)?;
    let emptied = db.execute_batch("VACUUM");
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_RESET_DATABASE, false)?;
    emptied?;
    settings(db)?;
    create(db)
}

enum State {
    Empty,
    Other,
    Ours,
}

fn state(db: &Connection) -> rusqlite::Result<State> {
    let number = |pragma: &str| db.query_row(pragma, [], |row| row.get::<_, i64>(0));
    let tables = number("SELECT count(*) FROM sqlite_schema")?;
    if tables == 0 {
        return Ok(State::Empty);
    }
    let own = number("PRAGMA application_id")? == APPLICATION;
    let current = number("PRAGMA user_version")? == VERSION;
    Ok(if own && current { State::Ours } else { State::Other })
}

fn settings(db: &Connection) -> rusqlite::Result<()> {
    db.busy_timeout(PATIENCE)?;
    // Readers never wait for a writer, and a power cut costs at most what was written last.
    db.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))?;
    db.execute_batch("PRAGMA synchronous = NORMAL; PRAGMA temp_store = MEMORY;")
}

fn create(db: &Connection) -> rusqlite::Result<()> {
    // Another process may have been first.
    db.execute_batch("BEGIN IMMEDIATE")?;
    let made = match state(db) {
        Ok(State::Empty) => db.execute_batch(&format!(
            "{TABLES} PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {VERSION}; COMMIT"
        )),
        Ok(State::Other | State::Ours) => db.execute_batch("COMMIT"),
        Err(error) => Err(error),
    };
    if made.is_err() {
        // The first error is the one to tell.
        let _ = db.execute_batch("ROLLBACK");
    }
    made
}

/// Whether an error says that the file is not what it should be, rather than that it cannot be had.
pub(super) fn is_damage(error: &rusqlite::Error) -> bool {
    match error {
        rusqlite::Error::SqliteFailure(failure, _) => matches!(
            failure.code,
            ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase | ErrorCode::Unknown
        ),
        // A table or a column that is not there, a value of another kind.
        rusqlite::Error::SqlInputError { .. }
        | rusqlite::Error::FromSqlConversionFailure(..)
        | rusqlite::Error::InvalidColumnType(..)
        | rusqlite::Error::IntegralValueOutOfRange(..)
        | rusqlite::Error::Utf8Error(..) => true,
        _ => false,
    }
}
