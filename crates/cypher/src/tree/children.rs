//! The expressions directly inside of an expression.

use super::{Expression, ExpressionKind, MapProjectionItem, Name};

impl Expression {
    /// The expressions directly inside, in the order of the text. Patterns and queries are not looked into.
    pub fn children(&self) -> impl Iterator<Item = &Self> {
        let children: Vec<&Self> = match &self.kind {
            ExpressionKind::Literal(_)
            | ExpressionKind::Parameter(_)
            | ExpressionKind::Variable(_)
            | ExpressionKind::CountAll
            | ExpressionKind::Exists(_)
            | ExpressionKind::Pattern(_) => Vec::new(),
            ExpressionKind::Property { target, .. } | ExpressionKind::Labels { target, .. } => vec![target],
            ExpressionKind::Index { target, index } => vec![target, index],
            ExpressionKind::Slice { target, from, to } => {
                std::iter::once(target).chain(from).chain(to).map(|child| &**child).collect()
            }
            ExpressionKind::Unary { operand, .. } | ExpressionKind::IsNull { operand, .. } => vec![operand],
            ExpressionKind::Binary { left, right, .. } => vec![left, right],
            ExpressionKind::Comparison(comparison) => {
                std::iter::once(&comparison.first).chain(comparison.rest.iter().map(|(_, operand)| operand)).collect()
            }
            ExpressionKind::And(operands)
            | ExpressionKind::Or(operands)
            | ExpressionKind::Xor(operands)
            | ExpressionKind::List(operands) => operands.iter().collect(),
            ExpressionKind::Case { subject, branches, otherwise } => {
                let branches = branches.iter().flat_map(|branch| [&branch.condition, &branch.value]);
                subject.iter().map(|child| &**child).chain(branches).chain(otherwise.as_deref()).collect()
            }
            ExpressionKind::Map(entries) => entries.iter().map(|(_, value)| value).collect(),
            ExpressionKind::MapProjection(projection) => projection
                .items
                .iter()
                .filter_map(|item| match item {
                    MapProjectionItem::Entry(_, value) => Some(value),
                    MapProjectionItem::Property(_)
                    | MapProjectionItem::AllProperties
                    | MapProjectionItem::Variable(_) => None,
                })
                .collect(),
            ExpressionKind::ListComprehension(comprehension) => {
                std::iter::once(&comprehension.list).chain(&comprehension.filter).chain(&comprehension.value).collect()
            }
            ExpressionKind::PatternComprehension(comprehension) => {
                comprehension.filter.iter().chain([&comprehension.value]).collect()
            }
            ExpressionKind::Quantifier(quantifier) => vec![&quantifier.list, &quantifier.predicate],
            ExpressionKind::Reduce(reduce) => vec![&reduce.initial, &reduce.list, &reduce.value],
            ExpressionKind::Call(call) => call.arguments.iter().collect(),
        };
        children.into_iter()
    }

    /// The variables that it binds for expressions inside.
    pub fn binds(&self) -> Vec<&Name> {
        match &self.kind {
            ExpressionKind::ListComprehension(comprehension) => vec![&comprehension.variable],
            ExpressionKind::Quantifier(quantifier) => vec![&quantifier.variable],
            ExpressionKind::Reduce(reduce) => vec![&reduce.accumulator, &reduce.variable],
            ExpressionKind::PatternComprehension(comprehension) => {
                let path = &comprehension.path;
                let nodes = path.nodes().filter_map(|node| node.variable.as_ref());
                let relationships = path.relationships().filter_map(|relationship| relationship.variable.as_ref());
                comprehension.variable.iter().chain(nodes).chain(relationships).collect()
            }
            _ => Vec::new(),
        }
    }
}
