//! Mapping profiles: how another system writes its CSV files.

use steerco_derive::{input, resource, words};

use crate::error::Fault;
use crate::field::{FieldSpec, Setter, Shape, Whole};
use crate::input::unknown_name;
use crate::money::Currency;
use crate::resource::{Kind, Rules};
use crate::text::{Code, Text};

/// How another system writes its CSV files: characters, rows, dates, amounts, and what stands in which column. One without
/// a `kind` is of files of costs, one with a kind of files of such resources.
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
    /// Currency of the books, of the column `local_amount` where no column names it (ISO 4217).
    #[field(write)]
    pub local_currency: Option<Currency>,
    /// Currency of the group, of the column `group_amount` where no column names it (ISO 4217).
    #[field(write)]
    pub group_currency: Option<Currency>,
    /// What stands in which column: of files of costs everything, of others the identifier alone.
    #[field(write)]
    pub columns: ProfileColumns,
    /// Kind of resource that a line becomes, such as `deliverable`; lines of actuals when absent.
    #[field(write, filter)]
    pub kind: Option<Text<64>>,
    /// Which column brings which field, of files with a kind.
    #[field(write)]
    pub fields: Vec<ProfileField>,
    /// Whether an empty cell clears its field. Otherwise the field stays as it is.
    #[field(write)]
    pub empty_clears: bool,
}

/// A column, and the field it brings.
#[input(value)]
pub struct ProfileField {
    /// Name of the field: of money `name.amount` and `name.currency`, of a label `labels.KEY`.
    pub field: Text<100>,
    /// The text in its header, or its number where there is no header. This or `constant`.
    pub column: Option<Text<200>>,
    /// What the field is in every line.
    pub constant: Option<Text<4000>>,
    /// Whether the column has a share as a percentage: 25 for 0.25.
    pub percent: bool,
    /// What stands in the file, and what it means.
    pub words: Vec<ProfileWord>,
}

/// A word of a file, and what it means.
#[input(value)]
pub struct ProfileWord {
    /// What stands in the file; upper and lower case count alike.
    pub from: Text<200>,
    /// What it means.
    pub to: Text<200>,
}

/// Kinds that no file brings in: they are made otherwise, or say who may do what.
const NO_FILE: [&str; 10] = [
    "organisation",
    "principal",
    "grant",
    "service_account",
    "attachment",
    "comment",
    "actuals_batch",
    "purchase_order_batch",
    "import_job",
    "mapping_profile",
];

/// The kind of this name, if lines of files can become such resources.
pub fn importable(name: &str) -> Option<&'static Kind> {
    let known = crate::KINDS.iter().find(|kind| kind.name == name).copied();
    known.filter(|kind| !NO_FILE.contains(&kind.name))
}

/// What stands in which column: the text in its header, or its number where there is no header.
#[input(value)]
pub struct ProfileColumns {
    /// The identifier of a line. When absent the identifier is the name of the batch, a colon, and the number of the row.
    pub external_id: Option<Text<200>>,
    /// How finance coded it.
    pub cost_code: Option<Text<200>>,
    /// Its posting date.
    pub posted_on: Option<Text<200>>,
    /// How much.
    pub amount: Option<Text<200>>,
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
    /// What the ledger system itself made of the amount in the currency of the books.
    pub local_amount: Option<Text<200>>,
    /// That currency.
    pub local_currency: Option<Text<200>>,
    /// What the ledger system itself made of the amount in the currency of the group.
    pub group_amount: Option<Text<200>>,
    /// That currency.
    pub group_currency: Option<Text<200>>,
    /// Account of the general ledger.
    pub gl_account: Option<Text<200>>,
    /// Cost centre.
    pub cost_centre: Option<Text<200>>,
    /// Element of the work breakdown structure.
    pub wbs_element: Option<Text<200>>,
    /// Tax code.
    pub tax_code: Option<Text<200>>,
    /// The amount without tax.
    pub net: Option<Text<200>>,
    /// The tax on it.
    pub tax: Option<Text<200>>,
    /// What of the tax is got back.
    pub recoverable_tax: Option<Text<200>>,
    /// Id of the cost category, where the file knows it; comes before what a coding rule says.
    pub cost_category_id: Option<Text<200>>,
    /// Whether it is capital or operating expenditure: `capex` or `opex`, in upper or lower case.
    pub spend: Option<Text<200>>,
}

impl ProfileColumns {
    /// The column of every member that has one.
    pub fn named(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let all = [
            ("external_id", self.external_id.as_ref()),
            ("cost_code", self.cost_code.as_ref()),
            ("posted_on", self.posted_on.as_ref()),
            ("amount", self.amount.as_ref()),
            ("currency", self.currency.as_ref()),
            ("document_reference", self.document_reference.as_ref()),
            ("vendor_reference", self.vendor_reference.as_ref()),
            ("description", self.description.as_ref()),
            ("purchase_order_reference", self.purchase_order_reference.as_ref()),
            ("purchase_order_line", self.purchase_order_line.as_ref()),
            ("invoice_reference", self.invoice_reference.as_ref()),
            ("local_amount", self.local_amount.as_ref()),
            ("local_currency", self.local_currency.as_ref()),
            ("group_amount", self.group_amount.as_ref()),
            ("group_currency", self.group_currency.as_ref()),
            ("gl_account", self.gl_account.as_ref()),
            ("cost_centre", self.cost_centre.as_ref()),
            ("wbs_element", self.wbs_element.as_ref()),
            ("tax_code", self.tax_code.as_ref()),
            ("net", self.net.as_ref()),
            ("tax", self.tax.as_ref()),
            ("recoverable_tax", self.recoverable_tax.as_ref()),
            ("cost_category_id", self.cost_category_id.as_ref()),
            ("spend", self.spend.as_ref()),
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
    fn derive_and_check(&mut self, faults: &mut Vec<Fault>) {
        match &self.kind {
            None => self.check_costs(faults),
            Some(kind) => self.check_kind(kind.as_str(), faults),
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
        let of_columns = self.columns.named().map(|(member, column)| (format!("/columns/{member}"), column));
        let of_fields = self
            .fields
            .iter()
            .enumerate()
            .filter_map(|(i, field)| Some((format!("/fields/{i}/column"), field.column.as_ref()?.as_str())));
        for (place, column) in of_columns.chain(of_fields).filter(|_| self.headerless) {
            if !column.parse::<usize>().is_ok_and(|number| (1..=1000).contains(&number)) {
                let detail = "must be the number of a column, from 1 to 1000, where there is no header";
                faults.push(Fault::new(place, "DOES_NOT_FIT", detail));
            }
        }
    }
}

impl MappingProfile {
    fn check_costs(&self, faults: &mut Vec<Fault>) {
        if self.currency.is_none() && self.columns.currency.is_none() {
            faults.push(Fault::new("/currency", "REQUIRED", "is required where no column holds the currency"));
        }
        let columns = &self.columns;
        for (name, amount, column, constant) in [
            ("local_currency", &columns.local_amount, &columns.local_currency, self.local_currency),
            ("group_currency", &columns.group_amount, &columns.group_currency, self.group_currency),
        ] {
            let named = column.is_some() || constant.is_some();
            if amount.is_some() && !named {
                let detail = "is required where a column has that amount and none its currency";
                faults.push(Fault::new(format!("/{name}"), "REQUIRED", detail));
            } else if amount.is_none() && named {
                faults.push(Fault::new(format!("/{name}"), "DOES_NOT_FIT", "no column has an amount in this currency"));
            }
        }
        for (member, column) in [("posted_on", &self.columns.posted_on), ("amount", &self.columns.amount)] {
            if column.is_none() {
                faults.push(Fault::new(format!("/columns/{member}"), "REQUIRED", "is required of files of costs"));
            }
        }
        if !self.fields.is_empty() {
            faults.push(Fault::new("/fields", "DOES_NOT_FIT", "only files with a kind have fields: give kind"));
        }
    }

    fn check_kind(&self, name: &str, faults: &mut Vec<Fault>) {
        let Some(kind) = importable(name) else {
            let known: Vec<&str> =
                crate::KINDS.iter().map(|kind| kind.name).filter(|name| importable(name).is_some()).collect();
            return faults.push(Fault::new("/kind", "UNKNOWN_KIND", unknown_name(name, &known)));
        };
        if self.columns.external_id.is_none() {
            let detail = "is required: by it a line is known again";
            faults.push(Fault::new("/columns/external_id", "REQUIRED", detail));
        }
        for (member, _) in self.columns.named().filter(|(member, _)| *member != "external_id") {
            let detail = "is of files of costs: say in fields which column brings which field";
            faults.push(Fault::new(format!("/columns/{member}"), "DOES_NOT_FIT", detail));
        }
        for (i, field) in self.fields.iter().enumerate() {
            let mut fault = |member: &str, code, detail: String| {
                faults.push(Fault::new(format!("/fields/{i}/{member}"), code, detail));
            };
            if let Err((code, detail)) = settable(kind, field.field.as_str()) {
                fault("field", code, detail);
            }
            if field.column.is_some() == field.constant.is_some() {
                fault("column", "REQUIRED", "give either the column or a constant".to_owned());
            }
            if self.fields[..i].iter().any(|other| other.field == field.field) {
                fault("field", "DUPLICATE", "another column brings this field already".to_owned());
            }
        }
    }
}

/// The field of a kind that a column can bring, and the member of it; or what is wrong with the name.
pub fn settable<'a>(
    kind: &'static Kind,
    name: &'a str,
) -> Result<(&'static FieldSpec, Option<&'a str>), (&'static str, String)> {
    let (first, member) = name.split_once('.').map_or((name, None), |(first, member)| (first, Some(member)));
    let known = || {
        kind.fields.iter().filter(|field| field.setter != Setter::System).map(|field| field.name).collect::<Vec<_>>()
    };
    let Some(field) = kind.field(first) else { return Err(("UNKNOWN_FIELD", unknown_name(first, &known()))) };
    if field.setter == Setter::System {
        return Err(("READ_ONLY", "is set by the service".to_owned()));
    }
    match ((field.shape)(), member) {
        (Shape::Money, None) => {
            Err(("DOES_NOT_FIT", format!("is money: name {first}.amount, and {first}.currency where a column has it")))
        }
        (Shape::Money, Some("amount" | "currency")) | (Shape::Map { .. }, Some(_)) | (_, None) => Ok((field, member)),
        (_, Some(_)) => Err(("UNKNOWN_FIELD", format!("{first} has no such member"))),
    }
}
