//! Service discovery and the service manager, and the words of the service protocol.
