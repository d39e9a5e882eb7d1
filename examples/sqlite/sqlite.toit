// The client of the component in `sqlite.c`.
import io
import system.external

class Database:
  static QUERY_ ::= 0

  client_/external.Client

  constructor.open:
    client_ = external.Client.open "example.com/sqlite"

  /**
  Runs an SQL statement, in which each `?` stands for one of the $parameters.

  Returns the rows, each a list of values: null, numbers, strings and byte arrays. Throws the error
    of SQLite if the statement fails.
  */
  query sql/string parameters/List=[] -> List:
    request := io.Buffer
    request.write sql
    request.write-byte 0
    parameters.do: write-value_ request it
    return rows_ (client_.request QUERY_ request.bytes)

  close -> none:
    client_.close

  write-value_ buffer/io.Buffer value -> none:
    if value == null:
      buffer.write "n"
    else if value is int:
      buffer.write "i"
      buffer.little-endian.write-int64 value
    else if value is float:
      buffer.write "f"
      buffer.little-endian.write-float64 value
    else if value is string or value is ByteArray:
      buffer.write (value is string ? "t" : "b")
      buffer.little-endian.write-uint32 value.size
      buffer.write value
    else:
      throw "a database does not hold $value"

  rows_ answer/ByteArray -> List:
    reader := io.Reader answer
    columns := reader.little-endian.read-uint32
    rows := []
    while reader.try-ensure-buffered 1:
      rows.add (List columns: read-value_ reader)
    return rows

  read-value_ reader/io.Reader -> any:
    type := reader.read-byte
    if type == 'i': return reader.little-endian.read-int64
    if type == 'f': return reader.little-endian.read-float64
    if type == 't': return reader.read-string reader.little-endian.read-uint32
    if type == 'b': return reader.read-bytes reader.little-endian.read-uint32
    return null
