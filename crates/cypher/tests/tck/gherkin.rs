//! As much of Gherkin as the openCypher TCK uses.
//!
//! A file becomes cases: scenarios, with one case for each row of the examples of an outline. A step keeps its text
//! without the keyword, its doc string and its table.
//!
//! **Source**: conformance/README.md of the shared folder, "Gherkin in general".

use std::fs;
use std::path::{Path, PathBuf};

/// A scenario, or one row of an outline.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    /// The file's name, the scenario's name, and the number of the example if there are some.
    pub(crate) name: String,
    /// Steps of the background, then its own.
    pub(crate) steps: Vec<Step>,
    /// Whether it is to be skipped.
    pub(crate) is_ignored: bool,
}

/// A line that begins with Given, When, Then, And or But, and what belongs to it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Step {
    /// The line without its keyword.
    pub(crate) text: String,
    /// What stands between `"""` lines.
    pub(crate) doc: Option<String>,
    /// Rows of cells.
    pub(crate) table: Vec<Vec<String>>,
}

impl Step {
    fn replaced(&self, columns: &[String], row: &[String]) -> Self {
        let replace = |text: &str| {
            columns
                .iter()
                .zip(row)
                .fold(text.to_owned(), |text, (name, value)| text.replace(&format!("<{name}>"), value))
        };
        Self {
            text: replace(&self.text),
            doc: self.doc.as_deref().map(replace),
            table: self.table.iter().map(|row| row.iter().map(|cell| replace(cell)).collect()).collect(),
        }
    }
}

/// All cases of the feature files below a folder, in the order of file names.
pub(crate) fn cases(folder: &Path) -> Vec<Case> {
    let mut files = Vec::new();
    collect(folder, &mut files);
    files.sort();
    files
        .iter()
        .flat_map(|file| {
            let text = fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
            read(&file.file_stem().unwrap_or_default().to_string_lossy(), &text)
        })
        .collect()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let path = entry.expect("it can be listed").path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "feature") {
            files.push(path);
        }
    }
}

#[derive(Default)]
struct Scenario {
    name: String,
    steps: Vec<Step>,
    examples: Vec<Vec<String>>,
    in_examples: bool,
    is_ignored: bool,
    is_background: bool,
}

/// The cases of one file.
pub(crate) fn read(file: &str, text: &str) -> Vec<Case> {
    let mut scenarios: Vec<Scenario> = Vec::new();
    let mut is_ignored = false;
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let trimmed = line.trim();
        if trimmed.starts_with('@') {
            is_ignored |= trimmed.split_whitespace().any(|tag| tag == "@ignore");
        } else if trimmed.starts_with("Scenario") || trimmed.starts_with("Background:") {
            let name = trimmed.split_once(':').map_or(trimmed, |(_, name)| name).trim().to_owned();
            let is_background = trimmed.starts_with("Background:");
            scenarios.push(Scenario { name, is_ignored, is_background, ..Scenario::default() });
            is_ignored = false;
        } else if let Some(scenario) = scenarios.last_mut() {
            if trimmed.starts_with("Examples:") {
                scenario.in_examples = true;
            } else if trimmed.starts_with('|') {
                let row = cells(trimmed);
                if scenario.in_examples {
                    scenario.examples.push(row);
                } else if let Some(step) = scenario.steps.last_mut() {
                    step.table.push(row);
                }
            } else if trimmed.starts_with("\"\"\"") {
                let indent = line.len() - line.trim_start().len();
                let doc: Vec<&str> = lines
                    .by_ref()
                    .take_while(|line| !line.trim().starts_with("\"\"\""))
                    .map(|line| line.get(indent.min(line.len() - line.trim_start().len())..).unwrap_or_default())
                    .collect();
                if let Some(step) = scenario.steps.last_mut() {
                    step.doc = Some(doc.join("\n"));
                }
            } else if let Some(text) =
                ["Given ", "When ", "Then ", "And ", "But "].iter().find_map(|keyword| trimmed.strip_prefix(keyword))
            {
                scenario.steps.push(Step { text: text.to_owned(), ..Step::default() });
            }
        }
    }
    let background: Vec<Step> = scenarios
        .iter()
        .filter(|scenario| scenario.is_background)
        .flat_map(|scenario| scenario.steps.clone())
        .collect();
    scenarios
        .iter()
        .filter(|scenario| !scenario.is_background)
        .flat_map(|scenario| expand(file, scenario, &background))
        .collect()
}

fn expand(file: &str, scenario: &Scenario, background: &[Step]) -> Vec<Case> {
    let name = format!("{file} {}", scenario.name);
    let is_ignored = scenario.is_ignored;
    let steps: Vec<Step> = background.iter().chain(&scenario.steps).cloned().collect();
    let Some((columns, rows)) = scenario.examples.split_first() else {
        return vec![Case { name, steps, is_ignored }];
    };
    rows.iter()
        .enumerate()
        .map(|(number, row)| Case {
            name: format!("{name} #{}", number + 1),
            steps: steps.iter().map(|step| step.replaced(columns, row)).collect(),
            is_ignored,
        })
        .collect()
}

/// The cells of a row; `\|`, `\\` and `\n` stand for a bar, a backslash and a line break.
fn cells(line: &str) -> Vec<String> {
    let mut cells = Vec::new();
    let mut cell = String::new();
    let mut characters = line.chars().skip(1);
    while let Some(character) = characters.next() {
        match character {
            '|' => cells.push(std::mem::take(&mut cell).trim().to_owned()),
            '\\' => match characters.next() {
                Some('n') => cell.push('\n'),
                Some(escaped @ ('|' | '\\')) => cell.push(escaped),
                Some(other) => cell.extend(['\\', other]),
                None => cell.push('\\'),
            },
            _ => cell.push(character),
        }
    }
    cells
}
