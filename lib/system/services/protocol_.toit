/** The numbers that clients and providers agree on. */

RPC-OPEN_           /int ::= 300
RPC-CLOSE_          /int ::= 301
RPC-INVOKE_         /int ::= 302
RPC-CLOSE-RESOURCE_ /int ::= 303
RPC-ACCOUNT_        /int ::= 306
RPC-DEFINITION_     /int ::= 307

/** The index with which a handler is asked for the definition of its service. No method has it. */
DEFINITION-INDEX_ /int ::= -1

/** The group of the system. */
SYSTEM-GID_ /int ::= 0

/** The number of entries of a discovered list for each candidate. */
CANDIDATE-SIZE_ /int ::= 7

/** Ids that are chosen at random are below this. */
ID-LIMIT_ /int ::= 0x4000_0000
