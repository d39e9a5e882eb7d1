// Types are checked where they cannot be proven: arguments, results, fields, variables.
import expect show *

class Typed:
  number/int := 0
  text/string? := null

takes-int x/int: return x
takes-nullable x/int?: return x
returns-string x -> string: return x
takes-block [block]: return block.call
takes-default x/int=5 --y/string="y": return "$x$y"

wrong [block]:
  expect-equals "AS_CHECK_FAILED" (catch block)

main:
  any/any := "text"
  wrong: takes-int any
  expect-equals null (takes-nullable null)
  wrong: takes-nullable any
  any = 5
  wrong: returns-string any
  typed := Typed
  typed.number = any
  any = null
  wrong: typed.number = any
  expect-equals 5 typed.number
  typed.text = any
  any = 1.5
  wrong:
    local/int := any
    local++
  variable/int := 3
  wrong: variable = any
  expect-equals 3 variable
  dynamic/any := typed
  wrong: dynamic.number = "text"
  wrong: (takes-block: any) as int
  // An absent argument takes its default, and so does null where the type has no null.
  any = null
  expect-equals "5y" (takes-default any)
  expect-equals "7z" (takes-default 7 --y="z")
  asserts

asserts:
  ran := false
  exception := catch:
    assert: ran = true; false
  // Both hold, or neither: assertions may be switched off.
  expect-equals ran (exception == ASSERTION-FAILED-ERROR)
