//! Expressions as text, much as Cypher writes them.

use crate::batch::Slot;
use crate::expr::{Binary, Compare, Expr, Form, MapItem, Quantifier, Unary};
use crate::graph::Name;
use crate::plan::Plan;

/// Characters of one text; what is longer is cut.
const LONGEST: usize = 500;

/// Writes expressions, and remembers the plans that it met in them.
pub(super) struct Writer<'p> {
    pub(super) plans: Vec<&'p Plan>,
}

impl<'p> Writer<'p> {
    /// An expression, cut where it is long.
    pub(super) fn text(&mut self, expr: &'p Expr) -> String {
        let mut text = self.whole(expr);
        if let Some((end, _)) = text.char_indices().nth(LONGEST) {
            text.truncate(end);
            text.push('…');
        }
        text
    }

    /// `?1=…, ?2=…`
    pub(super) fn items(&mut self, items: &'p [(Slot, Expr)]) -> String {
        let items: Vec<String> =
            items.iter().map(|(to, value)| format!("{}={}", slot(*to), self.text(value))).collect();
        items.join(", ")
    }

    fn list<'e>(&mut self, items: impl IntoIterator<Item = &'p Expr>, between: &'e str) -> String {
        let items: Vec<String> = items.into_iter().map(|item| self.whole(item)).collect();
        items.join(between)
    }

    fn whole(&mut self, expr: &'p Expr) -> String {
        match expr {
            Expr::Constant(value) => value.to_string(),
            Expr::Slot(of) => slot(*of),
            Expr::Local(local) => format!("local{local}"),
            Expr::Property { target, key } => format!("{}.{}", self.whole(target), key.text),
            Expr::Index { target, index } => format!("{}[{}]", self.whole(target), self.whole(index)),
            Expr::Slice { target, from, to } => {
                let mut end =
                    |end: &'p Option<Box<Expr>>| end.as_deref().map(|end| self.whole(end)).unwrap_or_default();
                let (from, to) = (end(from), end(to));
                format!("{}[{from}..{to}]", self.whole(target))
            }
            Expr::HasLabels { target, labels } => format!("{}{}", self.whole(target), names(labels)),
            Expr::Unary(operator, operand) => {
                let operator = match operator {
                    Unary::Not => "NOT ",
                    Unary::Negate => "-",
                    Unary::Plus => "+",
                };
                format!("{operator}{}", self.whole(operand))
            }
            Expr::Binary(operator, left, right) => {
                format!("({} {} {})", self.whole(left), of_binary(*operator), self.whole(right))
            }
            Expr::Comparison(first, rest) => {
                let mut parts = vec![self.whole(first)];
                for (compare, operand) in rest {
                    parts.extend([of_compare(*compare).to_owned(), self.whole(operand)]);
                }
                parts.join(" ")
            }
            Expr::And(of) => format!("({})", self.list(of, " AND ")),
            Expr::Or(of) => format!("({})", self.list(of, " OR ")),
            Expr::Xor(of) => format!("({})", self.list(of, " XOR ")),
            Expr::IsNull(operand) => format!("{} IS NULL", self.whole(operand)),
            Expr::Case { subject, branches, otherwise } => {
                let mut parts = vec!["CASE".to_owned()];
                parts.extend(subject.iter().map(|subject| self.whole(subject)));
                for (condition, value) in branches {
                    parts.push(format!("WHEN {} THEN {}", self.whole(condition), self.whole(value)));
                }
                parts.extend(otherwise.iter().map(|otherwise| format!("ELSE {}", self.whole(otherwise))));
                parts.push("END".to_owned());
                parts.join(" ")
            }
            Expr::List(of) => format!("[{}]", self.list(of, ", ")),
            Expr::Path(of) => format!("path({})", self.list(of, ", ")),
            Expr::Map(entries) => {
                let entries: Vec<String> =
                    entries.iter().map(|(key, value)| format!("{key}: {}", self.whole(value))).collect();
                format!("{{{}}}", entries.join(", "))
            }
            Expr::MapProjection { subject, items } => {
                let mut item = |item: &'p MapItem| match item {
                    MapItem::Property(name) => format!(".{}", name.text),
                    MapItem::All => ".*".to_owned(),
                    MapItem::Entry(key, value) => format!("{key}: {}", self.whole(value)),
                };
                let items: Vec<String> = items.iter().map(&mut item).collect();
                format!("{} {{{}}}", self.whole(subject), items.join(", "))
            }
            Expr::ListComprehension { list, filter, value } => {
                let mut parts = vec![format!("[local IN {}", self.whole(list))];
                parts.extend(filter.iter().map(|filter| format!(" WHERE {}", self.whole(filter))));
                parts.extend(value.iter().map(|value| format!(" | {}", self.whole(value))));
                parts.concat() + "]"
            }
            Expr::Quantifier { kind, list, predicate } => {
                let kind = match kind {
                    Quantifier::All => "all",
                    Quantifier::Any => "any",
                    Quantifier::None => "none",
                    Quantifier::Single => "single",
                };
                format!("{kind}(local IN {} WHERE {})", self.whole(list), self.whole(predicate))
            }
            Expr::Reduce { initial, list, value } => {
                let (initial, list) = (self.whole(initial), self.whole(list));
                format!("reduce(local = {initial}, local IN {list} | {})", self.whole(value))
            }
            Expr::Call { function, arguments } => format!("{}({})", function.name, self.list(arguments, ", ")),
            Expr::Subplan(subplan) => {
                self.plans.push(&subplan.plan);
                let number = self.plans.len();
                match &subplan.form {
                    Form::Exists => format!("exists(subQuery{number})"),
                    Form::Count => format!("count(subQuery{number})"),
                    Form::Collect(value) => format!("collect(subQuery{number}, {})", self.whole(value)),
                }
            }
        }
    }
}

/// A variable.
pub(super) fn slot(slot: Slot) -> String {
    format!("?{}", slot.0)
}

/// Variables.
pub(super) fn slots(slots: &[Slot]) -> String {
    format!("[{}]", slots.iter().copied().map(slot).collect::<Vec<_>>().join(", "))
}

/// Labels or types, each with its colon.
pub(super) fn names(names: &[Name]) -> String {
    names.iter().flat_map(|name| [":", &*name.text]).collect()
}

const fn of_binary(operator: Binary) -> &'static str {
    match operator {
        Binary::Add => "+",
        Binary::Subtract => "-",
        Binary::Multiply => "*",
        Binary::Divide => "/",
        Binary::Modulo => "%",
        Binary::Power => "^",
        Binary::In => "IN",
        Binary::StartsWith => "STARTS WITH",
        Binary::EndsWith => "ENDS WITH",
        Binary::Contains => "CONTAINS",
        Binary::Matches => "=~",
    }
}

const fn of_compare(compare: Compare) -> &'static str {
    match compare {
        Compare::Equal => "=",
        Compare::NotEqual => "<>",
        Compare::Less => "<",
        Compare::LessOrEqual => "<=",
        Compare::Greater => ">",
        Compare::GreaterOrEqual => ">=",
    }
}
