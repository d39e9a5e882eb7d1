//! Values, buffers and their encoding: all that crosses a boundary between containers.
