//! The notation in which the suite writes values, brought into one form that can be compared as text.
//!
//! **Source**: conformance/README.md of the shared folder, "Values, in results and parameters".

use exec::context::Context;
use exec::graph::Entity;
use exec::{Relationship, Value, fault};

/// Whether the order of a list counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lists {
    /// It does.
    Ordered,
    /// It does not.
    Unordered,
}

/// A cell of a table in its one form.
pub(crate) fn expected(cell: &str, lists: Lists) -> String {
    let mut reader = Reader { text: cell, lists };
    let value = reader.value();
    assert!(reader.text.trim().is_empty(), "{cell}: `{}` is left over", reader.text);
    value
}

/// A value of a result in that form.
pub(crate) fn found(value: &Value, context: &Context<'_>, lists: Lists) -> fault::Result<String> {
    let inner = |value: &Value| found(value, context, lists);
    Ok(match value {
        Value::Null => "null".to_owned(),
        Value::Boolean(value) => value.to_string(),
        Value::Integer(value) => value.to_string(),
        Value::Float(value) => float(*value),
        Value::String(text) => quoted(text),
        Value::List(items) => list(items.iter().map(inner).collect::<fault::Result<_>>()?, lists),
        Value::Map(entries) => {
            let entry = |(key, value): &(std::sync::Arc<str>, Value)| Ok((key.to_string(), inner(value)?));
            map(entries.iter().map(entry).collect::<fault::Result<_>>()?)
        }
        Value::Node(id) => {
            let entity = Entity::Node(*id);
            let labels = context.labels(entity)?.iter().map(ToString::to_string).collect();
            node(labels, &properties(entity, context, lists)?)
        }
        Value::Relationship(edge) => relationship(edge, context, lists)?,
        Value::Path(path) => {
            let mut text = format!("<{}", inner(&Value::Node(path.start))?);
            let mut from = path.start;
            for step in &path.steps {
                let edge = relationship(&step.relationship, context, lists)?;
                let forward = step.relationship.start == from && step.relationship.end == step.node;
                let arrow = if forward { format!("-{edge}->") } else { format!("<-{edge}-") };
                text += &arrow;
                text += &inner(&Value::Node(step.node))?;
                from = step.node;
            }
            text + ">"
        }
        Value::Date(value) => quoted(&value.to_string()),
        Value::LocalTime(value) => quoted(&value.to_string()),
        Value::Time(value) => quoted(&value.to_string()),
        Value::LocalDateTime(value) => quoted(&value.to_string()),
        Value::DateTime(value) => quoted(&value.to_string()),
        Value::Duration(value) => quoted(&value.to_string()),
        Value::Geometry(value) => quoted(value.text()),
    })
}

fn properties(entity: Entity<'_>, context: &Context<'_>, lists: Lists) -> fault::Result<String> {
    let properties = context.properties(entity)?;
    let entry = |(key, value): &(std::sync::Arc<str>, Value)| Ok((key.to_string(), found(value, context, lists)?));
    Ok(map(properties.iter().map(entry).collect::<fault::Result<_>>()?))
}

fn relationship(edge: &Relationship, context: &Context<'_>, lists: Lists) -> fault::Result<String> {
    let entity = Entity::Relationship(edge);
    let label = context.text(edge.label)?;
    Ok(edge_text(&label, &properties(entity, context, lists)?))
}

/// Both zeros are equal.
fn float(value: f64) -> String {
    format!("{:?}", value + 0.0)
}

fn quoted(text: &str) -> String {
    format!("'{text}'")
}

fn list(mut items: Vec<String>, lists: Lists) -> String {
    if lists == Lists::Unordered {
        items.sort();
    }
    format!("[{}]", items.join(", "))
}

fn map(mut entries: Vec<(String, String)>) -> String {
    entries.sort();
    let entries: Vec<String> = entries.into_iter().map(|(key, value)| format!("{key}: {value}")).collect();
    format!("{{{}}}", entries.join(", "))
}

fn node(mut labels: Vec<String>, properties: &str) -> String {
    labels.sort();
    let labels: Vec<String> = labels.iter().map(|label| format!(":{label}")).collect();
    format!("({} {properties})", labels.concat())
}

fn edge_text(label: &str, properties: &str) -> String {
    format!("[:{label} {properties}]")
}

struct Reader<'t> {
    text: &'t str,
    lists: Lists,
}

impl Reader<'_> {
    fn skip(&mut self) {
        self.text = self.text.trim_start();
    }

    fn take(&mut self, token: &str) -> bool {
        self.skip();
        let rest = self.text.strip_prefix(token);
        self.text = rest.unwrap_or(self.text);
        rest.is_some()
    }

    fn expect(&mut self, token: &str) {
        assert!(self.take(token), "`{token}` expected at `{}`", self.text);
    }

    fn word(&mut self) -> String {
        self.skip();
        if let Some(quoted) = self.text.strip_prefix('`') {
            let end = quoted.find('`').expect("a name ends");
            let word = quoted[..end].to_owned();
            self.text = &quoted[end + 1..];
            return word;
        }
        let end = self.text.find(|c: char| !c.is_alphanumeric() && !"_.+-".contains(c)).unwrap_or(self.text.len());
        let (word, rest) = self.text.split_at(end);
        self.text = rest;
        word.to_owned()
    }

    /// A name: no point, plus or minus in it.
    fn name(&mut self) -> String {
        self.skip();
        if self.text.starts_with('`') {
            return self.word();
        }
        let end = self.text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(self.text.len());
        let (name, rest) = self.text.split_at(end);
        self.text = rest;
        name.to_owned()
    }

    fn value(&mut self) -> String {
        self.skip();
        match self.text.chars().next() {
            Some('\'') => quoted(&self.string()),
            Some('{') => self.map(),
            Some('(') => self.node(),
            Some('<') => self.path(),
            Some('[') if self.text[1..].trim_start().starts_with(':') => self.edge(),
            Some('[') => self.list(),
            _ => {
                let word = self.word();
                match word.as_str() {
                    "null" | "true" | "false" => word,
                    "NaN" => float(f64::NAN),
                    "Inf" => float(f64::INFINITY),
                    "-Inf" => float(f64::NEG_INFINITY),
                    number if number.contains(['.', 'e', 'E']) => {
                        float(number.parse().unwrap_or_else(|_| panic!("{number} is no value")))
                    }
                    number => number.parse::<i64>().unwrap_or_else(|_| panic!("`{number}` is no value")).to_string(),
                }
            }
        }
    }

    fn string(&mut self) -> String {
        self.expect("'");
        let mut string = String::new();
        let mut characters = self.text.char_indices();
        loop {
            let (at, character) = characters.next().expect("a string ends");
            match character {
                '\'' => {
                    self.text = &self.text[at + 1..];
                    return string;
                }
                '\\' => match characters.next().expect("an escape ends").1 {
                    'n' => string.push('\n'),
                    't' => string.push('\t'),
                    other => string.push(other),
                },
                other => string.push(other),
            }
        }
    }

    fn list(&mut self) -> String {
        self.expect("[");
        let mut items = Vec::new();
        while !self.take("]") {
            items.push(self.value());
            self.take(",");
        }
        list(items, self.lists)
    }

    fn map(&mut self) -> String {
        self.expect("{");
        let mut entries = Vec::new();
        while !self.take("}") {
            let key = self.name();
            self.expect(":");
            entries.push((key, self.value()));
            self.take(",");
        }
        map(entries)
    }

    fn properties(&mut self) -> String {
        self.skip();
        if self.text.starts_with('{') { self.map() } else { map(Vec::new()) }
    }

    fn node(&mut self) -> String {
        self.expect("(");
        let mut labels = Vec::new();
        while self.take(":") {
            labels.push(self.name());
        }
        let properties = self.properties();
        self.expect(")");
        node(labels, &properties)
    }

    fn edge(&mut self) -> String {
        self.expect("[");
        self.expect(":");
        let label = self.name();
        let properties = self.properties();
        self.expect("]");
        edge_text(&label, &properties)
    }

    fn path(&mut self) -> String {
        self.expect("<");
        let mut text = format!("<{}", self.node());
        loop {
            if self.take(">") {
                return text + ">";
            }
            if self.take("<-") {
                let edge = self.edge();
                self.expect("-");
                text.extend(["<-", &edge, "-"]);
            } else {
                self.expect("-");
                let edge = self.edge();
                self.expect("->");
                text.extend(["-", &edge, "->"]);
            }
            text += &self.node();
        }
    }
}
