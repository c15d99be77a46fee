//! Tokens of a filter.

use super::{Op, POINTER};
use crate::error::Fault;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    /// A name or a keyword.
    Word(String),
    Number(String),
    Text(String),
    Op(Op),
    Colon,
    Comma,
    Open,
    Close,
}

impl Token {
    pub(super) fn is_keyword(&self, keyword: &str) -> bool {
        matches!(self, Self::Word(word) if word.eq_ignore_ascii_case(keyword))
    }
}

impl std::fmt::Display for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let short = |text: &str| text.chars().take(40).collect::<String>();
        match self {
            Self::Word(word) => write!(f, "`{}`", short(word)),
            Self::Number(number) => write!(f, "the number {}", short(number)),
            Self::Text(text) => write!(f, "the text {:?}", short(text)),
            Self::Op(_) => f.write_str("an operator"),
            Self::Colon => f.write_str("`:`"),
            Self::Comma => f.write_str("`,`"),
            Self::Open => f.write_str("`(`"),
            Self::Close => f.write_str("`)`"),
        }
    }
}

/// A fault with its character position, counted from 1.
pub(super) fn fault_at(position: usize, code: &'static str, detail: &str) -> Fault {
    Fault::new(POINTER, code, format!("at character {position}: {detail}"))
}

/// The tokens, each with its position.
pub(super) fn tokens(text: &str) -> Result<Vec<(usize, Token)>, Fault> {
    let chars: Vec<char> = text.chars().collect();
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(&c) = chars.get(at) {
        let next = chars.get(at + 1).copied();
        let (token, length) = match c {
            _ if c.is_whitespace() => {
                at += 1;
                continue;
            }
            '(' => (Token::Open, 1),
            ')' => (Token::Close, 1),
            ',' => (Token::Comma, 1),
            ':' => (Token::Colon, 1),
            '=' => (Token::Op(Op::Equal), 1),
            '!' if next == Some('=') => (Token::Op(Op::NotEqual), 2),
            '<' if next == Some('=') => (Token::Op(Op::LessOrEqual), 2),
            '>' if next == Some('=') => (Token::Op(Op::GreaterOrEqual), 2),
            '<' => (Token::Op(Op::Less), 1),
            '>' => (Token::Op(Op::Greater), 1),
            '"' | '\'' => quoted(&chars[at..]).map_err(|(code, detail)| fault_at(at + 1, code, detail))?,
            '-' | '0'..='9' => bare(&chars[at..], Token::Number),
            'a'..='z' | 'A'..='Z' | '_' => bare(&chars[at..], Token::Word),
            _ => return Err(fault_at(at + 1, "BAD_FILTER", &format!("{c:?} has no meaning outside of quotes"))),
        };
        tokens.push((at + 1, token));
        at += length;
    }
    Ok(tokens)
}

/// A name, keyword or number, and its length. Includes all adjacent characters, so that a malformed one is reported as a
/// whole.
pub(super) fn bare(chars: &[char], token: fn(String) -> Token) -> (Token, usize) {
    let run: String = chars.iter().take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-')).collect();
    let length = run.len();
    (token(run), length)
}

/// A quoted text and its length with the quotes. Control characters are rejected: no stored text has them.
pub(super) fn quoted(chars: &[char]) -> Result<(Token, usize), (&'static str, &'static str)> {
    let quote = chars.first();
    let mut text = String::new();
    let mut rest = chars.iter().enumerate().skip(1);
    while let Some((i, c)) = rest.next() {
        match c {
            _ if Some(c) == quote => return Ok((Token::Text(text), i + 1)),
            '\\' => match rest.next() {
                Some((_, c @ ('"' | '\'' | '\\'))) => text.push(*c),
                _ => return Err(("BAD_FILTER", r#"a backslash is allowed only before ", ' or another backslash"#)),
            },
            _ if c.is_control() && !matches!(c, '\n' | '\t') => {
                return Err(("CONTROL_CHARACTER", "the text has a control character"));
            }
            _ => text.push(*c),
        }
    }
    Err(("BAD_FILTER", "the text does not end: its closing quote is missing"))
}
