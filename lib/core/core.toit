/**
The core library.

Every module imports the names of this library implicitly.
*/

import .array_
import .byte-array
import .byte-array-slice_
import .calendar_
import .collection
import .comparable
import .deque
import .duration
import .exceptions
import .finalization
import .float
import .hash_
import .hex
import .int
import .list
import .list-slice_
import .map
import .message_
import .monitor_
import .num
import .objects
import .print
import .process
import .profiler
import .random
import .set
import .string
import .string-format_
import .string-slice_
import .task
import .time
import .time-info
import .utils

export *
