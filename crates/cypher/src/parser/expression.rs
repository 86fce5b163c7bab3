//! Operators, by precedence climbing.
//!
//! Weakest first: OR, XOR, AND, NOT, comparisons, predicates on strings, lists and null, `+ -`, `* / %`, `^`, signs,
//! labels, and what sticks to an operand behind it. All but the prefixes group to the left. So `-2 ^ 2` is 4, and
//! `a + b IN c` asks for the sum: that is the grammar of 2024, which older ones differ from.

use super::{Parser, Result};
use crate::lexer::{Keyword, TokenKind};
use crate::tree::{BinaryOperator, Comparison, ComparisonOperator, Expression, ExpressionKind, Span, UnaryOperator};

/// How strongly operators bind, weakest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    Or,
    Xor,
    And,
    Not,
    Comparison,
    Predicate,
    Sum,
    Product,
    Power,
    Sign,
    Labels,
    Operand,
}

impl Level {
    /// The one that binds more strongly by one.
    pub(crate) const fn above(self) -> Self {
        match self {
            Self::Or => Self::Xor,
            Self::Xor => Self::And,
            Self::And => Self::Not,
            Self::Not => Self::Comparison,
            Self::Comparison => Self::Predicate,
            Self::Predicate => Self::Sum,
            Self::Sum => Self::Product,
            Self::Product => Self::Power,
            Self::Power => Self::Sign,
            Self::Sign => Self::Labels,
            Self::Labels | Self::Operand => Self::Operand,
        }
    }

    /// The level of a binary operator.
    pub(crate) const fn of(operator: BinaryOperator) -> Self {
        match operator {
            BinaryOperator::Add | BinaryOperator::Subtract => Self::Sum,
            BinaryOperator::Multiply | BinaryOperator::Divide | BinaryOperator::Modulo => Self::Product,
            BinaryOperator::Power => Self::Power,
            BinaryOperator::In
            | BinaryOperator::StartsWith
            | BinaryOperator::EndsWith
            | BinaryOperator::Contains
            | BinaryOperator::Matches => Self::Predicate,
        }
    }
}

/// What may stand behind an operand.
#[derive(Clone, Copy)]
enum Infix {
    Or,
    Xor,
    And,
    Comparison,
    IsNull,
    Binary(BinaryOperator),
}

impl Infix {
    const fn level(self) -> Level {
        match self {
            Self::Or => Level::Or,
            Self::Xor => Level::Xor,
            Self::And => Level::And,
            Self::Comparison => Level::Comparison,
            Self::IsNull => Level::Predicate,
            Self::Binary(operator) => Level::of(operator),
        }
    }
}

impl Parser<'_> {
    /// An expression.
    pub(super) fn expression(&mut self) -> Result<Expression> {
        self.nested(|parser| parser.climb(Level::Or))
    }

    /// An expression whose outermost operator binds at least so strongly.
    fn climb(&mut self, min: Level) -> Result<Expression> {
        let highest_beside = std::mem::take(&mut self.height);
        let start = self.here();
        let first = self.operand(min)?;
        let expression = self.climb_from(start, first, min)?;
        self.height = self.height.max(highest_beside);
        Ok(expression)
    }

    /// Goes on behind an operand that is there already.
    pub(super) fn climb_from(&mut self, start: Span, first: Expression, min: Level) -> Result<Expression> {
        let mut left = first;
        while let Some(infix) = self.infix() {
            let level = infix.level();
            if level < min {
                break;
            }
            let kind = match infix {
                Infix::Or => ExpressionKind::Or(self.chain(left, Keyword::Or, level)?),
                Infix::Xor => ExpressionKind::Xor(self.chain(left, Keyword::Xor, level)?),
                Infix::And => ExpressionKind::And(self.chain(left, Keyword::And, level)?),
                Infix::Comparison => self.comparison(left)?,
                Infix::IsNull => {
                    self.advance();
                    let negated = self.eat_keyword(Keyword::Not);
                    self.expect_keyword(Keyword::Null)?;
                    ExpressionKind::IsNull { operand: Box::new(left), negated }
                }
                Infix::Binary(operator) => {
                    self.advance();
                    if matches!(operator, BinaryOperator::StartsWith | BinaryOperator::EndsWith) {
                        self.expect_keyword(Keyword::With)?;
                    }
                    let right = Box::new(self.climb(level.above())?);
                    ExpressionKind::Binary { operator, left: Box::new(left), right }
                }
            };
            self.grow()?;
            left = Expression::new(kind, self.since(start));
        }
        Ok(left)
    }

    fn infix(&mut self) -> Option<Infix> {
        let infix = match self.peek() {
            TokenKind::Keyword(keyword) => match keyword {
                Keyword::Or => Infix::Or,
                Keyword::Xor => Infix::Xor,
                Keyword::And => Infix::And,
                Keyword::Is => Infix::IsNull,
                Keyword::In => Infix::Binary(BinaryOperator::In),
                Keyword::Starts => Infix::Binary(BinaryOperator::StartsWith),
                Keyword::Ends => Infix::Binary(BinaryOperator::EndsWith),
                Keyword::Contains => Infix::Binary(BinaryOperator::Contains),
                _ => return self.no_infix(),
            },
            TokenKind::Plus => Infix::Binary(BinaryOperator::Add),
            TokenKind::Minus => Infix::Binary(BinaryOperator::Subtract),
            TokenKind::Star => Infix::Binary(BinaryOperator::Multiply),
            TokenKind::Slash => Infix::Binary(BinaryOperator::Divide),
            TokenKind::Percent => Infix::Binary(BinaryOperator::Modulo),
            TokenKind::Caret => Infix::Binary(BinaryOperator::Power),
            TokenKind::Matches => Infix::Binary(BinaryOperator::Matches),
            _ if self.comparison_operator().is_some() => Infix::Comparison,
            _ => return self.no_infix(),
        };
        Some(infix)
    }

    fn no_infix(&mut self) -> Option<Infix> {
        self.expect_also("an operator");
        None
    }

    fn comparison_operator(&self) -> Option<ComparisonOperator> {
        match self.peek() {
            TokenKind::Equal => Some(ComparisonOperator::Equal),
            TokenKind::NotEqual => Some(ComparisonOperator::NotEqual),
            TokenKind::Less => Some(ComparisonOperator::Less),
            TokenKind::LessOrEqual => Some(ComparisonOperator::LessOrEqual),
            TokenKind::Greater => Some(ComparisonOperator::Greater),
            TokenKind::GreaterOrEqual => Some(ComparisonOperator::GreaterOrEqual),
            _ => None,
        }
    }

    fn chain(&mut self, first: Expression, keyword: Keyword, level: Level) -> Result<Vec<Expression>> {
        let mut operands = vec![first];
        while self.eat_keyword(keyword) {
            operands.push(self.climb(level.above())?);
        }
        Ok(operands)
    }

    fn comparison(&mut self, first: Expression) -> Result<ExpressionKind> {
        let mut rest = Vec::new();
        while let Some(operator) = self.comparison_operator() {
            self.advance();
            rest.push((operator, self.climb(Level::Comparison.above())?));
        }
        Ok(ExpressionKind::Comparison(Box::new(Comparison { first, rest })))
    }

    /// An operand with what stands before it.
    fn operand(&mut self, min: Level) -> Result<Expression> {
        let start = self.here();
        let (operator, level) = match self.peek() {
            TokenKind::Keyword(Keyword::Not) if min <= Level::Not => (UnaryOperator::Not, Level::Not),
            TokenKind::Minus if self.is_negative_number() => {
                self.advance();
                let literal = self.number(true)?;
                return Ok(Expression::new(ExpressionKind::Literal(literal), self.since(start)));
            }
            TokenKind::Minus => (UnaryOperator::Negate, Level::Sign),
            TokenKind::Plus => (UnaryOperator::Plus, Level::Sign),
            _ => return self.postfix(),
        };
        self.advance();
        let operand = self.nested(|parser| match level {
            Level::Not => parser.climb(level),
            _ => parser.operand(level),
        })?;
        let kind = ExpressionKind::Unary { operator, operand: Box::new(operand) };
        Ok(Expression::new(kind, self.since(start)))
    }

    /// Whether the minus here and the number behind it are one literal. `-1.x` is the negative of a property.
    fn is_negative_number(&self) -> bool {
        self.peek_at(1) == TokenKind::Number
            && !matches!(self.peek_at(2), TokenKind::Dot | TokenKind::OpenBracket | TokenKind::Colon)
    }

    /// An operand with what sticks to it, labels last.
    pub(super) fn postfix(&mut self) -> Result<Expression> {
        let start = self.here();
        let target = self.postfix_without_labels()?;
        if self.peek() != TokenKind::Colon {
            return Ok(target);
        }
        self.grow()?;
        let kind = ExpressionKind::Labels { target: Box::new(target), labels: self.labels()? };
        Ok(Expression::new(kind, self.since(start)))
    }

    fn postfix_without_labels(&mut self) -> Result<Expression> {
        let start = self.here();
        let mut target = self.atom()?;
        loop {
            let kind = match self.peek() {
                TokenKind::Dot => {
                    self.advance();
                    ExpressionKind::Property { target: Box::new(target), key: self.name()? }
                }
                TokenKind::OpenBracket => {
                    self.advance();
                    self.subscript(target)?
                }
                _ => return Ok(target),
            };
            self.grow()?;
            target = Expression::new(kind, self.since(start));
        }
    }

    /// `index]`, or `from..to]`.
    fn subscript(&mut self, target: Expression) -> Result<ExpressionKind> {
        let target = Box::new(target);
        let from = if self.at(TokenKind::DotDot) { None } else { Some(Box::new(self.expression()?)) };
        let kind = match (from, self.eat(TokenKind::DotDot)) {
            (Some(index), false) => ExpressionKind::Index { target, index },
            (from, _) => {
                let to = if self.at(TokenKind::CloseBracket) { None } else { Some(Box::new(self.expression()?)) };
                ExpressionKind::Slice { target, from, to }
            }
        };
        self.expect(TokenKind::CloseBracket)?;
        Ok(kind)
    }
}
