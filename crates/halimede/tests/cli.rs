//! The program as a user meets it: exit codes, refusals, and whole ways through it, each in directories of its own.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// The program, in an empty working directory and without settings from outside.
struct Shell {
    home: TempDir,
}

impl Shell {
    fn new() -> Self {
        Self { home: TempDir::new().expect("a temporary directory") }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    fn command(&self, args: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_halimede"));
        command.current_dir(self.home.path()).args(args.split_whitespace());
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            if text.starts_with("HALIMEDE_") || text.starts_with("AWS_") {
                command.env_remove(&name);
            }
        }
        command
    }

    fn run(&self, args: &str) -> Run {
        Run::of(&mut self.command(args))
    }
}

/// What a finished program said.
#[derive(Debug)]
struct Run {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Run {
    fn of(command: &mut Command) -> Self {
        Self::from(command.output().expect("the program starts"))
    }

    #[track_caller]
    fn ok(self) -> String {
        assert_eq!(self.code, Some(0), "{}{}", self.out, self.err);
        self.out
    }

    #[track_caller]
    fn fails(self, code: i32, message: &str) -> Self {
        assert_eq!(self.code, Some(code), "{}{}", self.out, self.err);
        assert!(self.err.contains(message), "expected {message:?} in {}", self.err);
        self
    }
}

impl From<Output> for Run {
    fn from(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
        Self { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }
}

/// A server that ends with the test.
struct Server {
    child: Child,
    endpoint: String,
    out: BufReader<std::process::ChildStdout>,
}

impl Server {
    fn start(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("the program starts");
        let mut out = BufReader::new(child.stdout.take().expect("piped"));
        let mut line = String::new();
        out.read_line(&mut line).expect("text");
        let endpoint = line.trim().strip_prefix("halimede ready on ").expect("the ready line").to_owned();
        Self { child, endpoint, out }
    }

    /// Stops it with SIGTERM; what else it printed, and its exit code.
    fn stop(mut self) -> (String, Option<i32>) {
        signal(&self.child, Signal::TERM);
        let mut rest = String::new();
        self.out.read_to_string(&mut rest).expect("text");
        (rest, self.child.wait().expect("it ends").code())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Nothing to do if it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn signal(child: &Child, signal: Signal) {
    let pid = Pid::from_raw(i32::try_from(child.id()).expect("a process id")).expect("not zero");
    kill_process(pid, signal).expect("it runs");
}

/// The sample graph that comes with the project.
fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples").canonicalize().expect("the examples are there")
}

/// A row of a table, without the spaces between its cells.
#[track_caller]
fn row(text: &str, first: &str) -> Vec<String> {
    let line = text.lines().find(|line| line.split_whitespace().next() == Some(first));
    line.unwrap_or_else(|| panic!("no row {first} in {text}")).split_whitespace().map(ToOwned::to_owned).collect()
}

/// The id in `load ID: STATE`.
fn load_id(report: &str) -> &str {
    report.strip_prefix("load ").and_then(|rest| rest.split(':').next()).expect("a report")
}

#[test]
fn bad_command_lines_end_with_2() {
    let shell = Shell::new();
    for (args, message) in [
        ("", "Usage"),
        ("fly", "unrecognized subcommand"),
        ("load x", "--format"),
        ("load x --format xml", "possible values: csv, opencypher"),
        ("load x --format csv --fail-on-error maybe", "possible values: true, false"),
        ("load x --format csv --data a --endpoint http://b", "cannot be used with"),
        ("load x --format csv --endpoint localhost:8182", "expected http://HOST:PORT or https://HOST:PORT"),
        ("load x --format csv --endpoint https://localhost --ca-cert nowhere.pem", "--ca-cert nowhere.pem"),
        ("load x --format csv --memory lots", "expected a size such as 512MiB"),
        ("load x --format csv --tolerance few", "expected a whole number of errors, such as 10, or a share"),
        ("load x --format csv --tolerance 3", "give --fail-on-error false with it"),
        ("load x --format turtle --named-graph g", "namedGraphUri"),
        ("query", "nothing is asked"),
        ("query --sparql a --cypher b", "cannot be used with"),
        ("query --sparql ASK{} --parameters {}", "--parameters go with --cypher"),
        ("query --gremlin a", "--gremlin is not supported yet"),
        ("export --format csv --dataset rdf", "cannot hold --dataset rdf"),
        ("generate --vertices 0 --edges 0 --out g", "--vertices"),
        ("generate --vertices 2 --edges 3 --out g", "room for 2 edges"),
        ("check --config missing.toml", "cannot read the configuration file missing.toml"),
        ("check --log a=b=c", "--log"),
        ("serve --listen 8182", "invalid socket address"),
        ("serve --listen 0.0.0.0:0", "--insecure"),
        ("serve --listen 192.0.2.1:0", "--insecure"),
        ("serve --listen [::]:0", "--insecure"),
        ("serve --import-dir nowhere", "--import-dir nowhere"),
        ("serve --role-map role", "expected ARN=PROFILE"),
        ("serve --auth iam", "--auth iam needs --iam-config"),
        ("serve --iam-config f", "--auth is none"),
        ("serve --auth iam --iam-config nowhere.json", "cannot read nowhere.json"),
        ("serve --storage s3://b", "--storage is not supported yet"),
        ("serve --tls-cert f", "--tls-cert needs --tls-key"),
        ("serve --tls-key f", "--tls-key needs --tls-cert"),
        ("serve --tls-cert f --tls-key f", "cannot read f"),
        ("serve --admin-listen 0.0.0.0:0", "--admin-listen 0.0.0.0:0 is not loopback"),
        ("serve --trusted-proxy 1.2.3.4/33", "expected an IP address or a range"),
    ] {
        let run = shell.run(args).fails(2, message);
        assert_eq!(run.out, "", "{args}");
    }
    assert_eq!(fs::read_dir(shell.home.path()).expect("a directory").count(), 0, "nothing was made");
}

#[test]
fn help_and_version_end_with_0() {
    let shell = Shell::new();
    assert!(shell.run("--version").ok().starts_with("halimede "));
    let help = shell.run("--help").ok();
    for command in ["serve", "load", "jobs", "cancel", "rejects", "query", "export", "check", "generate"] {
        assert!(help.contains(command), "{command}");
        assert!(shell.run(&format!("{command} --help")).ok().contains("HALIMEDE_CONFIG"), "{command}");
    }
}

#[test]
fn a_missing_store_is_not_made_by_looking() {
    let shell = Shell::new();
    for args in ["check", "jobs", "export", "query --sparql ASK{}"] {
        shell.run(args).fails(1, "holds no data");
    }
    shell.run("cancel 00000000-0000-4000-8000-000000000000").fails(1, "no server has ./halimede-data");
    assert!(!shell.path("halimede-data").exists());
}

#[test]
fn the_same_seed_gives_the_same_files() {
    let shell = Shell::new();
    let args = "generate --vertices 700 --edges 5000 --seed 9 --out";
    let report = shell.run(&format!("{args} a")).ok();
    for (format, records) in [
        ("csv", "18,500"),
        ("opencypher", "18,500"),
        ("ntriples", "8,500"),
        ("nquads", "8,500"),
        ("turtle", "8,500"),
        ("rdfxml", "8,500"),
    ] {
        assert_eq!(row(&report, format)[3..], ["700", "5,000", records]);
    }
    shell.run(&format!("{args} b")).ok();
    shell.run(&format!("{args} c --seed 10")).fails(2, "cannot be used multiple times");
    shell.run("generate --vertices 700 --edges 5000 --seed 10 --out c --format ntriples").ok();
    let files = [
        "csv/vertices.csv",
        "csv/edges.csv",
        "opencypher/nodes.csv",
        "opencypher/relationships.csv",
        "ntriples/graph.nt",
        "nquads/graph.nq",
        "turtle/graph.ttl",
        "rdfxml/graph.rdf",
    ];
    let read = |root: &str, file: &str| fs::read(shell.path(root).join(file)).expect("the file was written");
    for file in files {
        assert_eq!(read("a", file), read("b", file), "{file}");
    }
    assert_ne!(read("a", "ntriples/graph.nt"), read("c", "ntriples/graph.nt"));
    assert_eq!(fs::read_dir(shell.path("c")).expect("a directory").count(), 1, "only what was asked for");
}

#[test]
fn a_generated_graph_loads_to_its_exact_counts() {
    let shell = Shell::new();
    for compression in ["none", "gzip", "bzip2"] {
        let out = format!("graph-{compression}");
        let args = format!("generate --vertices 300 --edges 2000 --compression {compression} --out {out}");
        let report = shell.run(&args).ok();
        for format in ["csv", "opencypher", "ntriples", "nquads", "turtle", "rdfxml"] {
            let expected = row(&report, format);
            let data = format!("data-{compression}-{format}");
            let job = shell.run(&format!("load {out}/{format} --format {format} --data {data}")).ok();
            assert_eq!(row(&job, "records")[1], expected[5], "{compression} {format}");
            assert_eq!(row(&job, "duplicates")[1], "0", "{compression} {format}");
            let check = shell.run(&format!("check --data {data}")).ok();
            assert!(check.contains("no problems found"), "{check}");
            if matches!(format, "csv" | "opencypher") {
                assert_eq!(row(&check, "pg")[2..4], ["300", "2,000"], "{compression} {format}");
            } else {
                assert_eq!(row(&check, "rdf")[1], expected[5], "{compression} {format}");
            }
        }
    }
}

#[test]
fn the_sample_graph_goes_in_and_comes_out() {
    let shell = Shell::new();
    let sample = examples().join("solar-system");
    let mut load = shell.command("load --format csv");
    let job = Run::of(load.arg(&sample)).ok();
    assert_eq!(row(&job, "records"), ["records", "5,471"]);
    assert_eq!(row(&job, "files"), ["files", "12", "completed"]);
    let check = shell.run("check").ok();
    assert_eq!(row(&check, "pg")[1..4], ["5,471", "489", "832"]);

    // Once more, into the same graph: nothing is new.
    let again = Run::of(shell.command("load --format csv").arg(&sample)).ok();
    assert_eq!(row(&again, "duplicates"), ["duplicates", "5,471"]);
    let jobs = shell.run("jobs").ok();
    assert_eq!(row(&jobs, load_id(&job))[1..4], ["LOAD_COMPLETED", "5,471", "0"]);
    assert_eq!(shell.run(&format!("jobs {}", load_id(&again))).ok().lines().next(), again.lines().next());

    // Out, and into another graph: the same.
    shell.run("export --out copy").ok();
    shell.run("load copy --format csv --data second").ok();
    assert_eq!(row(&shell.run("check --data second").ok(), "pg")[..4], row(&check, "pg")[..4]);
    shell.run("export --out copy-of-copy --data second").ok();
    for file in ["vertices.csv", "edges.csv"] {
        let read = |root: &str| fs::read_to_string(shell.path(root).join(file)).expect("exported");
        // Hashes order the rows, and their key differs from store to store.
        let sorted = |text: String| {
            let mut lines: Vec<String> = text.lines().map(ToOwned::to_owned).collect();
            lines.sort_unstable();
            lines
        };
        assert_eq!(sorted(read("copy")), sorted(read("copy-of-copy")), "{file}");
    }
}

#[test]
fn a_question_is_answered_in_each_form() {
    let shell = Shell::new();
    Run::of(shell.command("load --format turtle").arg(examples().join("solar-system-rdf"))).ok();
    let ask =
        |query: &str, output: &str| Run::of(shell.command("query").args(["--sparql", query, "--output", output])).ok();
    let moons = "PREFIX v: <http://example.org/vocabulary#> PREFIX : <http://example.org/solar-system/> \
                 SELECT ?moon ?km { ?moon v:orbits :mars ; v:distanceKm ?km } ORDER BY ?km";
    assert_eq!(
        ask(moons, "table"),
        "\
moon                                      km
----------------------------------------  -----
<http://example.org/solar-system/phobos>  9380
<http://example.org/solar-system/deimos>  23460

2 rows
"
    );
    assert_eq!(
        ask(moons, "csv").replace('\r', ""),
        "moon,km\nhttp://example.org/solar-system/phobos,9380\nhttp://example.org/solar-system/deimos,23460\n"
    );
    assert!(ask(moons, "json").starts_with(r#"{"head":{"vars":["moon","km"]}"#));
    for output in ["table", "csv"] {
        assert_eq!(ask("ASK { ?s ?p ?o }", output), "true\n", "{output}");
        let triple = "CONSTRUCT { ?s a ?o } { ?s a ?o } LIMIT 1";
        assert!(ask(triple, output).ends_with("> .\n"), "{output}");
    }
    Run::of(shell.command("query").args(["--sparql", "SELECT * {"])).fails(1, "Malformed query");
}

#[test]
fn an_opencypher_query_reads_and_updates_a_directory() {
    let shell = Shell::new();
    Run::of(shell.command("load --format csv").arg(examples().join("solar-system"))).ok();
    let ask = |query: &str, more: &[&str]| Run::of(shell.command("query").args(["--cypher", query]).args(more));
    let moons = "MATCH (m)-[:ORBITS]->({name: $name}) RETURN m.name AS moon ORDER BY moon";
    let mars = ["--parameters", r#"{"name": "Mars"}"#];
    assert_eq!(ask(moons, &mars).ok(), "moon\n------\nDeimos\nPhobos\n\n2 rows\n");
    assert_eq!(ask(moons, &[&mars[..], &["--output", "csv"]].concat()).ok(), "moon\r\nDeimos\r\nPhobos\r\n");
    assert_eq!(
        ask(moons, &[&mars[..], &["--output", "json"]].concat()).ok(),
        "{\"results\":[{\"moon\":\"Deimos\"},{\"moon\":\"Phobos\"}]}\n"
    );
    assert_eq!(ask("CREATE (:Note {text: 'seen'})", &[]).ok(), "0 rows\n");
    assert!(ask("MATCH (n:Note) SET n.text = n.text + '!' RETURN n.text", &[]).ok().contains("seen!"));
    ask("MATCH (n:Note) DETACH DELETE n RETURN 1 / 0", &[]).fails(1, "divided by zero");
    assert_eq!(ask("MATCH (n:Note) RETURN count(*) AS n", &["--output", "csv"]).ok(), "n\r\n1\r\n");
    assert!(ask("PROFILE MATCH (n:Note) RETURN n.text", &[]).ok().contains("Units Out"));
    ask("MATCH (n) RETURN $name", &[]).fails(1, "name");
    ask("RETURN 1", &["--parameters", "[1]"]).fails(2, "--parameters must be a JSON object");
    ask("RETRUN 1", &[]).fails(1, "Invalid input");
}

#[test]
fn bad_rows_are_named_and_the_load_fails() {
    let shell = Shell::new();
    fs::write(shell.path("v.csv"), "~id,~label,age:Int\na,P,1\nb,P,two\nc,P,3\n").expect("the file is written");
    let run = shell.run("load v.csv --format csv --fail-on-error false").fails(1, "LOAD_FAILED");
    for text in ["v.csv, record 2, line 3, column age", "PARSING_ERROR", "'two'", "1 failed"] {
        assert!(run.out.contains(text), "expected {text:?} in {}", run.out);
    }
    assert_eq!(row(&shell.run("check").ok(), "pg")[2], "2", "the good rows are there");
    shell.run("load v.csv --format csv --data strict").fails(1, "the load ended as LOAD_");
    shell.run("load missing.csv --format csv --data strict").fails(1, "does not exist");
    shell.run("load v.csv --format csv --mode RESUME --data new").fails(1, "No previous load found to resume");
}

/// Nothing is there afterwards but the job.
#[test]
fn a_dry_run_tells_what_a_load_would_do() {
    let shell = Shell::new();
    fs::write(shell.path("v.csv"), "~id,~label,age:Int\na,P,1\nb,P,two\nc,P,3\n").expect("the file is written");
    let args = "load v.csv --format csv --fail-on-error false --dry-run";
    let run = shell.run(args).fails(1, "the load ended as LOAD_FAILED");
    assert!(run.out.contains("LOAD_FAILED (dry run)") && run.out.contains("column age"), "{}", run.out);
    let tolerant = shell.run(&format!("{args} --tolerance 1")).ok();
    assert_eq!(row(&tolerant, "records"), ["records", "5"]);
    assert_eq!(row(&shell.run("check").ok(), "pg")[1], "0");
    let jobs = shell.run("jobs").ok();
    assert_eq!(row(&jobs, load_id(&tolerant))[1..4], ["LOAD_COMPLETED", "(dry", "run)"]);
    assert_eq!(fs::read_dir(shell.path("halimede-data/segments")).expect("the segments").count(), 0);
}

/// A command that loads leaves a compact directory behind: nobody comes after it to merge.
#[test]
fn a_loaded_directory_is_settled() {
    let shell = Shell::new();
    for load in 0..8 {
        fs::write(shell.path("v.csv"), format!("~id,~label\nv{load},P\n")).expect("the file is written");
        shell.run("load v.csv --format csv --atomic").ok();
    }
    // Four sets at most; a vertex with a label is in two orders, and short ids need no dictionary.
    let files = fs::read_dir(shell.path("halimede-data/segments")).expect("the segments").count();
    assert!(files <= 4 * 4, "{files} files");
    assert_eq!(row(&shell.run("check").ok(), "pg")[2], "8");
}

#[test]
fn an_interrupt_cancels_the_load_cleanly() {
    let shell = Shell::new();
    shell.run("generate --vertices 20000 --edges 400000 --format csv --out graph").ok();
    let mut load = shell.command("load graph/csv --format csv --log loader=info");
    let mut child = load.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
    let mut log = BufReader::new(child.stderr.take().expect("piped"));
    let mut line = String::new();
    while !line.contains("load accepted") {
        line.clear();
        assert_ne!(log.read_line(&mut line).expect("text"), 0, "the load never started");
    }
    signal(&child, Signal::INT);
    let mut out = String::new();
    child.stdout.take().expect("piped").read_to_string(&mut out).expect("text");
    let mut rest = String::new();
    log.read_to_string(&mut rest).expect("text");
    assert_eq!(child.wait().expect("it ends").code(), Some(130), "{out}{rest}");
    assert!(out.contains("LOAD_CANCELLED_BY_USER"), "{out}");
    let records = row(&out, "records")[1].clone();
    let check = shell.run("check").ok();
    assert_eq!(row(&check, "pg")[1], records, "what was counted is there");
    assert!(check.contains("no problems found"), "{check}");
}

#[test]
fn commands_find_the_server_that_has_the_directory() {
    let shell = Shell::new();
    let mut serve = shell.command("serve --listen 127.0.0.1:0 --import-dir");
    serve.arg(examples());
    let server = Server::start(serve);

    // Without being told: the data directory is locked, and names the server.
    let job = Run::of(shell.command("load --format csv").arg(examples().join("solar-system"))).ok();
    assert_eq!(row(&job, "records"), ["records", "5,471"]);
    // Told: the same.
    let endpoint = server.endpoint.clone();
    let elsewhere = Shell::new();
    let mut load = elsewhere.command(&format!("load --format turtle --endpoint {endpoint}"));
    let job = Run::of(load.arg(examples().join("solar-system-rdf"))).ok();
    assert_eq!(row(&job, "records"), ["records", "1,133"]);
    assert_eq!(row(&elsewhere.run(&format!("jobs --endpoint {endpoint}")).ok(), load_id(&job))[1], "LOAD_COMPLETED");
    let count = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }";
    let mut query = elsewhere.command(&format!("query --endpoint {endpoint} --output csv --sparql"));
    assert_eq!(Run::of(query.arg(count)).ok().replace('\r', ""), "n\n1133\n");
    let update = "MATCH (n {name: 'Mars'}) SET n.seen = $seen RETURN n.seen AS seen";
    let mut query = elsewhere.command(&format!("query --endpoint {endpoint} --output csv --parameters"));
    assert_eq!(Run::of(query.args([r#"{"seen": true}"#, "--cypher", update])).ok(), "seen\r\ntrue\r\n");
    let mut query = elsewhere.command(&format!("query --endpoint {endpoint} --cypher"));
    Run::of(query.arg("UNWIND range(1, 50000) AS i RETURN 1 / (50000 - i)")).fails(1, "divided by zero");
    Run::of(shell.command("query --cypher").arg("MATCH (n {name: 'Mars'}) REMOVE n.seen")).ok();
    let check = shell.run("check").ok();
    assert_eq!((row(&check, "pg")[2].as_str(), row(&check, "rdf")[1].as_str()), ("489", "1,133"));
    shell.run("export --out copy").ok();

    shell.run(&format!("cancel {}", load_id(&job))).fails(1, "BulkLoadIdNotFoundException");
    shell.run("cancel x").fails(1, "BadRequestException");
    shell.run("jobs x").fails(1, "BadRequestException");
    shell.run("load /etc --format csv").fails(1, "--import-dir");

    // A second server is told who has the directory.
    shell.run("serve --listen 127.0.0.1:0").fails(1, &endpoint);

    let (rest, code) = server.stop();
    assert_eq!((rest.as_str(), code), ("", Some(0)), "one line, and a clean stop");
    let check = shell.run("check").ok();
    assert_eq!(row(&check, "pg")[2], "489", "what was loaded stays");
    shell.run("export --out copy-of-stopped").ok();
    for file in ["vertices.csv", "edges.csv"] {
        let read = |root: &str| fs::read(shell.path(root).join(file)).expect("exported");
        assert_eq!(read("copy"), read("copy-of-stopped"), "{file}");
    }
    elsewhere.run(&format!("jobs --endpoint {endpoint}")).fails(1, "cannot reach");
}

#[test]
fn settings_come_from_file_and_environment() {
    let shell = Shell::new();
    let settings = "data = 'from-file'\n[load]\nformat = 'csv'\nfail-on-error = false\n[query]\noutput = 'csv'\n";
    fs::write(shell.path("halimede.toml"), settings).expect("the file is written");
    fs::write(shell.path("v.csv"), "~id,~label\na,P\n").expect("the file is written");
    shell.run("load v.csv --config halimede.toml").ok();
    assert!(shell.path("from-file").is_dir());
    Run::of(shell.command("load v.csv --config halimede.toml").env("HALIMEDE_DATA", "from-environment")).ok();
    assert!(shell.path("from-environment").is_dir());
    Run::of(shell.command("check").env("HALIMEDE_CONFIG", "halimede.toml")).ok();
    fs::write(shell.path("halimede.toml"), "[load]\nformt = 'csv'\n").expect("the file is written");
    shell.run("load v.csv --config halimede.toml").fails(2, "unknown key `load.formt`");
}
