// expect: [true, -1, 2.5, text, #[0x01, 0x02], [1, [2]], {a: null}, [3]]
// expect: null
// expect: [false, null, null, null, null, null, null, null]
// expect: 4
// expect: 1048576 1048576
// expect: turned square [1, 2] inner 5
// expect: TOO_LARGE true
// expect: there is no such shape true
// expect: null, round
// expect: [a, b] 2
// expect: DEADLINE_EXCEEDED
// expect: null
// expect: 1 2 [book, {n: 1}]
// expect: first null
// expect: second box
// expect: open drawers: 1, then 0
// expect: 3 NO_SUCH_RESOURCE
import .types-server
import .types-talk

main:
  provider := TypesProvider
  provider.install
  talk
  provider.uninstall --wait
