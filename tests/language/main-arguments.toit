// The arguments of the program reach `main`, and only those.
// arguments: one --two -3 four=4
// expect: [one, --two, -3, four=4]
main arguments/List:
  print arguments
