//! Words that mean something to the grammar.
//!
//! Only the reserved ones cannot name a variable, and any can name a label, a type, a key or a parameter. So a query
//! that uses `end` or `count` for a variable reads as its author meant it.

/// Declares the keywords, and how they are found.
macro_rules! keywords {
    (reserved: $($reserved:ident $reserved_text:literal)*; free: $($free:ident $free_text:literal)*;) => {
        /// A keyword; upper and lower case are one.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Keyword {
            $($reserved,)*
            $($free,)*
        }

        impl Keyword {
            /// Every keyword.
            pub(crate) const ALL: &[Self] = &[$(Self::$reserved,)* $(Self::$free,)*];

            /// The keyword in upper case.
            pub(crate) const fn text(self) -> &'static str {
                match self {
                    $(Self::$reserved => $reserved_text,)*
                    $(Self::$free => $free_text,)*
                }
            }

            /// Whether a variable needs backticks to be called so.
            pub(crate) const fn is_reserved(self) -> bool {
                match self {
                    $(Self::$reserved => true,)*
                    $(Self::$free => false,)*
                }
            }

            fn of_upper(word: &str) -> Option<Self> {
                match word {
                    $($reserved_text => Some(Self::$reserved),)*
                    $($free_text => Some(Self::$free),)*
                    _ => None,
                }
            }
        }
    };
}

keywords! {
    reserved:
        All "ALL" And "AND" As "AS" Asc "ASC" Ascending "ASCENDING" By "BY" Case "CASE" Contains "CONTAINS"
        Create "CREATE" Delete "DELETE" Desc "DESC" Descending "DESCENDING" Detach "DETACH" Distinct "DISTINCT"
        Else "ELSE" Ends "ENDS" Exists "EXISTS" False "FALSE" In "IN" Is "IS" Limit "LIMIT" Match "MATCH"
        Merge "MERGE" Not "NOT" Null "NULL" On "ON" Optional "OPTIONAL" Or "OR" Order "ORDER" Remove "REMOVE"
        Return "RETURN" Set "SET" Skip "SKIP" Starts "STARTS" Then "THEN" True "TRUE" Union "UNION"
        Unwind "UNWIND" When "WHEN" Where "WHERE" With "WITH" Xor "XOR";
    free:
        AllShortestPaths "ALLSHORTESTPATHS" Any "ANY" Call "CALL" Count "COUNT" End "END" Explain "EXPLAIN"
        Extract "EXTRACT" Filter "FILTER" Foreach "FOREACH" Index "INDEX" Join "JOIN" Load "LOAD"
        Mandatory "MANDATORY" None "NONE" Profile "PROFILE" Query "QUERY" Reduce "REDUCE" Scan "SCAN"
        Seek "SEEK" ShortestPath "SHORTESTPATH" Single "SINGLE" Using "USING" Yield "YIELD";
}

/// As many letters as the longest keyword.
const LONGEST: usize = 16;

impl Keyword {
    /// The keyword that a word is, if it is one.
    pub(crate) fn of(word: &str) -> Option<Self> {
        if word.len() > LONGEST || !word.is_ascii() {
            return None;
        }
        let mut upper = [0; LONGEST];
        let upper = &mut upper[..word.len()];
        upper.copy_from_slice(word.as_bytes());
        upper.make_ascii_uppercase();
        Self::of_upper(std::str::from_utf8(upper).ok()?)
    }
}

#[cfg(test)]
mod tests {
    use super::{Keyword, LONGEST};

    #[test]
    fn a_keyword_is_found_in_any_case() {
        for keyword in Keyword::ALL {
            assert!(keyword.text().len() <= LONGEST, "{}", keyword.text());
            assert_eq!(Keyword::of(keyword.text()), Some(*keyword));
            assert_eq!(Keyword::of(&keyword.text().to_lowercase()), Some(*keyword));
        }
        for word in ["", "matc", "matches", "été", "a_name_longer_than_any_keyword"] {
            assert_eq!(Keyword::of(word), None);
        }
    }
}
