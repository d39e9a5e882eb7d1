// What a grammar of contexts cannot find: the ends of lines with their indentation, nested comments, and the text of strings.
//
// A line ends where the next line with code is not indented more. Blank lines and lines with comments are looked through. The
// tokens for ends and indentations have no characters, so that the comments behind them are tokens of their own.

#include "tree_sitter/parser.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum Token {
  NEWLINE,
  INDENT,
  DEDENT,
  BLOCK_COMMENT,
  STRING_TEXT,
  TRIPLE_TEXT,
  INTERPOLATION_MEMBER,
  INTERPOLATION_BRACKET,
  // Never used by the grammar: it is valid only while the parser recovers from an error.
  ERROR_RECOVERY,
};

// The most levels of indentation. Deeper lines belong to the innermost level. The state of a scanner has 1,024 bytes at most.
#define LEVELS_MAX 250

typedef struct {
  // The indentation of each open level. The outermost one, 0, is not stored.
  uint16_t columns[LEVELS_MAX];
  uint16_t count;
} Scanner;

static int32_t innermost(const Scanner *scanner) {
  return scanner->count == 0 ? 0 : scanner->columns[scanner->count - 1];
}

static bool is_name_start(int32_t letter) {
  return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') || letter == '_';
}

static bool is_name_part(int32_t letter) {
  return is_name_start(letter) || (letter >= '0' && letter <= '9');
}

static bool is_line_end(int32_t letter) { return letter == '\n' || letter == '\r'; }

static bool is_space(int32_t letter) {
  return is_line_end(letter) || letter == ' ' || letter == '\t' || letter == 0xFEFF;
}

static void advance(TSLexer *lexer) { lexer->advance(lexer, false); }

// Skips the rest of a comment, behind the slash and the star that begin it. Comments nest.
static void skip_comment(TSLexer *lexer) {
  int depth = 1;
  while (depth > 0 && !lexer->eof(lexer)) {
    int32_t letter = lexer->lookahead;
    advance(lexer);
    if (letter == '*' && lexer->lookahead == '/') {
      advance(lexer);
      depth--;
    } else if (letter == '/' && lexer->lookahead == '*') {
      advance(lexer);
      depth++;
    } else if (letter == '\\' && !lexer->eof(lexer)) {
      // As in the compiler, a backslash takes the meaning from the next letter.
      advance(lexer);
    }
  }
}

// Skips a comment at a slash. Returns false, behind the slash, if it begins none.
static bool skip_comment_at_slash(TSLexer *lexer) {
  advance(lexer);
  if (lexer->lookahead == '/') {
    while (!is_line_end(lexer->lookahead) && !lexer->eof(lexer)) advance(lexer);
    return true;
  }
  if (lexer->lookahead != '*') return false;
  advance(lexer);
  skip_comment(lexer);
  return true;
}

// Returns the indentation of the next line with code, or -1 at the end of the text, from a place without code before it in its
// line. `column` is the indentation of that line. Comments are looked through.
static int32_t next_indentation(TSLexer *lexer, int32_t column) {
  for (;;) {
    bool is_new_line = false;
    while (is_space(lexer->lookahead)) {
      is_new_line = is_new_line || is_line_end(lexer->lookahead);
      advance(lexer);
    }
    if (lexer->eof(lexer)) return -1;
    if (is_new_line) column = (int32_t)lexer->get_column(lexer);
    if (lexer->lookahead != '/' || !skip_comment_at_slash(lexer)) return column;
  }
}

static bool open_level(Scanner *scanner, TSLexer *lexer, int32_t column) {
  scanner->columns[scanner->count++] = (uint16_t)(column > UINT16_MAX ? UINT16_MAX : column);
  lexer->result_symbol = INDENT;
  return true;
}

static bool can_open(const Scanner *scanner, const bool *valid, int32_t column) {
  return valid[INDENT] && column > innermost(scanner) && scanner->count < LEVELS_MAX;
}

static bool can_close(const Scanner *scanner, const bool *valid, int32_t column) {
  return valid[DEDENT] && column < innermost(scanner) && scanner->count > 0;
}

static bool close_level(Scanner *scanner, TSLexer *lexer) {
  scanner->count--;
  lexer->result_symbol = DEDENT;
  return true;
}

// Scans a comment at a slash.
static bool scan_comment(TSLexer *lexer) {
  advance(lexer);
  // Comments of one line are left to the grammar.
  if (lexer->lookahead != '*') return false;
  advance(lexer);
  skip_comment(lexer);
  lexer->mark_end(lexer);
  lexer->result_symbol = BLOCK_COMMENT;
  return true;
}

// Within a line: its end, or a comment.
static bool scan_line_end(Scanner *scanner, TSLexer *lexer, const bool *valid) {
  while (is_space(lexer->lookahead) && !is_line_end(lexer->lookahead)) lexer->advance(lexer, true);
  if (lexer->lookahead == '/') return scan_comment(lexer);
  if (!lexer->eof(lexer) && !is_line_end(lexer->lookahead)) return false;
  lexer->mark_end(lexer);
  int32_t column = next_indentation(lexer, 0);
  if (can_open(scanner, valid, column)) return open_level(scanner, lexer, column);
  lexer->result_symbol = NEWLINE;
  return true;
}

// Before the first element of a line, or within brackets: the ends of levels, or a comment.
static bool scan_line_start(Scanner *scanner, TSLexer *lexer, const bool *valid) {
  while (is_space(lexer->lookahead)) lexer->advance(lexer, true);
  lexer->mark_end(lexer);
  int32_t column = lexer->eof(lexer) ? -1 : (int32_t)lexer->get_column(lexer);
  if (lexer->lookahead == '/') {
    if (!can_close(scanner, valid, column)) return scan_comment(lexer);
    // A comment before a line that is indented less belongs to that line.
    column = next_indentation(lexer, column);
    return can_close(scanner, valid, column) && close_level(scanner, lexer);
  }
  if (can_open(scanner, valid, column)) return open_level(scanner, lexer, column);
  return can_close(scanner, valid, column) && close_level(scanner, lexer);
}

// Scans the text of a string up to a mark: the end, a backslash, or what begins an interpolation.
static bool scan_text(TSLexer *lexer, bool is_triple) {
  bool has_text = false;
  for (;;) {
    lexer->mark_end(lexer);
    if (lexer->eof(lexer) || lexer->lookahead == '\\') break;
    if (!is_triple && (lexer->lookahead == '"' || lexer->lookahead == '\n')) break;
    if (lexer->lookahead == '"') {
      // Three quotes end the string, but of more than three the first ones are text. They are tokens of their own.
      if (has_text) break;
      advance(lexer);
      lexer->mark_end(lexer);
      int more = 0;
      for (; more < 3 && lexer->lookahead == '"'; more++) advance(lexer);
      if (more == 2) return false;
      has_text = true;
      if (more == 3) break;
      continue;
    }
    if (lexer->lookahead == '$') {
      advance(lexer);
      if (is_name_start(lexer->lookahead) || lexer->lookahead == '(') break;
      has_text = true;
      continue;
    }
    advance(lexer);
    has_text = true;
  }
  lexer->result_symbol = is_triple ? TRIPLE_TEXT : STRING_TEXT;
  return has_text;
}

static bool scan_member(TSLexer *lexer) {
  advance(lexer);
  if (!is_name_start(lexer->lookahead)) return false;
  while (is_name_part(lexer->lookahead)) advance(lexer);
  lexer->mark_end(lexer);
  while (lexer->lookahead == '-') {
    advance(lexer);
    if (!is_name_part(lexer->lookahead)) break;
    while (is_name_part(lexer->lookahead)) advance(lexer);
    lexer->mark_end(lexer);
  }
  lexer->result_symbol = INTERPOLATION_MEMBER;
  return true;
}

bool tree_sitter_toit_external_scanner_scan(void *payload, TSLexer *lexer, const bool *valid) {
  Scanner *scanner = payload;
  if (valid[ERROR_RECOVERY]) return false;
  if (valid[INTERPOLATION_BRACKET] && lexer->lookahead == '[') {
    advance(lexer);
    lexer->mark_end(lexer);
    lexer->result_symbol = INTERPOLATION_BRACKET;
    return true;
  }
  if (valid[INTERPOLATION_MEMBER] && lexer->lookahead == '.') {
    if (scan_member(lexer)) return true;
    // A full stop is text.
    lexer->mark_end(lexer);
    lexer->result_symbol = valid[TRIPLE_TEXT] ? TRIPLE_TEXT : STRING_TEXT;
    return valid[TRIPLE_TEXT] || valid[STRING_TEXT];
  }
  if (valid[STRING_TEXT] || valid[TRIPLE_TEXT]) return scan_text(lexer, valid[TRIPLE_TEXT]);
  return valid[NEWLINE] ? scan_line_end(scanner, lexer, valid) : scan_line_start(scanner, lexer, valid);
}

void *tree_sitter_toit_external_scanner_create(void) { return calloc(1, sizeof(Scanner)); }

void tree_sitter_toit_external_scanner_destroy(void *payload) { free(payload); }

unsigned tree_sitter_toit_external_scanner_serialize(void *payload, char *buffer) {
  const Scanner *scanner = payload;
  unsigned size = scanner->count * sizeof(uint16_t);
  memcpy(buffer, scanner->columns, size);
  return size;
}

void tree_sitter_toit_external_scanner_deserialize(void *payload, const char *buffer, unsigned length) {
  Scanner *scanner = payload;
  scanner->count = (uint16_t)(length / sizeof(uint16_t));
  if (length > 0) memcpy(scanner->columns, buffer, length);
}
