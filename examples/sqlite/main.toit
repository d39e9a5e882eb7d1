// A program with a database:
//
//   lucarne c build examples/sqlite -o sqlite.so
//   lucarne run --component sqlite.so examples/sqlite/main.toit
import .sqlite show Database

main:
  database := Database.open
  database.query "CREATE TABLE rooms (name TEXT, degrees REAL, sensors INTEGER, note BLOB)"
  insert := "INSERT INTO rooms VALUES (?, ?, ?, ?)"
  database.query insert ["kitchen", 21.5, 2, null]
  database.query insert ["hall", 18.0, 1, #[1, 2, 3]]
  database.query insert ["attic; DROP TABLE rooms", 31.25, 4, #[]]
  (database.query "SELECT name, degrees, sensors, note FROM rooms ORDER BY degrees DESC").do: print it
  print (database.query "SELECT count(*), avg(degrees) FROM rooms WHERE sensors < ?" [4])
  print (catch: database.query "SELECT * FROM nowhere")
  database.close
