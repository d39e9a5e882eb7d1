/** The start of programs, for programs that import it by name. */

import .utils

export program-name
