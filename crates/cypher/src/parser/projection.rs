//! What WITH and RETURN share.

use super::{Parser, Result};
use crate::lexer::{Keyword, TokenKind};
use crate::tree::{Projection, ProjectionItem, SortItem};

impl Parser<'_> {
    pub(super) fn projection(&mut self) -> Result<Projection> {
        let distinct = self.eat_keyword(Keyword::Distinct);
        let all = self.eat(TokenKind::Star);
        let items = if !all || self.eat(TokenKind::Comma) { self.list(Self::projection_item)? } else { Vec::new() };
        let order = if self.eat_keyword(Keyword::Order) {
            self.expect_keyword(Keyword::By)?;
            self.list(Self::sort_item)?
        } else {
            Vec::new()
        };
        let skip = if self.eat_keyword(Keyword::Skip) { Some(self.expression()?) } else { None };
        let limit = if self.eat_keyword(Keyword::Limit) { Some(self.expression()?) } else { None };
        Ok(Projection { distinct, all, items, order, skip, limit })
    }

    fn projection_item(&mut self) -> Result<ProjectionItem> {
        let start = self.here();
        let expression = self.expression()?;
        let span = self.since(start);
        let alias = if self.eat_keyword(Keyword::As) { Some(self.variable()?) } else { None };
        Ok(ProjectionItem { expression, alias, span })
    }

    fn sort_item(&mut self) -> Result<SortItem> {
        let expression = self.expression()?;
        let descending = self.eat_keyword(Keyword::Desc) || self.eat_keyword(Keyword::Descending);
        if !descending && !self.eat_keyword(Keyword::Asc) {
            self.eat_keyword(Keyword::Ascending);
        }
        Ok(SortItem { expression, descending })
    }
}
