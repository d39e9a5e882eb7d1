/** YAML, a text format for data that is easy to write by hand. See https://yaml.org. */

import io

import .encoder

export YamlEncoder

/**
The YAML text of $obj as UTF-8.

$obj may be null, a bool, a number or a string, or a list or map of these. The keys of maps must be
  strings.

For any other object, $converter is called with it and a $YamlEncoder. It returns a replacement to
  encode, or null if it has used the encoder itself.
*/
encode obj [converter] -> ByteArray:
  encoder := YamlEncoder
  encoder.encode obj converter
  return encoder.to-byte-array

/** Variant of $(encode obj [converter]). */
encode obj converter/Lambda -> ByteArray:
  return encode obj: | object encoder | converter.call object encoder

/** Variant of $(encode obj [converter]) for an object that needs no converter. */
encode obj -> ByteArray:
  return encode obj: throw INVALID-OBJECT_

/** Variant of $(encode obj [converter]) that writes to $writer. */
encode-stream --writer/io.Writer obj [converter] -> none:
  encoder := YamlEncoder.stream_ writer
  encoder.encode obj converter
  encoder.flush_

/** Variant of $(encode-stream --writer obj [converter]). */
encode-stream --writer/io.Writer obj converter/Lambda -> none:
  encode-stream --writer=writer obj: | object encoder | converter.call object encoder

/** Variant of $(encode-stream --writer obj [converter]) for an object that needs no converter. */
encode-stream --writer/io.Writer obj -> none:
  encode-stream --writer=writer obj: throw INVALID-OBJECT_

/** Variant of $(encode obj [converter]) that returns a string. */
stringify obj/any [converter] -> string:
  encoder := YamlEncoder
  encoder.encode obj converter
  return encoder.to-string

/** Variant of $(stringify obj [converter]). */
stringify obj/any converter/Lambda -> string:
  return stringify obj: | object encoder | converter.call object encoder

/** Variant of $(stringify obj [converter]) for an object that needs no converter. */
stringify obj/any -> string:
  return stringify obj: throw INVALID-OBJECT_

/** The object of the only document in $bytes; null if there is no document. */
decode bytes/ByteArray -> any:
  return document_ bytes: throw it

/** Variant of $(decode bytes) that returns the result of $if-error if $bytes are not valid YAML. */
decode bytes/ByteArray [--if-error] -> any:
  return document_ bytes if-error

/** Deprecated. Use $(decode bytes [--if-error]). */
decode bytes/ByteArray [--on-error] -> any:
  return document_ bytes on-error

/** The objects that the documents in $bytes stand for. */
decode --as-stream/True bytes/ByteArray -> List:
  return documents_ bytes: throw it

/**
Variant of $(decode --as-stream bytes) that returns the result of $if-error if $bytes are not valid
  YAML.
*/
decode bytes/ByteArray --as-stream/True [--if-error] -> List:
  return documents_ bytes if-error

/** Deprecated. Use $(decode bytes --as-stream [--if-error]). */
decode bytes/ByteArray --as-stream/True [--on-error] -> List:
  return documents_ bytes on-error

/** The object of the only document in $str; null if there is no document. */
parse str/string -> any:
  return document_ str: throw it

/** Variant of $(parse str) that returns the result of $if-error if $str is not valid YAML. */
parse str/string [--if-error] -> any:
  return document_ str if-error

/** Deprecated. Use $(parse str [--if-error]). */
parse str/string [--on-error] -> any:
  return document_ str on-error

/** The objects that the documents in $str stand for. */
parse --as-stream/True str/string -> List:
  return documents_ str: throw it

/**
Variant of $(parse --as-stream str) that returns the result of $if-error if $str is not valid YAML.
*/
parse str/string --as-stream/True [--if-error] -> List:
  return documents_ str if-error

/** Deprecated. Use $(parse str --as-stream [--if-error]). */
parse str/string --as-stream/True [--on-error] -> List:
  return documents_ str on-error

document_ data/io.Data [if-error] -> any:
  documents := documents_ data: return if-error.call it
  if documents.size > 1: return if-error.call "INVALID_YAML_DOCUMENT"
  return documents.is-empty ? null : documents.first

documents_ data/io.Data [if-error] -> any:
  result := yaml-parse_ data
  // The native returns an error text if it cannot return documents.
  return result is string ? if-error.call result : List.from result

yaml-parse_ data/io.Data -> any:
  #primitive.yaml.parse: | error | return error
