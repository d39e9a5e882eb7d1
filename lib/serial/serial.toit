/** Devices that receive and send bytes, directly or in registers. */

import .device
import .registers

export *
