//! A list, shared by those who hold it.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use super::Value;
use crate::limits::{MAX_DEPTH, check_value};
use crate::{EvalError, Result};

/// A list. Dereferences to its items.
#[derive(Clone, Default)]
pub struct List(Arc<Body>);

#[derive(Default, Clone)]
struct Body {
    items: Vec<Value>,
    size: Size,
}

/// How large a list or map is, all told: kept with it, since parts that many share would be counted again and again.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Size {
    /// How deep it nests; an empty one is 1 deep, the default's 0 is as good.
    pub(super) depth: u16,
    /// What its items take, each as often as it occurs.
    pub(super) bytes: usize,
    /// The same, without what others held, too, when it was made.
    pub(super) own: usize,
}

impl Size {
    /// Of a list or map with these parts.
    ///
    /// # Errors
    ///
    /// [`EvalError::TooDeep`]; [`EvalError::TooLarge`].
    pub(super) fn of(parts: impl Iterator<Item = Self>) -> Result<Self> {
        parts.fold(Self { depth: 1, ..Self::default() }, Self::with).checked()
    }

    /// Of a value as a part.
    pub(super) fn part(value: &Value) -> Self {
        Self { depth: value.depth(), bytes: value.bytes(), own: value.own_bytes() }
    }

    /// With so many bytes more.
    pub(super) fn and(self, bytes: usize) -> Self {
        Self { bytes: self.bytes.saturating_add(bytes), own: self.own.saturating_add(bytes), ..self }
    }

    /// With one part more.
    fn with(self, part: Self) -> Self {
        Self {
            depth: self.depth.max(part.depth.saturating_add(1)),
            bytes: self.bytes.saturating_add(part.bytes),
            own: self.own.saturating_add(part.own),
        }
    }

    fn checked(self) -> Result<Self> {
        if self.depth > MAX_DEPTH {
            return Err(EvalError::TooDeep { limit: MAX_DEPTH });
        }
        check_value("a list or a map", self.bytes)?;
        Ok(self)
    }
}

impl List {
    /// A list of these items.
    ///
    /// # Errors
    ///
    /// [`EvalError::TooDeep`]; [`EvalError::TooLarge`].
    pub fn new(items: Vec<Value>) -> Result<Self> {
        let size = Size::of(items.iter().map(Size::part))?;
        Ok(Self(Arc::new(Body { items, size })))
    }

    /// This list with more at its end. Does not copy what nobody else holds.
    ///
    /// # Errors
    ///
    /// [`EvalError::TooDeep`]; [`EvalError::TooLarge`].
    pub fn extended(mut self, more: impl IntoIterator<Item = Value>) -> Result<Self> {
        let body = Arc::make_mut(&mut self.0);
        let old = body.items.len();
        body.items.extend(more);
        let size = Size { depth: body.size.depth.max(1), ..body.size };
        body.size = body.items[old..].iter().map(Size::part).fold(size, Size::with).checked()?;
        Ok(self)
    }

    pub(super) fn size(&self) -> Size {
        self.0.size
    }

    /// Whether others hold it, too.
    pub(super) fn is_shared(&self) -> bool {
        Arc::strong_count(&self.0) > 1
    }
}

/// Its items: how they are shared is nobody's business.
impl fmt::Debug for List {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl Deref for List {
    type Target = [Value];

    fn deref(&self) -> &[Value] {
        &self.0.items
    }
}
