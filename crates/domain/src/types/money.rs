//! Money as integers: ten-thousandths of a currency unit, with checked arithmetic and one canonical text form.

use iso_currency::Currency as Iso;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::encode::{Encode, Encoder};
use crate::error::Fault;
use crate::field::{Cell, Cells, ColumnType, Described, Field, Shape, Spot};
use crate::ratio::Ratio;

/// An ISO 4217 currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Currency(Iso);

impl Currency {
    pub fn parse(code: &str) -> Option<Self> {
        let strict = code.len() == 3 && code.bytes().all(|b| b.is_ascii_uppercase());
        if strict { Iso::from_code(code).map(Self) } else { None }
    }

    pub fn code(self) -> &'static str {
        self.0.code()
    }

    /// Number of decimals of its minor unit: zero for yen, two for euro, three for dinar.
    pub fn digits(self) -> u16 {
        self.0.exponent().unwrap_or(2)
    }

    /// Its minor unit in ten-thousandths: the smallest amount that can be paid.
    pub fn minor_unit(self) -> i64 {
        10_i64.pow(4_u32.saturating_sub(self.digits().into()))
    }

    /// A fault where an amount that is to be paid is not whole in the minor unit.
    pub fn check_whole(self, pointer: impl Into<String>, units: i64) -> Option<Fault> {
        let (digits, code) = (self.digits(), self.code());
        let detail = if digits == 0 {
            format!("must be a whole number of {code}: it has no minor unit")
        } else {
            format!("must have at most {digits} decimals, as {code} is paid")
        };
        (units % self.minor_unit() != 0).then(|| Fault::new(pointer, "TOO_PRECISE", detail))
    }
}

/// Currencies by code.
impl Ord for Currency {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.code().cmp(other.code())
    }
}

impl PartialOrd for Currency {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let code = String::deserialize(deserializer)?;
        Self::parse(&code).ok_or_else(|| serde::de::Error::custom("an ISO 4217 code"))
    }
}

impl Encode for Currency {
    fn encode(&self, to: &mut dyn Encoder) {
        to.text(self.code());
    }
}

impl Described for Currency {
    const WIRE: crate::field::Wire = crate::field::Wire::Text;

    fn shape() -> Shape {
        Shape::Text { max: 3, pattern: Some("^[A-Z]{3}$"), example: Some("EUR") }
    }
}

impl Field for Currency {
    const COLUMNS: &'static [(&'static str, ColumnType)] = &[("", ColumnType::Text)];

    fn store(&self, out: &mut Vec<Cell>) {
        out.push(Cell::Text(self.code().to_owned()));
    }
    fn load(cells: &mut Cells) -> Option<Self> {
        cells.text().and_then(|code| Self::parse(&code))
    }
    fn read(value: &Value, spot: &mut Spot<'_>) -> Option<Self> {
        let Some(code) = value.as_str() else { return spot.wrong_type("an ISO 4217 code, a string", value) };
        Self::parse(code).or_else(|| spot.fault("BAD_CURRENCY", "must be an ISO 4217 code such as EUR"))
    }
}

/// An exact amount in a currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Money {
    /// Amount in ten-thousandths of the currency unit.
    pub units: i64,
    pub currency: Currency,
}

/// Ten-thousandths per unit.
pub(crate) const UNIT: i64 = 10_000;

impl Money {
    pub const fn new(units: i64, currency: Currency) -> Self {
        Self { units, currency }
    }

    /// The canonical text, always with four decimals.
    pub fn amount(self) -> String {
        Amount(self.units).to_string()
    }

    /// This share of the amount, rounded half to even at the fourth decimal; `None` if it does not fit.
    pub fn share(self, ratio: Ratio) -> Option<Self> {
        self.share_in(i64::from(ratio.millionths()), 1)
    }

    /// This share of the amount as it can be paid: rounded half to even at the minor unit. Parts that are differences of
    /// cumulative shares sum to the last of them.
    pub fn payable_share(self, ratio: Ratio) -> Option<Self> {
        self.payable_millionths(i64::from(ratio.millionths()))
    }

    /// This number of millionths of the amount, rounded half to even at the minor unit.
    pub fn payable_millionths(self, millionths: i64) -> Option<Self> {
        self.share_in(millionths, self.currency.minor_unit())
    }

    fn share_in(self, millionths: i64, unit: i64) -> Option<Self> {
        let product = i128::from(self.units) * i128::from(millionths);
        let whole = divided(product, i128::from(Ratio::ONE) * i128::from(unit)) * i128::from(unit);
        i64::try_from(whole).ok().map(|units| Self::new(units, self.currency))
    }
}

/// A quotient rounded half to even.
pub(crate) fn divided(dividend: i128, divisor: i128) -> i128 {
    let (floor, rest) = (dividend.div_euclid(divisor), dividend.rem_euclid(divisor) * 2);
    floor + i128::from(rest > divisor || (rest == divisor && floor % 2 != 0))
}

/// Splits the amount by weight into parts that sum to it, each a whole number of minor units of the currency. Every part is
/// rounded down; the remaining minor units go one each to the parts with the largest remainders, among equals to the first
/// (largest remainder method with the Hare quota). An amount below one minor unit goes to the first part. Without weights the
/// first part gets everything.
pub fn split(amount: Money, weights: &[u32]) -> Vec<i64> {
    let unit = amount.currency.minor_unit();
    let sign = amount.units.signum();
    let (whole, fine) = (i128::from(amount.units / unit).abs(), amount.units % unit);
    let all: i128 = weights.iter().copied().map(i128::from).sum();
    if all == 0 {
        let place = |(i, _)| if i == 0 { amount.units } else { 0 };
        return weights.iter().enumerate().map(place).collect();
    }
    let shares: Vec<(i128, i128)> =
        weights.iter().map(|weight| whole * i128::from(*weight)).map(|share| (share / all, share % all)).collect();
    let left = whole - shares.iter().map(|(part, _)| part).sum::<i128>();
    let mut order: Vec<usize> = (0..shares.len()).collect();
    order.sort_by_key(|i| std::cmp::Reverse(shares[*i].1));
    let mut parts: Vec<i64> =
        shares.iter().map(|(part, _)| i64::try_from(*part).unwrap_or(i64::MAX) * sign * unit).collect();
    for i in order.into_iter().take(usize::try_from(left).unwrap_or_default()) {
        parts[i] += sign * unit;
    }
    if let Some(first) = parts.first_mut() {
        *first += fine;
    }
    parts
}

/// Parses a decimal text into ten-thousandths. The error describes the expected form.
pub fn parse_amount(text: &str) -> Result<i64, &'static str> {
    const RIGHT: &str = "must be a decimal such as \"1234.56\" or \"-0.5\", without exponent or separators";
    let (negative, digits) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let (whole, decimals) = digits.split_once('.').unwrap_or((digits, ""));
    let plain = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || !plain(whole) || !plain(decimals) || digits.ends_with('.') {
        return Err(RIGHT);
    }
    if decimals.len() > 4 {
        return Err("at most 4 decimals");
    }
    if whole.len() > 15 {
        return Err("at most 15 digits before the point");
    }
    let padded = format!("{whole}{decimals:0<4}");
    let units: i64 = padded.parse().map_err(|_| "at most 922337203685477.5807")?;
    Ok(if negative { -units } else { units })
}

/// An exact number of units of a currency that is given beside it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Amount(i64);

impl Amount {
    /// From ten-thousandths of the unit.
    pub const fn new(units: i64) -> Self {
        Self(units)
    }

    /// In ten-thousandths of the unit.
    pub const fn units(self) -> i64 {
        self.0
    }
}

impl std::fmt::Display for Amount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let units = self.0.unsigned_abs();
        write!(f, "{sign}{}.{:04}", units / UNIT.unsigned_abs(), units % UNIT.unsigned_abs())
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Of settings.
impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        parse_amount(&text).map(Self).map_err(serde::de::Error::custom)
    }
}

impl Encode for Amount {
    fn encode(&self, to: &mut dyn Encoder) {
        to.text(&self.to_string());
    }
}

impl Described for Amount {
    const WIRE: crate::field::Wire = crate::field::Wire::Text;

    fn shape() -> Shape {
        Shape::Text { max: 21, pattern: Some("^-?[0-9]{1,15}(\\.[0-9]{1,4})?$"), example: Some("1234.5600") }
    }
}

impl Field for Amount {
    const COLUMNS: &'static [(&'static str, ColumnType)] = &[("", ColumnType::Int)];

    fn store(&self, out: &mut Vec<Cell>) {
        out.push(Cell::Int(self.0));
    }
    fn load(cells: &mut Cells) -> Option<Self> {
        cells.int().map(Self)
    }
    fn read(value: &Value, spot: &mut Spot<'_>) -> Option<Self> {
        let Some(text) = value.as_str() else { return spot.wrong_type("a decimal as a string", value) };
        parse_amount(text).map_or_else(|detail| spot.fault("BAD_AMOUNT", detail), |units| Some(Self(units)))
    }
}

impl Serialize for Money {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeStruct;
        let mut object = serializer.serialize_struct("Money", 2)?;
        object.serialize_field("amount", &self.amount())?;
        object.serialize_field("currency", &self.currency)?;
        object.end()
    }
}

impl Encode for Money {
    fn encode(&self, to: &mut dyn Encoder) {
        to.object(&|members| {
            members.member("amount", &Amount::new(self.units));
            members.member("currency", &self.currency);
        });
    }
}

impl Described for Money {
    const WIRE: crate::field::Wire = crate::field::Wire::Object("Money");

    fn shape() -> Shape {
        Shape::Money
    }
}

impl Field for Money {
    const COLUMNS: &'static [(&'static str, ColumnType)] =
        &[("_amount", ColumnType::Int), ("_currency", ColumnType::Text)];

    fn store(&self, out: &mut Vec<Cell>) {
        out.push(Cell::Int(self.units));
        self.currency.store(out);
    }
    fn load(cells: &mut Cells) -> Option<Self> {
        Some(Self::new(cells.int()?, Currency::load(cells)?))
    }
    fn read(value: &Value, spot: &mut Spot<'_>) -> Option<Self> {
        const WANTED: &str = "an object such as {\"amount\":\"12.50\",\"currency\":\"EUR\"}";
        let Some(object) = value.as_object() else { return spot.wrong_type(WANTED, value) };
        for name in object.keys().filter(|name| !matches!(name.as_str(), "amount" | "currency")) {
            spot.below(name).fault::<()>("UNKNOWN_FIELD", "money has only the members amount and currency");
        }
        let units = match object.get("amount") {
            Some(Value::String(text)) => {
                parse_amount(text).map_or_else(|detail| spot.below("amount").fault("BAD_AMOUNT", detail), Some)
            }
            Some(other) => spot.below("amount").wrong_type("a decimal as a string", other),
            None => spot.below("amount").fault("REQUIRED", "is required"),
        };
        let currency = match object.get("currency") {
            Some(code) => Currency::read(code, &mut spot.below("currency")),
            None => spot.below("currency").fault("REQUIRED", "is required"),
        };
        Some(Self::new(units?, currency?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn text_and_units_are_one(units in any::<i64>().prop_filter("symmetric", |u| *u != i64::MIN)) {
            let money = Money::new(units, Currency::parse("BHD").unwrap());
            prop_assert_eq!(parse_amount(&money.amount()), Ok(units));
        }
    }

    fn parts(amount: &str, code: &str, weights: &[u32]) -> Vec<String> {
        let money = Money::new(parse_amount(amount).unwrap(), Currency::parse(code).unwrap());
        split(money, weights).into_iter().map(|units| Amount::new(units).to_string()).collect()
    }

    /// The Hare quota example of "Largest remainder method", Wikipedia: for 100,000 votes of 47,000, 16,000, 15,900, 12,000,
    /// 6,000 and 3,100, ten seats are allocated 5, 2, 1, 1, 1 and 0. Yen have no minor unit, like seats.
    #[test]
    fn a_published_example_of_the_largest_remainder() {
        let votes = [47_000, 16_000, 15_900, 12_000, 6_000, 3_100];
        let seats = ["5.0000", "2.0000", "1.0000", "1.0000", "1.0000", "0.0000"];
        assert_eq!(parts("10", "JPY", &votes), seats);
        assert_eq!(parts("-10", "JPY", &votes), seats.map(|seat| format!("-{seat}").replace("-0.0000", "0.0000")));
    }

    #[test]
    fn parts_are_whole_in_the_minor_unit_and_ties_go_in_order() {
        assert_eq!(parts("100", "JPY", &[1, 1, 1]), ["34.0000", "33.0000", "33.0000"]);
        assert_eq!(parts("100", "EUR", &[1, 1, 1]), ["33.3400", "33.3300", "33.3300"]);
        assert_eq!(parts("100", "BHD", &[1, 1, 1]), ["33.3340", "33.3330", "33.3330"]);
        assert_eq!(parts("0.05", "EUR", &[31, 28, 31]), ["0.0200", "0.0100", "0.0200"]);
        assert_eq!(parts("1.0001", "EUR", &[1, 1]), ["0.5001", "0.5000"], "what is finer is not lost");
        assert_eq!(parts("1", "EUR", &[0, 0]), ["1.0000", "0.0000"]);
    }

    proptest! {
        #[test]
        fn parts_sum_to_the_whole(
            units in any::<i64>().prop_filter("symmetric", |u| *u != i64::MIN),
            weights in prop::collection::vec(0_u32..1_000_000, 1..40),
            code in prop::sample::select(vec!["JPY", "EUR", "BHD"]),
        ) {
            let parts = split(Money::new(units, Currency::parse(code).unwrap()), &weights);
            prop_assert_eq!(parts.iter().map(|part| i128::from(*part)).sum::<i128>(), i128::from(units));
        }
    }

    #[test]
    fn refusals() {
        for bad in ["", "-", ".", "1.", ".5", "1e3", "1,000", "+1", " 1", "NaN", "0x1", "1.00000", "٣", "1.2.3"] {
            assert!(parse_amount(bad).is_err(), "{bad}");
        }
        assert_eq!(parse_amount("922337203685477.5808"), Err("at most 922337203685477.5807"));
        assert_eq!(parse_amount("922337203685477.5807"), Ok(i64::MAX));
        for long in ["1000000000000000", "-0000000000000001"] {
            assert_eq!(parse_amount(long), Err("at most 15 digits before the point"));
        }
        assert!(Currency::parse("eur").is_none() && Currency::parse("XYZ").is_none());
    }

    #[test]
    fn shares_round_half_to_even() {
        let eur = Currency::parse("EUR").unwrap();
        let share = |units, millionths| {
            Money::new(units, eur).share(Ratio::from_millionths(millionths).unwrap()).unwrap().units
        };
        assert_eq!(share(1, 500_000), 0);
        assert_eq!(share(3, 500_000), 2);
        assert_eq!(share(-1, 500_000), 0);
        assert_eq!(share(-3, 500_000), -2);
        assert_eq!(share(i64::MAX, 1_000_000), i64::MAX);
        let payable = |amount: &str, code: &str, millionths| {
            let money = Money::new(parse_amount(amount).unwrap(), Currency::parse(code).unwrap());
            money.payable_share(Ratio::from_millionths(millionths).unwrap()).unwrap().amount()
        };
        for (amount, code, millionths, right) in [
            ("101", "JPY", 550_000, "56.0000"),
            ("101", "JPY", 500_000, "50.0000"),
            ("-101", "JPY", 550_000, "-56.0000"),
            ("0.05", "EUR", 500_000, "0.0200"),
            ("0.005", "KWD", 500_000, "0.0020"),
            ("101", "JPY", 1_000_000, "101.0000"),
        ] {
            assert_eq!(payable(amount, code, millionths), right);
        }
    }

    #[test]
    fn what_is_paid_is_whole_in_the_minor_unit() {
        let wrong = |amount: &str, code: &str| {
            let units = parse_amount(amount).unwrap();
            Currency::parse(code).unwrap().check_whole("/amount", units).map(|fault| fault.detail)
        };
        for (amount, code) in [("55", "JPY"), ("-55.0", "JPY"), ("1.23", "EUR"), ("1.234", "KWD")] {
            assert_eq!(wrong(amount, code), None);
        }
        assert_eq!(wrong("55.5", "JPY").unwrap(), "must be a whole number of JPY: it has no minor unit");
        assert_eq!(wrong("1.2345", "KWD").unwrap(), "must have at most 3 decimals, as KWD is paid");
    }
}
