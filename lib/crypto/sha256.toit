/** SHA-256 alone. See `crypto.sha` for the other sizes. */

import .sha

export sha256 Sha256
