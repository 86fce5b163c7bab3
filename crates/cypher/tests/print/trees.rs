//! Statements of every form, of no sense.

use cypher::tree::{
    BinaryOperator, Branch, Call, Clause, Comparison, ComparisonOperator, Create, Delete, Direction, Expression,
    ExpressionKind, Foreach, FunctionCall, Hint, Length, ListComprehension, Literal, MapProjection, MapProjectionItem,
    Match, Merge, MergeAction, MergeTrigger, Mode, Name, NodePattern, PathForm, PathPattern, PatternComprehension,
    PatternPart, PlanCache, PlanHint, Projection, ProjectionItem, Properties, QualifiedName, Quantifier,
    QuantifierKind, Query, Reduce, RelationshipPattern, Remove, RemoveItem, Return, Set, SetItem, SingleQuery,
    SortItem, Span, Statement, Step, Subquery, UnaryOperator, Union, Unwind, With, Yield, YieldItem, YieldItems,
};
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;

const HERE: Span = Span::new(0, 0);

/// Names: plain ones, words of the language, and some that need backticks.
pub(crate) fn name() -> impl Strategy<Value = Name> + Clone {
    prop_oneof![
        4 => "[a-z][a-z0-9_]{0,3}".prop_map(Name::new),
        1 => select(vec![
            "match", "END", "any", "none", "reduce", "filter", "count", "exists", "shortestPath", "WHERE", "in", "as",
            "call", "~id", "a b", "`", "x``y", "été", "1a", "null", "seek", "query", "all", "extract",
        ])
        .prop_map(Name::new),
        1 => "\\PC{1,4}".prop_map(Name::new),
    ]
}

/// A piece of a text.
pub(crate) fn token() -> impl Strategy<Value = String> {
    prop_oneof![
        select(vec![
            "MATCH",
            "OPTIONAL MATCH",
            "WHERE",
            "RETURN",
            "WITH",
            "CREATE",
            "MERGE",
            "SET",
            "DELETE",
            "UNWIND",
            "CALL",
            "YIELD",
            "FOREACH",
            "UNION",
            "ORDER BY",
            "LIMIT",
            "AS",
            "IN",
            "NOT",
            "AND",
            "IS NULL",
            "CASE",
            "WHEN",
            "THEN",
            "END",
            "EXISTS",
            "all",
            "reduce",
            "count",
            "DISTINCT",
            "(",
            ")",
            "[",
            "]",
            "{",
            "}",
            ",",
            ".",
            "..",
            ":",
            "|",
            "=",
            "<",
            ">",
            "-",
            "--",
            "-->",
            "<--",
            "*",
            "+",
            "^",
            "+=",
            "=~",
            "1",
            "2.5",
            "'s'",
            "$p",
            "a",
            "b",
            "(n)",
            "(n:L)",
            "(a)-[r]->(b)",
            "{k: 1}",
            "[x IN l |",
            "n.p",
        ])
        .prop_map(str::to_owned),
        name().prop_map(|name| name.to_string()),
    ]
}

fn spanless(kind: ExpressionKind) -> Expression {
    Expression::new(kind, HERE)
}

fn literal() -> impl Strategy<Value = Literal> {
    prop_oneof![
        Just(Literal::Null),
        any::<bool>().prop_map(Literal::Boolean),
        prop_oneof![any::<i64>(), -3..3_i64].prop_map(Literal::Integer),
        prop_oneof![any::<f64>().prop_filter("finite", |value| value.is_finite()), Just(1.5), Just(-0.0)]
            .prop_map(Literal::Float),
        prop_oneof!["[a-z'\\\\\"\n\t]{0,5}", any::<String>()].prop_map(|text| Literal::String(text.into())),
    ]
}

fn qualified_name() -> impl Strategy<Value = QualifiedName> {
    vec(name(), 1..3).prop_map(|parts| QualifiedName { parts, span: HERE })
}

type Boxed = BoxedStrategy<Expression>;

fn expression() -> Boxed {
    let leaf = prop_oneof![
        3 => literal().prop_map(ExpressionKind::Literal),
        2 => name().prop_map(ExpressionKind::Variable),
        1 => name().prop_map(ExpressionKind::Parameter),
        1 => Just(ExpressionKind::CountAll),
    ]
    .prop_map(spanless);
    leaf.prop_recursive(5, 40, 4, |inner| {
        let inner = inner.boxed();
        prop_oneof![
            4 => operators(inner.clone()),
            3 => operands(inner.clone()),
            2 => containers(inner.clone()),
            1 => folds(inner.clone()),
            1 => patterns(inner),
        ]
        .prop_map(spanless)
    })
    .boxed()
}

fn operators(inner: Boxed) -> BoxedStrategy<ExpressionKind> {
    let binary = select(vec![
        BinaryOperator::Add,
        BinaryOperator::Subtract,
        BinaryOperator::Multiply,
        BinaryOperator::Divide,
        BinaryOperator::Modulo,
        BinaryOperator::Power,
        BinaryOperator::In,
        BinaryOperator::StartsWith,
        BinaryOperator::EndsWith,
        BinaryOperator::Contains,
        BinaryOperator::Matches,
    ]);
    let comparison = select(vec![
        ComparisonOperator::Equal,
        ComparisonOperator::NotEqual,
        ComparisonOperator::Less,
        ComparisonOperator::LessOrEqual,
        ComparisonOperator::Greater,
        ComparisonOperator::GreaterOrEqual,
    ]);
    let unary = select(vec![UnaryOperator::Not, UnaryOperator::Negate, UnaryOperator::Plus]);
    prop_oneof![
        (binary, inner.clone(), inner.clone()).prop_map(|(operator, left, right)| ExpressionKind::Binary {
            operator,
            left: left.into(),
            right: right.into()
        }),
        (inner.clone(), vec((comparison, inner.clone()), 1..3))
            .prop_map(|(first, rest)| ExpressionKind::Comparison(Comparison { first, rest }.into())),
        (unary, inner.clone())
            .prop_map(|(operator, operand)| ExpressionKind::Unary { operator, operand: operand.into() }),
        vec(inner.clone(), 2..4).prop_map(ExpressionKind::And),
        vec(inner.clone(), 2..4).prop_map(ExpressionKind::Or),
        vec(inner.clone(), 2..4).prop_map(ExpressionKind::Xor),
        (inner, any::<bool>())
            .prop_map(|(operand, negated)| ExpressionKind::IsNull { operand: operand.into(), negated }),
    ]
    .boxed()
}

fn operands(inner: Boxed) -> BoxedStrategy<ExpressionKind> {
    prop_oneof![
        (inner.clone(), name()).prop_map(|(target, key)| ExpressionKind::Property { target: target.into(), key }),
        (inner.clone(), inner.clone())
            .prop_map(|(target, index)| ExpressionKind::Index { target: target.into(), index: index.into() }),
        (inner.clone(), of(inner.clone()), of(inner.clone())).prop_map(|(target, from, to)| ExpressionKind::Slice {
            target: target.into(),
            from: from.map(Box::new),
            to: to.map(Box::new)
        }),
        (inner.clone(), vec(name(), 1..3))
            .prop_map(|(target, labels)| ExpressionKind::Labels { target: target.into(), labels }),
        (qualified_name(), any::<bool>(), vec(inner, 0..3)).prop_map(|(name, distinct, arguments)| {
            ExpressionKind::Call(FunctionCall { name, distinct: distinct && !arguments.is_empty(), arguments }.into())
        }),
    ]
    .boxed()
}

fn containers(inner: Boxed) -> BoxedStrategy<ExpressionKind> {
    let item = prop_oneof![
        name().prop_map(MapProjectionItem::Property),
        Just(MapProjectionItem::AllProperties),
        (name(), inner.clone()).prop_map(|(key, value)| MapProjectionItem::Entry(key, value)),
        name().prop_map(MapProjectionItem::Variable),
    ];
    let branch = (inner.clone(), inner.clone()).prop_map(|(condition, value)| Branch { condition, value });
    prop_oneof![
        vec(inner.clone(), 0..4).prop_map(ExpressionKind::List),
        vec((name(), inner.clone()), 0..3).prop_map(ExpressionKind::Map),
        (name(), vec(item, 0..3))
            .prop_map(|(variable, items)| ExpressionKind::MapProjection(MapProjection { variable, items }.into())),
        (of(inner.clone()), vec(branch, 1..3), of(inner)).prop_map(|(subject, branches, otherwise)| {
            ExpressionKind::Case { subject: subject.map(Box::new), branches, otherwise: otherwise.map(Box::new) }
        }),
    ]
    .boxed()
}

fn folds(inner: Boxed) -> BoxedStrategy<ExpressionKind> {
    let kind = select(vec![QuantifierKind::All, QuantifierKind::Any, QuantifierKind::None, QuantifierKind::Single]);
    prop_oneof![
        (name(), inner.clone(), of(inner.clone()), of(inner.clone())).prop_map(|(variable, list, filter, value)| {
            ExpressionKind::ListComprehension(ListComprehension { variable, list, filter, value }.into())
        }),
        (kind, name(), inner.clone(), inner.clone()).prop_map(|(kind, variable, list, predicate)| {
            ExpressionKind::Quantifier(Quantifier { kind, variable, list, predicate }.into())
        }),
        (name(), inner.clone(), name(), inner.clone(), inner).prop_map(
            |(accumulator, initial, variable, list, value)| {
                ExpressionKind::Reduce(Reduce { accumulator, initial, variable, list, value }.into())
            }
        ),
    ]
    .boxed()
}

fn patterns(inner: Boxed) -> BoxedStrategy<ExpressionKind> {
    let exists = (vec(part(inner.clone()), 1..3), of(inner.clone())).prop_map(|(pattern, filter)| {
        let clause = Clause::Match(Match { optional: false, pattern, hints: Vec::new(), filter, span: HERE });
        ExpressionKind::Exists(query_of(vec![clause]).into())
    });
    prop_oneof![
        exists,
        (of(name()), path(inner.clone(), 1), of(inner.clone()), inner.clone()).prop_map(
            |(variable, path, filter, value)| {
                ExpressionKind::PatternComprehension(PatternComprehension { variable, path, filter, value }.into())
            }
        ),
        path(inner.clone(), 1).prop_map(|path| {
            ExpressionKind::Pattern(PatternPart { variable: None, form: PathForm::Any, path, span: HERE }.into())
        }),
        shortest(inner).prop_map(|part| ExpressionKind::Pattern(part.into())),
    ]
    .boxed()
}

fn properties(inner: Boxed) -> BoxedStrategy<Properties> {
    prop_oneof![
        3 => vec((name(), inner), 0..3).prop_map(Properties::Map),
        1 => name().prop_map(Properties::Parameter),
    ]
    .boxed()
}

fn node(inner: Boxed) -> BoxedStrategy<NodePattern> {
    (of(name()), vec(name(), 0..3), of(properties(inner)))
        .prop_map(|(variable, labels, properties)| NodePattern { variable, labels, properties, span: HERE })
        .boxed()
}

fn relationship(inner: Boxed) -> BoxedStrategy<RelationshipPattern> {
    let bound = || of(0..=i64::MAX as u64);
    let length = of((bound(), bound()).prop_map(|(min, max)| Length { min, max }));
    let direction = select(vec![Direction::Left, Direction::Right, Direction::Either]);
    (of(name()), vec(name(), 0..3), length, of(properties(inner)), direction)
        .prop_map(|(variable, types, length, properties, direction)| RelationshipPattern {
            variable,
            types,
            length,
            properties,
            direction,
            span: HERE,
        })
        .boxed()
}

fn path(inner: Boxed, least: usize) -> BoxedStrategy<PathPattern> {
    let step =
        (relationship(inner.clone()), node(inner.clone())).prop_map(|(relationship, node)| Step { relationship, node });
    (node(inner), vec(step, least..3)).prop_map(|(start, steps)| PathPattern { start, steps, span: HERE }).boxed()
}

fn shortest(inner: Boxed) -> BoxedStrategy<PatternPart> {
    (select(vec![PathForm::Shortest, PathForm::AllShortest]), path(inner, 1))
        .prop_map(|(form, mut path)| {
            path.steps.truncate(1);
            PatternPart { variable: None, form, path, span: HERE }
        })
        .boxed()
}

fn part(inner: Boxed) -> BoxedStrategy<PatternPart> {
    let any =
        path(inner.clone(), 0).prop_map(|path| PatternPart { variable: None, form: PathForm::Any, path, span: HERE });
    (of(name()), prop_oneof![4 => any, 1 => shortest(inner)])
        .prop_map(|(variable, part)| PatternPart { variable, ..part })
        .boxed()
}

fn projection() -> impl Strategy<Value = Projection> {
    let item =
        (expression(), of(name())).prop_map(|(expression, alias)| ProjectionItem { expression, alias, span: HERE });
    let sort = (expression(), any::<bool>()).prop_map(|(expression, descending)| SortItem { expression, descending });
    (any::<bool>(), any::<bool>(), vec(item, 1..3), vec(sort, 0..2), of(expression()), of(expression()))
        .prop_map(|(distinct, all, items, order, skip, limit)| Projection { distinct, all, items, order, skip, limit })
}

fn reading() -> impl Strategy<Value = Clause> {
    let hint =
        prop_oneof![
            (any::<bool>(), name(), name(), vec(name(), 1..3))
                .prop_map(|(seek, variable, label, keys)| PlanHint::Index { seek, variable, label, keys }),
            (name(), name()).prop_map(|(variable, label)| PlanHint::Scan { variable, label }),
            vec(name(), 1..3).prop_map(|variables| PlanHint::Join { variables }),
        ];
    let fields = vec((name(), of(name())).prop_map(|(field, alias)| YieldItem { field, alias }), 1..3);
    let yields = (fields, of(expression())).prop_map(|(items, filter)| Yield {
        items: YieldItems::Some(items),
        filter,
        span: HERE,
    });
    prop_oneof![
        3 => (any::<bool>(), vec(part(expression()), 1..3), vec(hint, 0..2), of(expression())).prop_map(
            |(optional, pattern, hints, filter)| Clause::Match(Match { optional, pattern, hints, filter, span: HERE })
        ),
        1 => (expression(), name())
            .prop_map(|(list, variable)| Clause::Unwind(Unwind { list, variable, span: HERE })),
        2 => (projection(), of(expression()))
            .prop_map(|(projection, filter)| Clause::With(With { projection, filter, span: HERE })),
        1 => (qualified_name(), vec(expression(), 0..3), of(yields)).prop_map(|(procedure, arguments, yields)| {
            Clause::Call(Call { procedure, arguments: Some(arguments), yields, span: HERE })
        }),
        1 => projection().prop_map(|projection| {
            let query = query_of(vec![Clause::Return(Return { projection, span: HERE })]);
            Clause::Subquery(Subquery { query, span: HERE })
        }),
    ]
}

fn set_item() -> impl Strategy<Value = SetItem> {
    prop_oneof![
        (expression(), name(), expression()).prop_map(|(target, key, value)| SetItem::Property { target, key, value }),
        (name(), expression()).prop_map(|(variable, value)| SetItem::Replace { variable, value }),
        (name(), expression()).prop_map(|(variable, value)| SetItem::Add { variable, value }),
        (name(), vec(name(), 1..3)).prop_map(|(variable, labels)| SetItem::Labels { variable, labels }),
    ]
}

fn updating() -> BoxedStrategy<Clause> {
    let remove = prop_oneof![
        (expression(), name()).prop_map(|(target, key)| RemoveItem::Property { target, key }),
        (name(), vec(name(), 1..3)).prop_map(|(variable, labels)| RemoveItem::Labels { variable, labels }),
    ];
    let action = (select(vec![MergeTrigger::Match, MergeTrigger::Create]), vec(set_item(), 1..3))
        .prop_map(|(trigger, items)| MergeAction { trigger, items });
    let flat = prop_oneof![
        vec(part(expression()), 1..3).prop_map(|pattern| Clause::Create(Create { pattern, span: HERE })),
        (part(expression()), vec(action, 0..3)).prop_map(|(part, actions)| Clause::Merge(Merge {
            part,
            actions,
            span: HERE
        })),
        vec(set_item(), 1..3).prop_map(|items| Clause::Set(Set { items, span: HERE })),
        vec(remove, 1..3).prop_map(|items| Clause::Remove(Remove { items, span: HERE })),
        (any::<bool>(), vec(expression(), 1..3)).prop_map(|(detach, targets)| Clause::Delete(Delete {
            detach,
            targets,
            span: HERE
        })),
    ];
    flat.prop_recursive(2, 4, 2, |inner| {
        (name(), expression(), vec(inner, 1..3))
            .prop_map(|(variable, list, clauses)| Clause::Foreach(Foreach { variable, list, clauses, span: HERE }))
    })
    .boxed()
}

fn query_of(clauses: Vec<Clause>) -> Query {
    Query { union: Union::Distinct, parts: vec![SingleQuery { clauses, span: HERE }], span: HERE }
}

fn single_query() -> impl Strategy<Value = SingleQuery> {
    let ending = prop_oneof![
        3 => projection().prop_map(|projection| vec![Clause::Return(Return { projection, span: HERE })]),
        1 => Just(vec![Clause::Return(Return {
            projection: Projection {
                distinct: false, all: true, items: Vec::new(), order: Vec::new(), skip: None, limit: None
            },
            span: HERE,
        })]),
        2 => vec(updating(), 1..3),
    ];
    (vec(reading(), 0..3), ending).prop_map(|(mut clauses, ending)| {
        clauses.extend(ending);
        SingleQuery { clauses, span: HERE }
    })
}

/// A statement that follows the grammar, and no other rule.
pub(crate) fn statement() -> impl Strategy<Value = Statement> {
    let hint = prop_oneof![
        select(vec![PlanCache::Enabled, PlanCache::Disabled, PlanCache::Auto]).prop_map(Hint::PlanCache),
        any::<u64>().prop_map(Hint::TimeoutMilliseconds),
        any::<bool>().prop_map(Hint::AssumeConsistentDataTypes),
    ];
    let mode = select(vec![Mode::Run, Mode::Run, Mode::Explain, Mode::Profile]);
    (mode, vec(hint, 0..2), select(vec![Union::All, Union::Distinct]), vec(single_query(), 1..3)).prop_map(
        |(mode, hints, union, parts)| {
            let union = if parts.len() > 1 { union } else { Union::Distinct };
            Statement { mode, hints, query: Query { union, parts, span: HERE }, span: HERE }
        },
    )
}
