//! The table of functions: how many arguments they take, of what, and what they give.
//!
//! **Source**: spec/opencypher.md §5; openCypher 9 for what the TCK asks for beyond it.

use super::Type;
use crate::tree::{Expression, ExpressionKind, QualifiedName};

/// A function.
#[derive(Clone, Copy, Debug)]
pub(super) struct Function {
    name: &'static str,
    least: usize,
    most: usize,
    /// Whether it is computed from all rows of a group.
    pub(super) is_aggregate: bool,
    takes: Takes,
    gives: Gives,
}

/// What the first argument must be; whatever is not known to be wrong is right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Takes {
    Anything,
    Node,
    Relationship,
    /// A node or a relationship.
    Element,
    Path,
    /// What has keys.
    Keyed,
    /// What has a size.
    Sized,
    /// A property or a pattern.
    Existing,
    List,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Gives {
    Anything,
    Boolean,
    Integer,
    Float,
    String,
    Temporal,
    Geometry,
    Map,
    Node,
    Strings,
    Integers,
    Nodes,
    Relationships,
    /// The type of the first argument.
    Same,
    /// That of its elements.
    Element,
    /// A list of it.
    ListOfSame,
}

/// As many arguments as there are.
const MANY: usize = usize::MAX;

macro_rules! functions {
    ($($kind:ident $name:literal $least:literal $most:tt $takes:ident $gives:ident;)*) => {
        /// By their names in lower case, sorted.
        const FUNCTIONS: &[Function] = &[$(Function {
            name: $name,
            least: $least,
            most: functions!(@most $most),
            is_aggregate: functions!(@$kind),
            takes: Takes::$takes,
            gives: Gives::$gives,
        },)*];
    };
    (@scalar) => { false };
    (@aggregate) => { true };
    (@most many) => { MANY };
    (@most $most:literal) => { $most };
}

functions! {
    scalar "abs" 1 1 Anything Same;
    scalar "acos" 1 1 Anything Float;
    scalar "asin" 1 1 Anything Float;
    scalar "atan" 1 1 Anything Float;
    scalar "atan2" 2 2 Anything Float;
    aggregate "avg" 1 1 Anything Anything;
    scalar "ceil" 1 1 Anything Float;
    scalar "char_length" 1 1 Anything Integer;
    scalar "coalesce" 1 many Anything Anything;
    aggregate "collect" 1 1 Anything ListOfSame;
    scalar "collintersection" 2 2 List Same;
    scalar "collsort" 1 2 List Same;
    scalar "collsortmaps" 2 2 List Same;
    scalar "collsortmulti" 2 4 List Same;
    scalar "collsortnodes" 2 2 List Same;
    scalar "collsubtract" 2 2 List Same;
    scalar "colltoset" 1 1 List Same;
    scalar "cos" 1 1 Anything Float;
    scalar "cot" 1 1 Anything Float;
    aggregate "count" 1 1 Anything Integer;
    scalar "date" 0 1 Anything Temporal;
    scalar "date.realtime" 0 1 Anything Temporal;
    scalar "date.statement" 0 1 Anything Temporal;
    scalar "date.transaction" 0 1 Anything Temporal;
    scalar "date.truncate" 1 3 Anything Temporal;
    scalar "datetime" 0 1 Anything Temporal;
    scalar "datetime.fromepoch" 1 2 Anything Temporal;
    scalar "datetime.fromepochmillis" 1 1 Anything Temporal;
    scalar "datetime.realtime" 0 1 Anything Temporal;
    scalar "datetime.statement" 0 1 Anything Temporal;
    scalar "datetime.transaction" 0 1 Anything Temporal;
    scalar "datetime.truncate" 1 3 Anything Temporal;
    scalar "day" 1 1 Anything Integer;
    scalar "degrees" 1 1 Anything Float;
    scalar "duration" 1 1 Anything Temporal;
    scalar "duration.between" 2 2 Anything Temporal;
    scalar "duration.indays" 2 2 Anything Temporal;
    scalar "duration.inmonths" 2 2 Anything Temporal;
    scalar "duration.inseconds" 2 2 Anything Temporal;
    scalar "e" 0 0 Anything Float;
    scalar "endnode" 1 1 Relationship Node;
    scalar "epochmillis" 1 1 Anything Integer;
    scalar "exists" 1 1 Existing Boolean;
    scalar "exp" 1 1 Anything Float;
    scalar "floor" 1 1 Anything Float;
    scalar "haversin" 1 1 Anything Float;
    scalar "head" 1 1 List Element;
    scalar "id" 1 1 Element String;
    scalar "isempty" 1 1 Anything Boolean;
    scalar "isnan" 1 1 Anything Boolean;
    scalar "join" 2 2 List String;
    scalar "keys" 1 1 Keyed Strings;
    scalar "labels" 1 1 Node Strings;
    scalar "last" 1 1 List Element;
    scalar "left" 2 2 Anything String;
    scalar "length" 1 1 Path Integer;
    scalar "localdatetime" 0 1 Anything Temporal;
    scalar "localdatetime.realtime" 0 1 Anything Temporal;
    scalar "localdatetime.statement" 0 1 Anything Temporal;
    scalar "localdatetime.transaction" 0 1 Anything Temporal;
    scalar "localdatetime.truncate" 1 3 Anything Temporal;
    scalar "localtime" 0 1 Anything Temporal;
    scalar "localtime.realtime" 0 1 Anything Temporal;
    scalar "localtime.statement" 0 1 Anything Temporal;
    scalar "localtime.transaction" 0 1 Anything Temporal;
    scalar "localtime.truncate" 1 3 Anything Temporal;
    scalar "log" 1 1 Anything Float;
    scalar "log10" 1 1 Anything Float;
    scalar "ltrim" 1 1 Anything String;
    aggregate "max" 1 1 Anything Same;
    aggregate "min" 1 1 Anything Same;
    scalar "month" 1 1 Anything Integer;
    scalar "nodes" 1 1 Path Nodes;
    aggregate "percentilecont" 2 2 Anything Anything;
    aggregate "percentiledisc" 2 2 Anything Anything;
    scalar "pi" 0 0 Anything Float;
    scalar "properties" 1 1 Keyed Map;
    scalar "radians" 1 1 Anything Float;
    scalar "rand" 0 0 Anything Float;
    scalar "randomuuid" 0 0 Anything String;
    scalar "range" 2 3 Anything Integers;
    scalar "relationships" 1 1 Path Relationships;
    scalar "removekeyfrommap" 2 2 Keyed Map;
    scalar "replace" 3 3 Anything String;
    scalar "reverse" 1 1 Anything Same;
    scalar "right" 2 2 Anything String;
    scalar "round" 1 3 Anything Float;
    scalar "rtrim" 1 1 Anything String;
    scalar "sign" 1 1 Anything Integer;
    scalar "sin" 1 1 Anything Float;
    scalar "size" 1 1 Sized Integer;
    scalar "split" 2 2 Anything Strings;
    scalar "sqrt" 1 1 Anything Float;
    scalar "st_astext" 1 1 Anything String;
    scalar "st_buffer" 2 3 Anything Geometry;
    scalar "st_contains" 2 2 Anything Boolean;
    scalar "st_distance" 2 2 Anything Float;
    scalar "st_distancespheroid" 2 2 Anything Float;
    scalar "st_envelope" 1 1 Anything Geometry;
    scalar "st_equals" 2 2 Anything Boolean;
    scalar "st_geometrytype" 1 1 Anything String;
    scalar "st_geomfromtext" 1 1 Anything Geometry;
    scalar "st_intersects" 2 2 Anything Boolean;
    scalar "st_point" 2 3 Anything Geometry;
    scalar "startnode" 1 1 Relationship Node;
    aggregate "stdev" 1 1 Anything Float;
    aggregate "stdevp" 1 1 Anything Float;
    scalar "substring" 2 3 Anything String;
    aggregate "sum" 1 1 Anything Anything;
    scalar "tail" 1 1 List Same;
    scalar "tan" 1 1 Anything Float;
    scalar "textindexof" 2 4 Anything Integer;
    scalar "time" 0 1 Anything Temporal;
    scalar "time.realtime" 0 1 Anything Temporal;
    scalar "time.statement" 0 1 Anything Temporal;
    scalar "time.transaction" 0 1 Anything Temporal;
    scalar "time.truncate" 1 3 Anything Temporal;
    scalar "timestamp" 0 0 Anything Integer;
    scalar "toboolean" 1 1 Anything Boolean;
    scalar "tobooleanornull" 1 1 Anything Boolean;
    scalar "tofloat" 1 1 Anything Float;
    scalar "tofloatornull" 1 1 Anything Float;
    scalar "tointeger" 1 1 Anything Integer;
    scalar "tointegerornull" 1 1 Anything Integer;
    scalar "tolower" 1 1 Anything String;
    scalar "tostring" 1 1 Anything String;
    scalar "tostringornull" 1 1 Anything String;
    scalar "toupper" 1 1 Anything String;
    scalar "trim" 1 1 Anything String;
    scalar "type" 1 1 Relationship String;
    scalar "year" 1 1 Anything Integer;
}

/// Names of the functions that are no aggregates, and how many arguments they take at least and at most.
#[cfg(test)]
pub(crate) fn scalars() -> impl Iterator<Item = (&'static str, usize, usize)> {
    let scalars = FUNCTIONS.iter().filter(|function| !function.is_aggregate);
    scalars.map(|function| (function.name, function.least, function.most))
}

impl Function {
    /// The function of a name; upper and lower case are one.
    pub(super) fn get(name: &QualifiedName) -> Option<&'static Self> {
        let name = name.to_lowercase();
        let place = FUNCTIONS.binary_search_by(|function| function.name.cmp(&name)).ok()?;
        FUNCTIONS.get(place)
    }

    pub(super) const fn takes_count(&self, count: usize) -> bool {
        self.least <= count && count <= self.most
    }

    /// How many arguments it takes, in words.
    pub(super) fn counts(&self) -> String {
        match (self.least, self.most) {
            (least, MANY) => format!("{least} or more arguments"),
            (least, most) if least == most => counted(least),
            (least, most) => format!("{least} to {most} arguments"),
        }
    }

    /// Whether a bare pattern is an argument.
    pub(super) fn takes_patterns(&self) -> bool {
        self.takes == Takes::Existing || self.takes == Takes::Sized
    }

    /// What its first argument should be, if it cannot be of this type.
    pub(super) fn refuses(&self, kind: &Type) -> Option<&'static str> {
        let (is_right, expected) = match self.takes {
            Takes::Anything | Takes::Existing => (true, ""),
            Takes::Node => (kind.may_be(&Type::Node), "a node"),
            Takes::Relationship => (kind.may_be(&Type::Relationship), "a relationship"),
            Takes::Element => (kind.may_be_any(&[Type::Node, Type::Relationship]), "a node or a relationship"),
            Takes::Path => (kind.may_be(&Type::Path), "a path"),
            Takes::Keyed => {
                (kind.may_be_any(&[Type::Node, Type::Relationship, Type::Map]), "a node, a relationship or a map")
            }
            Takes::Sized => (kind.may_be_list() || kind.may_be(&Type::String), "a list, a string or a pattern"),
            Takes::List => (kind.may_be_list(), "a list"),
        };
        (!is_right).then_some(expected)
    }

    /// What it gives for arguments of these types.
    pub(super) fn gives(&self, arguments: Vec<Type>) -> Type {
        let first = arguments.into_iter().next().unwrap_or_default();
        match self.gives {
            Gives::Anything => Type::Any,
            Gives::Boolean => Type::Boolean,
            Gives::Integer => Type::Integer,
            Gives::Float => Type::Float,
            Gives::String => Type::String,
            Gives::Temporal => Type::Temporal,
            Gives::Geometry => Type::Geometry,
            Gives::Map => Type::Map,
            Gives::Node => Type::Node,
            Gives::Strings => Type::list(Type::String),
            Gives::Integers => Type::list(Type::Integer),
            Gives::Nodes => Type::list(Type::Node),
            Gives::Relationships => Type::list(Type::Relationship),
            Gives::Same => first,
            Gives::Element => first.element(),
            Gives::ListOfSame => Type::list(first),
        }
    }
}

/// Whether a value differs from call to call.
pub(super) fn is_random(expression: &Expression) -> bool {
    let is_call = match &expression.kind {
        ExpressionKind::Call(call) => matches!(call.name.to_lowercase().as_str(), "rand" | "randomuuid"),
        _ => false,
    };
    is_call || expression.children().any(is_random)
}

/// `no arguments`, `1 argument`, `2 arguments`.
pub(super) fn counted(count: usize) -> String {
    match count {
        0 => "no arguments".to_owned(),
        1 => "1 argument".to_owned(),
        _ => format!("{count} arguments"),
    }
}

/// `a node, a relationship or a map`.
pub(super) fn one_of(kinds: &[Type]) -> String {
    let words: Vec<String> = kinds.iter().map(ToString::to_string).collect();
    match words.as_slice() {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::FUNCTIONS;

    #[test]
    fn the_table_is_sorted_by_names_in_lower_case() {
        assert!(FUNCTIONS.is_sorted_by(|one, next| one.name < next.name));
        assert!(FUNCTIONS.iter().all(|function| function.name == function.name.to_lowercase()));
    }
}
