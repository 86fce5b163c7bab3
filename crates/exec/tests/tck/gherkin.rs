//! Feature files: scenarios, and outlines with each row of their examples put in.

use std::fmt;
use std::fs;
use std::path::Path;

/// A row of cells.
pub(crate) type Row = Vec<String>;

/// One scenario, or one row of an outline.
#[derive(Clone, Debug, Default)]
pub(crate) struct Case {
    /// The folder of its feature.
    pub(crate) group: String,
    feature: String,
    name: String,
    steps: Vec<Step>,
}

#[derive(Clone, Debug, Default)]
struct Step {
    text: String,
    block: String,
    table: Vec<Row>,
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.feature, self.name)
    }
}

impl Case {
    /// The query, if it is the only one and asks no graph.
    pub(crate) fn only_query(&self) -> Option<&str> {
        if self.steps.iter().any(|step| step.text.contains("executed") || step.text.contains("control query")) {
            return None;
        }
        self.steps.iter().find(|step| step.text == "executing query:").map(|step| &*step.block)
    }

    /// Names and values of the parameters.
    pub(crate) fn parameters(&self) -> &[Row] {
        self.steps.iter().find(|step| step.text == "parameters are:").map_or(&[], |step| &step.table)
    }

    /// The error that the case ends with: `a TypeError should be raised at runtime: InvalidArgumentType`.
    pub(crate) fn expected_error(&self) -> Option<&str> {
        self.steps.iter().map(|step| &*step.text).find(|text| text.contains("should be raised"))
    }

    /// Head and rows of the expected table, and whether the order within lists does not count.
    pub(crate) fn expected_rows(&self) -> Option<(&[Row], bool)> {
        let step = self.steps.iter().find(|step| step.text.starts_with("the result should be"))?;
        Some((&step.table, step.text.contains("ignoring element order")))
    }
}

/// The cases of all feature files below a folder.
pub(crate) fn read_folder(folder: &Path) -> Vec<Case> {
    let mut entries: Vec<_> =
        fs::read_dir(folder).expect("a folder of the suite").map(|entry| entry.expect("readable").path()).collect();
    entries.sort();
    let mut cases = Vec::new();
    for path in entries {
        if path.is_dir() {
            cases.extend(read_folder(&path));
        } else if path.extension().is_some_and(|extension| extension == "feature") {
            let name = |path: &Path| path.file_stem().expect("files have names").to_string_lossy().into_owned();
            let text = fs::read_to_string(&path).expect("readable");
            cases.extend(read(&name(folder), &name(&path), &text));
        }
    }
    cases
}

fn read(group: &str, feature: &str, text: &str) -> Vec<Case> {
    let mut cases = Vec::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let Some((keyword, name)) = line.trim().split_once(':') else { continue };
        if keyword != "Scenario" && keyword != "Scenario Outline" {
            continue;
        }
        let mut case = Case {
            group: group.to_owned(),
            feature: feature.to_owned(),
            name: name.trim().to_owned(),
            steps: Vec::new(),
        };
        let mut examples: Vec<Row> = Vec::new();
        let mut in_examples = false;
        while let Some(line) = lines.peek() {
            let line = line.trim();
            if line.starts_with("Scenario") || line.starts_with('@') {
                break;
            }
            lines.next();
            if line.starts_with("Examples:") {
                in_examples = true;
            } else if line.starts_with('|') {
                let table =
                    if in_examples { Some(&mut examples) } else { case.steps.last_mut().map(|step| &mut step.table) };
                table.expect("tables stand below steps").push(cells(line));
            } else if line == "\"\"\"" {
                let block: Vec<&str> = lines.by_ref().take_while(|line| line.trim() != "\"\"\"").collect();
                case.steps.last_mut().expect("texts stand below steps").block = block.join("\n");
            } else if let Some((_, text)) =
                line.split_once(' ').filter(|(word, _)| ["Given", "When", "Then", "And", "But"].contains(word))
            {
                case.steps.push(Step { text: text.to_owned(), ..Step::default() });
            }
        }
        match examples.split_first() {
            None => cases.push(case),
            Some((head, rows)) => cases.extend(rows.iter().enumerate().map(|(at, row)| filled(&case, at, head, row))),
        }
    }
    cases
}

/// An outline with one row of its examples.
fn filled(outline: &Case, at: usize, head: &[String], row: &[String]) -> Case {
    let fill = |text: &str| {
        head.iter().zip(row).fold(text.to_owned(), |text, (name, value)| text.replace(&format!("<{name}>"), value))
    };
    let steps = outline.steps.iter().map(|step| Step {
        text: fill(&step.text),
        block: fill(&step.block),
        table: step.table.iter().map(|row| row.iter().map(|cell| fill(cell)).collect()).collect(),
    });
    Case { steps: steps.collect(), name: format!("{} (row {})", outline.name, at + 1), ..outline.clone() }
}

/// The cells of a line; `\|` is a bar within one.
fn cells(line: &str) -> Row {
    let inner = line.trim().trim_start_matches('|');
    let inner = inner.strip_suffix('|').unwrap_or(inner);
    let mut cells = vec![String::new()];
    let mut characters = inner.chars().peekable();
    while let Some(character) = characters.next() {
        let cell = cells.last_mut().expect("one is there from the beginning");
        match character {
            '\\' if characters.next_if_eq(&'|').is_some() => cell.push('|'),
            '|' => cells.push(String::new()),
            other => cell.push(other),
        }
    }
    cells.iter().map(|cell| cell.trim().to_owned()).collect()
}
