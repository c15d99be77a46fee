use super::*;
use crate::actor::Actor;
use crate::resource::{Resource, Seed};
use crate::time::Instant;

fn profile(change: &Value) -> MappingProfile {
    let mut body = json!({
        "code": "gl", "name": "Ledger", "delimiter": "comma", "encoding": "utf8", "date_format": "iso",
        "decimal_separator": "point", "currency": "GBP", "columns": {"external_id": "ID", "posted_on": "Date", "amount": "Amount"},
    });
    for (name, value) in change.as_object().unwrap() {
        body[name] = value.clone();
    }
    let at = Instant::from_micros(0);
    let seed = Seed { id: 1, at, effective_at: at, by: Actor("system".to_owned()) };
    MappingProfile::create(body.as_object().unwrap(), &seed).unwrap_or_else(|error| panic!("{error:?}"))
}

/// The lines of a file that arrives in pieces of this size.
fn lines_by(profile: &MappingProfile, file: &[u8], size: usize) -> Result<Vec<RawLine>, Error> {
    let mut reader = CsvLines::new(profile.clone(), "2008-04");
    let mut lines = Vec::new();
    for piece in file.chunks(size) {
        lines.extend(reader.read(piece)?);
    }
    lines.extend(reader.read(&[])?);
    Ok(lines)
}

fn lines(profile: &MappingProfile, file: &[u8]) -> Vec<Value> {
    let read = lines_by(profile, file, 1).unwrap_or_else(|error| panic!("{error:?}"));
    read.into_iter().map(|line| line.read.unwrap_or_else(|faults| panic!("{faults:?}"))).collect()
}

#[test]
fn rows_arrive_in_any_pieces() {
    let file = b"\xef\xbb\xbfID,Date,Amount,Note\r\n1,2008-04-01,1390.11,\"a, \"\"b\"\"\nc\"\r\n\r\n2,2008-04-02,-5,\r\n3,2008-04-03,0.0001,x";
    let profile = profile(&json!({"columns": {
        "external_id": "ID", "posted_on": "Date", "amount": "Amount", "description": "Note", "cost_code": "Amount"}}));
    let whole = lines(&profile, file);
    for size in [2, 7, 1000] {
        let read: Vec<_> = lines_by(&profile, file, size).unwrap().into_iter().map(|line| line.read.unwrap()).collect();
        assert_eq!(read, whole, "pieces of {size}");
    }
    assert_eq!(
        whole[0],
        json!({
        "external_id": "1", "posted_on": "2008-04-01", "amount": {"amount": "1390.1100", "currency": "GBP"},
        "description": "a, \"b\"\nc", "cost_code": "1390.11"})
    );
    assert_eq!((whole.len(), &whole[2]["amount"]["amount"]), (3, &json!("0.0001")));
}

#[test]
fn amounts_of_the_books_and_of_the_group_stand_beside() {
    let profile = profile(&json!({"local_currency": "EUR", "columns": {
        "external_id": "ID", "posted_on": "Date", "amount": "Amount", "currency": "Cur",
        "local_amount": "Local", "group_amount": "Group", "group_currency": "GroupCur"}}));
    let file = b"ID,Date,Amount,Cur,Local,Group,GroupCur\n1,2008-04-01,100.00,USD,91.23,78.01,GBP\n\
        2,2008-04-02,5.00,,,,GBP\n";
    let read = lines(&profile, file);
    assert_eq!(
        read[0],
        json!({"external_id": "1", "posted_on": "2008-04-01", "amount": {"amount": "100.0000", "currency": "USD"},
            "local_amount": {"amount": "91.2300", "currency": "EUR"},
            "group_amount": {"amount": "78.0100", "currency": "GBP"}})
    );
    let plain =
        json!({"external_id": "2", "posted_on": "2008-04-02", "amount": {"amount": "5.0000", "currency": "GBP"}});
    assert_eq!(read[1], plain, "an empty cell is no amount");
    let bad = lines_by(&profile, b"ID,Date,Amount,Cur,Local,Group,GroupCur\n1,2008-04-01,1,USD,1,1e9,GBP\n", 99)
        .unwrap()
        .remove(0)
        .read
        .unwrap_err();
    assert_eq!((&*bad[0].pointer, &*bad[0].code), ("/group_amount", "BAD_AMOUNT"));
}

#[test]
fn dates_of_every_form() {
    use CsvDateFormat::{DmyDot, DmyHyphen, DmySlash, Iso, MdySlash, YmdCompact, YmdSlash};
    for (format, text) in [
        (Iso, "2008-04-01"),
        (DmySlash, "01/04/2008"),
        (DmySlash, "1/4/2008"),
        (MdySlash, "04/01/2008"),
        (DmyDot, "1.4.2008"),
        (DmyHyphen, "01-04-2008"),
        (YmdSlash, "2008/04/01"),
        (YmdCompact, "20080401"),
    ] {
        assert_eq!(day(text, format), Day::parse("2008-04-01"), "{text}");
        assert!(day(example(format), format).is_some());
    }
    for (format, text) in [
        (Iso, "01/04/2008"),
        (DmySlash, "31/04/2008"),
        (MdySlash, "13/01/2008"),
        (DmySlash, "01/04/08"),
        (DmySlash, "01/04/2008/1"),
        (YmdCompact, "2008041"),
        (YmdCompact, "2008\u{e9}41"),
        (DmyDot, "..2008"),
        (DmySlash, "+1/04/2008"),
    ] {
        assert_eq!(day(text, format), None, "{text}");
    }
}

#[test]
fn amounts_of_every_form() {
    use DecimalSeparator::{Comma, Point};
    use NegativeForm::{Minus, Parentheses, TrailingMinus};
    let all = [Minus, TrailingMinus, Parentheses];
    let by = |text: &str, decimal, thousands| amount_text(text, decimal, thousands, &all);
    for (text, decimal, thousands, wanted) in [
        ("978", Point, None, "978"),
        ("-978.50", Point, None, "-978.50"),
        ("978-", Point, None, "-978"),
        ("(978)", Point, None, "-978"),
        ("( 1,234.5 )", Point, Some(ThousandsSeparator::Comma), "-1234.5"),
        ("1.234.567,89", Comma, Some(ThousandsSeparator::Point), "1234567.89"),
        ("1234567,89", Comma, Some(ThousandsSeparator::Point), "1234567.89"),
        ("1\u{a0}234,5", Comma, Some(ThousandsSeparator::Space), "1234.5"),
        ("1'234.50-", Point, Some(ThousandsSeparator::Apostrophe), "-1234.50"),
    ] {
        assert_eq!(by(text, decimal, thousands).as_deref(), Ok(wanted), "{text}");
    }
    for text in [
        "", "-", "()", "(1", "1)", "--1", "-1-", "(-1)", "1e3", "NaN", "\u{a3}1", "1.", ".5", "1,234", "+1", "1.2.3",
        "\u{661}",
    ] {
        by(text, Point, None).unwrap_err();
    }
    for text in ["12,34.5", "1,2345", ",123", "1234,567", "1,,234"] {
        by(text, Point, Some(ThousandsSeparator::Comma)).unwrap_err();
    }
    for (text, form) in [("-1", Minus), ("1-", TrailingMinus), ("(1)", Parentheses)] {
        let others: Vec<_> = all.into_iter().filter(|other| *other != form).collect();
        assert!(amount_text(text, Point, None, &others).is_err(), "{text} is not among the forms named");
    }
    assert_eq!(amount_text("-1", Point, None, &[]).as_deref(), Ok("-1"), "a minus when nothing is named");
}

#[test]
fn characters_of_every_encoding() {
    let of = |encoding: &str, bytes: &[u8]| {
        let profile = profile(&json!({"encoding": encoding, "columns": {
            "posted_on": "Date", "amount": "Amount", "vendor_reference": "Vendor"}}));
        let file = [b"Date,Amount,Vendor\n2008-04-01,1,".as_slice(), bytes].concat();
        lines_by(&profile, &file, 3).unwrap().remove(0).read.map(|line| line["vendor_reference"].clone())
    };
    assert_eq!(of("utf8", "Caf\u{e9} \u{20ac}".as_bytes()), Ok(json!("Caf\u{e9} \u{20ac}")));
    assert_eq!(of("windows1252", b"Caf\xe9 \x80"), Ok(json!("Caf\u{e9} \u{20ac}")));
    assert_eq!(of("latin1", b"Caf\xe9"), Ok(json!("Caf\u{e9}")));
    let faults = of("utf8", b"Caf\xe9").unwrap_err();
    assert_eq!((faults[0].pointer.as_str(), faults[0].code.as_ref()), ("/vendor_reference", "BAD_ENCODING"));
}

#[test]
fn rows_without_header_or_identifier() {
    let columns = json!({"posted_on": "1", "amount": "3", "currency": "4"});
    let change = json!({"headerless": true, "skip_rows": 1, "delimiter": "semicolon", "date_format": "dmy_dot",
        "decimal_separator": "comma", "thousands_separator": "point", "currency": null, "columns": columns});
    let read = lines(&profile(&change), b"Ledger of April;;;\n01.04.2008;x;1.390,11;EUR\n02.04.2008;y;-2,00;USD\n");
    assert_eq!(
        read[0],
        json!({"external_id": "2008-04:2", "posted_on": "2008-04-01",
        "amount": {"amount": "1390.1100", "currency": "EUR"}})
    );
    assert_eq!(read[1]["external_id"], "2008-04:3");
}

#[test]
fn every_fault_has_row_and_column() {
    let profile = profile(&json!({}));
    let file = b"ID,Date,Amount\n1,2008-04-01,1\n2,01/04/2008,1O.00\n";
    let read = lines_by(&profile, file, 5).unwrap();
    assert_eq!(read[1].at, Some(("row", 3)));
    let faults = read[1].read.as_ref().unwrap_err();
    let told: Vec<_> = faults.iter().map(|fault| (fault.pointer.as_str(), fault.detail.as_str())).collect();
    assert_eq!(
        told,
        [
            ("/posted_on", "column Date: \"01/04/2008\" must be like 2008-04-30"),
            ("/amount", "column Amount: \"1O.00\": is no amount as the profile says they are written"),
        ]
    );
    for (header, wrong) in [
        ("ID,Day,Amount,Amount", vec!["/columns/posted_on", "/columns/amount"]),
        ("", vec!["/columns/external_id", "/columns/posted_on", "/columns/amount"]),
    ] {
        let error = lines_by(&profile, header.as_bytes(), 100).unwrap_err();
        let places: Vec<_> = error.faults.iter().map(|fault| fault.pointer.as_str()).collect();
        assert_eq!(places, wrong);
    }
    let open = format!("ID,Date,Amount\n1,\"{}", "x".repeat(2 * ROW_MAX));
    assert_eq!(lines_by(&profile, open.as_bytes(), 1000).unwrap_err().reason, Reason::Malformed);
    for chunk in [1, 1000] {
        let open = b"ID,Date,Amount\n1,01/04/2008,10.00\n2,01/04/2008,\"10.00\n3,01/04/2008,10.00\n";
        let error = lines_by(&profile, open, chunk).unwrap_err();
        let detail = "row 3: a quote that opens there is open at the end of the file";
        assert_eq!((error.reason, error.detail.as_str()), (Reason::Malformed, detail));
    }
    assert_eq!(lines_by(&profile, ",".repeat(2000).as_bytes(), 1000).unwrap_err().reason, Reason::Malformed);
}
