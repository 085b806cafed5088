#include "device-protocol/ports/posix/daemon/examples.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_BYTES = 65536, FIRST_ROWS = 256 };

typedef struct table {
  float* features;
  uint32_t* labels;
  uint32_t rows, room, inputs, classes;
} table;

static bool grow(table* t) {
  const uint32_t room = t->room == 0 ? (uint32_t)FIRST_ROWS : 2 * t->room;
  float* features = realloc(t->features, (size_t)room * t->inputs * sizeof(float));
  if (features) t->features = features;
  uint32_t* labels = features ? realloc(t->labels, room * sizeof(uint32_t)) : NULL;
  if (!labels) return false;
  t->labels = labels;
  t->room = room;
  return true;
}

/* A row's numbers, each ended by a comma or the line. */
static bool parse_row(table* t, char* line) {
  float* row = t->features + (size_t)t->rows * t->inputs;
  char* at = line;
  char* end;
  unsigned long label;
  for (uint32_t i = 0; i < t->inputs; ++i) {
    row[i] = strtof(at, &end);
    if (end == at || *end != ',' || !isfinite(row[i])) return false;
    at = end + 1;
  }
  label = strtoul(at, &end, 10);
  if (end == at || (*end != '\n' && *end != 0) || label >= t->classes) return false;
  t->labels[t->rows] = (uint32_t)label;
  return true;
}

static bool read_rows(table* t, FILE* file, const char* path) {
  static char line[LINE_BYTES];
  while (fgets(line, sizeof line, file)) {
    if (t->rows == t->room && !grow(t)) return false;
    if (!parse_row(t, line)) {
      fprintf(stderr, "%s:%u: not %u numbers and a class below %u\n", path, t->rows + 1, t->inputs,
              t->classes);
      return false;
    }
    t->rows += 1;
  }
  if (t->rows == 0) fprintf(stderr, "%s: no examples\n", path);
  return t->rows > 0;
}

bool trib_examples_read(trib_examples* examples, const trib_mlp_shape* shape, const char* path) {
  table t = {NULL, NULL, 0, 0, shape->sizes[0], shape->sizes[shape->count - 1]};
  FILE* file = fopen(path, "re");
  bool good;
  if (!file) {
    fprintf(stderr, "%s: %s\n", path, strerror(errno));
    return false;
  }
  good = read_rows(&t, file, path);
  fclose(file);
  if (!good) {
    free(t.features);
    free(t.labels);
    return false;
  }
  examples->features = t.features;
  examples->labels = t.labels;
  examples->count = t.rows;
  return true;
}
