//! What one row can hold of a vertex, and what takes another.

use super::*;
use crate::export::columns::Column;
use crate::export::csv::CellType;

/// The rows of one vertex with a string, a string array and a number column.
fn rows(id: &str, labels: &[&str], values: &[(usize, Value)]) -> String {
    let column = |cell_type, array| Column { key: "k".to_owned(), cell_type, array };
    let mut columns = Columns::default();
    columns.columns =
        vec![column(CellType::String, false), column(CellType::String, true), column(CellType::Double, false)];
    let mut out = Vec::new();
    let mut rows = Rows::new(&columns, &mut out);
    rows.begin(id);
    for label in labels {
        rows.label(label).expect("memory is written to");
    }
    for (place, value) in values {
        let written = rows.value(*place, value).expect("memory is written to");
        written.expect("CSV holds it");
    }
    rows.end().expect("memory is written to");
    let count = rows.count;
    let out = String::from_utf8(out).expect("text was written");
    assert!(count as usize <= out.lines().count(), "line breaks may lie inside quotes");
    out
}

fn string(text: &str) -> Value {
    Value::String(text.to_owned())
}

#[test]
fn a_row_holds_id_labels_and_values() {
    let double = Value::Double { value: -0.5, notation: model::Notation::Scientific };
    let cases = [
        (rows("1", &[], &[]), "1,,,,\n"),
        (rows("", &["A"], &[]), "\"\",A,,,\n"),
        (rows("a b", &["A", "B;C"], &[(2, double)]), "a b,A;B\\;C,,,-0.5\n"),
        (rows(" 1", &["A,B"], &[(0, string("x;y"))]), "\" 1\",\"A,B\",x;y,,\n"),
        (rows("1", &["A"], &[(0, string("")), (1, string(""))]), "1,A,\"\",\"\",\n"),
        (rows("1", &["A"], &[(1, string("")), (1, string("x;y")), (1, string("z\r\n"))]), "1,A,,\";x\\;y;z\r\n\",\n"),
        (rows("1", &["A"], &[(0, string("say \"hi\""))]), "1,A,\"say \"\"hi\"\"\",,\n"),
    ];
    for (written, expected) in cases {
        assert_eq!(written, expected);
    }
}

#[test]
fn what_one_row_cannot_hold_takes_another() {
    let cases = [
        // A backslash before the semicolon between two values would make one value of them.
        (rows("1", &["A"], &[(1, string("x\\")), (1, string("y"))]), "1,A,,x\\,\n1,A,,y,\n"),
        (rows("1", &["A\\", "B"], &[(0, string("x"))]), "1,A\\,,,\n1,B,x,,\n"),
        (rows("1", &["A"], &[(0, string("x")), (0, string("y"))]), "1,A,x,,\n1,A,y,,\n"),
    ];
    for (written, expected) in cases {
        assert_eq!(written, expected);
    }
    let long = "x".repeat(ARRAY_BYTES + 1);
    let written = rows("1", &[], &[(1, string(&long)), (1, string("y")), (1, string("z"))]);
    assert_eq!(written, format!("1,,,{long},\n1,,,y;z,\n"));
}
