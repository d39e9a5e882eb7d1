/** Devices that are spoken to byte by byte. */

import .device
import .registers

export *
