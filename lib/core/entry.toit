/** The function $program-name of the core library, for programs that import this module by name. */

import .utils

export program-name
