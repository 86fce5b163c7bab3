//! Headers and rows of Gremlin CSV.

use model::{Quad, TermRef};

use crate::format::tests::{KEY, defaults, read, show, show_errors};
use crate::format::{FeedKind, FeedParser, Format, FormatOptions, Parsed, RowErrorKind};

fn csv(data: &str) -> Parsed {
    with(&defaults(), data)
}

fn with(options: &FormatOptions, data: &str) -> Parsed {
    read(Format::Csv, options, data.as_bytes(), 1 << 20).1
}

/// Checks entries and errors.
fn check(data: &str, entries: &str, errors: &str) {
    let out = csv(data);
    assert_eq!((show(&out).as_str(), show_errors(&out).as_str()), (entries, errors), "{data}");
}

#[test]
fn headers() {
    let cases = [
        ("~id", FeedKind::Vertices),
        ("\u{FEFF}~id,~label", FeedKind::Vertices),
        ("\"~id\",\"~label\",\"a:Int\"", FeedKind::Vertices),
        ("name,~LABEL,~Id", FeedKind::Vertices),
        ("\n\n ~id , ~label ,  a:String[] \r\n", FeedKind::Vertices),
        ("~id,~from,~to", FeedKind::Edges),
        ("~id,a:Int,a:Long,a", FeedKind::Vertices),
        ("w:Double(single),~to,~from,~id,~label", FeedKind::Edges),
    ];
    for (header, expected) in cases {
        let (kind, out) = read(Format::Csv, &defaults(), header.as_bytes(), 1);
        assert_eq!((kind, show_errors(&out).as_str()), (Some(expected), ""), "{header}");
    }
}

#[test]
fn headers_that_cannot_be() {
    let cases = [
        ("id,~label", "no column ~id: a vertex file needs ~id, found 'id' first"),
        ("~id,~from,~label", "no column ~to: an edge file needs ~id, ~from and ~to"),
        ("~from,~to", "no column ~id"),
        ("~id,~label,~ID", "two columns ~ID"),
        ("~id,~lable", "'~lable' is unknown"),
        ("~id,a,a:String[]", "the property 'a' has two columns of one type"),
        ("~id,a:Int,a:Int(set)", "the property 'a' has two columns of one type"),
        ("~id,home city:String", "'home city:String': found ' ', expected a name without spaces"),
        ("~id,\"a,b\"", "found ','"),
        ("~id,\"a\nb\"", "found '\\n'"),
        ("~id,", "column 2 has no name"),
        ("~id,a:Any", "found type 'Any'"),
        ("~id,~from,~to,grades:Int[]", "'grades:Int[]' holds a set of values: an edge property has one"),
        ("~id,~from,~to,grades:Int(set)", "'grades:Int(set)' holds a set"),
        ("~id,a:Int(single)[]", "array of cardinality single"),
        ("~id,\"a", "Column 2: the field's opening quote is never closed"),
        ("~id,a\"b", "Column 2: found a double quote inside"),
        ("~id,a\rx,b\r", "carriage return"),
    ];
    for (header, expected) in cases {
        let (kind, out) = read(Format::Csv, &defaults(), header.as_bytes(), 1);
        let [error] = &out.errors[..] else { panic!("{header}: {:?}", out.errors) };
        assert!(error.message.contains(expected), "{header}: {}", error.message);
        assert_eq!((kind, error.record, error.line, error.fatal, error.kind), (None, 0, 1, true, RowErrorKind::Parse));
        assert_eq!(error.ordinal.record(), 0);
    }
}

#[test]
fn vertices() {
    check(
        "~id, ~label,  city:String , pop:Int(single), tags:String[], n:Long[]\nc1, Town;City, Turin , 850,a\\;b;c,1; 2\n",
        "1 (c1) ~label 'Town'\n1 (c1) ~label 'City'\n1 (c1) .city 'Turin'\n1 (c1) .pop 850^int single\n1 (c1) .tags 'a;b'\n1 (c1) .tags 'c'\n1 (c1) .n 1^long\n1 (c1) .n 2^long",
        "",
    );
    check("~label,~id\nperson\\;;boss,1\n", "1 (1) ~label 'person;'\n1 (1) ~label 'boss'", "");
    check(
        "~id,b:Bool,d:Date,f:Float,x:Byte,y:Short,z:Double\n1,yes,1987-05-04,1.5,-1,2,-Infinity\n",
        "1 (1) ~label ∅ silent\n1 (1) .b false^boolean\n1 (1) .d 1987-05-04T00:00:00Z^dateTime\n1 (1) .f 1.5E0^float\n1 (1) .x -1^byte\n1 (1) .y 2^short\n1 (1) .z -INF^double",
        "",
    );
}

#[test]
fn vertices_without_label() {
    check("~id,~label\na,\nb\n", "1 (a) ~label ∅\n2 (b) ~label ∅", "");
    check("~id,~label,n\na,,x\nb,,\n", "1 (a) ~label ∅ silent\n1 (a) .n 'x'\n2 (b) ~label ∅", "");
    check("~id,~label\na,;X;\n", "1 (a) ~label 'X'", "");
    let message = "Column '~label': found an empty label, expected text or nothing at all";
    check("~id,~label\na,\"\"\nb,;\n", "", &format!("1:2 Parse [~label] {message}\n2:3 Parse [~label] {message}"));
}

#[test]
fn edges() {
    check(
        "~id,~from,~to,~label,w:Double,s\ne1,a,b,knows;likes,0.5,\ne2,b,a,,,\"\"\n",
        "1 (a) -knows;likes-> (b) @[e1]\n1 [e1] .w 5.0E-1^double single\n2 (b) -edge-> (a) @[e2]",
        "",
    );
    check("~id,~from,~to\ne1,a,b\n", "1 (a) -edge-> (b) @[e1]", "");
    check(
        "~id,~from,~to,~label\n,a,b,x\ne1,,b,x\ne2,a,,x\ne3,a,b,\"\"\ne4,a\n",
        "",
        "1:2 Parse [~id] Column '~id' is blank, expected the edge's id\n\
         2:3 Parse [~from] Column '~from' is blank, expected the id of the vertex that the edge leaves\n\
         3:4 Parse [~to] Column '~to' is blank, expected the id of the vertex that the edge enters\n\
         4:5 Parse [~label] Column '~label': found an empty label, expected text or nothing at all\n\
         5:6 Parse [~to] Column '~to' is blank, expected the id of the vertex that the edge enters",
    );
}

#[test]
fn empty_string_is_an_id_and_nothing_is_not() {
    check("~id,~label\n\"\",X\n", "1 () ~label 'X'", "");
    check("~id,~from,~to\n\"\",\"\",b\n", "1 () -edge-> (b) @[]", "");
    check("~id,~label\n,X\n", "", "1:2 Parse [~id] Column '~id' is blank, expected the vertex's id");
}

#[test]
fn empty_strings_are_kept_only_if_allowed() {
    let data = "~id,~label,s,n:Int,a:String[],m:Int[]\n1,X,\"\",\"\",\"\",\"\"\n2,X,,,,\n3,X,\" \",\" \",x;;y,1;;2\n";
    let rest = "3 (3) .a 'x'\n3 (3) .a 'y'\n3 (3) .m 1^int\n3 (3) .m 2^int";
    assert_eq!(show(&csv(data)), format!("1 (1) ~label 'X'\n2 (2) ~label 'X'\n3 (3) ~label 'X'\n3 (3) .s ' '\n{rest}"));
    let allowing = FormatOptions { allow_empty_strings: true, ..defaults() };
    let out = with(&allowing, data);
    assert_eq!(
        show(&out),
        format!(
            "1 (1) ~label 'X'\n1 (1) .s ''\n1 (1) .a ''\n2 (2) ~label 'X'\n3 (3) ~label 'X'\n3 (3) .s ' '\n{}",
            rest.replacen("\n3 (3) .a 'y'", "\n3 (3) .a ''\n3 (3) .a 'y'", 1)
        )
    );
    assert_eq!(show_errors(&out), "");
}

#[test]
fn misfits_refuse_the_whole_row() {
    check(
        "~id,~label,s,born:Date\nd4,Cat,x,1987-05-04T09:30:15Z\nd5,Cat,x,1987-13-04\nd9,Cat,,\n",
        "1 (d4) ~label 'Cat'\n1 (d4) .s 'x'\n1 (d4) .born 1987-05-04T09:30:15Z^dateTime\n3 (d9) ~label 'Cat'",
        "2:3 Datatype [born:Date] Column 'born:Date': found '1987-13-04', expected a date such as 2001-02-03, 2001-02-03T04:05 or 2001-02-03T04:05:06Z",
    );
    check(
        "~id,~from,~to,w:Int\ne1,a,b,x\ne2,a,b,1\n",
        "2 (a) -edge-> (b) @[e2]\n2 [e2] .w 1^int single",
        "1:2 Datatype [w:Int] Column 'w:Int': found 'x', expected a whole number from -2147483648 to 2147483647",
    );
    check(
        "~id,w:Byte[]\na,1;300;4\n",
        "",
        "1:2 Datatype [w:Byte[]] Column 'w:Byte[]': found '300', expected a whole number from -128 to 127",
    );
    let out = csv(&format!("~id,w:Int\na,{}\n", "é".repeat(100_000)));
    let [error] = &out.errors[..] else { panic!("one error") };
    assert_eq!(error.message.chars().filter(|character| *character == 'é').count(), 100);
    assert_eq!(error.raw.len(), 200_003, "the row is kept whole");
}

#[test]
fn rows_wider_than_the_header_are_refused() {
    let message = "Record has more columns than header";
    check(
        "~id,~from,~to,~label,since:Int\nr1,m1,m2,F,2011\nr2,m2,m3,F,2012,surplus\nr3,m3,m1,F,2013\nr4,m3,m1,F,2013,\n",
        "1 (m1) -F-> (m2) @[r1]\n1 [r1] .since 2011^int single\n3 (m3) -F-> (m1) @[r3]\n3 [r3] .since 2013^int single",
        &format!("2:3 Parse {message}\n4:5 Parse {message}"),
    );
}

#[test]
fn lines_and_records_are_counted_apart() {
    let out = csv("~id,s,n:Int\n\n1,\"a\nb\",x\r\n  \n2,,y\n\n3,,z");
    let places: Vec<_> = out.errors.iter().map(|error| (error.record, error.line, error.raw.as_slice())).collect();
    assert_eq!(places, [(1, 3, &b"1,\"a\nb\",x\r\n"[..]), (2, 6, b"2,,y\n"), (3, 8, b"3,,z")]);
    assert_eq!(out.rows, 3);
}

#[test]
fn broken_quoting_ends_the_file() {
    let data = "~id,s\na,1\nb,2\"\nc,3\n";
    for size in [1, 1 << 20] {
        let (_, out) = read(Format::Csv, &defaults(), data.as_bytes(), size);
        assert_eq!(show(&out), "1 (a) ~label ∅ silent\n1 (a) .s '1'");
        let [error] = &out.errors[..] else { panic!("one error") };
        assert!(
            error.fatal && error.message.starts_with("Column 's': found a double quote inside an unquoted field"),
            "{error:?}"
        );
        assert_eq!((error.record, error.line, error.raw.as_slice()), (2, 3, &b"b,2\"\n"[..]));
    }
    let out = csv("~id,s\na,\"1\nb,2\nc,3\n");
    assert_eq!(show_errors(&out), "1:2 Parse fatal [s] Column 's': the field's opening quote is never closed");
    assert_eq!(out.errors[0].raw, b"a,\"1\n");
}

#[test]
fn nul_is_no_text() {
    check(
        "~id,s\na,x\0\nb,y\n",
        "2 (b) ~label ∅ silent\n2 (b) .s 'y'",
        "1:2 Parse [s] Column 's': found the character U+0000, which no value may hold",
    );
}

#[test]
fn other_encodings_are_read_as_utf8_anyway() {
    let (_, out) = read(Format::Csv, &defaults(), b"~id,n:Int,s\n1,x\xE4,B\xE4r\n2,,B\xE4r\n", 1 << 20);
    assert_eq!(show(&out), "2 (2) ~label ∅ silent\n2 (2) .s 'B\u{FFFD}r'");
    assert_eq!(out.errors[0].raw, b"1,x\xE4,B\xE4r\n");
    assert!(out.errors[0].message.contains("found 'x\u{FFFD}'"));
}

#[test]
fn long_texts_leave_their_spellings() {
    let key = "a property key that is hashed";
    let out = csv(&format!("~id,{}:String\na,x\n", key.replace(' ', "_")));
    assert_eq!(show(&out), "1 (a) ~label ∅ silent\n1 (a) # 'x'");
}

/// What a reject is told by: that a text is the row that was refused, and the column of a value.
#[test]
fn a_row_is_found_again_by_what_it_says() {
    let head = b"\xEF\xBB\xBF\n~id,~label,n:Int(single),n:Long(single),m:String[]\r\na,L,1,2,x\n";
    let (parser, _, length) = FeedParser::open(Format::Csv, &defaults(), 0, "k", head, &KEY).expect("a header");
    assert_eq!(parser.header(), b"~id,~label,n:Int(single),n:Long(single),m:String[]\r\n");
    let row = &head[length..];
    let mut out = Parsed::new();
    let mut find = |object: TermRef<'_>| {
        let (s, p) = (TermRef::Vertex("a").encode(&KEY), TermRef::Key("n").encode(&KEY));
        parser.find(row, 1, &Quad::in_default_graph(s, p, object.encode(&KEY)), &mut out).map(|place| place.column)
    };
    assert_eq!(find(TermRef::Int(1)), Some(Some("n:Int(single)".to_owned())));
    assert_eq!(find(TermRef::Long(2)), Some(Some("n:Long(single)".to_owned())));
    assert_eq!(find(TermRef::Int(2)), None);
}
