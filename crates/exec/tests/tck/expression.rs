//! Reads and evaluates `WITH … RETURN …` over literals in one go. What it does not know it leaves alone.

use std::collections::HashMap;

use exec::{EvalError, Map, Value, arithmetic, comparison, equality, list, logic, map};

use super::functions;

/// Variables and (with a `$`) parameters.
pub(crate) type Bindings = HashMap<String, Value>;

/// Why there is no value.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The text is none that is read here.
    Unknown,
    /// The values refuse.
    Eval(EvalError),
}

impl From<EvalError> for Failure {
    fn from(error: EvalError) -> Self {
        Self::Eval(error)
    }
}

type Answer<T = Value> = Result<T, Failure>;

/// The row that a query gives.
pub(crate) fn query(text: &str, bindings: Bindings) -> Answer<Vec<Value>> {
    let mut reader = Reader { rest: text, bindings };
    while reader.word("WITH") {
        let named = reader.items()?;
        reader.bindings.retain(|name, _| name.starts_with('$'));
        for (name, value) in named {
            reader.bindings.insert(name.ok_or(Failure::Unknown)?, value);
        }
    }
    if !reader.word("RETURN") {
        return Err(Failure::Unknown);
    }
    let row = reader.items()?;
    reader.end()?;
    Ok(row.into_iter().map(|(_, value)| value).collect())
}

/// The value of a literal.
pub(crate) fn value(text: &str) -> Answer {
    let mut reader = Reader { rest: text, bindings: Bindings::new() };
    let value = reader.expression(0)?;
    reader.end()?;
    Ok(value)
}

struct Reader<'a> {
    rest: &'a str,
    bindings: Bindings,
}

/// The binary operators, by how tightly they bind.
const OPERATORS: [(&str, u8); 20] = [
    ("OR", 1),
    ("XOR", 2),
    ("AND", 3),
    ("<>", 5),
    ("<=", 5),
    (">=", 5),
    ("=", 5),
    ("<", 5),
    (">", 5),
    ("STARTS WITH", 6),
    ("ENDS WITH", 6),
    ("CONTAINS", 6),
    ("IN", 6),
    ("IS", 6),
    ("+", 7),
    ("-", 7),
    ("*", 8),
    ("/", 8),
    ("%", 8),
    ("^", 9),
];
const NOT: u8 = 4;
const UNARY: u8 = 10;

impl<'a> Reader<'a> {
    fn items(&mut self) -> Answer<Vec<(Option<String>, Value)>> {
        let mut items = Vec::new();
        loop {
            let value = self.expression(0)?;
            let name = if self.word("AS") { Some(self.name().ok_or(Failure::Unknown)?.to_owned()) } else { None };
            items.push((name, value));
            if !self.symbol(",") {
                return Ok(items);
            }
        }
    }

    fn expression(&mut self, level: u8) -> Answer {
        let mut left = if self.word("NOT") {
            let value = self.expression(NOT)?;
            Value::truth(logic::not(logic::truth("NOT", &value)?))
        } else {
            self.postfix()?
        };
        loop {
            let before = self.rest;
            let Some((operator, binds)) = self.operator() else { return Ok(left) };
            if binds <= level {
                self.rest = before;
                return Ok(left);
            }
            if operator == "IS" {
                let negated = self.word("NOT");
                if !self.word("NULL") {
                    return Err(Failure::Unknown);
                }
                left = (left.is_null() != negated).into();
                continue;
            }
            let right = self.expression(binds)?;
            // Chains of comparisons mean something else.
            let after = self.rest;
            if binds == 5 && self.operator().is_some_and(|(_, next)| next == 5) {
                return Err(Failure::Unknown);
            }
            self.rest = after;
            left = apply(operator, &left, &right)?;
        }
    }

    fn operator(&mut self) -> Option<(&'static str, u8)> {
        OPERATORS.iter().copied().find(|(operator, _)| {
            if operator.as_bytes()[0].is_ascii_alphabetic() {
                let before = self.rest;
                let whole = operator.split(' ').all(|word| self.word(word));
                if !whole {
                    self.rest = before;
                }
                whole
            } else {
                self.symbol(operator)
            }
        })
    }

    fn postfix(&mut self) -> Answer {
        let mut value = self.primary()?;
        loop {
            if self.rest.trim_start().starts_with("..") {
                return Ok(value);
            }
            if self.symbol(".") {
                let name = self.name().ok_or(Failure::Unknown)?;
                value = map::member(&value, name)?;
            } else if self.symbol("[") {
                value = self.access(&value)?;
            } else {
                return Ok(value);
            }
        }
    }

    /// What follows a bracket behind a value.
    fn access(&mut self, value: &Value) -> Answer {
        let from = if self.rest.trim_start().starts_with("..") { None } else { Some(self.expression(0)?) };
        if !self.symbol("..") {
            self.expect("]")?;
            return Ok(list::index(value, &from.ok_or(Failure::Unknown)?)?);
        }
        let to = if self.rest.trim_start().starts_with(']') { None } else { Some(self.expression(0)?) };
        self.expect("]")?;
        Ok(list::slice(value, from.as_ref(), to.as_ref())?)
    }

    fn primary(&mut self) -> Answer {
        self.rest = self.rest.trim_start();
        let first = self.rest.chars().next().ok_or(Failure::Unknown)?;
        match first {
            '(' => {
                self.expect("(")?;
                let value = self.expression(0)?;
                self.expect(")")?;
                Ok(value)
            }
            '[' => self.list(),
            '{' => self.map(),
            '\'' | '"' => self.string(first),
            '-' => {
                self.expect("-")?;
                let value = self.expression(UNARY)?;
                Ok(arithmetic::negate(&value)?)
            }
            '0'..='9' | '.' => self.number(),
            '$' => {
                self.expect("$")?;
                let name = self.name().ok_or(Failure::Unknown)?;
                self.bindings.get(&format!("${name}")).cloned().ok_or(Failure::Unknown)
            }
            _ => self.named(),
        }
    }

    fn list(&mut self) -> Answer {
        self.expect("[")?;
        let mut items = Vec::new();
        while !self.symbol("]") {
            if !items.is_empty() {
                self.expect(",")?;
            }
            items.push(self.expression(0)?);
        }
        Ok(Value::list(items)?)
    }

    fn map(&mut self) -> Answer {
        self.expect("{")?;
        let mut entries: Vec<(std::sync::Arc<str>, Value)> = Vec::new();
        while !self.symbol("}") {
            if !entries.is_empty() {
                self.expect(",")?;
            }
            let key = self.name().ok_or(Failure::Unknown)?;
            self.expect(":")?;
            entries.push((key.into(), self.expression(0)?));
        }
        Ok(Value::Map(Map::new(entries)?))
    }

    fn string(&mut self, quote: char) -> Answer {
        let body = &self.rest[1..];
        let end = body.find(quote).ok_or(Failure::Unknown)?;
        if body[..end].contains('\\') {
            return Err(Failure::Unknown);
        }
        self.rest = &body[end + 1..];
        Ok(body[..end].into())
    }

    fn number(&mut self) -> Answer {
        let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
        let mut length = digits(self.rest);
        let mut is_float = false;
        if self.rest[length..].starts_with('.') && digits(&self.rest[length + 1..]) > 0 {
            length += 1 + digits(&self.rest[length + 1..]);
            is_float = true;
        }
        let (text, rest) = self.rest.split_at(length);
        if rest.starts_with(|next: char| next.is_alphanumeric()) {
            return Err(Failure::Unknown);
        }
        self.rest = rest;
        if is_float {
            return Ok(Value::Float(text.parse().map_err(|_| Failure::Unknown)?));
        }
        Ok(Value::Integer(text.parse().map_err(|_| Failure::Unknown)?))
    }

    /// A constant, a variable or a call.
    fn named(&mut self) -> Answer {
        let start = self.rest;
        let name = self.name().ok_or(Failure::Unknown)?;
        match &*name.to_lowercase() {
            "null" => return Ok(Value::Null),
            "true" => return Ok(true.into()),
            "false" => return Ok(false.into()),
            "nan" => return Ok(f64::NAN.into()),
            _ => {}
        }
        if let Some(value) = self.bindings.get(name) {
            return Ok(value.clone());
        }
        // The name of a function may have dots.
        let length = start.find(|next: char| !next.is_alphanumeric() && next != '.').ok_or(Failure::Unknown)?;
        let function = &start[..length];
        self.rest = &start[length..];
        self.expect("(")?;
        let mut arguments = Vec::new();
        while !self.symbol(")") {
            if !arguments.is_empty() {
                self.expect(",")?;
            }
            arguments.push(self.expression(0)?);
        }
        Ok(functions::call(function, &arguments).ok_or(Failure::Unknown)??)
    }

    fn name(&mut self) -> Option<&'a str> {
        let text = self.rest.trim_start();
        if let Some(quoted) = text.strip_prefix('`') {
            let (name, rest) = quoted.split_once('`')?;
            self.rest = rest;
            return Some(name);
        }
        let end = text.find(|next: char| !next.is_alphanumeric() && next != '_').unwrap_or(text.len());
        let (name, rest) = text.split_at(end);
        self.rest = rest;
        (!name.is_empty()).then_some(name)
    }

    /// Takes a keyword if it is next.
    fn word(&mut self, word: &str) -> bool {
        let before = self.rest;
        let found = self.name().is_some_and(|name| name.eq_ignore_ascii_case(word));
        if !found {
            self.rest = before;
        }
        found
    }

    /// Takes a symbol if it is next.
    fn symbol(&mut self, symbol: &str) -> bool {
        let rest = self.rest.trim_start().strip_prefix(symbol);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn expect(&mut self, symbol: &str) -> Answer<()> {
        if self.symbol(symbol) { Ok(()) } else { Err(Failure::Unknown) }
    }

    fn end(&self) -> Answer<()> {
        if self.rest.trim().is_empty() { Ok(()) } else { Err(Failure::Unknown) }
    }
}

fn apply(operator: &str, left: &Value, right: &Value) -> Answer {
    let logical = |combine: fn(logic::Truth, logic::Truth) -> logic::Truth| {
        Ok(Value::truth(combine(logic::truth("a logical operator", left)?, logic::truth("a logical operator", right)?)))
    };
    match operator {
        "OR" => logical(logic::or),
        "XOR" => logical(logic::xor),
        "AND" => logical(logic::and),
        "=" => Ok(Value::truth(equality::equals(left, right))),
        "<>" => Ok(Value::truth(equality::differs(left, right))),
        "<" => Ok(Value::truth(comparison::less(left, right))),
        "<=" => Ok(Value::truth(comparison::less_or_equal(left, right))),
        ">" => Ok(Value::truth(comparison::greater(left, right))),
        ">=" => Ok(Value::truth(comparison::greater_or_equal(left, right))),
        "IN" => Ok(Value::truth(equality::is_in(left, right)?)),
        "+" => Ok(arithmetic::add(left, right)?),
        "-" => Ok(arithmetic::subtract(left, right)?),
        "*" => Ok(arithmetic::multiply(left, right)?),
        "/" => Ok(arithmetic::divide(left, right)?),
        "%" => Ok(arithmetic::modulo(left, right)?),
        "^" => Ok(arithmetic::power(left, right)?),
        other => functions::call(other, &[left.clone(), right.clone()]).ok_or(Failure::Unknown)?.map_err(Failure::Eval),
    }
}
