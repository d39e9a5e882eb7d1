/** The numbers of the core library, for programs that import them by name. */

import .float
import .int
import .num

export *
