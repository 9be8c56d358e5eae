//! The golden journal is the story of these tests, for as long as its format is not released.

use std::path::Path;

use crate::journal::samples::{story, written};

#[test]
#[ignore = "writes tests/journals/v1/story.jsonl anew: only while this format is not released"]
fn bless_the_golden_journal() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/journals/v1/story.jsonl");
    std::fs::write(golden, written(&story()).1.concat()).unwrap();
}
