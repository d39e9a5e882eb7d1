/** The waiting of the core library, for programs that import it by name. */

import .task

export sleep
