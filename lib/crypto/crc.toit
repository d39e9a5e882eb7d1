/**
Cyclic redundancy checks.

$Crc implements all of them; the rest of this module defines common ones. Their parameters are those
  of the catalog at https://reveng.sourceforge.io/crc-catalogue/, except that the bits of an
  initial state are in the order of the bits of the sum.
*/

import io

import .checksum
import .pieces_

/** A cyclic redundancy check in progress. Two with the same width, polynomial and bit order are equal. */
class Crc extends Checksum:
  /** The tables made so far, by width, polynomial and bit order. */
  static tables_/Map ::= {:}

  /** The number of bits of the sum. */
  width/int
  /** The polynomial without its highest term. In little-endian order the lowest term is the highest bit. */
  polynomial/int
  /** Whether the lowest bit of each byte comes first. */
  little-endian/bool
  /** The value with which the sum is combined at the end, by exclusive or. */
  xor-result/int
  table_/ByteArray
  sum_/int := ?

  /**
  Starts a check that takes the lowest bit first.

  The highest bit of the $polynomial stands for the term 1. The $width is from 3 to 64.

  # Examples
  ```
  // CRC-32, as in PNG files.
  crc := Crc.little-endian 32 --polynomial=0xedb88320 --initial-state=0xffff_ffff --xor-result=0xffff_ffff
  ```
  */
  constructor.little-endian .width/int --.polynomial/int --initial-state/int=0 --.xor-result/int=0:
    little-endian = true
    sum_ = initial-state
    table_ = table-for_ width polynomial true

  /**
  Starts a check that takes the lowest bit first.

  The lowest bit of the $normal-polynomial stands for the term 1. The $width is from 3 to 64.
  */
  constructor.little-endian .width/int --normal-polynomial/int --initial-state/int=0 --.xor-result/int=0:
    little-endian = true
    sum_ = initial-state
    polynomial = reverse-bits_ width normal-polynomial
    table_ = table-for_ width polynomial true

  /**
  Starts a check that takes the lowest bit first.

  The $powers are the exponents of the polynomial's terms; that of the highest may be left out.
  */
  constructor.little-endian width/int --powers/List --initial-state/int=0 --xor-result/int=0:
    return Crc.little-endian width
        --normal-polynomial=(polynomial-of_ width powers)
        --initial-state=initial-state
        --xor-result=xor-result

  /**
  Starts a check that takes the highest bit first.

  The lowest bit of the $polynomial stands for the term 1. The $width is from 8 to 64.

  # Examples
  ```
  // CRC-16, as in the XMODEM protocol.
  crc := Crc.big-endian 16 --polynomial=0x1021
  ```
  */
  constructor.big-endian .width/int --.polynomial/int --initial-state/int=0 --.xor-result/int=0:
    little-endian = false
    sum_ = initial-state
    table_ = table-for_ width polynomial false

  /**
  Starts a check that takes the highest bit first.

  The $powers are the exponents of the polynomial's terms; that of the highest may be left out.
  */
  constructor.big-endian width/int --powers/List --initial-state/int=0 --xor-result/int=0:
    return Crc.big-endian width
        --polynomial=(polynomial-of_ width powers)
        --initial-state=initial-state
        --xor-result=xor-result

  constructor.private_ .width .polynomial .little-endian .xor-result .table_ .sum_:

  static table-for_ width/int polynomial/int little-endian/bool -> ByteArray:
    if not (little-endian ? 3 : 8) <= width <= 64: throw "INVALID_ARGUMENT"
    if width < 64 and polynomial >>> width != 0: throw "Polynomial and width don't match"
    return tables_.get "$width $polynomial $little-endian"
        --init=: crc-table_ width polynomial little-endian

  static polynomial-of_ width/int powers/List -> int:
    // Every useful polynomial contains the term 1.
    polynomial := 1
    powers.do: if it < width: polynomial |= 1 << it
    return polynomial

  static reverse-bits_ width/int bits/int -> int:
    result := 0
    width.repeat: result = result << 1 | bits >>> it & 1
    return result

  /** See $super. */
  operator == other -> bool:
    return other is Crc
        and width == other.width
        and polynomial == other.polynomial
        and little-endian == other.little-endian

  /** The hash code, for maps and sets. */
  hash-code -> int:
    return polynomial * 31 + width

  /** See $super. */
  add data/io.Data from/int to/int -> none:
    pieces-do_ data from to: | piece start end |
      sum_ = crc-add_ sum_ table_ width little-endian piece start end

  /** The sum so far: its lowest byte first if $little-endian, else its highest. More data can be added afterwards. */
  get -> ByteArray:
    result := ByteArray (width + 7) / 8
    order/io.ByteOrder := little-endian ? io.LITTLE-ENDIAN : io.BIG-ENDIAN
    order.put-uint result result.size 0 get-as-int
    return result

  /** The sum so far, as a number. */
  get-as-int -> int:
    sum := sum_ ^ xor-result
    return width == 64 ? sum : sum & (1 << width) - 1

  /** See $super. */
  clone -> Crc:
    return Crc.private_ width polynomial little-endian xor-result table_ sum_

crc-table_ width/int polynomial/int little-endian/bool -> ByteArray:
  #primitive.crc.table

crc-add_ sum/int table/ByteArray width/int little-endian/bool data/any from/int to/int -> int:
  #primitive.crc.add

/** The sum of $data, made by $crc. */
sum-of_ crc/Crc data/io.Data -> int:
  crc.add data
  return crc.get-as-int

/** The CRC-16/CCITT-FALSE sum of $data. */
crc16-ccitt-false data/io.Data -> int:
  return sum-of_ Crc16CcittFalse data

/** A CRC-16/CCITT-FALSE sum in progress. */
class Crc16CcittFalse extends Crc:
  /** Starts a sum. */
  constructor:
    super.big-endian 16 --polynomial=0x1021 --initial-state=0xffff

/** The CRC-16/ARC sum of $data. */
crc16-arc data/io.Data -> int:
  return sum-of_ Crc16Arc data

/** A CRC-16/ARC sum in progress. */
class Crc16Arc extends Crc:
  /** Starts a sum. */
  constructor:
    super.little-endian 16 --normal-polynomial=0x8005

/** The CRC-16/AUG-CCITT sum of $data. */
crc16-aug-ccitt data/io.Data -> int:
  return sum-of_ Crc16AugCcitt data

/** A CRC-16/AUG-CCITT sum in progress. */
class Crc16AugCcitt extends Crc:
  /** Starts a sum. */
  constructor:
    super.big-endian 16 --polynomial=0x1021 --initial-state=0x1d0f

/** The CRC-16/BUYPASS sum of $data. */
crc16-buypass data/io.Data -> int:
  return sum-of_ Crc16Buypass data

/** A CRC-16/BUYPASS sum in progress. */
class Crc16Buypass extends Crc:
  /** Starts a sum. */
  constructor:
    super.big-endian 16 --polynomial=0x8005

/** The CRC-16/CDMA2000 sum of $data. */
crc16-cdma2000 data/io.Data -> int:
  return sum-of_ Crc16Cdma2000 data

/** A CRC-16/CDMA2000 sum in progress. */
class Crc16Cdma2000 extends Crc:
  /** Starts a sum. */
  constructor:
    super.big-endian 16 --polynomial=0xc867 --initial-state=0xffff

/** The CRC-16/DDS-110 sum of $data. */
crc16-dds110 data/io.Data -> int:
  return sum-of_ Crc16Dds110 data

/** A CRC-16/DDS-110 sum in progress. */
class Crc16Dds110 extends Crc:
  /** Starts a sum. */
  constructor:
    super.big-endian 16 --polynomial=0x8005 --initial-state=0x800d

/** The CRC-16/DECT-R sum of $data. */
crc16-dect-r data/io.Data -> int:
  return sum-of_ Crc16DectR data

/** A CRC-16/DECT-R sum in progress. */
class Crc16DectR extends Crc:
  /** Starts a sum. */
  constructor:
    super.big-endian 16 --polynomial=0x0589 --xor-result=0x1

/** The CRC-16/DECT-X sum of $data. */
crc16-dect-x data/io.Data -> int:
  return sum-of_ Crc16DectX data

/** A CRC-16/DECT-X sum in progress. */
class Crc16DectX extends Crc:
  /** Starts a sum. */
  constructor:
    super.big-endian 16 --polynomial=0x0589

/** The CRC-16/DNP sum of $data. */
crc16-dnp data/io.Data -> int:
  return sum-of_ Crc16Dnp data

/** A CRC-16/DNP sum in progress. */
class Crc16Dnp extends Crc:
  /** Starts a sum. */
  constructor:
    super.little-endian 16 --normal-polynomial=0x3d65 --xor-result=0xffff

/** The CRC-16/EN-13757 sum of $data. */
crc16-en13757 data/io.Data -> int:
  return sum-of_ Crc16En13757 data

/** A CRC-16/EN-13757 sum in progress. */
class Crc16En13757 extends Crc:
  /** Starts a sum. */
  constructor:
    super.big-endian 16 --polynomial=0x3d65 --xor-result=0xffff

/** The CRC-16/GENIBUS sum of $data. */
crc16-genibus data/io.Data -> int:
  return sum-of_ Crc16Genibus data

/** A CRC-16/GENIBUS sum in progress. */
class Crc16Genibus extends Crc:
  /** Starts a sum. */
  constructor:
    super.big-endian 16 --polynomial=0x1021 --initial-state=0xffff --xor-result=0xffff

/** The CRC-16/MAXIM sum of $data. */
crc16-maxim data/io.Data -> int:
  return sum-of_ Crc16Maxim data

/** A CRC-16/MAXIM sum in progress. */
class Crc16Maxim extends Crc:
  /** Starts a sum. */
  constructor:
    super.little-endian 16 --normal-polynomial=0x8005 --xor-result=0xffff

/** The CRC-16/MCRF4XX sum of $data. */
crc16-mcrf4xx data/io.Data -> int:
  return sum-of_ Crc16Mcrf4xx data

/** A CRC-16/MCRF4XX sum in progress. */
class Crc16Mcrf4xx extends Crc:
  /** Starts a sum. */
  constructor:
    super.little-endian 16 --normal-polynomial=0x1021 --initial-state=0xffff

/** The CRC-16/RIELLO sum of $data. */
crc16-riello data/io.Data -> int:
  return sum-of_ Crc16Riello data

/** A CRC-16/RIELLO sum in progress. */
class Crc16Riello extends Crc:
  /** Starts a sum. */
  constructor:
    super.little-endian 16 --normal-polynomial=0x1021 --initial-state=0x554d

/** The CRC-16/T10-DIF sum of $data. */
crc16-t10-dif data/io.Data -> int:
  return sum-of_ Crc16T10Dif data

/** A CRC-16/T10-DIF sum in progress. */
class Crc16T10Dif extends Crc:
  /** Starts a sum. */
  constructor:
    super.big-endian 16 --polynomial=0x8bb7

/** The CRC-16/TELEDISK sum of $data. */
crc16-teledisk data/io.Data -> int:
  return sum-of_ Crc16Teledisk data

/** A CRC-16/TELEDISK sum in progress. */
class Crc16Teledisk extends Crc:
  /** Starts a sum. */
  constructor:
    super.big-endian 16 --polynomial=0xa097

/** The CRC-16/TMS37157 sum of $data. */
crc16-tms37157 data/io.Data -> int:
  return sum-of_ Crc16Tms37157 data

/** A CRC-16/TMS37157 sum in progress. */
class Crc16Tms37157 extends Crc:
  /** Starts a sum. */
  constructor:
    super.little-endian 16 --normal-polynomial=0x1021 --initial-state=0x3791

/** The CRC-16/USB sum of $data. */
crc16-usb data/io.Data -> int:
  return sum-of_ Crc16Usb data

/** A CRC-16/USB sum in progress. */
class Crc16Usb extends Crc:
  /** Starts a sum. */
  constructor:
    super.little-endian 16 --normal-polynomial=0x8005 --initial-state=0xffff --xor-result=0xffff

/** The CRC-A sum of $data. */
crc-a data/io.Data -> int:
  return sum-of_ CrcA data

/** A CRC-A sum in progress. */
class CrcA extends Crc:
  /** Starts a sum. */
  constructor:
    super.little-endian 16 --normal-polynomial=0x1021 --initial-state=0x6363

/** The CRC-16/KERMIT sum of $data. */
crc16-kermit data/io.Data -> int:
  return sum-of_ Crc16Kermit data

/** A CRC-16/KERMIT sum in progress. */
class Crc16Kermit extends Crc:
  /** Starts a sum. */
  constructor:
    super.little-endian 16 --normal-polynomial=0x1021

/** The CRC-16/MODBUS sum of $data. */
crc16-modbus data/io.Data -> int:
  return sum-of_ Crc16Modbus data

/** A CRC-16/MODBUS sum in progress. */
class Crc16Modbus extends Crc:
  /** Starts a sum. */
  constructor:
    super.little-endian 16 --normal-polynomial=0x8005 --initial-state=0xffff

/** The CRC-16/X-25 sum of $data. */
crc16-x25 data/io.Data -> int:
  return sum-of_ Crc16X25 data

/** A CRC-16/X-25 sum in progress. */
class Crc16X25 extends Crc:
  /** Starts a sum. */
  constructor:
    super.little-endian 16 --normal-polynomial=0x1021 --initial-state=0xffff --xor-result=0xffff

/** The CRC-16/XMODEM sum of $data. */
crc16-xmodem data/io.Data -> int:
  return sum-of_ Crc16Xmodem data

/** A CRC-16/XMODEM sum in progress. */
class Crc16Xmodem extends Crc:
  /** Starts a sum. */
  constructor:
    super.big-endian 16 --polynomial=0x1021

/** The CRC-8 sum of $data. */
crc8 data/io.Data -> int:
  return sum-of_ Crc8 data

/** A CRC-8 sum in progress. */
class Crc8 extends Crc:
  /** Starts a sum. */
  constructor:
    super.big-endian 8 --polynomial=0x07

/** The CRC-8/CDMA2000 sum of $data. */
crc8-cdma2000 data/io.Data -> int:
  return sum-of_ Crc8Cdma2000 data

/** A CRC-8/CDMA2000 sum in progress. */
class Crc8Cdma2000 extends Crc:
  /** Starts a sum. */
  constructor:
    super.big-endian 8 --polynomial=0x9b --initial-state=0xff

/** The CRC-8/DARC sum of $data. */
crc8-darc data/io.Data -> int:
  return sum-of_ Crc8Darc data

/** A CRC-8/DARC sum in progress. */
class Crc8Darc extends Crc:
  /** Starts a sum. */
  constructor:
    super.little-endian 8 --normal-polynomial=0x39

/** The CRC-8/DVB-S2 sum of $data. */
crc8-dvb-s2 data/io.Data -> int:
  return sum-of_ Crc8DvbS2 data

/** A CRC-8/DVB-S2 sum in progress. */
class Crc8DvbS2 extends Crc:
  /** Starts a sum. */
  constructor:
    super.big-endian 8 --polynomial=0xd5

/** The CRC-8/EBU sum of $data. */
crc8-ebu data/io.Data -> int:
  return sum-of_ Crc8Ebu data

/** A CRC-8/EBU sum in progress. */
class Crc8Ebu extends Crc:
  /** Starts a sum. */
  constructor:
    super.little-endian 8 --normal-polynomial=0x1d --initial-state=0xff

/** The CRC-8/I-CODE sum of $data. */
crc8-i-code data/io.Data -> int:
  return sum-of_ Crc8ICode data

/** A CRC-8/I-CODE sum in progress. */
class Crc8ICode extends Crc:
  /** Starts a sum. */
  constructor:
    super.big-endian 8 --polynomial=0x1d --initial-state=0xfd

/** The CRC-8/ITU sum of $data. */
crc8-itu data/io.Data -> int:
  return sum-of_ Crc8Itu data

/** A CRC-8/ITU sum in progress. */
class Crc8Itu extends Crc:
  /** Starts a sum. */
  constructor:
    super.big-endian 8 --polynomial=0x07 --xor-result=0x55

/** The CRC-8/MAXIM sum of $data. */
crc8-maxim data/io.Data -> int:
  return sum-of_ Crc8Maxim data

/** A CRC-8/MAXIM sum in progress. */
class Crc8Maxim extends Crc:
  /** Starts a sum. */
  constructor:
    super.little-endian 8 --normal-polynomial=0x31

/** The CRC-8/ROHC sum of $data. */
crc8-rohc data/io.Data -> int:
  return sum-of_ Crc8Rohc data

/** A CRC-8/ROHC sum in progress. */
class Crc8Rohc extends Crc:
  /** Starts a sum. */
  constructor:
    super.little-endian 8 --normal-polynomial=0x07 --initial-state=0xff

/** The CRC-8/WCDMA sum of $data. */
crc8-wcdma data/io.Data -> int:
  return sum-of_ Crc8Wcdma data

/** A CRC-8/WCDMA sum in progress. */
class Crc8Wcdma extends Crc:
  /** Starts a sum. */
  constructor:
    super.little-endian 8 --normal-polynomial=0x9b

/** The CRC-32 sum of $data. */
crc32 data/io.Data -> int:
  return sum-of_ Crc32 data

/** A CRC-32 sum in progress. */
class Crc32 extends Crc:
  /** Starts a sum. */
  constructor:
    super.little-endian 32 --normal-polynomial=0x04c1_1db7 --initial-state=0xffff_ffff --xor-result=0xffff_ffff

/** The CRC-32/BZIP2 sum of $data. */
crc32-bzip2 data/io.Data -> int:
  return sum-of_ Crc32Bzip2 data

/** A CRC-32/BZIP2 sum in progress. */
class Crc32Bzip2 extends Crc:
  /** Starts a sum. */
  constructor:
    super.big-endian 32 --polynomial=0x04c1_1db7 --initial-state=0xffff_ffff --xor-result=0xffff_ffff

/** The CRC-32C sum of $data. */
crc32c data/io.Data -> int:
  return sum-of_ Crc32c data

/** A CRC-32C sum in progress. */
class Crc32c extends Crc:
  /** Starts a sum. */
  constructor:
    super.little-endian 32 --normal-polynomial=0x1edc_6f41 --initial-state=0xffff_ffff --xor-result=0xffff_ffff

/** The CRC-32D sum of $data. */
crc32d data/io.Data -> int:
  return sum-of_ Crc32d data

/** A CRC-32D sum in progress. */
class Crc32d extends Crc:
  /** Starts a sum. */
  constructor:
    super.little-endian 32 --normal-polynomial=0xa833_982b --initial-state=0xffff_ffff --xor-result=0xffff_ffff

/** The CRC-32/JAMCRC sum of $data. */
crc32-jamcrc data/io.Data -> int:
  return sum-of_ Crc32Jamcrc data

/** A CRC-32/JAMCRC sum in progress. */
class Crc32Jamcrc extends Crc:
  /** Starts a sum. */
  constructor:
    super.little-endian 32 --normal-polynomial=0x04c1_1db7 --initial-state=0xffff_ffff

/** The CRC-32/MPEG-2 sum of $data. */
crc32-mpeg2 data/io.Data -> int:
  return sum-of_ Crc32Mpeg2 data

/** A CRC-32/MPEG-2 sum in progress. */
class Crc32Mpeg2 extends Crc:
  /** Starts a sum. */
  constructor:
    super.big-endian 32 --polynomial=0x04c1_1db7 --initial-state=0xffff_ffff

/** The CRC-32/POSIX sum of $data. */
crc32-posix data/io.Data -> int:
  return sum-of_ Crc32Posix data

/** A CRC-32/POSIX sum in progress. */
class Crc32Posix extends Crc:
  /** Starts a sum. */
  constructor:
    super.big-endian 32 --polynomial=0x04c1_1db7 --xor-result=0xffff_ffff

/** The CRC-32Q sum of $data. */
crc32q data/io.Data -> int:
  return sum-of_ Crc32q data

/** A CRC-32Q sum in progress. */
class Crc32q extends Crc:
  /** Starts a sum. */
  constructor:
    super.big-endian 32 --polynomial=0x8141_41ab

/** The CRC-32/XFER sum of $data. */
crc32-xfer data/io.Data -> int:
  return sum-of_ Crc32Xfer data

/** A CRC-32/XFER sum in progress. */
class Crc32Xfer extends Crc:
  /** Starts a sum. */
  constructor:
    super.big-endian 32 --polynomial=0x0000_00af

/** The CRC-64/XZ sum of $data. */
crc64-xz data/io.Data -> int:
  return sum-of_ Crc64Xz data

/** A CRC-64/XZ sum in progress. */
class Crc64Xz extends Crc:
  /** Starts a sum. */
  constructor:
    super.little-endian 64 --normal-polynomial=0x42f0_e1eb_a9ea_3693 --initial-state=-1 --xor-result=-1
