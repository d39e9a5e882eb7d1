//! A whole system: the kernel with its service manager and native providers.
