//! The IRIs of the datatypes that ids know by tag.
//!
//! - **Source**: XML Schema Part 2 (1.1) §3; RDF 1.1 Concepts §5.1.

/// What the IRIs of all XML Schema datatypes begin with.
pub const XSD: &str = "http://www.w3.org/2001/XMLSchema#";

/// Names an IRI of XML Schema.
macro_rules! xsd {
    ($($(#[$doc:meta])* $constant:ident = $name:literal;)*) => {
        $($(#[$doc])* pub const $constant: &str = concat!("http://www.w3.org/2001/XMLSchema#", $name);)*
    };
}

xsd! {
    /// `xsd:string`, the datatype of a literal that names none.
    XSD_STRING = "string";
    /// `xsd:boolean`
    XSD_BOOLEAN = "boolean";
    /// `xsd:integer`
    XSD_INTEGER = "integer";
    /// `xsd:long`
    XSD_LONG = "long";
    /// `xsd:int`
    XSD_INT = "int";
    /// `xsd:short`
    XSD_SHORT = "short";
    /// `xsd:byte`
    XSD_BYTE = "byte";
    /// `xsd:nonNegativeInteger`
    XSD_NON_NEGATIVE_INTEGER = "nonNegativeInteger";
    /// `xsd:positiveInteger`
    XSD_POSITIVE_INTEGER = "positiveInteger";
    /// `xsd:nonPositiveInteger`
    XSD_NON_POSITIVE_INTEGER = "nonPositiveInteger";
    /// `xsd:negativeInteger`
    XSD_NEGATIVE_INTEGER = "negativeInteger";
    /// `xsd:unsignedLong`
    XSD_UNSIGNED_LONG = "unsignedLong";
    /// `xsd:unsignedInt`
    XSD_UNSIGNED_INT = "unsignedInt";
    /// `xsd:unsignedShort`
    XSD_UNSIGNED_SHORT = "unsignedShort";
    /// `xsd:unsignedByte`
    XSD_UNSIGNED_BYTE = "unsignedByte";
    /// `xsd:decimal`
    XSD_DECIMAL = "decimal";
    /// `xsd:float`
    XSD_FLOAT = "float";
    /// `xsd:double`
    XSD_DOUBLE = "double";
    /// `xsd:dateTime`
    XSD_DATE_TIME = "dateTime";
    /// `xsd:date`
    XSD_DATE = "date";
}

/// `rdf:langString`, the datatype of every literal with a language.
pub const RDF_LANG_STRING: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#langString";

/// Shapes, as well-known text. **Source**: GeoSPARQL 1.0, §8.5.1.
pub const WKT: &str = "http://www.opengis.net/ont/geosparql#wktLiteral";
