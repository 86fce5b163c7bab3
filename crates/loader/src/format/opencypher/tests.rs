//! Headers and rows of openCypher CSV.

use super::Generator;
use crate::format::tests::{defaults, read, show, show_errors};
use crate::format::{FeedKind, Format, FormatOptions, Parsed};

fn generated() -> FormatOptions {
    FormatOptions { user_edge_ids: false, ..defaults() }
}

fn csv(options: &FormatOptions, data: &str) -> (Option<FeedKind>, Parsed) {
    read(Format::OpenCypher, options, data.as_bytes(), 1 << 20)
}

fn check(options: &FormatOptions, data: &str, kind: FeedKind, entries: &str, errors: &str) {
    let (found, out) = csv(options, data);
    assert_eq!((found, show(&out).as_str(), show_errors(&out).as_str()), (Some(kind), entries, errors), "{data}");
}

#[test]
fn nodes() {
    check(
        &defaults(),
        ":ID(player),name:String,:LABEL,age:Int,since\n7,Ada,Player,,2019\n9,Bo,Player;Captain,30,\n",
        FeedKind::Vertices,
        "1 (player:7) ~label 'Player'\n1 (player:7) .name 'Ada' single\n1 (player:7) .since '2019' single\n\
         2 (player:9) ~label 'Player'\n2 (player:9) ~label 'Captain'\n2 (player:9) .name 'Bo' single\n2 (player:9) .age 30^int single",
        "",
    );
    check(&defaults(), ":ID\n7\n", FeedKind::Vertices, "1 (7) ~label ∅", "");
    check(
        &defaults(),
        "key:ID(p),d:Date,t:DateTime,x:Point\n7,never,1970-01-01,\"1,2\"\n",
        FeedKind::Vertices,
        "1 (p:7) ~label ∅ silent\n1 (p:7) .key '7' single\n1 (p:7) .d 'never' single\n1 (p:7) .t 1970-01-01T00:00:00Z^dateTime single\n1 (p:7) .x '1,2' single",
        "",
    );
    check(
        &defaults(),
        ":ID,n:Byte\n,1\na,200\n",
        FeedKind::Vertices,
        "",
        "1:2 Parse [:ID] Column ':ID' is blank, expected the node's id\n2:3 Datatype [n:Byte] Column 'n:Byte': found '200', expected a whole number from -128 to 127",
    );
}

#[test]
fn relationships() {
    check(
        &defaults(),
        ":START_ID(player),:END_ID(team),:TYPE,:ID,since:Int\n7,7,PLAYS_FOR,r1,2019\n9,7,,r2,\n9,7,X,,\n",
        FeedKind::Edges,
        "1 (player:7) -PLAYS_FOR-> (team:7) @[r1]\n1 [r1] .since 2019^int single\n2 (player:9) -edge-> (team:7) @[r2]",
        "3:4 Parse [:ID] Column ':ID' is blank, expected the relationship's id",
    );
    check(&defaults(), ":ID,:START_ID,:END_ID\nr,a,b\n", FeedKind::Edges, "1 (a) -edge-> (b) @[r]", "");
    check(&generated(), ":START_ID,:END_ID\na,b\n", FeedKind::Edges, "1 (a) -edge-> (b) @#", "");
}

#[test]
fn headers_that_cannot_be() {
    let cases = [
        ("name,:LABEL", "no column :ID"),
        (":id", "':id' is unknown"),
        (":ID,:LABELS", "':LABELS' is unknown"),
        (":ID,:IGNORE", "':IGNORE' is unknown"),
        (":ID,:ID", "second column :ID"),
        (":ID,name:ID", "second column :ID"),
        (":ID,:LABEL,:LABEL", "second column :LABEL"),
        (":ID()", "expected the name of an ID space"),
        (":ID(a", "expected the name of an ID space"),
        (":ID,:TYPE", "a node file has :LABEL"),
        (":ID,:START_ID", "no column :END_ID"),
        (":ID,:END_ID", "no column :START_ID"),
        (":ID,:START_ID,:END_ID,:LABEL", "a relationship file has :TYPE"),
        (":START_ID,:END_ID,:TYPE", "no column :ID"),
        (":ID(r),:START_ID,:END_ID", "':ID(r)' names an ID space"),
        ("name:ID,:START_ID,:END_ID", "'name:ID' names a property"),
        (":ID,a:Int[]", "is an array"),
        (":ID,a:Int(single)", "names a cardinality"),
        (":ID,a:Time", "found type 'Time', expected Bool"),
        (":ID,a,a:Char", "the property 'a' has two columns"),
        ("a:ID,a", "the property 'a' has two columns"),
        (":ID,my name", "found ' '"),
    ];
    for (header, expected) in cases {
        let (kind, out) = csv(&defaults(), header);
        let [error] = &out.errors[..] else { panic!("{header}: {:?}", out.errors) };
        assert!(error.message.contains(expected), "{header}: {}", error.message);
        assert_eq!((kind, error.record, error.fatal), (None, 0, true));
    }
    let (_, out) = csv(&generated(), ":ID,:START_ID,:END_ID");
    assert!(show_errors(&out).contains("userProvidedEdgeIds is FALSE"));
}

#[test]
fn colons_in_names_are_escaped() {
    check(
        &defaults(),
        "a\\:b:ID,c\\:ID,d\\:e:Int\n1,x,2\n",
        FeedKind::Vertices,
        "1 (1) ~label ∅ silent\n1 (1) .a:b '1' single\n1 (1) .c:ID 'x' single\n1 (1) .d:e 2^int single",
        "",
    );
}

#[test]
fn generated_ids_depend_on_load_file_and_record_only() {
    let id = |load, feed, record| Generator::new(load, feed).id(record).to_string();
    let first = id("load", "file", 1);
    assert_eq!(first, id("load", "file", 1));
    for other in [id("load", "file", 2), id("load", "fil", 1), id("loadf", "ile", 1)] {
        assert_ne!(first, other);
    }
    let shape: String = first.chars().map(|character| if character == '-' { '-' } else { 'x' }).collect();
    assert_eq!(shape, "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx");
    assert!(first.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f' | b'-')));
}
