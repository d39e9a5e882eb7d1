import .registers

/** A device that receives and sends bytes, directly or in registers. */
interface Device:
  /** The registers. */
  registers -> Registers

  /** Reads $amount bytes. */
  read amount/int -> ByteArray

  /** Writes $bytes. */
  write bytes/ByteArray -> none
