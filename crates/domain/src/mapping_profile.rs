//! Mapping profiles: how a finance system writes its CSV files.

use steerco_derive::{input, resource, words};

use crate::error::Fault;
use crate::field::Whole;
use crate::money::Currency;
use crate::resource::Rules;
use crate::text::{Code, Text};

/// How a finance system writes its CSV files of costs: characters, rows, dates, amounts, and what stands in which column.
#[resource(prefix = "mprof", plural = "mapping_profiles", scope = "Organisation")]
pub struct MappingProfile {
    /// Short handle by which an import names it.
    #[field(write, filter, unique)]
    pub code: Code,
    /// Name, shown in lists.
    #[field(write, filter)]
    pub name: Text<200>,
    /// What separates columns.
    #[field(write)]
    pub delimiter: CsvDelimiter,
    /// How characters are written.
    #[field(write)]
    pub encoding: CsvEncoding,
    /// Rows above the header or the first data; none when absent. Empty rows are never counted.
    #[field(write)]
    pub skip_rows: Option<Whole<0, 100>>,
    /// Whether the first row is data already; columns are then named by their number, from 1.
    #[field(write)]
    pub headerless: bool,
    /// How dates are written.
    #[field(write)]
    pub date_format: CsvDateFormat,
    /// What stands before the decimals.
    #[field(write)]
    pub decimal_separator: DecimalSeparator,
    /// What may stand between groups of three digits; nothing when absent.
    #[field(write)]
    pub thousands_separator: Option<ThousandsSeparator>,
    /// How amounts below zero are written: any of these; with a minus in front when empty.
    #[field(write)]
    pub negatives: Vec<NegativeForm>,
    /// Currency of the lines that name none (ISO 4217).
    #[field(write)]
    pub currency: Option<Currency>,
    /// What stands in which column.
    #[field(write)]
    pub columns: ProfileColumns,
}

/// What stands in which column: the text in its header, or its number where there is no header.
#[input(value)]
pub struct ProfileColumns {
    /// The identifier of a line. When absent the identifier is the name of the batch, a colon, and the number of the row.
    pub external_id: Option<Text<200>>,
    /// How finance coded it.
    pub cost_code: Option<Text<200>>,
    /// Its posting date.
    pub posted_on: Text<200>,
    /// How much.
    pub amount: Text<200>,
    /// Its currency.
    pub currency: Option<Text<200>>,
    /// Number of the document.
    pub document_reference: Option<Text<200>>,
    /// The vendor, as finance calls it.
    pub vendor_reference: Option<Text<200>>,
    /// What finance says of it.
    pub description: Option<Text<200>>,
    /// Number of the purchase order that it invoices.
    pub purchase_order_reference: Option<Text<200>>,
    /// The line of that order.
    pub purchase_order_line: Option<Text<200>>,
    /// Number of the vendor's invoice.
    pub invoice_reference: Option<Text<200>>,
}

impl ProfileColumns {
    /// The column of every member that has one.
    pub fn named(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let all = [
            ("external_id", self.external_id.as_ref()),
            ("cost_code", self.cost_code.as_ref()),
            ("posted_on", Some(&self.posted_on)),
            ("amount", Some(&self.amount)),
            ("currency", self.currency.as_ref()),
            ("document_reference", self.document_reference.as_ref()),
            ("vendor_reference", self.vendor_reference.as_ref()),
            ("description", self.description.as_ref()),
            ("purchase_order_reference", self.purchase_order_reference.as_ref()),
            ("purchase_order_line", self.purchase_order_line.as_ref()),
            ("invoice_reference", self.invoice_reference.as_ref()),
        ];
        all.into_iter().filter_map(|(member, column)| Some((member, column?.as_str())))
    }
}

/// What separates the columns of a CSV file.
#[words]
pub enum CsvDelimiter {
    /// `,`
    Comma,
    /// `;`
    Semicolon,
    /// A tabulator.
    Tab,
    /// `|`
    Pipe,
}

/// How characters are written.
#[words]
pub enum CsvEncoding {
    /// UTF-8, with or without a mark in front.
    Utf8,
    /// Windows code page 1252.
    Windows1252,
    /// ISO 8859-1.
    Latin1,
}

/// How dates are written; days and months may have one digit, except in the first and the last form.
#[words]
pub enum CsvDateFormat {
    /// `2008-04-01`
    Iso,
    /// `01/04/2008`, the day first.
    DmySlash,
    /// `04/01/2008`, the month first.
    MdySlash,
    /// `01.04.2008`
    DmyDot,
    /// `01-04-2008`
    DmyHyphen,
    /// `2008/04/01`
    YmdSlash,
    /// `20080401`
    YmdCompact,
}

/// What stands before the decimals.
#[words]
pub enum DecimalSeparator {
    /// `.`
    Point,
    /// `,`
    Comma,
}

/// What stands between groups of three digits.
#[words]
pub enum ThousandsSeparator {
    /// `.`
    Point,
    /// `,`
    Comma,
    /// A space, also one that does not break.
    Space,
    /// `'`
    Apostrophe,
}

/// How an amount below zero is written.
#[words]
pub enum NegativeForm {
    /// `-978`
    Minus,
    /// `978-`
    TrailingMinus,
    /// `(978)`
    Parentheses,
}

impl Rules for MappingProfile {
    fn settle(&mut self, faults: &mut Vec<Fault>) {
        if self.currency.is_none() && self.columns.currency.is_none() {
            faults.push(Fault::new("/currency", "REQUIRED", "is required where no column holds the currency"));
        }
        let same = matches!(
            (self.decimal_separator, self.thousands_separator),
            (DecimalSeparator::Point, Some(ThousandsSeparator::Point))
                | (DecimalSeparator::Comma, Some(ThousandsSeparator::Comma))
        );
        if same {
            let detail = "must be another than what stands before the decimals";
            faults.push(Fault::new("/thousands_separator", "DOES_NOT_FIT", detail));
        }
        for (member, column) in self.columns.named().filter(|_| self.headerless) {
            if !column.parse::<usize>().is_ok_and(|number| (1..=1000).contains(&number)) {
                let detail = "must be the number of a column, from 1 to 1000, where there is no header";
                faults.push(Fault::new(format!("/columns/{member}"), "DOES_NOT_FIT", detail));
            }
        }
    }
}
