//! The clauses that change the graph.

use super::{Parser, Result};
use crate::lexer::{Keyword, TokenKind};
use crate::tree::{
    Clause, Create, Delete, Expression, ExpressionKind, Merge, MergeAction, MergeTrigger, Remove, RemoveItem, Set,
    SetItem,
};

impl Parser<'_> {
    /// The updating clause that a keyword begins, if it begins one.
    pub(super) fn update(&mut self, keyword: Keyword) -> Result<Option<Clause>> {
        let start = self.here();
        let clause = match keyword {
            Keyword::Create => {
                self.advance();
                let pattern = self.list(Self::pattern_part)?;
                Clause::Create(Create { pattern, span: self.since(start) })
            }
            Keyword::Merge => {
                self.advance();
                let part = self.pattern_part()?;
                let mut actions = Vec::new();
                while self.eat_keyword(Keyword::On) {
                    actions.push(self.merge_action()?);
                }
                Clause::Merge(Merge { part, actions, span: self.since(start) })
            }
            Keyword::Set => {
                self.advance();
                let items = self.list(Self::set_item)?;
                Clause::Set(Set { items, span: self.since(start) })
            }
            Keyword::Remove => {
                self.advance();
                let items = self.list(Self::remove_item)?;
                Clause::Remove(Remove { items, span: self.since(start) })
            }
            Keyword::Delete | Keyword::Detach => {
                let detach = self.eat_keyword(Keyword::Detach);
                self.expect_keyword(Keyword::Delete)?;
                let targets = self.list(Self::expression)?;
                Clause::Delete(Delete { detach, targets, span: self.since(start) })
            }
            Keyword::Foreach => {
                self.advance();
                Clause::Foreach(self.foreach(start)?)
            }
            _ => return Ok(None),
        };
        Ok(Some(clause))
    }

    fn merge_action(&mut self) -> Result<MergeAction> {
        let trigger = if self.eat_keyword(Keyword::Match) {
            MergeTrigger::Match
        } else {
            self.expect_keyword(Keyword::Create)?;
            MergeTrigger::Create
        };
        self.expect_keyword(Keyword::Set)?;
        Ok(MergeAction { trigger, items: self.list(Self::set_item)? })
    }

    fn set_item(&mut self) -> Result<SetItem> {
        let target = self.target()?;
        match target.kind {
            ExpressionKind::Property { target, key } => {
                self.expect(TokenKind::Equal)?;
                Ok(SetItem::Property { target: *target, key, value: self.expression()? })
            }
            ExpressionKind::Variable(variable) => {
                if self.eat(TokenKind::Equal) {
                    Ok(SetItem::Replace { variable, value: self.expression()? })
                } else if self.eat(TokenKind::PlusEqual) {
                    Ok(SetItem::Add { variable, value: self.expression()? })
                } else {
                    Err(self.unexpected())
                }
            }
            ExpressionKind::Labels { target, labels } => match target.kind {
                ExpressionKind::Variable(variable) => Ok(SetItem::Labels { variable, labels }),
                _ => Err(self.no_target(target.span)),
            },
            _ => Err(self.no_target(target.span)),
        }
    }

    fn remove_item(&mut self) -> Result<RemoveItem> {
        let target = self.target()?;
        match target.kind {
            ExpressionKind::Property { target, key } => Ok(RemoveItem::Property { target: *target, key }),
            ExpressionKind::Labels { target, labels } => match target.kind {
                ExpressionKind::Variable(variable) => Ok(RemoveItem::Labels { variable, labels }),
                _ => Err(self.no_target(target.span)),
            },
            ExpressionKind::Variable(_) => Err(self.unexpected()),
            _ => Err(self.no_target(target.span)),
        }
    }

    /// What stands before `=`, or is removed: as much as hangs together without an operator.
    fn target(&mut self) -> Result<Expression> {
        self.nested(Self::postfix)
    }

    fn no_target(&self, span: crate::tree::Span) -> crate::Error {
        let found = super::spelling::shortened(self.slice(span));
        let message = format!("Invalid input {found}: expected variable.key or variable:Label");
        self.error(crate::ErrorKind::UnexpectedSyntax, span, message)
    }
}
