//! Flags, environment and file: three layers that set the same values, the first that speaks wins.
//!
//! `clap` already knows every flag; the other two layers are derived from that knowledge, so no flag can lack its twin:
//!
//! - **environment**: `--import-dir` is `HALIMEDE_IMPORT_DIR`; a flag that may be repeated takes a comma-separated list;
//! - **file**: the key is the flag's name. A key at the top counts for every command that has the flag, a key in a table
//!   named like a command (`[load]`) for that command alone, before the former. A key that no flag has is an error.
//!
//! Both enter the parser as weaker defaults and so pass the same value parsers, with the same messages.
//!
//! Some flags exclude each other (`--data` and `--endpoint`). Between layers that is no conflict: a flag given in a
//! stronger layer silences its alternatives in the weaker ones.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use clap::builder::BoolishValueParser;
use clap::error::{ContextKind, ContextValue};
use clap::{Arg, ArgAction, Command, CommandFactory, FromArgMatches};
use toml::{Table, Value};

use crate::flags::Cli;

/// Flags of which only one counts.
const ALTERNATIVES: [&[&str]; 2] = [&["endpoint", "data"], &["sparql", "cypher", "gremlin"]];

/// Flags whose values are nobody else's business: everybody may read the command line of a process.
const SECRETS: [&str; 3] = ["s3-access-key", "s3-secret-key", "s3-session-token"];

/// Why a command line cannot be used. The program ends with code 2.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The parser's own message, or the help that was asked for.
    #[error("{}", .0.render())]
    Flags(#[from] clap::Error),
    /// The parser's message about a value that stands in the file.
    #[error("{}: key `{key}`: {}", file.display(), source.render())]
    Value {
        /// The configuration file.
        file: PathBuf,
        /// Where in it.
        key: String,
        /// What is wrong with the value.
        source: clap::Error,
    },
    /// The file cannot be read.
    #[error("cannot read the configuration file {}: {source}", file.display())]
    Unreadable {
        /// The configuration file.
        file: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is not TOML.
    #[error("{}: {source}", file.display())]
    Syntax {
        /// The configuration file.
        file: PathBuf,
        /// Where and why.
        source: toml::de::Error,
    },
    /// A key that no flag has.
    #[error("{}: unknown key `{key}`{}", file.display(), hint.as_ref().map(|h| format!("; did you mean `{h}`?")).unwrap_or_default())]
    UnknownKey {
        /// The configuration file.
        file: PathBuf,
        /// The key, with its table.
        key: String,
        /// A known key that is spelt almost like it.
        hint: Option<String>,
    },
    /// A secret on the command line.
    #[error("--{0} would show in the list of processes: set {var} or the key `{0}` of the file instead", var = variable(.0))]
    Secret(&'static str),
    /// A secret in a file that others can read.
    #[error("{}: key `{key}` is a secret and others can read the file: chmod 600 {}", file.display(), file.display())]
    Exposed {
        /// The configuration file.
        file: PathBuf,
        /// Which.
        key: &'static str,
    },
    /// A value of a TOML type that the flag cannot have.
    #[error("{}: key `{key}` must be {expected}, found {found}", file.display())]
    Type {
        /// The configuration file.
        file: PathBuf,
        /// The key, with its table.
        key: String,
        /// What the flag takes.
        expected: &'static str,
        /// What stands there.
        found: &'static str,
    },
}

/// Reads a whole command line, the environment and the configuration file that either names.
pub(crate) fn parse(args: &[OsString], environment: impl Fn(&str) -> Option<OsString>) -> Result<Cli, Error> {
    if let Some(secret) = SECRETS.into_iter().find(|secret| value_of(args, secret).is_some()) {
        return Err(Error::Secret(secret));
    }
    // A variable that is set to nothing is not set.
    let environment = |name: &str| environment(name).filter(|value| !value.is_empty());
    let file = match value_of(args, "config").or_else(|| environment(&variable("config"))) {
        Some(path) => Some(File::read(Path::new(&path))?),
        None => None,
    };
    let plain = Cli::command();
    if let Some(file) = &file {
        file.check_keys(&plain)?;
    }
    let layers = Layers { args, environment: &environment, file: file.as_ref() };
    let command = layers.apply(plain)?;
    let matches = command.try_get_matches_from(args).map_err(|error| layers.explain(error))?;
    Cli::from_arg_matches(&matches).map_err(|error| layers.explain(error))
}

/// The environment variable of a flag.
pub(crate) fn variable(flag: &str) -> String {
    format!("HALIMEDE_{}", flag.to_ascii_uppercase().replace('-', "_"))
}

/// The value of `--flag` on the command line, before it is parsed.
fn value_of(args: &[OsString], flag: &str) -> Option<OsString> {
    let long = format!("--{flag}");
    let joined = format!("--{flag}=");
    let mut args = args.iter().take_while(|arg| *arg != "--");
    while let Some(arg) = args.next() {
        if *arg == *long {
            return args.next().cloned();
        }
        if let Some(value) = arg.to_str().and_then(|arg| arg.strip_prefix(&joined)) {
            return Some(value.into());
        }
    }
    None
}

/// How strongly a value is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Layer {
    File,
    Environment,
    Flag,
}

/// The three layers of one run.
struct Layers<'a, E> {
    args: &'a [OsString],
    environment: &'a E,
    file: Option<&'a File>,
}

impl<E: Fn(&str) -> Option<OsString>> Layers<'_, E> {
    /// Gives every flag of every command its twins.
    fn apply(&self, command: Command) -> Result<Command, Error> {
        let commands: Vec<String> = command.get_subcommands().map(|c| c.get_name().to_owned()).collect();
        let mut command = self.apply_to_one(command, None)?;
        for name in commands {
            let mut failure = None;
            command = command.mut_subcommand(&name, |sub| match self.apply_to_one(sub.clone(), Some(&name)) {
                Ok(done) => done,
                Err(error) => {
                    failure = Some(error);
                    sub
                }
            });
            if let Some(error) = failure {
                return Err(error);
            }
        }
        Ok(command)
    }

    /// Gives the flags of one command (`None`: those before any command) their twins.
    fn apply_to_one(&self, command: Command, name: Option<&str>) -> Result<Command, Error> {
        let flags: Vec<(clap::Id, String)> = command
            .get_arguments()
            .filter_map(|arg| Some((arg.get_id().clone(), arg.get_long()?.to_owned())))
            .collect();
        let mut command = command;
        for (id, flag) in flags {
            let weakest = self.weakest_that_counts(&flag, name, &command);
            let from_file = match self.file {
                Some(file) if weakest <= Layer::File => file.values(name, &flag, &command, &id)?,
                _ => None,
            };
            let from_environment =
                if weakest <= Layer::Environment { (self.environment)(&variable(&flag)) } else { None };
            command = command.mut_arg(id, |arg| twin(arg, &flag, from_environment, from_file));
        }
        Ok(command)
    }

    /// The weakest layer that still counts for `flag`: that of its strongest alternative in the same command.
    fn weakest_that_counts(&self, flag: &str, name: Option<&str>, command: &Command) -> Layer {
        let Some(group) = ALTERNATIVES.iter().find(|group| group.contains(&flag)) else {
            return Layer::File;
        };
        let has = |flag: &str| command.get_arguments().any(|arg| arg.get_long() == Some(flag));
        let strongest = group.iter().filter(|other| has(other)).filter_map(|other| self.set_in(other, name)).max();
        strongest.unwrap_or(Layer::File)
    }

    /// The strongest layer that sets `flag`.
    fn set_in(&self, flag: &str, command: Option<&str>) -> Option<Layer> {
        if value_of(self.args, flag).is_some() {
            Some(Layer::Flag)
        } else if (self.environment)(&variable(flag)).is_some() {
            Some(Layer::Environment)
        } else {
            self.file.and_then(|file| file.find(command, flag)).map(|_| Layer::File)
        }
    }

    /// Says so when the value that the parser refused stands in the file.
    fn explain(&self, error: clap::Error) -> Error {
        let Some(file) = self.file else {
            return error.into();
        };
        let Some(ContextValue::String(arg)) = error.get(ContextKind::InvalidArg) else {
            return error.into();
        };
        let flag = arg.trim_start_matches("--").split([' ', '=']).next().unwrap_or_default();
        let command = self
            .args
            .iter()
            .filter_map(|arg| arg.to_str())
            .find(|arg| file.table.get(*arg).is_some_and(Value::is_table));
        let Some((key, _)) = file.find(command, flag) else {
            return error.into();
        };
        if value_of(self.args, flag).is_some() || (self.environment)(&variable(flag)).is_some() {
            return error.into();
        }
        Error::Value { file: file.path.clone(), key, source: error }
    }
}

/// One flag with its twins: the environment's value, else the file's, as its default.
fn twin(arg: Arg, flag: &str, environment: Option<OsString>, file: Option<Vec<OsString>>) -> Arg {
    let repeated = matches!(arg.get_action(), ArgAction::Append);
    let switch = matches!(arg.get_action(), ArgAction::SetTrue);
    let arg = if switch { arg.value_parser(BoolishValueParser::new()) } else { arg };
    let note = if repeated { ", separated by commas" } else { "" };
    let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
    let arg = arg.help(format!("{help} [env: {}{note}]", variable(flag)));
    let values = match environment {
        Some(list) if repeated => split(&list),
        Some(value) => vec![value],
        None => match file {
            Some(values) => values,
            None => return arg,
        },
    };
    arg.required(false).default_values(values).hide_default_value(false)
}

/// The parts of a comma-separated list; a list that is not Unicode is one part.
fn split(list: &OsStr) -> Vec<OsString> {
    match list.to_str() {
        Some(list) => list.split(',').map(str::trim).filter(|part| !part.is_empty()).map(OsString::from).collect(),
        None => vec![list.to_owned()],
    }
}

/// A configuration file.
#[derive(Debug)]
struct File {
    path: PathBuf,
    table: Table,
}

impl File {
    fn read(path: &Path) -> Result<Self, Error> {
        let text = fs::read_to_string(path).map_err(|source| Error::Unreadable { file: path.to_owned(), source })?;
        let table: Table = text.parse().map_err(|source| Error::Syntax { file: path.to_owned(), source })?;
        let tables = || table.values().filter_map(Value::as_table).chain([&table]);
        let secret = SECRETS.into_iter().find(|secret| tables().any(|table| table.contains_key(*secret)));
        // What cannot be asked is a pipe or the like, which nobody else reads.
        let exposed = fs::metadata(path).is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o077 != 0);
        if let Some(key) = secret.filter(|_| exposed) {
            return Err(Error::Exposed { file: path.to_owned(), key });
        }
        Ok(Self { path: path.to_owned(), table })
    }

    /// Every key must be a flag of some command, every table a command, every key in it a flag of that command.
    fn check_keys(&self, root: &Command) -> Result<(), Error> {
        let commands: Vec<&Command> = root.get_subcommands().collect();
        for (key, value) in &self.table {
            let command = commands.iter().find(|command| command.get_name() == key);
            if let (Some(command), Value::Table(keys)) = (command, value) {
                let known: Vec<&str> = [root, command].into_iter().flat_map(keys_of).collect();
                for inner in keys.keys() {
                    self.check_key(inner, &format!("{key}.{inner}"), &known)?;
                }
            } else {
                let known: Vec<&str> = commands.iter().copied().chain([root]).flat_map(keys_of).collect();
                self.check_key(key, key, &known)?;
            }
        }
        Ok(())
    }

    fn check_key(&self, key: &str, full: &str, known: &[&str]) -> Result<(), Error> {
        if known.contains(&key) {
            return Ok(());
        }
        let alike = |known: &&&str| known.replace('-', "") == key.replace(['-', '_'], "").to_ascii_lowercase();
        let hint = known.iter().find(alike).map(|known| (*known).to_owned());
        Err(Error::UnknownKey { file: self.path.clone(), key: full.to_owned(), hint })
    }

    /// Where and what the file says of a flag of a command.
    fn find(&self, command: Option<&str>, flag: &str) -> Option<(String, &Value)> {
        let own =
            command.and_then(|name| Some((format!("{name}.{flag}"), self.table.get(name)?.as_table()?.get(flag)?)));
        own.or_else(|| Some((flag.to_owned(), self.table.get(flag)?)))
    }

    /// The values that the file gives to a flag, as texts for its parser.
    fn values(
        &self,
        command: Option<&str>,
        flag: &str,
        owner: &Command,
        id: &clap::Id,
    ) -> Result<Option<Vec<OsString>>, Error> {
        let Some((key, value)) = self.find(command, flag) else {
            return Ok(None);
        };
        let Some(arg) = owner.get_arguments().find(|arg| arg.get_id() == id) else {
            return Ok(None);
        };
        let (expected, fits) = match (arg.get_action(), value) {
            (ArgAction::SetTrue, value) => ("true or false", value.is_bool()),
            (ArgAction::Append, value) => ("a text or a list of texts", value.is_str() || value.is_array()),
            (_, value) => ("a single value", !value.is_array() && !value.is_table()),
        };
        let type_error = |value: &Value| Error::Type {
            file: self.path.clone(),
            key: key.clone(),
            expected,
            found: value.type_str(),
        };
        if !fits {
            return Err(type_error(value));
        }
        let values = match value {
            Value::Array(items) => items
                .iter()
                .map(|item| item.as_str().map(OsString::from).ok_or_else(|| type_error(item)))
                .collect::<Result<_, _>>()?,
            Value::String(text) => vec![text.into()],
            Value::Integer(number) => vec![number.to_string().into()],
            Value::Float(number) => vec![number.to_string().into()],
            Value::Boolean(truth) => vec![truth.to_string().into()],
            Value::Datetime(_) | Value::Table(_) => return Err(type_error(value)),
        };
        Ok(Some(values))
    }
}

/// The keys that a command adds: its flags, but for the one that names the file.
fn keys_of(command: &Command) -> impl Iterator<Item = &str> {
    command.get_arguments().filter_map(Arg::get_long).filter(|long| *long != "config")
}

#[cfg(test)]
mod tests;
