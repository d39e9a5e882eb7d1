// Prints each service of the system, with the name and version of its provider.

import system.services show ServiceClient ServiceSelector

SERVICES ::= {
  "storage": "ee91ed5e-85dd-47dd-a57a-7b6933fa58ea",
  "print": "0b7e3aa1-9fc9-4632-bb09-4605cd11897e",
  "log": "89e6340c-67f5-4055-b1d1-b4f4c2755f67",
  "trace": "41c6019e-ca48-4847-9673-0869355da76a",
  "containers": "358ee529-45a4-409e-8fab-7a28f71e5c51",
  "network": "063e228a-3a7a-44a8-b024-d55127255ccb",
}

main:
  SERVICES.do: | name/string uuid/string |
    // The error for a version that does not exist yet names the provider.
    error := catch: (ServiceClient (ServiceSelector --uuid=uuid --major=0 --minor=99)).open
    print "$name: $error"
