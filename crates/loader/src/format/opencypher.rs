//! openCypher CSV: rows of nodes or relationships to entries (`spec/loader.md` §7).
//!
//! Every property is single. An id with an ID space is the visible id `space:id`, nothing hidden beside it.

use std::hash::{Hash as _, Hasher as _};

use model::{HashKey, Quad, TermId, TermRef};
use siphasher::sip128::{Hasher128 as _, SipHasher13};
use store::Role;

use super::columns::{self, Property};
use super::csv::Row;
use super::data_type::{DataType, Dialect};
use super::element::{self, SystemColumn};
use super::properties::Properties;
use super::rows::{self, Record, Refusal};
use super::{FeedKind, FormatOptions, Parsed, excerpt};
use crate::blocks::Block;

/// What the header says.
#[derive(Debug)]
pub(crate) struct Reader {
    names: Vec<String>,
    kind: Kind,
    /// `:LABEL` or `:TYPE`.
    label: Option<SystemColumn>,
    properties: Properties,
}

/// Which of the two files it is.
#[derive(Debug)]
enum Kind {
    Nodes { id: IdColumn },
    Relationships { id: EdgeId, start: IdColumn, end: IdColumn },
}

/// A column of node ids, and the space they are in.
#[derive(Clone, Debug)]
struct IdColumn {
    system: SystemColumn,
    space: Option<String>,
}

/// Where a relationship's id comes from.
#[derive(Debug)]
enum EdgeId {
    Column(SystemColumn),
    Generated(Generator),
}

/// Makes ids of relationships: the same for the same record of the same file in the same chain of loads (§7.5).
#[derive(Debug)]
struct Generator(SipHasher13);

impl Generator {
    fn new(load_id: &str, feed_key: &str) -> Self {
        let mut hasher = SipHasher13::new();
        (load_id, feed_key).hash(&mut hasher);
        Self(hasher)
    }

    /// The id of a record, shaped like a UUID.
    fn id(&self, record: u64) -> uuid::Uuid {
        let mut hasher = self.0;
        hasher.write_u64(record);
        // Version 8 is the one for ids made by a rule of one's own.
        uuid::Builder::from_custom_bytes(hasher.finish128().as_bytes()).into_uuid()
    }
}

/// The header's columns, as they are found.
#[derive(Default)]
struct System {
    id: Option<IdColumn>,
    label: Option<SystemColumn>,
    start: Option<IdColumn>,
    end: Option<IdColumn>,
    edge_type: Option<SystemColumn>,
    /// Of `name:ID`.
    id_property: Option<String>,
    properties: Vec<usize>,
}

impl Reader {
    /// Reads the header's names.
    ///
    /// # Errors
    ///
    /// Missing, unknown, misplaced or repeated columns; types that the format does not have (§7.1).
    pub(crate) fn new(names: &[String], options: &FormatOptions, feed_key: &str) -> Result<Self, Refusal> {
        let mut system = System::default();
        for (column, name) in names.iter().enumerate() {
            system.read(column, name).map_err(|message| Refusal::parse(message).at(column))?;
        }
        let mut properties = Properties::new(Dialect::OpenCypher, options.allow_empty_strings);
        if let (Some(name), Some(id)) = (&system.id_property, &system.id) {
            let property = Property {
                column: id.system.column,
                name: name.clone(),
                data_type: DataType::String,
                array: false,
                cardinality: None,
            };
            properties.push(property, Role::Single, &id.system.name)?;
        }
        for (column, name) in system.properties.iter().filter_map(|column| Some((*column, names.get(*column)?))) {
            let property = columns::property(column, name, Dialect::OpenCypher)
                .map_err(|message| Refusal::parse(message).at(column))?;
            if property.array || property.cardinality.is_some() {
                let message = format!(
                    "Header column '{}' is an array or names a cardinality: openCypher files hold one value a property",
                    excerpt(name)
                );
                return Err(Refusal::parse(message).at(column));
            }
            properties.push(property, Role::Single, name)?;
        }
        let is_edge = system.start.is_some() || system.end.is_some();
        let (kind, label) = if is_edge { system.relationships(options, feed_key)? } else { system.nodes()? };
        Ok(Self { names: names.to_vec(), kind, label, properties })
    }

    /// Edges if the header has `:START_ID` or `:END_ID`.
    pub(crate) const fn kind(&self) -> FeedKind {
        match self.kind {
            Kind::Nodes { .. } => FeedKind::Vertices,
            Kind::Relationships { .. } => FeedKind::Edges,
        }
    }

    /// Reads a block.
    pub(crate) fn parse(&self, feed: u32, key: &HashKey, block: &Block, out: &mut Parsed) {
        let mut keys = std::mem::take(&mut out.scratch.keys);
        self.properties.keys(key, &mut out.batch, &mut keys);
        rows::each(feed, &self.names, block, out, |record| match &self.kind {
            Kind::Nodes { id } => self.node(id, &keys, key, record),
            Kind::Relationships { id, start, end } => self.relationship(id, start, end, &keys, key, record),
        });
        out.scratch.keys = keys;
    }

    fn node(&self, id: &IdColumn, keys: &[TermId], key: &HashKey, mut record: Record<'_>) -> Result<(), Refusal> {
        let id = id.visible(record.row, "the node's id", &mut record.texts.cell, &mut record.texts.part)?;
        let vertex = record.batch.term(key, TermRef::Vertex(id));
        element::push_vertex(vertex, self.label.as_ref(), key, &mut record, |record| {
            self.properties.push_values(vertex, keys, key, record)
        })
    }

    fn relationship(
        &self,
        id: &EdgeId,
        start: &IdColumn,
        end: &IdColumn,
        keys: &[TermId],
        key: &HashKey,
        mut record: Record<'_>,
    ) -> Result<(), Refusal> {
        let row = record.row;
        let edge = match id {
            EdgeId::Column(column) => {
                let id = column.required(row, "the relationship's id", &mut record.texts.cell)?;
                record.batch.term(key, TermRef::Edge(id))
            }
            EdgeId::Generated(generator) => {
                let mut buffer = uuid::Uuid::encode_buffer();
                let id = generator.id(record.number).hyphenated().encode_lower(&mut buffer);
                record.batch.term(key, TermRef::Edge(id))
            }
        };
        let from = start.visible(
            row,
            "the id of the node where the relationship starts",
            &mut record.texts.cell,
            &mut record.texts.part,
        )?;
        let from = record.batch.term(key, TermRef::Vertex(from));
        let to = end.visible(
            row,
            "the id of the node where the relationship ends",
            &mut record.texts.cell,
            &mut record.texts.part,
        )?;
        let to = record.batch.term(key, TermRef::Vertex(to));
        let label = element::edge_label(self.label.as_ref(), row, &mut record.texts.cell)?;
        let label = record.batch.term(key, TermRef::EdgeLabel(label));
        record.batch.push(Quad::new(from, label, to, edge), record.ordinal, Role::Record);
        self.properties.push_values(edge, keys, key, &mut record)
    }
}

impl IdColumn {
    /// The id that the user sees: `space:id`, or the id alone without a space (§7.2).
    fn visible<'b, 'a: 'b>(
        &self,
        row: Row<'a>,
        what: &str,
        cell: &'b mut String,
        joined: &'b mut String,
    ) -> Result<&'b str, Refusal> {
        let id = self.system.required(row, what, cell)?;
        let Some(space) = &self.space else {
            return Ok(id);
        };
        joined.clear();
        joined.push_str(space);
        joined.push(':');
        joined.push_str(id);
        Ok(joined)
    }
}

impl System {
    /// Files one column: what stands after its last colon decides.
    fn read(&mut self, column: usize, name: &str) -> Result<(), String> {
        let (property, kind) = match name.rsplit_once(':') {
            Some((property, kind)) if !property.ends_with('\\') => (property, kind),
            _ => (name, ""),
        };
        let (word, space) = match kind.split_once('(') {
            Some((word, rest)) if matches!(word, "ID" | "START_ID" | "END_ID") => {
                let space = rest.strip_suffix(')').filter(|space| !space.is_empty() && !space.contains(['(', ')']));
                (
                    word,
                    Some(
                        space
                            .ok_or_else(|| {
                                format!(
                                    "Header column '{}': expected the name of an ID space in its parentheses",
                                    excerpt(name)
                                )
                            })?
                            .to_owned(),
                    ),
                )
            }
            _ => (kind, None),
        };
        let system = SystemColumn { column, name: name.to_owned() };
        let id = IdColumn { system: system.clone(), space };
        let twice = match (property, word) {
            (_, "ID") => {
                if !property.is_empty() {
                    self.id_property = Some(property.replace("\\:", ":"));
                }
                self.id.replace(id).is_some()
            }
            ("", "START_ID") => self.start.replace(id).is_some(),
            ("", "END_ID") => self.end.replace(id).is_some(),
            ("", "LABEL") => self.label.replace(system).is_some(),
            ("", "TYPE") => self.edge_type.replace(system).is_some(),
            ("", _) => {
                return Err(format!(
                    "Header column '{}' is unknown: expected :ID, :LABEL, :START_ID, :END_ID, :TYPE (in capitals) or a property name",
                    excerpt(name)
                ));
            }
            _ => {
                self.properties.push(column);
                false
            }
        };
        if twice { Err(format!("Header has a second column :{word}: '{}'", excerpt(name))) } else { Ok(()) }
    }

    fn nodes(self) -> Result<(Kind, Option<SystemColumn>), Refusal> {
        if let Some(column) = self.edge_type {
            return Err(Refusal::parse(
                "Header has a column :TYPE: a node file has :LABEL, a relationship file :START_ID and :END_ID"
                    .to_owned(),
            )
            .at(column.column));
        }
        let id = self.id.ok_or_else(|| {
            Refusal::parse(
                "Header has no column :ID: a node file needs it (a relationship file needs :START_ID and :END_ID)"
                    .to_owned(),
            )
        })?;
        Ok((Kind::Nodes { id }, self.label))
    }

    fn relationships(self, options: &FormatOptions, feed_key: &str) -> Result<(Kind, Option<SystemColumn>), Refusal> {
        if let Some(column) = self.label {
            return Err(Refusal::parse("Header has a column :LABEL: a relationship file has :TYPE".to_owned())
                .at(column.column));
        }
        let missing = |name: &str| {
            Refusal::parse(format!("Header has no column {name}: a relationship file needs :START_ID and :END_ID"))
        };
        let start = self.start.ok_or_else(|| missing(":START_ID"))?;
        let end = self.end.ok_or_else(|| missing(":END_ID"))?;
        let id = match (self.id, options.user_edge_ids) {
            (Some(id), true) => {
                let wrong = if self.id_property.is_some() {
                    Some("names a property")
                } else if id.space.is_some() {
                    Some("names an ID space")
                } else {
                    None
                };
                if let Some(wrong) = wrong {
                    let message = format!(
                        "Header column '{}' {wrong}: in a relationship file it is plain :ID",
                        excerpt(&id.system.name)
                    );
                    return Err(Refusal::parse(message).at(id.system.column));
                }
                EdgeId::Column(id.system)
            }
            (None, true) => {
                return Err(Refusal::parse(
                    "Header has no column :ID: a relationship file needs it unless userProvidedEdgeIds is FALSE"
                        .to_owned(),
                ));
            }
            (Some(id), false) => {
                return Err(Refusal::parse(
                    "Header has a column :ID, but userProvidedEdgeIds is FALSE: ids are generated".to_owned(),
                )
                .at(id.system.column));
            }
            (None, false) => EdgeId::Generated(Generator::new(&options.load_id, feed_key)),
        };
        Ok((Kind::Relationships { id, start, end }, self.edge_type))
    }
}

#[cfg(test)]
mod tests;
