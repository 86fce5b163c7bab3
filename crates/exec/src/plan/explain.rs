//! A plan for a person to read.
