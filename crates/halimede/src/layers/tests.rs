//! The rules of precedence, each as one line.

use std::ffi::OsString;
use std::fs;

use tempfile::TempDir;

use super::*;
use crate::flags::{self, Format};
use crate::size::ByteSize;

/// Parses `halimede` and `args` with the environment and, if there is one, the file.
fn parse_with(args: &str, environment: &[(&str, &str)], file: Option<&str>) -> Result<Cli, Error> {
    let directory = TempDir::new().expect("a temporary directory");
    let mut args: Vec<OsString> = ["halimede"].into_iter().chain(args.split_whitespace()).map(OsString::from).collect();
    if let Some(text) = file {
        let path = directory.path().join("halimede.toml");
        fs::write(&path, text).expect("the file is written");
        args.push("--config".into());
        args.push(path.into());
    }
    parse(&args, |name| environment.iter().find(|(key, _)| *key == name).map(|(_, value)| OsString::from(*value)))
}

fn serve(args: &str, environment: &[(&str, &str)], file: Option<&str>) -> flags::Serve {
    match parse_with(&format!("serve {args}"), environment, file).expect("a good command line").command {
        flags::Command::Serve(serve) => serve,
        other => panic!("not serve: {other:?}"),
    }
}

fn load(args: &str, environment: &[(&str, &str)], file: Option<&str>) -> flags::Load {
    match parse_with(&format!("load x {args}"), environment, file).expect("a good command line").command {
        flags::Command::Load(load) => load,
        other => panic!("not load: {other:?}"),
    }
}

fn refusal(args: &str, environment: &[(&str, &str)], file: Option<&str>) -> String {
    parse_with(args, environment, file).expect_err("a bad command line").to_string()
}

#[test]
fn the_command_is_well_formed() {
    Cli::command().debug_assert();
}

#[test]
fn flag_beats_environment_beats_file_beats_default() {
    let env = [("HALIMEDE_LISTEN", "127.0.0.1:2")];
    let file = "listen = '127.0.0.1:1'";
    let port = |serve: flags::Serve| serve.listen.port();
    assert_eq!(port(serve("", &[], None)), 8182);
    assert_eq!(port(serve("", &[], Some(file))), 1);
    assert_eq!(port(serve("", &env, Some(file))), 2);
    assert_eq!(port(serve("--listen 127.0.0.1:3", &env, Some(file))), 3);
}

#[test]
fn an_empty_variable_is_not_set() {
    assert_eq!(serve("", &[("HALIMEDE_LISTEN", ""), ("HALIMEDE_CONFIG", "")], None).listen.port(), 8182);
}

#[test]
fn a_commands_table_beats_the_top() {
    let file = "memory = '1G'\n[serve]\nmemory = '2G'";
    assert_eq!(serve("", &[], Some(file)).memory, Some(ByteSize(2 << 30)));
    assert_eq!(load("--format csv", &[], Some(file)).memory, Some(ByteSize(1 << 30)));
}

#[test]
fn lists_come_from_every_layer() {
    let dirs = |serve: flags::Serve| serve.import_dir.iter().map(|dir| dir.display().to_string()).collect::<Vec<_>>();
    assert_eq!(dirs(serve("--import-dir /a,b --import-dir /c", &[], None)), ["/a,b", "/c"]);
    assert_eq!(dirs(serve("", &[("HALIMEDE_IMPORT_DIR", "/a, /b")], None)), ["/a", "/b"]);
    assert_eq!(dirs(serve("", &[], Some("import-dir = ['/a,b', '/c']"))), ["/a,b", "/c"]);
    assert_eq!(dirs(serve("", &[], Some("import-dir = '/a'"))), ["/a"]);
}

#[test]
fn switches_come_from_every_layer() {
    assert!(!serve("", &[], None).insecure);
    assert!(serve("--insecure", &[], None).insecure);
    assert!(serve("", &[("HALIMEDE_INSECURE", "1")], None).insecure);
    assert!(!serve("", &[("HALIMEDE_INSECURE", "no")], Some("insecure = true")).insecure);
    assert!(serve("", &[], Some("insecure = true")).insecure);
}

#[test]
fn a_required_flag_may_come_from_the_file() {
    assert_eq!(load("", &[], Some("[load]\nformat = 'turtle'\nfail-on-error = false")).format, Format::Turtle);
    assert!(refusal("load x", &[], None).contains("--format"));
}

#[test]
fn a_stronger_layer_silences_alternatives() {
    let place = |load: flags::Load| (load.place.data.map(|d| d.display().to_string()), load.place.endpoint);
    let file = "endpoint = 'http://a'";
    assert_eq!(place(load("--format csv --data d", &[], Some(file))), (Some("d".to_owned()), None));
    assert_eq!(place(load("--format csv", &[("HALIMEDE_DATA", "d")], Some(file))), (Some("d".to_owned()), None));
    assert_eq!(
        place(load("--format csv --endpoint http://b", &[("HALIMEDE_DATA", "d")], Some(file))),
        (None, Some("http://b".to_owned()))
    );
    assert!(refusal("load x --format csv --data d --endpoint http://b", &[], None).contains("cannot be used with"));
    // A command that lacks the alternative is not concerned.
    let data = serve("", &[("HALIMEDE_ENDPOINT", "http://a")], Some("data = 'd'")).data;
    assert_eq!(data.display().to_string(), "d");
}

#[test]
fn mistakes_in_the_file_are_named() {
    for (file, expected) in [
        ("lisen = 'x'", "unknown key `lisen`"),
        ("import_dir = 'x'", "unknown key `import_dir`; did you mean `import-dir`?"),
        ("[load]\nvertices = 1", "unknown key `load.vertices`"),
        ("[lod]\nformat = 'csv'", "unknown key `lod`"),
        ("config = 'x'", "unknown key `config`"),
        ("insecure = 'yes'", "key `insecure` must be true or false, found string"),
        ("memory = ['1G']", "key `memory` must be a single value, found array"),
        ("import-dir = [1]", "key `import-dir` must be a text or a list of texts, found integer"),
        ("listen = 'here'", "key `listen`: error: invalid value 'here'"),
        ("[serve]\nmemory = 'lots'", "key `serve.memory`: error: invalid value 'lots'"),
        ("listen = ", "TOML parse error"),
    ] {
        let message = refusal("serve", &[], Some(file));
        assert!(message.contains(expected), "{file}: {message}");
        assert!(message.contains("halimede.toml"), "{file}: {message}");
    }
    assert!(
        refusal("serve --config /no/such/file", &[], None).contains("cannot read the configuration file /no/such/file")
    );
    assert!(refusal("serve", &[("HALIMEDE_CONFIG", "/no/such/file")], None).contains("/no/such/file"));
}

#[test]
fn secrets_come_from_the_environment_or_a_file_of_ones_own() {
    let file = "s3-access-key = 'a'\n[serve]\ns3-secret-key = 'b'";
    let environment = [("HALIMEDE_S3_ACCESS_KEY", "a"), ("HALIMEDE_S3_SECRET_KEY", "b")];
    let from_environment = serve("", &environment, None).s3;
    assert_eq!(from_environment.s3_secret_key.as_deref(), Some("b"));
    assert!(!format!("{from_environment:?}").contains("\"b\""), "keys are not shown");
    for flag in ["s3-access-key", "s3-secret-key", "s3-session-token"] {
        for args in [format!("serve --{flag} x"), format!("load x --format csv --{flag}=x")] {
            let told = refusal(&args, &[], None);
            assert!(
                told.starts_with(&format!("--{flag} would show in the list of processes: set HALIMEDE_S3_")),
                "{told}"
            );
        }
    }
    let directory = TempDir::new().expect("a temporary directory");
    let path = directory.path().join("halimede.toml");
    fs::write(&path, file).expect("the file is written");
    let read = || parse(&["halimede".into(), "serve".into(), "--config".into(), path.clone().into()], |_| None);
    for (mode, readable) in [(0o600, true), (0o400, true), (0o640, false), (0o604, false)] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("a mode");
        match read() {
            Ok(cli) => {
                let flags::Command::Serve(serve) = cli.command else { panic!("not serve") };
                assert!(readable && serve.s3.s3_secret_key.as_deref() == Some("b"), "{mode:o}");
            }
            Err(told) => {
                assert!(
                    !readable && told.to_string().contains("others can read the file: chmod 600"),
                    "{mode:o}: {told}"
                );
            }
        }
    }
}

#[test]
fn every_flag_is_in_the_guide() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/configuration.md");
    let guide = fs::read_to_string(path).expect("the guide is there");
    let rows: Vec<&str> = guide.lines().filter(|line| line.starts_with('|')).collect();
    let command = Cli::command();
    for command in command.get_subcommands().chain([&command]) {
        for flag in command.get_arguments().filter_map(Arg::get_long) {
            let row = rows.iter().find(|row| row.starts_with(&format!("| `--{flag}` |")));
            let row = row.unwrap_or_else(|| panic!("no row for --{flag} of {}", command.get_name()));
            assert!(row.contains(&format!("`{}`", variable(flag))), "{row}");
            assert!(flag == "config" || row.contains(&format!("| `{flag}` |")), "{row}");
        }
    }
    for row in rows {
        let Some(flag) = row.strip_prefix("| `--").and_then(|row| row.split('`').next()) else { continue };
        let known = |command: &Command| command.get_arguments().any(|arg| arg.get_long() == Some(flag));
        assert!(command.get_subcommands().any(known) || known(&command), "the guide has a row for no flag: {row}");
    }
}

#[test]
fn every_flag_has_its_variable_in_the_help() {
    let layers = Layers { args: &[], environment: &|_: &str| None, file: None };
    let command = layers.apply(Cli::command()).expect("no file, no mistake");
    for command in command.get_subcommands().chain([&command]) {
        for arg in command.get_arguments() {
            if let Some(long) = arg.get_long() {
                let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
                assert!(help.contains(&variable(long)), "{} --{long}: {help}", command.get_name());
            }
        }
    }
}
