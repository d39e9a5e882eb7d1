/*
 * What the generated parser needs of the interface of tree-sitter (ABI 14), so that a C compiler suffices. Layouts and
 * names are those of the interface. `tree-sitter generate` puts its own header here.
 */
#ifndef TREE_SITTER_PARSER_H_
#define TREE_SITTER_PARSER_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint16_t TSSymbol;
typedef uint16_t TSStateId;
typedef uint16_t TSFieldId;

enum { ts_builtin_sym_end = 0, ts_builtin_sym_error = UINT16_MAX };

/* The text, as scanners see it. */
typedef struct TSLexer TSLexer;
struct TSLexer {
  int32_t lookahead;
  TSSymbol result_symbol;
  void (*advance)(TSLexer*, bool is_skipped);
  void (*mark_end)(TSLexer*);
  uint32_t (*get_column)(TSLexer*);
  bool (*is_at_included_range_start)(const TSLexer*);
  bool (*eof)(const TSLexer*);
  void (*log)(const TSLexer*, const char* format, ...);
};

typedef struct {
  bool visible, named, supertype;
} TSSymbolMetadata;

typedef struct {
  TSFieldId field_id;
  uint8_t child_index;
  bool inherited;
} TSFieldMapEntry;

typedef struct {
  uint16_t index, length;
} TSFieldMapSlice;

typedef struct {
  uint16_t lex_state, external_lex_state;
} TSLexMode;

enum { TSParseActionTypeShift, TSParseActionTypeReduce, TSParseActionTypeAccept, TSParseActionTypeRecover };

typedef union {
  struct {
    uint8_t type;
    TSStateId state;
    bool extra, repetition;
  } shift;
  struct {
    uint8_t type, child_count;
    TSSymbol symbol;
    int16_t dynamic_precedence;
    uint16_t production_id;
  } reduce;
  uint8_t type;
} TSParseAction;

typedef union {
  TSParseAction action;
  struct {
    uint8_t count;
    bool reusable;
  } entry;
} TSParseActionEntry;

typedef struct {
  uint32_t version;
  uint32_t symbol_count, alias_count, token_count, external_token_count;
  uint32_t state_count, large_state_count, production_id_count, field_count;
  uint16_t max_alias_sequence_length;
  const uint16_t *parse_table, *small_parse_table;
  const uint32_t* small_parse_table_map;
  const TSParseActionEntry* parse_actions;
  const char *const *symbol_names, *const *field_names;
  const TSFieldMapSlice* field_map_slices;
  const TSFieldMapEntry* field_map_entries;
  const TSSymbolMetadata* symbol_metadata;
  const TSSymbol* public_symbol_map;
  const uint16_t* alias_map;
  const TSSymbol* alias_sequences;
  const TSLexMode* lex_modes;
  bool (*lex_fn)(TSLexer*, TSStateId);
  bool (*keyword_lex_fn)(TSLexer*, TSStateId);
  TSSymbol keyword_capture_token;
  struct {
    const bool* states;
    const TSSymbol* symbol_map;
    void* (*create)(void);
    void (*destroy)(void*);
    bool (*scan)(void*, TSLexer*, const bool* valid_symbols);
    unsigned (*serialize)(void*, char*);
    void (*deserialize)(void*, const char*, unsigned);
  } external_scanner;
  const TSStateId* primary_state_ids;
} TSLanguage;

/*
 * The lexer: a loop around the `switch` over the states that the parser writes. Each case that takes a character sets the
 * next state and goes to `step`, which takes it; a case that ends goes to the end of the function.
 */
#define START_LEXER()              \
  bool found = false, skips = false; \
  bool eof = false;                \
  int32_t lookahead;               \
  goto begin;                      \
  step:                            \
  lexer->advance(lexer, skips);    \
  begin:                           \
  (void)eof;                       \
  skips = false;                   \
  lookahead = lexer->lookahead;

#define TO_STATE(next, is_skipped) \
  {                                \
    state = (next);                \
    skips = (is_skipped);          \
    goto step;                     \
  }

#define ADVANCE(next) TO_STATE(next, false)
#define SKIP(next) TO_STATE(next, true)

/* Pairs of a character and the state that it leads to. */
#define ADVANCE_MAP(...)                                                          \
  {                                                                               \
    static const uint16_t pairs[] = { __VA_ARGS__ };                              \
    for (size_t at = 0; at + 1 < sizeof pairs / sizeof *pairs; at += 2) {         \
      if (pairs[at] == lookahead) TO_STATE(pairs[at + 1], false)                  \
    }                                                                             \
  }

#define ACCEPT_TOKEN(symbol)        \
  do {                              \
    found = true;                   \
    lexer->result_symbol = (symbol); \
    lexer->mark_end(lexer);         \
  } while (0)

#define END_STATE() return found

/* The tables. */
#define STATE(id) (id)
#define SMALL_STATE(id) ((id) - LARGE_STATE_COUNT)
#define ACTIONS(id) (id)

#define SHIFT_AS(next, is_extra, repeats) \
  { .action.shift = { .type = TSParseActionTypeShift, .state = (next), .extra = (is_extra), .repetition = (repeats) } }

#define SHIFT(next) SHIFT_AS(next, false, false)
#define SHIFT_REPEAT(next) SHIFT_AS(next, false, true)
#define SHIFT_EXTRA() SHIFT_AS(0, true, false)

#define REDUCE(to, children, precedence, production)                                    \
  { .action.reduce = { .type = TSParseActionTypeReduce, .child_count = (children), .symbol = (to), \
                       .dynamic_precedence = (precedence), .production_id = (production) } }

#define RECOVER() \
  { .action.type = TSParseActionTypeRecover }
#define ACCEPT_INPUT() \
  { .action.type = TSParseActionTypeAccept }

#endif
