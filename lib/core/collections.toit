/** The collections of the core library, for programs that import them by name. */

import .array_
import .byte-array
import .byte-array-slice_
import .collection
import .deque
import .list
import .list-slice_
import .map
import .set

export *
