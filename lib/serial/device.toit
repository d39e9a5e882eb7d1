import .registers

/** A device that takes and gives bytes, directly or in registers. */
interface Device:
  /** The registers. */
  registers -> Registers

  /** Reads $amount bytes. */
  read amount/int -> ByteArray

  /** Writes $bytes. */
  write bytes/ByteArray -> none
