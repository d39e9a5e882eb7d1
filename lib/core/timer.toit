/** The function $sleep of the core library, for programs that import this module by name. */

import .task

export sleep
