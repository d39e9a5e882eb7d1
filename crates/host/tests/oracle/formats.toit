// Reads bytes in one of the formats of the library. What can be read can be written, and reading that gives the same again.

import cron.cron show CronSchedule
import encoding.json
import encoding.ubjson
import encoding.yaml
import io
import net.x509
import tls
import zlib

main arguments/List:
  format/string := arguments[0]
  bytes/ByteArray := arguments[1]
  if format == "json": check bytes (: json.decode it) (: write-json it)
  else if format == "ubjson": check bytes (: ubjson.decode it) (: ubjson.encode it)
  else if format == "yaml": check bytes (: yaml.decode it) (: write-yaml it)
  else if format == "cron": check-schedule bytes
  else if format == "tls": check-session bytes
  else if format == "x509": check-certificate bytes
  else if format == "zlib": check-compression bytes
  else if format == "zone": check-zone bytes
  else: throw "unknown format"
  print "done"

check bytes/ByteArray [read] [write] -> none:
  value := null
  // Bytes that are not in the format give an exception, whichever it is.
  if (catch: value = read.call bytes): return
  written := write.call value
  if not written: return
  again := write.call (read.call written)
  if written != again: throw "wrong: $written then $again"

/** JSON has numbers that are infinite when they are read. */
write-json value -> ByteArray?:
  catch --unwind=(: it != "INVALID_JSON_NUMBER"): return json.encode value
  return null

/** YAML has keys that its writer refuses, and short texts for large values. */
write-yaml value -> ByteArray?:
  result/ByteArray? := null
  catch: result = yaml.encode value
  return result

/** The next time of a schedule is later, or there is none. */
check-schedule bytes/ByteArray -> none:
  schedule/CronSchedule? := null
  if (catch: schedule = CronSchedule.parse bytes.to-string): return
  now := Time.utc 2024 2 28 23 59 59
  next := schedule.next now
  if next and next <= now: throw "wrong: $next"
  copy := CronSchedule.from-map schedule.as-map
  if copy.stringify != schedule.stringify: throw "wrong: $copy"
  if (copy.next now) != next: throw "wrong: $(copy.next now)"

check-compression bytes/ByteArray -> none:
  catch: decoded zlib.Decoder bytes
  compressed := decoded zlib.Encoder bytes
  if (decoded zlib.Decoder compressed) != bytes: throw "wrong: changed by compression"

decoded coder bytes/ByteArray -> ByteArray:
  task::
    catch:
      coder.out.write bytes
      coder.out.close
  result := io.Buffer
  try:
    while chunk := coder.in.read:
      result.write chunk
      // A few bytes can stand for many.
      if result.size > 100_000: throw "too long"
  finally:
    coder.in.close
  return result.bytes

/** A zone is given by rules or by a file, which the environment takes from the same bytes. */
check-zone bytes/ByteArray -> none:
  rules := bytes.to-string-non-throwing
  [rules, "Fuzz/Zone"].do: | zone |
    set-timezone zone
    [-62_135_596_800, -1, 0, 951_782_400, 1_711_846_800, 4_102_444_800, 99_999_999_999].do:
      time := Time.epoch --s=it
      info := time.local
      if info.time != time: throw "wrong: $info"
      Time.local info.year info.month info.day info.h info.m info.s

/** A certificate stays the same when it is read again, and can be a root or not. */
check-certificate bytes/ByteArray -> none:
  certificate/x509.Certificate? := null
  if (catch: certificate = x509.Certificate.parse bytes): return
  again := x509.Certificate.parse certificate.der_
  if again.common-name != certificate.common-name: throw "wrong: $again.common-name"
  catch: tls.native-roots_ [certificate]

/** The first bytes are the token of a client's session, the others what the server sends. No session comes of that. */
check-session bytes/ByteArray -> none:
  token := bytes[..min tls.STATE-SIZE_ bytes.size]
  client := tls.Session.client (Peer bytes[token.size..]) io.Buffer --session-state=token
  if not (catch: client.handshake): throw "wrong: a handshake"
  if client.resumed: throw "wrong: resumed"
  client.close

class Peer extends io.CloseableReader:
  bytes_/ByteArray? := ?

  constructor .bytes_:

  read_ -> ByteArray?:
    result := bytes_
    bytes_ = null
    return result

  close_ -> none:
