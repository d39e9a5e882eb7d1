// helper
import .hidden
import .deeper.deep

export from-the-deep

next-count: return Counter.next
