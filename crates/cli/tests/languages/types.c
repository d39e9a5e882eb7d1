/* The service of all types, and the conversation about it, in C with generated code. */
#define _DEFAULT_SOURCE
#include "types.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "verdict.h"

/* ---- The provider ---- */

typedef struct {
  types_shelf_resource_t resource;
  toit_message_t* memory;
  toit_value_t* things;
  size_t count;
} shelf_t;

typedef struct {
  types_drawer_resource_t resource;
} drawer_t;

static int open_drawers = 0;
static int open_shelves = 0;

static toit_err_t all(void* user_data, types_all_request_t request, bool a, int64_t b, double c, toit_string_t d,
                      toit_bytes_t e, toit_list_t f, toit_map_t g, toit_value_t h) {
  (void)user_data;
  toit_value_t items[] = {
    toit_value_bool(a), toit_value_int(b), toit_value_float(c), toit_value_string(d),
    toit_value_bytes(e), toit_value_list(f), toit_value_map(g), h
  };
  toit_list_t list = { items, 8 };
  return types_all_reply(request, list);
}

static toit_err_t nulls(void* user_data, types_nulls_request_t request, const bool* a, const int64_t* b,
                        const double* c, toit_string_t d, toit_bytes_t e, toit_list_t f, toit_map_t g,
                        toit_value_t h) {
  (void)user_data;
  toit_list_t null = { NULL, 0 };
  if (a == NULL) return types_nulls_reply(request, null);
  toit_value_t items[] = {
    toit_value_bool_or_null(a), toit_value_int_or_null(b), toit_value_float_or_null(c), toit_value_string_or_null(d),
    toit_value_bytes_or_null(e), toit_value_list_or_null(f), toit_value_map_or_null(g), h
  };
  toit_list_t list = { items, 8 };
  return types_nulls_reply(request, list);
}

static toit_err_t nothing(void* user_data, types_nothing_request_t request) {
  (void)user_data;
  return types_nothing_reply(request);
}

static toit_err_t named(void* user_data, types_named_request_t request, int64_t left, int64_t right) {
  (void)user_data;
  return types_named_reply(request, left - right);
}

static toit_err_t size(void* user_data, types_size_request_t request, toit_bytes_t bytes) {
  (void)user_data;
  return types_size_reply(request, (int64_t)bytes.size);
}

/* The answer comes from another thread, and refers to the arguments. */
typedef struct {
  types_echo_request_t request;
  toit_bytes_t bytes;
} echo_t;

static void* answer_later(void* argument) {
  echo_t* later = argument;
  types_echo_reply(later->request, later->bytes);
  free(later);
  return NULL;
}

static toit_err_t echo(void* user_data, types_echo_request_t request, toit_bytes_t bytes) {
  (void)user_data;
  echo_t* later = malloc(sizeof(echo_t));
  if (later == NULL) return TOIT_ERR_OOM;
  later->request = request;
  later->bytes = bytes;
  pthread_t thread;
  if (pthread_create(&thread, NULL, answer_later, later) != 0) {
    free(later);
    return TOIT_ERR_ERROR;
  }
  pthread_detach(thread);
  return TOIT_OK;
}

static toit_err_t turn(void* user_data, types_turn_request_t request, const types_Shape_t* shape) {
  (void)user_data;
  if (toit_string_is(shape->name, "large")) return toit_call_fail(request.call, TYPES_TOO_LARGE_ERROR);
  if (toit_string_is(shape->name, "none")) return toit_call_fail(request.call, TYPES_NO_SHAPE_ERROR);
  char* name = malloc(shape->name.size + sizeof "turned ");
  if (name == NULL) return TOIT_ERR_OOM;
  memcpy(name, "turned ", sizeof "turned ");
  memcpy(name + sizeof "turned " - 1, shape->name.data, shape->name.size + 1);
  types_Shape_t turned = *shape;
  turned.name.data = name;
  turned.name.size += sizeof "turned " - 1;
  toit_err_t error = types_turn_reply(request, &turned);
  free(name);
  return error;
}

static toit_err_t perhaps(void* user_data, types_perhaps_request_t request, const types_Shape_t* shape) {
  (void)user_data;
  return types_perhaps_reply(request, shape);
}

static bool is_same(toit_string_t a, toit_string_t b) {
  return a.size == b.size && memcmp(a.data, b.data, a.size) == 0;
}

static toit_err_t by_name(void* user_data, types_by_name_request_t request, types_list_of_nullable_Shape_t shapes) {
  (void)user_data;
  /* All tables have room for all shapes. */
  toit_message_t* memory = toit_message_new();
  types_entry_of_map_of_string_to_list_of_Shape_t* entries =
      toit_message_allocate(memory, shapes.count, sizeof *entries);
  size_t count = 0;
  for (size_t i = 0; entries != NULL && i < shapes.count; i++) {
    const types_Shape_t* shape = shapes.items[i];
    if (shape == NULL) continue;
    size_t place = 0;
    while (place < count && !is_same(entries[place].key, shape->name)) place++;
    if (place == count) {
      entries[count].key = shape->name;
      entries[count].value.items = toit_message_allocate(memory, shapes.count, sizeof(types_Shape_t));
      if (entries[count].value.items == NULL) break;
      count++;
    }
    types_list_of_Shape_t* list = &entries[place].value;
    ((types_Shape_t*)list->items)[list->count++] = *shape;
  }
  types_map_of_string_to_list_of_Shape_t map = { entries, count };
  toit_err_t error = entries == NULL ? TOIT_ERR_OOM : types_by_name_reply(request, map);
  toit_message_delete(memory);
  return error;
}

static toit_err_t slow(void* user_data, types_slow_request_t request) {
  (void)user_data;
  (void)request; /* It is never answered: the caller has a time limit. */
  return TOIT_OK;
}

static toit_err_t shelf(void* user_data, types_shelf_request_t request, toit_string_t name) {
  (void)user_data;
  if (toit_string_is(name, "none")) return types_shelf_reply(request, NULL);
  shelf_t* made = calloc(1, sizeof(shelf_t));
  if (made == NULL) return TOIT_ERR_OOM;
  made->memory = toit_message_new();
  made->things = toit_message_allocate(made->memory, 16, sizeof(toit_value_t));
  toit_err_t error = types_shelf_reply_resource(request, made, &made->resource);
  if (error == TOIT_OK) {
    open_shelves++;
  } else {
    toit_message_delete(made->memory);
    free(made);
  }
  return error;
}

/* Copies a value into the memory of a shelf: strings, integers, and maps of one entry. */
static toit_value_t kept(shelf_t* shelf, toit_value_t value) {
  if (value.type == TOIT_VALUE_STRING) {
    char* copy = toit_message_allocate(shelf->memory, value.as.string.size + 1, 1);
    memcpy(copy, value.as.string.data, value.as.string.size);
    value.as.string.data = copy;
  } else if (value.type == TOIT_VALUE_MAP && value.as.map.count == 1) {
    toit_entry_t* entry = toit_message_allocate(shelf->memory, 1, sizeof(toit_entry_t));
    entry->key = kept(shelf, value.as.map.entries[0].key);
    entry->value = kept(shelf, value.as.map.entries[0].value);
    value.as.map.entries = entry;
  }
  return value;
}

static toit_err_t shelf_put(void* user_data, types_shelf_put_request_t request, void* object, toit_value_t thing) {
  (void)user_data;
  shelf_t* own = object;
  if (own->count == 16) return toit_call_fail(request.call, "FULL");
  own->things[own->count++] = kept(own, thing);
  if (thing.type == TOIT_VALUE_STRING && toit_string_is(thing.as.string, "THE END")) types_shelf_end(own->resource);
  return types_shelf_put_reply(request, (int64_t)own->count);
}

static toit_err_t shelf_things(void* user_data, types_shelf_things_request_t request, void* object) {
  (void)user_data;
  shelf_t* own = object;
  toit_list_t list = { own->things, own->count };
  return types_shelf_things_reply(request, list);
}

static toit_err_t shelf_drawer(void* user_data, types_shelf_drawer_request_t request, void* object) {
  (void)user_data;
  (void)object;
  drawer_t* drawer = malloc(sizeof(drawer_t));
  if (drawer == NULL) return TOIT_ERR_OOM;
  open_drawers++;
  toit_err_t error = types_shelf_drawer_reply(request, drawer, &drawer->resource);
  if (error != TOIT_OK) {
    open_drawers--;
    free(drawer);
  }
  return error;
}

static toit_err_t shelf_open_drawers(void* user_data, types_shelf_open_drawers_request_t request, void* object) {
  (void)user_data;
  (void)object;
  return types_shelf_open_drawers_reply(request, open_drawers);
}

static toit_err_t drawer_put(void* user_data, types_drawer_put_request_t request, void* object, toit_string_t name,
                             const types_Shape_t* shape) {
  (void)user_data;
  drawer_t* own = object;
  toit_err_t error = types_drawer_notify(own->resource, name, shape);
  return error == TOIT_OK ? types_drawer_put_reply(request) : error;
}

static void on_shelf_closed(void* user_data, void* object) {
  (void)user_data;
  shelf_t* own = object;
  toit_message_delete(own->memory);
  free(own);
  open_shelves--;
}

static void on_drawer_closed(void* user_data, void* object) {
  (void)user_data;
  free(object);
  open_drawers--;
}

static void on_removed(void* user_data) {
  (void)user_data;
  if (open_shelves != 0 || open_drawers != 0) fprintf(stderr, "%d %d are open\n", open_shelves, open_drawers);
}

/* ---- The client ---- */

static types_Shape_t shape_of(const char* name) {
  types_Shape_t shape;
  memset(&shape, 0, sizeof shape); /* Null and empty everywhere. */
  shape.name = toit_string(name);
  shape.type = toit_value_null();
  return shape;
}

static void talk(toit_container_t* container, verdict_t* verdict) {
  toit_answer_t answer = TOIT_ANSWER();
  toit_open_options_t options = TOIT_OPEN_OPTIONS();
  options.timeout_ms = 10000;
  types_client_t types;
  SUCCEEDS(types_open(container, &options, &types, &answer));

  toit_value_t two = toit_value_int(2);
  toit_list_t inner = { &two, 1 };
  toit_value_t items[] = { toit_value_int(1), toit_value_list(inner) };
  toit_list_t list = { items, 2 };
  toit_entry_t entry = { toit_value_string(toit_string("a")), toit_value_null() };
  toit_map_t map = { &entry, 1 };
  toit_list_t result;
  SUCCEEDS(types_all_call(types, true, -1, 2.5, toit_string("text"), toit_bytes("\1\2", 2), list, map,
                          toit_value_int(3), &result, &answer));
  CHECK(result.count == 8 && result.items[0].as.boolean && result.items[1].as.integer == -1);
  CHECK(result.items[2].as.number == 2.5 && toit_string_is(result.items[3].as.string, "text"));
  CHECK(result.items[3].as.string.data[4] == 0);
  CHECK(result.items[4].as.bytes.size == 2 && result.items[4].as.bytes.data[1] == 2);
  CHECK(result.items[5].as.list.items[1].as.list.items[0].as.integer == 2);
  CHECK(toit_map_find(result.items[6].as.map, "a")->type == TOIT_VALUE_NULL && result.items[6].as.map.count == 1);
  CHECK(result.items[7].type == TOIT_VALUE_INT && result.items[7].as.integer == 3);

  toit_string_t no_string = { NULL, 0 };
  toit_bytes_t no_bytes = { NULL, 0 };
  toit_list_t no_list = { NULL, 0 };
  toit_map_t no_map = { NULL, 0 };
  int64_t one = 1;
  SUCCEEDS(types_nulls_call(types, NULL, &one, NULL, no_string, no_bytes, no_list, no_map, toit_value_null(), &result,
                            &answer));
  CHECK(result.items == NULL);
  bool no = false;
  SUCCEEDS(types_nulls_call(types, &no, NULL, NULL, no_string, no_bytes, no_list, no_map, toit_value_null(), &result,
                            &answer));
  CHECK(result.count == 8 && result.items[0].type == TOIT_VALUE_BOOL && !result.items[0].as.boolean);
  for (int i = 1; i < 8; i++) CHECK(result.items[i].type == TOIT_VALUE_NULL);

  SUCCEEDS(types_nothing_call(types, &answer));
  int64_t number = 0;
  SUCCEEDS(types_named_call(types, 7, 3, &number, &answer));
  CHECK(number == 4);
  uint8_t* big = malloc(1 << 20);
  for (int i = 0; i < 1 << 20; i++) big[i] = (uint8_t)i;
  SUCCEEDS(types_size_call(types, toit_bytes(big, 1 << 20), &number, &answer));
  CHECK(number == 1 << 20);
  toit_bytes_t echoed;
  SUCCEEDS(types_echo_call(types, toit_bytes(big, 1 << 20), &echoed, &answer));
  CHECK(echoed.size == 1 << 20 && memcmp(echoed.data, big, 1 << 20) == 0);
  free(big);

  types_Shape_t next = shape_of("next");
  types_Shape_t part = shape_of("inner");
  types_entry_of_map_of_int_to_Shape_t part_entry = { 1, &part };
  types_Shape_t square = shape_of("square");
  square.corner_points = list;
  square.parts.entries = &part_entry;
  square.parts.count = 1;
  square.next = &next;
  square.type = toit_value_int(5);
  types_Shape_t turned;
  SUCCEEDS(types_turn_call(types, &square, &turned, &answer));
  CHECK(toit_string_is(turned.name, "turned square") && turned.corner_points.count == 2);
  CHECK(turned.parts.count == 1 && turned.parts.entries[0].key == 1);
  CHECK(toit_string_is(turned.parts.entries[0].value->name, "inner") && turned.type.as.integer == 5);
  CHECK(turned.parts.entries[0].value->parts.entries == NULL && turned.parts.entries[0].value->next == NULL);
  CHECK(turned.next != NULL && toit_string_is(turned.next->name, "next"));
  types_Shape_t large = shape_of("large");
  CHECK(types_turn_call(types, &large, &turned, &answer) == TOIT_STATUS_THROWN);
  CHECK(strcmp(answer.text, TYPES_TOO_LARGE_ERROR) == 0);
  types_Shape_t none = shape_of("none");
  CHECK(types_turn_call(types, &none, &turned, &answer) == TOIT_STATUS_THROWN);
  CHECK(strcmp(answer.text, TYPES_NO_SHAPE_ERROR) == 0);
  CHECK(types_turn_call(types, NULL, &turned, &answer) == TOIT_STATUS_REFUSED);
  types_Shape_t endless = shape_of("endless");
  endless.next = &endless;
  CHECK(types_turn_call(types, &endless, &turned, &answer) == TOIT_STATUS_REFUSED);
  const types_Shape_t* maybe = &none;
  SUCCEEDS(types_perhaps_call(types, NULL, &maybe, &answer));
  CHECK(maybe == NULL);
  types_Shape_t round = shape_of("round");
  SUCCEEDS(types_perhaps_call(types, &round, &maybe, &answer));
  CHECK(maybe != NULL && toit_string_is(maybe->name, "round"));

  types_Shape_t a = shape_of("a");
  types_Shape_t b = shape_of("b");
  const types_Shape_t* shapes[] = { &a, NULL, &b, &b };
  types_list_of_nullable_Shape_t some = { shapes, 4 };
  types_map_of_string_to_list_of_Shape_t found;
  SUCCEEDS(types_by_name_call(types, some, &found, &answer));
  CHECK(found.count == 2 && toit_string_is(found.entries[0].key, "a") && found.entries[0].value.count == 1);
  CHECK(found.entries[1].value.count == 2 && toit_string_is(found.entries[1].value.items[1].name, "b"));
  CHECK(types_slow_call(types, &answer) == TOIT_STATUS_DEADLINE);

  types_Shelf_t shelf;
  SUCCEEDS(types_shelf_call(types, toit_string("none"), &shelf, &answer));
  CHECK(shelf.proxy == NULL);
  SUCCEEDS(types_shelf_call(types, toit_string("one"), &shelf, &answer));
  SUCCEEDS(types_shelf_put_call(shelf, toit_value_string(toit_string("book")), &number, &answer));
  CHECK(number == 1);
  SUCCEEDS(types_shelf_put_call(shelf, toit_value_map(map), &number, &answer));
  CHECK(number == 2);
  SUCCEEDS(types_shelf_things_call(shelf, &result, &answer));
  CHECK(result.count == 2 && toit_string_is(result.items[0].as.string, "book"));
  CHECK(result.items[1].as.map.count == 1);
  types_Drawer_t drawer;
  SUCCEEDS(types_shelf_drawer_call(shelf, &drawer, &answer));
  SUCCEEDS(types_drawer_put_call(drawer, toit_string("first"), NULL, &answer));
  types_Shape_t box = shape_of("box");
  SUCCEEDS(types_drawer_put_call(drawer, toit_string("second"), &box, &answer));
  toit_string_t name;
  SUCCEEDS(types_drawer_receive(drawer, &name, &maybe, &answer));
  CHECK(toit_string_is(name, "first") && maybe == NULL);
  SUCCEEDS(types_drawer_receive(drawer, &name, &maybe, &answer));
  CHECK(toit_string_is(name, "second") && toit_string_is(maybe->name, "box"));
  answer.timeout_ms = 20;
  CHECK(types_drawer_receive(drawer, &name, &maybe, &answer) == TOIT_STATUS_DEADLINE);
  answer.timeout_ms = 0;
  int64_t open = 0;
  SUCCEEDS(types_shelf_open_drawers_call(shelf, &open, &answer));
  CHECK(types_drawer_close(drawer) == TOIT_STATUS_OK);
  CHECK(types_drawer_close(drawer) == TOIT_STATUS_CLOSED);
  CHECK(types_drawer_receive(drawer, &name, &maybe, &answer) == TOIT_STATUS_CLOSED);
  CHECK(types_drawer_put_call(drawer, toit_string("third"), NULL, &answer) == TOIT_STATUS_CLOSED);
  SUCCEEDS(types_shelf_open_drawers_call(shelf, &number, &answer));
  CHECK(open == 1 && number == 0);
  /* The provider ends the shelf, in the call. */
  SUCCEEDS(types_shelf_put_call(shelf, toit_value_string(toit_string("THE END")), &number, &answer));
  CHECK(number == 3);
  CHECK(types_shelf_things_call(shelf, &result, &answer) == TOIT_STATUS_THROWN);
  CHECK(strcmp(answer.text, "NO_SUCH_RESOURCE") == 0);
  CHECK(types_shelf_close(shelf) == TOIT_STATUS_OK);
  CHECK(types_close(types) == TOIT_STATUS_OK);
  CHECK(types_close(types) == TOIT_STATUS_CLOSED);
  CHECK(types_nothing_call(types, &answer) == TOIT_STATUS_CLOSED);
  toit_answer_clear(&answer);
}

static void run(void* user_data, toit_container_t* container) {
  (void)user_data;
  with_verdict(container, "types", talk);
}

static void __attribute__((constructor)) init(void) {
  static const types_handlers_t handlers = {
    .on_removed = on_removed,
    .all = all,
    .nulls = nulls,
    .nothing = nothing,
    .named = named,
    .size = size,
    .echo = echo,
    .turn = turn,
    .perhaps = perhaps,
    .by_name = by_name,
    .slow = slow,
    .shelf = shelf,
    .shelf_put = shelf_put,
    .shelf_things = shelf_things,
    .shelf_drawer = shelf_drawer,
    .shelf_open_drawers = shelf_open_drawers,
    .drawer_put = drawer_put,
    .on_shelf_closed = on_shelf_closed,
    .on_drawer_closed = on_drawer_closed,
  };
  if (IS_PROVIDER) types_add(&handlers, NULL, NULL);
  if (IS_CLIENT) toit_container_add("types client", run, NULL);
}
