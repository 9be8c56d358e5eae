//! Requests and answers as one line of letters that survives chats, mails and terminals.

use serde::{Deserialize, Serialize};

use super::base64;
use super::signature::Signature;
use crate::engine::ApprovalRequest;

const REQUEST: &str = "surefoot-request:1:";
const ANSWER: &str = "surefoot-answer:1:";

/// An answer: which request it is for, and the signature of it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Answer {
    /// The request.
    pub nonce: String,
    /// The signature.
    pub signature: Signature,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Written {
    nonce: String,
    signature: String,
}

/// A line that is not what it should be.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum BadLine {
    /// It is something else.
    #[error("this is no {0}: it should begin with `{1}`")]
    Other(&'static str, &'static str),
    /// It was cut or changed on its way.
    #[error("the {0} was cut or changed on its way; copy all of it")]
    Broken(&'static str),
    /// It is the request itself.
    #[error("this is the request; the answer to it is what `surefoot approve` prints")]
    Request,
    /// It cannot be read.
    #[error("{0}")]
    Unknown(String),
}

/// A request as a line.
pub fn request_line(text: &str) -> String {
    format!("{REQUEST}{}", base64::encode(text.as_bytes()))
}

/// The text that is signed, and what it says.
pub fn read_request(line: &str) -> Result<(String, ApprovalRequest), BadLine> {
    let text = text_of(line, REQUEST, "request")?;
    let request = ApprovalRequest::parse(&text).map_err(|error| BadLine::Unknown(error.0))?;
    Ok((text, request))
}

/// An answer as a line.
pub fn answer_line(nonce: &str, signature: &Signature) -> String {
    let written = Written { nonce: nonce.to_owned(), signature: signature.armour().to_owned() };
    let json = serde_json::to_string(&written).expect("texts always serialise");
    format!("{ANSWER}{}", base64::encode(json.as_bytes()))
}

/// Reads an answer.
pub fn read_answer(line: &str) -> Result<Answer, BadLine> {
    if squeezed(line).starts_with(REQUEST) {
        return Err(BadLine::Request);
    }
    let broken = || BadLine::Broken("answer");
    let json = text_of(line, ANSWER, "answer")?;
    let written: Written = serde_json::from_str(&json).map_err(|_| broken())?;
    let signature = Signature::read(&written.signature).ok_or_else(broken)?;
    Ok(Answer { nonce: written.nonce, signature })
}

/// Mails and chats break lines.
fn squeezed(line: &str) -> String {
    line.split_whitespace().collect()
}

fn text_of(line: &str, prefix: &'static str, what: &'static str) -> Result<String, BadLine> {
    let line = squeezed(line);
    let coded = line.strip_prefix(prefix).ok_or(BadLine::Other(what, prefix))?;
    let bytes = base64::decode(coded).ok_or(BadLine::Broken(what))?;
    String::from_utf8(bytes).map_err(|_| BadLine::Broken(what))
}
