// Logging: levels, names, tags.
// expect: DEBUG: plain
// expect: INFO: with tags {age: 42, name: Ann}
// expect: [main] WARN: named
// expect: [main.net] ERROR: twice
// expect: [main] INFO: tagged {peer: y, port: 1}
// expect: [main] ERROR: kept
// expect: block called
// expect: FATAL: the end
// expect: [main] ERROR: from the new default

import expect show *
import log

main:
  log.debug "plain"
  log.info "with tags" --tags={"age": 42, "name": "Ann"}
  logger := log.default.with-name "main"
  logger.warn "named"
  (logger.with-name "net").error "twice"
  tagged := logger.with-tag "peer" "x"
  tagged.info "tagged" --tags={"peer": "y", "port": 1}
  quiet := logger.with-level log.ERROR-LEVEL
  quiet.info "dropped"
  quiet.error "kept"
  quiet.with-level log.INFO-LEVEL: unreachable
  quiet.with-level log.FATAL-LEVEL: print "block called"
  expect-equals log.ERROR-LEVEL (quiet.with-level log.DEBUG-LEVEL).level
  expect-equals "FATAL" (catch: log.fatal "the end")
  log.set-default quiet
  log.info "dropped, too"
  log.error "from the new default"
