//! The filter language of lists, read against the declaration of a kind.
//!
//! ```text
//! state = "assessed" and probability >= 0.3 and not (title: "draft" or owner_id = null)
//! kind in ("threat", "opportunity") and cost_likely.amount > 100.5 and labels.region = "north"
//! ```
//!
//! - A filter is comparisons joined by `and`, `or` and `not`, which bind in the order `not`, `and`, `or`; parentheses
//!   group. Keywords are read in any case, names of fields as they are written in the documentation.
//! - `=` `!=` `<` `<=` `>` `>=` compare; `in (…, …)` is true for any of the values; `:` is true where a text
//!   contains the given one, upper and lower case being the same.
//! - Texts, words, ids, days and instants stand in `"` or `'`, in which `\"`, `\'` and `\\` mean the character itself.
//!   Numbers are plain decimals; truth is `true` or `false`.
//! - Money is two names: `cost_likely.amount`, in units of the currency, and `cost_likely.currency`. A label is
//!   `labels.` and its key.
//! - `= null` is true where there is no value, `!= null` where there is one. Every comparison is true or false, also
//!   where there is no value: `!=` is true there and any other comparison false, which `not` turns around.
//!
//! A filter holds values, never text to be run: whoever turns it into a query binds them.

use crate::error::Fault;
use crate::field::{Cell, ColumnType, FieldSpec, Shape};
use crate::input::unknown_name;
use crate::mask::Mask;
use crate::money::{Currency, parse_amount};
use crate::resource::Kind;
use crate::time::{Day, Instant};

/// Characters a filter may have.
pub const LENGTH_MAX: usize = 4000;
/// How deep parentheses and `not` may nest. It bounds the recursion below and in whatever walks a filter.
pub const NESTING_MAX: usize = 16;
/// Comparisons a filter may have.
pub const COMPARISONS_MAX: usize = 100;
/// Values one `in` may have.
pub const VALUES_MAX: usize = 200;

const POINTER: &str = "?filter";

/// A filter that fits a kind's declaration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Filter {
    /// All of them; of none, everything.
    And(Vec<Filter>),
    /// Any of them; never empty.
    Or(Vec<Filter>),
    Not(Box<Filter>),
    /// `value` is null only with `Equal` and `NotEqual`. `NotEqual` means `IS DISTINCT FROM`.
    Compare {
        column: Column,
        op: Op,
        value: Cell,
    },
    /// Never empty, never null.
    In {
        column: Column,
        values: Vec<Cell>,
    },
    /// Without regard to case. The text is literal: nothing in it is a wildcard.
    Contains {
        column: Column,
        text: String,
    },
}

/// What a comparison looks at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Column {
    /// A column of the table; `field` is the one it belongs to.
    Field { column: String, field: &'static str, nullable: bool, ty: ColumnType },
    /// The label of this key: a text, or null where a resource lacks it.
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

/// Reads a filter over the fields in sight. A hidden field is answered as an unknown one. Blank text filters nothing.
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

/// A name that may stand in `filter` and `order_by`: one column of a field.
pub(crate) struct Name {
    pub(crate) text: String,
    pub(crate) spec: &'static FieldSpec,
    pub(crate) column: String,
    pub(crate) ty: ColumnType,
}

/// All names that may be used by who sees these fields.
pub(crate) fn names(kind: &'static Kind, visible: Mask) -> Vec<Name> {
    let plain =
        |spec: &FieldSpec| !matches!((spec.shape)(), Shape::List { .. } | Shape::Map { .. } | Shape::Object { .. });
    let usable = kind.fields.iter().enumerate().filter(|(i, spec)| spec.filter && visible.has(*i) && plain(spec));
    usable.flat_map(|(_, spec)| spec.columns.iter().map(move |(suffix, ty)| name(spec, suffix, *ty))).collect()
}

/// `_amount` of `cost` is written `cost.amount`.
fn name(spec: &'static FieldSpec, suffix: &str, ty: ColumnType) -> Name {
    let text = format!("{}{}", spec.name, suffix.replacen('_', ".", 1));
    Name { text, spec, column: format!("{}{suffix}", spec.name), ty }
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
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
    fn is_keyword(&self, keyword: &str) -> bool {
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

/// A fault with the character where it is, counted from 1.
fn fault_at(position: usize, code: &'static str, detail: &str) -> Fault {
    Fault::new(POINTER, code, format!("at character {position}: {detail}"))
}

/// The tokens, each with its position.
fn tokens(text: &str) -> Result<Vec<(usize, Token)>, Fault> {
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

/// A name, keyword or number, and its length. It takes in all that could have been meant as one, to be judged as one.
fn bare(chars: &[char], token: fn(String) -> Token) -> (Token, usize) {
    let run: String = chars.iter().take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-')).collect();
    let length = run.len();
    (token(run), length)
}

/// A text in quotes and its length with them. Control characters are refused: no stored text has them.
fn quoted(chars: &[char]) -> Result<(Token, usize), (&'static str, &'static str)> {
    let quote = chars.first();
    let mut text = String::new();
    let mut rest = chars.iter().enumerate().skip(1);
    while let Some((i, c)) = rest.next() {
        match c {
            _ if Some(c) == quote => return Ok((Token::Text(text), i + 1)),
            '\\' => match rest.next() {
                Some((_, c @ ('"' | '\'' | '\\'))) => text.push(*c),
                _ => return Err(("BAD_FILTER", r#"in quotes \ stands only before ", ' or another \"#)),
            },
            _ if c.is_control() && !matches!(c, '\n' | '\t') => {
                return Err(("CONTROL_CHARACTER", "the text has a control character"));
            }
            _ => text.push(*c),
        }
    }
    Err(("BAD_FILTER", "the text does not end: its closing quote is missing"))
}

/// Recursive descent. A comparison that does not fit gives one fault and the next one is read; a fault in what joins
/// them ends the reading, for what follows could only be guessed.
struct Parser {
    tokens: Vec<(usize, Token)>,
    at: usize,
    /// The position behind the last character.
    end: usize,
    names: Vec<Name>,
    /// Whether labels are in sight.
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

    /// Records a fault and ends the reading. What it leaves open is no further fault.
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

    /// To the end of a comparison that does not fit.
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

    /// A name, an operator and what it is compared with.
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

    /// The field or label compared.
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

/// One part stands for itself; a part that does not fit spoils the whole.
fn joined(parts: Vec<Option<Filter>>, join: fn(Vec<Filter>) -> Filter) -> Option<Filter> {
    let mut parts: Vec<Filter> = parts.into_iter().collect::<Option<_>>()?;
    if parts.len() == 1 { parts.pop() } else { Some(join(parts)) }
}

fn is_label_key(key: &str) -> bool {
    let small = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'_' | b'-' | b'.');
    key.starts_with(|c: char| c.is_ascii_lowercase()) && key.len() <= 63 && key.bytes().all(small)
}

/// A value as written.
#[derive(Clone, Debug, PartialEq)]
enum Literal {
    Null,
    Bool(bool),
    Number(String),
    Text(String),
}

impl Literal {
    const fn what(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::Text(_) => "a text",
        }
    }
}

/// What stands on the left of a comparison.
struct Subject {
    text: String,
    column: Column,
    shape: Shape,
    ty: ColumnType,
}

impl Subject {
    fn field(name: &Name) -> Self {
        let Name { text, spec, column, ty } = name;
        let column = Column::Field { column: column.clone(), field: spec.name, nullable: spec.nullable, ty: *ty };
        Self { text: text.clone(), column, shape: (spec.shape)(), ty: *ty }
    }

    fn label(key: &str) -> Self {
        let shape = Shape::Text { max: LENGTH_MAX, pattern: None, example: None };
        Self { text: format!("labels.{key}"), column: Column::Label(key.to_owned()), shape, ty: ColumnType::Text }
    }

    const fn is_text(&self) -> bool {
        matches!(self.shape, Shape::Text { .. })
    }

    /// Whether less and greater mean something.
    fn is_ordered(&self) -> bool {
        match self.shape {
            Shape::Money => self.ty == ColumnType::Int,
            Shape::Id { .. } | Shape::Word { .. } | Shape::Bool => false,
            _ => true,
        }
    }

    /// The value as this column stores it, or what is wrong with it.
    fn cell(&self, literal: &Literal) -> Result<Cell, (&'static str, String)> {
        use Literal::{Bool, Number, Text};
        match (&self.shape, self.ty, literal) {
            (Shape::Text { .. }, _, Text(text)) => Ok(Cell::Text(text.clone())),
            (Shape::Id { prefix }, _, Text(id)) if is_id(prefix, id) => Ok(Cell::Text(id.clone())),
            (Shape::Id { prefix }, _, Text(_)) => {
                Err(("BAD_ID", format!("must be an id: {prefix}_ and 26 characters of 0-9 a-z without i, l, o, u")))
            }
            (Shape::Word { words, .. }, _, Text(word)) => word_cell(word, words),
            (Shape::Bool, _, Bool(truth)) => Ok(Cell::Int(i64::from(*truth))),
            (Shape::Int { .. } | Shape::Long, _, Number(number)) | (Shape::Long, _, Text(number)) => {
                scaled(number, 0).map(Cell::Int)
            }
            (Shape::Ratio { max }, _, Number(number)) => ratio_cell(number, *max),
            (Shape::Money, ColumnType::Int, Number(amount) | Text(amount)) => {
                parse_amount(amount).map(Cell::Int).map_err(|detail| ("BAD_AMOUNT", detail.to_owned()))
            }
            (Shape::Money, ColumnType::Text, Text(code)) => Currency::parse(code)
                .map(|currency| Cell::Text(currency.code().to_owned()))
                .ok_or_else(|| ("BAD_CURRENCY", "must be an ISO 4217 code like EUR".to_owned())),
            (Shape::Day, _, Text(day)) => Day::parse(day)
                .map(|day| Cell::Text(day.to_string()))
                .ok_or_else(|| ("BAD_DAY", "must be a day of the calendar like 2026-01-31".to_owned())),
            (Shape::Instant, _, Text(instant)) => Instant::parse(instant)
                .map(|instant| Cell::Int(instant.micros()))
                .ok_or_else(|| ("BAD_INSTANT", "must be an instant like 2026-01-31T09:30:00Z".to_owned())),
            (_, _, literal) => Err(("WRONG_TYPE", format!("must be {}, not {}", self.wanted(), literal.what()))),
        }
    }

    /// What to compare with, for messages.
    fn wanted(&self) -> &'static str {
        match (&self.shape, self.ty) {
            (Shape::Bool, _) => "true or false",
            (Shape::Int { .. } | Shape::Long, _) => "a whole number",
            (Shape::Ratio { .. } | Shape::Money, ColumnType::Int) => "a number",
            (Shape::Day, _) => "a day in quotes, like \"2026-01-31\"",
            (Shape::Instant, _) => "an instant in quotes, like \"2026-01-31T09:30:00Z\"",
            _ => "a text in quotes",
        }
    }
}

fn word_cell(word: &str, words: &[(&str, &str)]) -> Result<Cell, (&'static str, String)> {
    if words.iter().any(|(known, _)| *known == word) {
        return Ok(Cell::Text(word.to_owned()));
    }
    let choices: Vec<&str> = words.iter().map(|(known, _)| *known).collect();
    Err(("UNKNOWN_WORD", format!("must be one of: {}", choices.join(", "))))
}

fn ratio_cell(number: &str, max: u32) -> Result<Cell, (&'static str, String)> {
    let millionths = scaled(number, 6)?;
    if (0..=i64::from(max) * 1_000_000).contains(&millionths) {
        return Ok(Cell::Int(millionths));
    }
    Err(("OUT_OF_RANGE", format!("must be a number from 0 to {max}")))
}

/// The integer that a decimal is with its point moved by so many places: exact, which a float would not be.
fn scaled(number: &str, places: usize) -> Result<i64, (&'static str, String)> {
    let (whole, decimals) = number.split_once('.').unwrap_or((number, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if !digits(whole.strip_prefix('-').unwrap_or(whole)) || !digits(decimals) {
        return Err(("BAD_NUMBER", "must be a plain decimal, without exponent or separators".to_owned()));
    }
    let decimals = decimals.trim_end_matches('0');
    match decimals.len() {
        over if over > places && places == 0 => return Err(("WRONG_TYPE", "must be a whole number".to_owned())),
        over if over > places => return Err(("TOO_PRECISE", format!("at most {places} decimals"))),
        _ => {}
    }
    format!("{whole}{decimals:0<places$}").parse().map_err(|_| ("OUT_OF_RANGE", "must fit in 64 bits".to_owned()))
}

/// Whether a text has the form of an id with this prefix.
fn is_id(prefix: &str, text: &str) -> bool {
    let digits = text.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('_')).unwrap_or_default().as_bytes();
    let digit = |b: &u8| b.is_ascii_digit() || (b.is_ascii_lowercase() && !b"ilou".contains(b));
    // The first digit carries three bits only.
    digits.len() == 26 && digits[0] <= b'7' && digits.iter().all(digit)
}

#[cfg(test)]
mod tests;
