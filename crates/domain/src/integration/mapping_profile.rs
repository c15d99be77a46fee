//! Mapping profiles: the format of CSV files of another system.

use steerco_derive::{input, resource, words};

use crate::error::Fault;
use crate::field::{FieldSpec, Setter, Shape, Whole};
use crate::input::unknown_name;
use crate::money::Currency;
use crate::resource::{Kind, Rules};
use crate::text::{Code, Text};

/// Format of CSV files of another system: encoding, rows, dates, amounts and the content of columns. A profile without `kind`
/// is for cost files; a profile with a kind is for files of such resources.
#[resource(prefix = "mprof", plural = "mapping_profiles", scope = "Organisation")]
pub struct MappingProfile {
    /// Short code that an import uses to name the profile.
    #[field(write, filter, unique)]
    pub code: Code,
    /// Name, shown in lists.
    #[field(write, filter)]
    pub name: Text<200>,
    /// Separator of columns.
    #[field(write)]
    pub delimiter: CsvDelimiter,
    /// Character encoding.
    #[field(write)]
    pub encoding: CsvEncoding,
    /// Number of rows above the header or the first data row; none when absent. Empty rows are not counted.
    #[field(write)]
    pub skip_rows: Option<Whole<0, 100>>,
    /// Whether the first row is data. Columns are then named by their number, from 1.
    #[field(write)]
    pub headerless: bool,
    /// Format of dates.
    #[field(write)]
    pub date_format: CsvDateFormat,
    /// Decimal separator.
    #[field(write)]
    pub decimal_separator: DecimalSeparator,
    /// Separator of groups of three digits; none when absent.
    #[field(write)]
    pub thousands_separator: Option<ThousandsSeparator>,
    /// Allowed forms of negative amounts; a leading minus only when empty.
    #[field(write)]
    pub negatives: Vec<NegativeForm>,
    /// Currency of lines without a currency (ISO 4217).
    #[field(write)]
    pub currency: Option<Currency>,
    /// Currency of the books, for the column `local_amount` where no column holds it (ISO 4217).
    #[field(write)]
    pub local_currency: Option<Currency>,
    /// Currency of the group, for the column `group_amount` where no column holds it (ISO 4217).
    #[field(write)]
    pub group_currency: Option<Currency>,
    /// Content of columns: everything for cost files, only the identifier for other files.
    #[field(write)]
    pub columns: ProfileColumns,
    /// Kind of resource that a line becomes, such as `deliverable`; cost lines (actuals) when absent.
    #[field(write, filter)]
    pub kind: Option<Text<64>>,
    /// Fields and their columns, for files with a kind.
    #[field(write)]
    pub fields: Vec<ProfileField>,
    /// Whether an empty cell clears its field. Otherwise the field is left unchanged.
    #[field(write)]
    pub empty_clears: bool,
}

/// A field and the column that holds it.
#[input(value)]
pub struct ProfileField {
    /// Name of the field. For money `name.amount` and `name.currency`; for a label `labels.KEY`.
    pub field: Text<100>,
    /// The text of the column header, or the column number where there is no header. Give this or `constant`.
    pub column: Option<Text<200>>,
    /// Fixed value of the field in every line.
    pub constant: Option<Text<4000>>,
    /// Whether the column holds a percentage: 25 for 0.25.
    pub percent: bool,
    /// Translation of words in the file into values.
    pub words: Vec<ProfileWord>,
}

/// A word in the file and its value.
#[input(value)]
pub struct ProfileWord {
    /// Word in the file, case-insensitive.
    pub from: Text<200>,
    /// Value of the field.
    pub to: Text<200>,
}

/// Kinds that cannot be imported from files: they are created in other ways, or they grant access.
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

/// The kind of this name, if it can be imported from files.
pub fn importable(name: &str) -> Option<&'static Kind> {
    let known = crate::KINDS.iter().find(|kind| kind.name == name).copied();
    known.filter(|kind| !NO_FILE.contains(&kind.name))
}

/// Columns of a cost file: the text of the header, or the column number where there is no header.
#[input(value)]
pub struct ProfileColumns {
    /// Identifier of the line. When absent, it is built from the batch reference, a colon and the row number.
    pub external_id: Option<Text<200>>,
    /// Cost code from finance.
    pub cost_code: Option<Text<200>>,
    /// Its posting date.
    pub posted_on: Option<Text<200>>,
    /// Amount.
    pub amount: Option<Text<200>>,
    /// Currency of the amount.
    pub currency: Option<Text<200>>,
    /// Number of the document.
    pub document_reference: Option<Text<200>>,
    /// Reference of the vendor in the finance system.
    pub vendor_reference: Option<Text<200>>,
    /// Description from finance.
    pub description: Option<Text<200>>,
    /// Number of the purchase order that the line invoices.
    pub purchase_order_reference: Option<Text<200>>,
    /// The line of that purchase order.
    pub purchase_order_line: Option<Text<200>>,
    /// Number of the invoice of the vendor.
    pub invoice_reference: Option<Text<200>>,
    /// Amount in the currency of the books, from the ledger system.
    pub local_amount: Option<Text<200>>,
    /// Currency of the books.
    pub local_currency: Option<Text<200>>,
    /// Amount in the currency of the group, from the ledger system.
    pub group_amount: Option<Text<200>>,
    /// Currency of the group.
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
    /// Recoverable part of the tax.
    pub recoverable_tax: Option<Text<200>>,
    /// Id of the cost category; takes precedence over the coding rules.
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

/// Separator of the columns of a CSV file.
#[words]
pub enum CsvDelimiter {
    /// `,`
    Comma,
    /// `;`
    Semicolon,
    /// Tab.
    Tab,
    /// `|`
    Pipe,
}

/// Character encoding.
#[words]
pub enum CsvEncoding {
    /// UTF-8, with or without a byte order mark.
    Utf8,
    /// Windows code page 1252.
    Windows1252,
    /// ISO 8859-1.
    Latin1,
}

/// Format of dates. Days and months may have one digit, except in the first and the last format.
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

/// Decimal separator.
#[words]
pub enum DecimalSeparator {
    /// `.`
    Point,
    /// `,`
    Comma,
}

/// Separator of groups of three digits.
#[words]
pub enum ThousandsSeparator {
    /// `.`
    Point,
    /// `,`
    Comma,
    /// A space, or a non-breaking space.
    Space,
    /// `'`
    Apostrophe,
}

/// Form of a negative amount.
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
            let detail = "must differ from the decimal separator";
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
                let detail = "is required where a column holds the amount and no column holds its currency";
                faults.push(Fault::new(format!("/{name}"), "REQUIRED", detail));
            } else if amount.is_none() && named {
                faults.push(Fault::new(
                    format!("/{name}"),
                    "DOES_NOT_FIT",
                    "no column holds an amount in this currency",
                ));
            }
        }
        for (member, column) in [("posted_on", &self.columns.posted_on), ("amount", &self.columns.amount)] {
            if column.is_none() {
                faults.push(Fault::new(format!("/columns/{member}"), "REQUIRED", "is required for cost files"));
            }
        }
        if !self.fields.is_empty() {
            faults.push(Fault::new("/fields", "DOES_NOT_FIT", "requires kind"));
        }
    }

    fn check_kind(&self, name: &str, faults: &mut Vec<Fault>) {
        let Some(kind) = importable(name) else {
            let known: Vec<&str> =
                crate::KINDS.iter().map(|kind| kind.name).filter(|name| importable(name).is_some()).collect();
            return faults.push(Fault::new("/kind", "UNKNOWN_KIND", unknown_name(name, &known)));
        };
        if self.columns.external_id.is_none() {
            let detail = "is required: it identifies a line in later imports";
            faults.push(Fault::new("/columns/external_id", "REQUIRED", detail));
        }
        for (member, _) in self.columns.named().filter(|(member, _)| *member != "external_id") {
            let detail = "applies to cost files only; map columns in fields";
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
