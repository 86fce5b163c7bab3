//! Records, field by field.

use super::*;

/// The first record as `plain` or `"quoted"` fields with their text unescaped, joined by `|`, then what is left.
fn show(data: &[u8]) -> String {
    let mut fields = Vec::new();
    match split(data, 0, &mut fields) {
        Ok(end) => {
            let row = Row::new(Text::new(data), &fields);
            let mut scratch = String::new();
            let cells: Vec<_> = (0..row.len())
                .map(|column| {
                    let cell = row.cell(column, &mut scratch);
                    let quote = if cell.quoted { "\"" } else { "" };
                    format!("{quote}{}{quote}", cell.text)
                })
                .collect();
            format!("{} +{}", cells.join("|"), data.len() - end)
        }
        Err(fault) => format!("{:?} in field {} at {}", fault.kind, fault.field, fault.at),
    }
}

#[test]
fn records_split_into_fields() {
    let cases = [
        ("a,b,c", "a|b|c +0"),
        ("a,b,c\n", "a|b|c +0"),
        ("a,b,c\r\n", "a|b|c +0"),
        ("a,b\nc,d\n", "a|b +4"),
        ("a,,c", "a||c +0"),
        (",", "| +0"),
        ("a,\n", "a| +0"),
        ("\n", " +0"),
        ("\r\nx", " +1"),
        ("a\r", "a +0"),
        ("  a b  ,  c ", "a b|c +0"),
        ("\ta\t", "\ta\t +0"),
        ("\"a\",\"\", \" b \" ", "\"a\"|\"\"|\" b \" +0"),
        ("\"a,b\",c", "\"a,b\"|c +0"),
        ("\"a\nb\r\n\",c\nd", "\"a\nb\r\n\"|c +1"),
        ("\"the \"\"sign\"\"\"", "\"the \"sign\"\" +0"),
        ("\"\"\"\"", "\"\"\" +0"),
        ("'a,b'", "'a|b' +0"),
        ("a\\tb,\\\"", "QuoteInside in field 1 at 6"),
        ("a,b\"c\"", "QuoteInside in field 1 at 3"),
        ("\"a\"b", "AfterQuote in field 0 at 3"),
        ("\"a\" \"b\"", "AfterQuote in field 0 at 4"),
        ("a,\"b\nc,d\n", "Unterminated in field 1 at 2"),
        ("a\rb", "CarriageReturn in field 0 at 1"),
        ("\"a\"\rb", "AfterQuote in field 0 at 3"),
        ("Bärbel,é", "Bärbel|é +0"),
    ];
    for (data, expected) in cases {
        assert_eq!(show(data.as_bytes()), expected, "{data:?}");
    }
    assert_eq!(show(b"B\xE4rbel,\"\xE4\"\"\"\n"), "B\u{FFFD}rbel|\"\u{FFFD}\"\" +0");
}

#[test]
fn blank_lines_are_told_alike_by_splitter_and_cutter() {
    for line in ["", "\n", "\r\n", "   ", "  \r\n", " \n", "\"\"\n", ",\n", "a\n", "\t\n", "\r\r\n"] {
        let mut fields = Vec::new();
        let by_splitter = split(line.as_bytes(), 0, &mut fields)
            .is_ok_and(|_| Row::new(Text::new(line.as_bytes()), &fields).is_blank());
        assert_eq!(is_blank(line.as_bytes()), by_splitter, "{line:?}");
    }
}
