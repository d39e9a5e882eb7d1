//! The Toit libraries, prepared at build time.
