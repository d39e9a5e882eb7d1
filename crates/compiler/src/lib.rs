//! Toit source to linked program: scanner, parser, resolver, linker and diagnostics.
