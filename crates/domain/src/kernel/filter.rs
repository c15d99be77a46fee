//! The filter language of lists, checked against the declaration of a kind.
//!
//! ```text
//! state = "assessed" and probability >= 0.3 and not (title: "draft" or owner_id = null)
//! kind in ("threat", "opportunity") and cost_likely.amount > 100.5 and labels.region = "north"
//! ```
//!
//! - A filter consists of comparisons joined by `and`, `or` and `not`, with the precedence `not`, `and`, `or`; parentheses
//!   group. Keywords are case-insensitive, field names are case-sensitive.
//! - `=` `!=` `<` `<=` `>` `>=` compare; `in (…, …)` is true for any of the values; `:` is true if a text contains the
//!   given text, ignoring case.
//! - Texts, enum values, ids, days and instants are quoted with `"` or `'`, in which `\"`, `\'` and `\\` are escapes.
//!   Numbers are plain decimals; booleans are `true` or `false`.
//! - Money has two names: `cost_likely.amount`, in units of the currency, and `cost_likely.currency`. A label is
//!   `labels.` and its key.
//! - An id may be given as `source/external_id`, the external reference of the resource.
//! - `= null` is true if there is no value, `!= null` if there is one. Every comparison is true or false, also without a
//!   value: then `!=` is true and any other comparison is false, and `not` negates it.
//!
//! A filter contains values, never SQL text: they are bound as query parameters.

mod subject;
mod tokens;

use subject::{Literal, Subject};
use tokens::{Token, fault_at, tokens};

use crate::error::Fault;
use crate::field::{Cell, ColumnType, FieldSpec, Shape};
use crate::input::unknown_name;
use crate::mask::Mask;
use crate::resource::Kind;

/// Maximum length in characters.
pub const LENGTH_MAX: usize = 4000;
/// Maximum nesting of parentheses and `not`. It limits the recursion here and in the code that traverses a filter.
pub const NESTING_MAX: usize = 16;
/// Maximum number of comparisons.
pub const COMPARISONS_MAX: usize = 100;
/// Maximum number of values of one `in`.
pub const VALUES_MAX: usize = 200;

const POINTER: &str = "?filter";

/// A filter that matches the declaration of a kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Filter {
    /// True if all are true; an empty list is always true.
    And(Vec<Filter>),
    /// True if any is true; never empty.
    Or(Vec<Filter>),
    Not(Box<Filter>),
    /// `value` is null only with `Equal` and `NotEqual`. `NotEqual` means `IS DISTINCT FROM`.
    Compare {
        column: Column,
        op: Op,
        value: Cell,
    },
    /// Never empty; contains no null.
    In {
        column: Column,
        values: Vec<Cell>,
    },
    /// Ignores case. The text is literal: it has no wildcards.
    Contains {
        column: Column,
        text: String,
    },
}

/// Left side of a comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Column {
    /// A column of the table; `field` is the field that it belongs to.
    Field { column: String, field: &'static str, nullable: bool, ty: ColumnType },
    /// The label with this key: a text, or null if the resource does not have it.
    Label(String),
}

impl Column {
    pub const fn nullable(&self) -> bool {
        match self {
            Self::Field { nullable, .. } => *nullable,
            Self::Label(_) => true,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Op {
    const fn is_ordering(self) -> bool {
        !matches!(self, Self::Equal | Self::NotEqual)
    }
}

/// Parses a filter over the visible fields. A hidden field gives the same error as an unknown one. Blank text filters
/// nothing.
pub fn parse(text: &str, kind: &'static Kind, visible: Mask) -> Result<Filter, Vec<Fault>> {
    if text.chars().count() > LENGTH_MAX {
        return Err(vec![Fault::new(POINTER, "TOO_LONG", format!("at most {LENGTH_MAX} characters"))]);
    }
    let tokens = tokens(text).map_err(|fault| vec![fault])?;
    if tokens.is_empty() {
        return Ok(Filter::And(Vec::new()));
    }
    let end = text.chars().count() + 1;
    let names = names(kind, visible);
    let labels = kind.fields.iter().enumerate().any(|(i, f)| f.name == "labels" && visible.has(i));
    let mut parser = Parser { tokens, at: 0, end, names, labels, comparisons: 0, stopped: false, faults: Vec::new() };
    let filter = parser.any(0);
    if parser.at < parser.tokens.len() {
        let detail = format!("expected `and`, `or` or the end, found {}", parser.found());
        parser.stop::<()>("BAD_FILTER", &detail);
    }
    filter.filter(|_| parser.faults.is_empty()).ok_or(parser.faults)
}

/// A name that may be used in `filter` and `order_by`: one column of a field.
pub(crate) struct Name {
    pub(crate) text: String,
    pub(crate) spec: &'static FieldSpec,
    pub(crate) column: String,
    pub(crate) ty: ColumnType,
}

/// All names that a caller who sees these fields may use.
pub(crate) fn names(kind: &'static Kind, visible: Mask) -> Vec<Name> {
    let plain =
        |spec: &FieldSpec| !matches!((spec.shape)(), Shape::List { .. } | Shape::Map { .. } | Shape::Object { .. });
    let usable = kind.fields.iter().enumerate().filter(|(i, spec)| spec.filter && visible.has(*i) && plain(spec));
    usable.flat_map(|(_, spec)| spec.columns.iter().map(move |(suffix, ty)| name(spec, suffix, *ty))).collect()
}

/// The column `_amount` of `cost` is written `cost.amount`.
fn name(spec: &'static FieldSpec, suffix: &str, ty: ColumnType) -> Name {
    let text = format!("{}{}", spec.name, suffix.replacen('_', ".", 1));
    Name { text, spec, column: format!("{}{suffix}", spec.name), ty }
}

/// Recursive descent parser. A comparison with an error gives one fault, and parsing continues with the next one. An error in
/// the structure ends the parsing, because the rest could only be guessed.
struct Parser {
    tokens: Vec<(usize, Token)>,
    at: usize,
    /// Position after the last character.
    end: usize,
    names: Vec<Name>,
    /// Whether labels are visible.
    labels: bool,
    comparisons: usize,
    stopped: bool,
    faults: Vec<Fault>,
}

impl Parser {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at).map(|(_, token)| token)
    }

    fn position(&self) -> usize {
        self.tokens.get(self.at).map_or(self.end, |(position, _)| *position)
    }

    fn found(&self) -> String {
        self.peek().map_or_else(|| "the end".to_owned(), ToString::to_string)
    }

    fn take_if(&mut self, wanted: impl Fn(&Token) -> bool) -> bool {
        let fits = self.peek().is_some_and(wanted);
        self.at += usize::from(fits);
        fits
    }

    /// Reports a fault and ends the parsing, without further faults for the incomplete rest.
    fn stop<T>(&mut self, code: &'static str, detail: &str) -> Option<T> {
        if !self.stopped {
            self.faults.push(fault_at(self.position(), code, detail));
        }
        self.stopped = true;
        self.at = self.tokens.len();
        None
    }

    fn any(&mut self, depth: usize) -> Option<Filter> {
        let mut parts = vec![self.all(depth)];
        while self.take_if(|t| t.is_keyword("or")) {
            parts.push(self.all(depth));
        }
        joined(parts, Filter::Or)
    }

    fn all(&mut self, depth: usize) -> Option<Filter> {
        let mut parts = vec![self.unit(depth)];
        while self.take_if(|t| t.is_keyword("and")) {
            parts.push(self.unit(depth));
        }
        joined(parts, Filter::And)
    }

    fn unit(&mut self, depth: usize) -> Option<Filter> {
        if depth > NESTING_MAX {
            return self.stop("TOO_DEEP", &format!("parentheses and `not` nest at most {NESTING_MAX} deep"));
        }
        if self.take_if(|t| t.is_keyword("not")) {
            return self.unit(depth + 1).map(|inner| Filter::Not(Box::new(inner)));
        }
        if !self.take_if(|t| *t == Token::Open) {
            return self.comparison();
        }
        let inner = self.any(depth + 1);
        if self.take_if(|t| *t == Token::Close) {
            return inner;
        }
        let detail = format!("expected `and`, `or` or `)`, found {}", self.found());
        self.stop("BAD_FILTER", &detail)
    }

    fn comparison(&mut self) -> Option<Filter> {
        self.comparisons += 1;
        if self.comparisons > COMPARISONS_MAX {
            return self.stop("TOO_MANY", &format!("at most {COMPARISONS_MAX} comparisons"));
        }
        let start = self.at;
        match self.clause() {
            Ok(filter) => Some(filter),
            Err(fault) => {
                self.faults.push(fault);
                self.at = start;
                self.skip();
                None
            }
        }
    }

    /// Skips to the end of a comparison with an error.
    fn skip(&mut self) {
        let mut open = 0_usize;
        while let Some(token) = self.peek() {
            match token {
                Token::Open => open += 1,
                Token::Close if open == 0 => return,
                Token::Close => open -= 1,
                _ if token.is_keyword("and") || token.is_keyword("or") => return,
                _ => {}
            }
            self.at += 1;
        }
    }

    fn expected(&self, what: &str) -> Fault {
        fault_at(self.position(), "BAD_FILTER", &format!("expected {what}, found {}", self.found()))
    }

    /// A name, an operator and a value.
    fn clause(&mut self) -> Result<Filter, Fault> {
        let subject = self.subject()?;
        let position = self.position();
        let refuse = |detail: String| Err(fault_at(position, "WRONG_TYPE", &detail));
        if self.take_if(|t| t.is_keyword("in")) {
            let values = self.list(&subject)?;
            return Ok(Filter::In { column: subject.column, values });
        }
        if self.take_if(|t| *t == Token::Colon) {
            return match self.literal()? {
                (_, Literal::Text(text)) if subject.is_text() => Ok(Filter::Contains { column: subject.column, text }),
                _ => refuse("`:` looks for a text in quotes in a field that is a text".to_owned()),
            };
        }
        let Some(&Token::Op(op)) = self.peek() else { return Err(self.expected("one of = != < <= > >= : in")) };
        self.at += 1;
        let (at, literal) = self.literal()?;
        if op.is_ordering() && (literal == Literal::Null || !subject.is_ordered()) {
            return refuse(format!("{} can be compared here with = and != only", subject.text));
        }
        let value = if literal == Literal::Null { Ok(Cell::Null) } else { subject.cell(&literal) };
        let value = value.map_err(|(code, detail)| fault_at(at, code, &format!("{} {detail}", subject.text)))?;
        Ok(Filter::Compare { column: subject.column, op, value })
    }

    /// The compared field or label.
    fn subject(&mut self) -> Result<Subject, Fault> {
        let position = self.position();
        let Some(Token::Word(word)) = self.peek().cloned() else { return Err(self.expected("a field")) };
        if ["and", "or", "in"].iter().any(|keyword| word.eq_ignore_ascii_case(keyword)) {
            return Err(self.expected("a field"));
        }
        self.at += 1;
        if let Some(name) = self.names.iter().find(|name| name.text == word) {
            return Ok(Subject::field(name));
        }
        match word.strip_prefix("labels.").filter(|_| self.labels) {
            Some(key) if is_label_key(key) => Ok(Subject::label(key)),
            Some(_) => Err(fault_at(position, "BAD_KEY", "a label's key is small letters, digits, _, - and .")),
            None => {
                let names = self.names.iter().map(|name| name.text.as_str());
                let known: Vec<&str> = names.chain(self.labels.then_some("labels.key")).collect();
                Err(fault_at(position, "UNKNOWN_FIELD", &unknown_name(&word, &known)))
            }
        }
    }

    /// The values of an `in`.
    fn list(&mut self, subject: &Subject) -> Result<Vec<Cell>, Fault> {
        if !self.take_if(|t| *t == Token::Open) {
            return Err(self.expected("`(`"));
        }
        let mut values = Vec::new();
        loop {
            let (at, literal) = self.literal()?;
            let cell = subject.cell(&literal);
            values.push(cell.map_err(|(code, detail)| fault_at(at, code, &format!("{} {detail}", subject.text)))?);
            if values.len() > VALUES_MAX {
                return Err(fault_at(at, "TOO_MANY", &format!("at most {VALUES_MAX} values in one `in`")));
            }
            if self.take_if(|t| *t == Token::Close) {
                return Ok(values);
            }
            if !self.take_if(|t| *t == Token::Comma) {
                return Err(self.expected("`,` or `)`"));
            }
        }
    }

    /// A value and its position.
    fn literal(&mut self) -> Result<(usize, Literal), Fault> {
        let literal = match self.peek() {
            Some(Token::Text(text)) => Literal::Text(text.clone()),
            Some(Token::Number(number)) => Literal::Number(number.clone()),
            Some(word) if word.is_keyword("true") => Literal::Bool(true),
            Some(word) if word.is_keyword("false") => Literal::Bool(false),
            Some(word) if word.is_keyword("null") => Literal::Null,
            _ => return Err(self.expected("a value: a text in quotes, a number, true, false or null")),
        };
        let position = self.position();
        self.at += 1;
        Ok((position, literal))
    }
}

/// A single part is returned as it is. If any part is invalid, the whole is invalid.
fn joined(parts: Vec<Option<Filter>>, join: fn(Vec<Filter>) -> Filter) -> Option<Filter> {
    let mut parts: Vec<Filter> = parts.into_iter().collect::<Option<_>>()?;
    if parts.len() == 1 { parts.pop() } else { Some(join(parts)) }
}

fn is_label_key(key: &str) -> bool {
    let small = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'_' | b'-' | b'.');
    key.starts_with(|c: char| c.is_ascii_lowercase()) && key.len() <= 63 && key.bytes().all(small)
}

#[cfg(test)]
mod tests;
