/** Deprecated. Use the library `gpio` instead. */

import .gpio

export *
