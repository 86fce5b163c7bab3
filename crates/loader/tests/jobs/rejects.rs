//! The rejects of a job: every rejected row as it stood, with the reason, in a form that can be mended and loaded.

use std::io::Write;
use std::sync::Arc;

use loader::request::{Format, LoadRequest};
use loader::{LoadId, Phase, RejectPart};
use model::Dataset;
use serde_json::{Value, json};

use super::house::{Gate, House, names, rows};

const HEADER: &str = "~id,~from,~to,~label,n:Int\r\n";

/// Two files with a bad row of every kind; the second load of the vertices finds other values.
fn bad_files(house: &House) {
    house.file("r/v.csv", "\u{feff}\n~id,~label,name:String(single),age:Int(single)\na,L,Ann,1\nb,L,Ben,2\nc,L,\"Cy\nS.\",x\nd,L,D,4,5\na,M,Anna,11");
    let edges = [
        "1,a,b,X,1",
        "2,a,nobody,X,2",
        "",
        "1,b,a,X,3",
        "3,a,b,\"Y\r\nZ\",4,surplus",
        "4,b,a,X,four",
        "1,a,b,X,7",
        "5,b,b,X,5",
    ];
    house.file("r/w.csv", HEADER.to_owned() + &edges.map(|row| row.to_owned() + "\r\n").concat());
}

fn counts(list: &Value) -> Value {
    json!([list["rows"], list["errors"], list["rowsWithoutText"], list["limitReached"]])
}

/// The cells of the reasons, without the header and the messages.
fn reasons(house: &House, id: LoadId, feed: u64) -> Vec<String> {
    let text = house.reject_file(id, feed, RejectPart::Reasons);
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("row,record,line,column,code,message,note"));
    lines.map(|line| line.splitn(6, ',').take(5).collect::<Vec<_>>().join(",")).collect()
}

#[test]
fn every_bad_row_is_kept_as_it_stood() {
    for (publish_at, stage_at, block_bytes) in [(None, None, 1 << 20), (Some(3), None, 7), (None, Some(2), 1)] {
        let house = House::hooked(|config| {
            config.publish_at = publish_at;
            config.stage_at = stage_at;
            config.block_bytes = block_bytes;
        });
        bad_files(&house);
        let id = house.start(house.request("r", Format::Csv));
        house.ended(id);
        let list = house.rejects(id);
        assert_eq!(counts(&list), json!([8, 9, 0, false]), "{list}");
        assert_eq!(
            house.reject_file(id, 1, RejectPart::Rows),
            "~id,~label,name:String(single),age:Int(single)\nc,L,\"Cy\nS.\",x\nd,L,D,4,5\na,M,Anna,11\n"
        );
        assert_eq!(
            reasons(&house, id, 1),
            [
                "1,3,5,age:Int(single),PARSING_ERROR",
                "2,4,7,,PARSING_ERROR",
                "3,5,8,age:Int(single),SINGLE_CARDINALITY_VIOLATION",
                "3,5,8,name:String(single),SINGLE_CARDINALITY_VIOLATION",
            ]
        );
        assert_eq!(
            house.reject_file(id, 2, RejectPart::Rows),
            HEADER.to_owned()
                + "2,a,nobody,X,2\r\n1,b,a,X,3\r\n3,a,b,\"Y\r\nZ\",4,surplus\r\n4,b,a,X,four\r\n1,a,b,X,7\r\n"
        );
        assert_eq!(
            reasons(&house, id, 2),
            [
                "1,2,3,,FROM_OR_TO_VERTEX_ARE_MISSING",
                "2,3,5,,ID_ASSIGNED_TO_MULTIPLE_EDGES",
                "3,4,6,,PARSING_ERROR",
                "4,5,8,n:Int,PARSING_ERROR",
                "5,6,9,n:Int,SINGLE_CARDINALITY_VIOLATION",
            ]
        );
        // They outlive the process.
        let before = (list, house.reject_file(id, 2, RejectPart::Rows));
        let house = house.reopened();
        assert_eq!((house.rejects(id), house.reject_file(id, 2, RejectPart::Rows)), before);
    }
}

/// What was mended is loaded by the files as they are, and nothing is missing then.
#[test]
fn mended_rejects_load_completely() {
    let house = House::new();
    bad_files(&house);
    let id = house.start(house.request("r", Format::Csv));
    house.ended(id);
    let mend = |text: String, pairs: &[(&str, &str)]| {
        pairs.iter().fold(text, |text, (bad, good)| {
            assert!(text.contains(bad), "{bad} in {text}");
            text.replacen(bad, good, 1)
        })
    };
    let vertices = house.reject_file(id, 1, RejectPart::Rows);
    house.file("m/v.csv", mend(vertices, &[(",x\n", ",3\n"), (",5\n", "\n"), ("Anna,11", "Ann,1")]));
    let edges = house.reject_file(id, 2, RejectPart::Rows);
    let pairs =
        [("nobody", "c"), ("1,b,a,X,3", "9,b,a,X,3"), (",surplus", ""), ("four", "4"), ("1,a,b,X,7", "8,a,b,X,7")];
    house.file("m/w.csv", mend(edges, &pairs));
    let status = house.load(LoadRequest { fail_on_error: true, ..house.request("m", Format::Csv) });
    assert_eq!(status["overallStatus"]["status"], "LOAD_COMPLETED", "{status}");
    assert_eq!(house.vertices(), names(&["a", "b", "c", "d"]));
    assert_eq!(house.edges(), names(&["1", "2", "3", "4", "5", "8", "9"]));
    house.check();
}

#[test]
fn a_strict_load_has_one_reject() {
    for (rows, expected) in [
        ("1,a,b\n2,a,nobody\n3,nobody,a\n", "~id,~from,~to\n2,a,nobody\n"),
        ("1,a,b\n2,a,b,c\n3,nobody,a\n", "~id,~from,~to\n2,a,b,c\n"),
        ("1,a,b\n2,a,b\n", ""),
    ] {
        for atomic in [false, true] {
            let house = House::with(|config| config.block_bytes = 8);
            house.file("s/v.csv", "~id\na\nb\n");
            house.file("s/w.csv", format!("~id,~from,~to\n{rows}"));
            let request = LoadRequest { fail_on_error: true, atomic, ..house.request("s", Format::Csv) };
            let id = house.start(request);
            house.ended(id);
            let kept = u64::from(!expected.is_empty());
            assert_eq!(counts(&house.rejects(id)), json!([kept, kept, 0, false]), "{rows} {atomic}");
            assert_eq!(house.reject_file(id, 2, RejectPart::Rows), expected, "{atomic}");
        }
    }
}

#[test]
fn lines_of_rdf_and_rows_of_opencypher_are_kept_too() {
    let house = House::new();
    let good = "<http://e/s> <http://e/p> \"o\" .\r\n";
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    write!(encoder, "{good}| one\r\n{good}\n<http://e/s> <http://e/p> \"\\x\" .").expect("memory takes it");
    house.file("d.nq.gz", encoder.finish().expect("memory takes it"));
    let id = house.start(house.request("d.nq.gz", Format::NQuads));
    house.ended(id);
    assert_eq!(house.reject_file(id, 1, RejectPart::Rows), "| one\r\n<http://e/s> <http://e/p> \"\\x\" .\n");
    assert_eq!(house.rejects(id)["feeds"][0]["saveAs"], "1-d.nq");
    assert_eq!(reasons(&house, id, 1), ["1,2,2,,PARSING_ERROR", "2,5,5,,PARSING_ERROR"]);

    house.file("o.csv", ":ID,age:Int,:LABEL\na,1,P\nb,two,P\n");
    let id = house.start(house.request("o.csv", Format::OpenCypher));
    house.ended(id);
    assert_eq!(house.reject_file(id, 1, RejectPart::Rows), ":ID,age:Int,:LABEL\nb,two,P\n");

    house.file("t.ttl", "<http://e/s> <http://e/p> 1 .\n<http://e/s> nonsense 2 .\n<http://e/s> <http://e/p> 3 .\n");
    let id = house.start(house.request("t.ttl", Format::Turtle));
    house.ended(id);
    assert_eq!(counts(&house.rejects(id)), json!([1, 1, 1, false]), "the parser does not tell its text");
    assert_eq!(reasons(&house, id, 1), [",2,2,,PARSING_ERROR"]);
}

/// A header is no row, and neither is the place where a file ends too early; both are among the reasons.
#[test]
fn what_is_no_row_has_a_reason_without_text() {
    let house = House::new();
    house.file("h/a.csv", "~id,nothing:Such\na,1\n");
    house.file("h/b.csv", "~id,~label\na,L\nb,\"L\"x\nc,L\n");
    let id = house.start(house.request("h", Format::Csv));
    house.ended(id);
    assert_eq!(counts(&house.rejects(id)), json!([2, 2, 1, false]));
    assert_eq!(house.reject_file(id, 1, RejectPart::Rows), "");
    assert!(house.reject_file(id, 1, RejectPart::Reasons).contains("No row of the file was read"));
    assert_eq!(house.reject_file(id, 2, RejectPart::Rows), "~id,~label\nb,\"L\"x\n");
    assert!(house.reject_file(id, 2, RejectPart::Reasons).contains("The file was not read any further"));
}

/// Beyond the limit rows are counted and no longer kept, and the list says so.
#[test]
fn the_limit_bounds_what_is_kept() {
    for (limit, kept) in [(0, 0), (600, 10), (1 << 20, 300)] {
        let house = House::hooked(|config| {
            config.rejects_limit = limit;
            config.publish_at = Some(100);
            config.block_bytes = 500;
        });
        house.file(
            "l/v.csv",
            format!("~id,~label\n{}", rows(200, |row| format!("v{row},L{}\n", if row % 2 == 0 { ",x" } else { "" }))),
        );
        house.file("l/w.csv", format!("~id,~from,~to\n{}", rows(200, |row| format!("e{row},v1,nobody\n"))));
        let id = house.start(house.request("l", Format::Csv));
        let status = house.ended(id);
        assert_eq!(status["overallStatus"]["insertErrors"], 200);
        let list = house.rejects(id);
        let unkept = list["rowsWithoutText"].as_u64().expect("a number");
        assert_eq!((&list["rows"], &list["errors"]), (&json!(300), &json!(300)), "{limit}: {list}");
        assert!((limit > 600 && unkept == 0) || unkept >= 300 - kept - 4, "{limit}: {list}");
        assert_eq!(list["limitReached"], limit < (1 << 20));
        assert!(list["bytes"].as_u64().expect("a number") <= limit);
        let shown: Vec<u64> =
            (1..=2).map(|feed| house.reject_file(id, feed, RejectPart::Rows).lines().count() as u64).collect();
        let headers = shown.iter().filter(|lines| **lines > 0).count() as u64;
        assert_eq!(shown.iter().sum::<u64>() - headers, 300 - unkept);
    }
}

/// A file that has changed since it was read gives no text, rather than a wrong one.
#[test]
fn a_changed_source_is_said_to_have_changed() {
    let gate = Gate::at(Phase::Preparing, 0);
    let house = House::gated(&gate, |_| {});
    house.file("w.csv", "~id,~from,~to\n1,a,b\n2,b,a\n");
    let id = house.start(house.request("w.csv", Format::Csv));
    gate.wait_held();
    house.file("w.csv", "~id,~from,~to\n1,a,c\n2,b,c\n");
    gate.open();
    let status = house.ended(id);
    assert_eq!(status["overallStatus"]["insertErrors"], 2);
    assert_eq!(counts(&house.rejects(id)), json!([2, 2, 2, false]));
    assert!(house.reject_file(id, 1, RejectPart::Reasons).contains("was changed"));
    assert_eq!(house.reject_file(id, 1, RejectPart::Rows), "");
}

/// Rejects become true with the publish that counts them: of a cancelled load only those stay that are published.
#[test]
fn rejects_are_published_with_their_counters() {
    let gate = Gate::at(Phase::Publishing, 1);
    let house = House::gated(&gate, |config| {
        config.publish_at = Some(10);
        config.block_bytes = 64;
    });
    house.file(
        "v.csv",
        format!("~id,~label\n{}", rows(400, |row| format!("v{row},L{}\n", if row % 4 == 0 { ",x" } else { "" }))),
    );
    let id = house.start(house.request("v.csv", Format::Csv));
    gate.wait_held();
    let published = house.rejects(id);
    assert!(published["rows"].as_u64().is_some_and(|rows| rows > 0 && rows < 100), "{published}");
    std::thread::scope(|scope| {
        scope.spawn(|| house.loader.cancel(&id.to_string(), None).expect("it runs"));
        while !house.loader.is_stopping(&id.to_string()) {
            std::thread::yield_now();
        }
        gate.open();
    });
    let status = house.ended(id);
    assert_eq!(status["overallStatus"]["status"], "LOAD_CANCELLED_BY_USER");
    let list = house.rejects(id);
    assert_eq!(list, published);
    assert_eq!(list["errors"], status["overallStatus"]["parsingErrors"]);
    let folder = house.store.directory().join("rejects").join(id.to_string());
    let on_disk = || -> u64 {
        ["rows", "reasons"].map(|part| std::fs::metadata(folder.join(part)).expect("a file").len()).iter().sum()
    };
    assert_eq!(on_disk(), list["bytes"].as_u64().expect("a number"));
    // What a crash leaves behind is cut off.
    std::fs::OpenOptions::new()
        .append(true)
        .open(folder.join("rows"))
        .and_then(|mut file| file.write_all(b"half a row"))
        .expect("a file");
    let house = house.reopened();
    assert_eq!(on_disk(), list["bytes"].as_u64().expect("a number"));
    assert_eq!(house.rejects(id), list);
}

#[test]
fn rejects_go_with_their_job() {
    let house = House::with(|config| config.retained_jobs = 2);
    house.file("v.csv", "~id,~label\na,L,x\n");
    let load = || {
        let id = house.start(house.request("v.csv", Format::Csv));
        house.ended(id);
        id
    };
    let folder = |id: LoadId| house.store.directory().join("rejects").join(id.to_string());
    let first = load();
    assert!(folder(first).is_dir());
    let (second, third) = (load(), load());
    assert!(!folder(first).exists() && folder(second).is_dir() && folder(third).is_dir());
    std::fs::create_dir(folder(first)).expect("a directory");
    let second = folder(second);
    let first = folder(first);
    let house = house.reopened();
    assert!(!first.exists() && second.is_dir());
    house.check();
}

/// A dry run is how one gets the bad rows before anything is loaded.
#[test]
fn a_dry_run_has_rejects() {
    let gate: Arc<Gate> = Gate::open_one();
    let house = House::gated(&gate, |config| config.stage_at = Some(2));
    bad_files(&house);
    let dry = house.start(LoadRequest { dry_run: true, ..house.request("r", Format::Csv) });
    house.ended(dry);
    let real = house.start(house.request("r", Format::Csv));
    house.ended(real);
    for feed in 1..=2 {
        for part in RejectPart::ALL {
            assert_eq!(house.reject_file(dry, feed, part), house.reject_file(real, feed, part));
        }
    }
    assert_eq!(counts(&house.rejects(dry)), json!([8, 9, 0, false]));
    assert!(house.records(Dataset::Pg) > 0);
}
