//! What a filter may hold, decided on its tokens before it is parsed.
//!
//! Lexer, parser and compiler of jaq are recursive, so size and depth are bounded first; then come
//! the words that would reach outside the document or never end.

use jaq_core::load::lex::{StrPart, Tok, Token};

use super::{FilterError, place};

/// The longest filter, in bytes, and how deep its brackets may be nested.
pub(super) const LONGEST: usize = 1024;
const DEPTH: usize = 32;

/// How many tokens a filter may have.
const TOKENS: usize = 300;

/// What filters cannot use, with the reason.
const REFUSED: [(&[&str], &str); 5] = [
    (
        &["env", "$ENV", "input_filename", "$__prog_args", "getpath_env"],
        "filters cannot see the environment",
    ),
    (&["input", "inputs", "input_line_number"], "a filter has one document, reached by `.`"),
    (&["now", "localtime", "strflocaltime", "mktime"], "filters do not know the time"),
    (
        &["debug", "stderr", "halt", "halt_error", "import", "include"],
        "filters have no effects but their outputs",
    ),
    (
        &["def", "repeat", "while", "until"],
        "filters that may never end are not allowed; `..`, `range` and `reduce` are",
    ),
];

/// Words that open a level of their own in the parser, without brackets.
const NESTING: [&str; 7] = ["as", "foreach", "if", "label", "reduce", "try", "def"];

/// Lexer, parser and compiler are recursive; what they take in is bounded.
pub(super) fn refuse_large(text: &str) -> Result<(), FilterError> {
    let all = Some(0..text.len());
    if text.len() > LONGEST {
        let message = format!("the filter is longer than {LONGEST} bytes");
        return Err(FilterError::new(message, all));
    }
    let mut depth: usize = 0;
    let mut signs = 0;
    for c in text.chars() {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        signs = if c == '-' { signs + 1 } else { 0 };
        if depth > DEPTH || signs > DEPTH {
            let message = format!("the filter is nested deeper than {DEPTH} levels");
            return Err(FilterError::new(message, all));
        }
    }
    Ok(())
}

pub(super) fn refuse_complex(text: &str, tokens: &[Token<&str>]) -> Result<(), FilterError> {
    let (tokens, nesting) = count(tokens);
    if tokens > TOKENS || nesting > DEPTH {
        let message = "the filter is too complex: capture its parts one by one";
        return Err(FilterError::new(message, Some(0..text.len())));
    }
    Ok(())
}

/// How many tokens there are, and how many of them nest.
fn count(tokens: &[Token<&str>]) -> (usize, usize) {
    let mut sum = (0, 0);
    for Token(word, kind) in tokens {
        let (inner_tokens, inner_nesting) = match kind {
            Tok::Block(inner) => count(inner),
            Tok::Str(parts) => parts.iter().fold((0, 0), |sum, part| match part {
                StrPart::Term(token) => {
                    let inner = count(std::slice::from_ref(token));
                    (sum.0 + inner.0, sum.1 + inner.1)
                }
                StrPart::Str(_) | StrPart::Char(_) => sum,
            }),
            _ => (0, 0),
        };
        sum.0 += 1 + inner_tokens;
        sum.1 += usize::from(NESTING.contains(word)) + inner_nesting;
    }
    sum
}

pub(super) fn refuse_impure(text: &str, tokens: &[Token<&str>]) -> Result<(), FilterError> {
    let endless =
        tokens.windows(2).find(|pair| pair[0].0 == "recurse" && pair[1].0.starts_with('('));
    if let Some([Token(word, _), _]) = endless {
        return Err(FilterError::new(
            "`recurse` with arguments cannot be used: it may never end; `..` is allowed",
            place(text, word),
        ));
    }
    tokens.iter().try_for_each(|Token(word, kind)| match kind {
        Tok::Word | Tok::Var => match refusal(word) {
            Some(reason) => Err(FilterError::new(
                format!("`{word}` cannot be used: {reason}"),
                place(text, word),
            )),
            None => Ok(()),
        },
        Tok::Block(inner) if word.starts_with('{') => refuse_impure_fields(text, inner),
        Tok::Block(inner) => refuse_impure(text, inner),
        Tok::Str(parts) => parts.iter().try_for_each(|part| match part {
            StrPart::Term(token) => refuse_impure(text, std::slice::from_ref(token)),
            StrPart::Str(_) | StrPart::Char(_) => Ok(()),
        }),
        Tok::Fmt | Tok::Num | Tok::Sym => Ok(()),
    })
}

/// In an object, a word at the start of a field is its key.
fn refuse_impure_fields(text: &str, tokens: &[Token<&str>]) -> Result<(), FilterError> {
    tokens.split(|token| token.0 == ",").try_for_each(|field| match field {
        [Token(_, Tok::Word), rest @ ..] => refuse_impure(text, rest),
        all => refuse_impure(text, all),
    })
}

fn refusal(word: &str) -> Option<&'static str> {
    REFUSED.into_iter().find(|(words, _)| words.contains(&word)).map(|(_, reason)| reason)
}
