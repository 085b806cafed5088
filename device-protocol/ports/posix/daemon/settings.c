#include "device-protocol/ports/posix/daemon/settings.h"

#include <ctype.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct text_setting {
  const char* name;
  size_t offset;
  bool needed;
} text_setting;

typedef struct number_setting {
  const char* name;
  size_t offset;
  unsigned long least, most;
} number_setting;

static const text_setting texts[] = {
    {"state", offsetof(trib_settings, state), true},
    {"broker_host", offsetof(trib_settings, broker_host), true},
    {"broker_port", offsetof(trib_settings, broker_port), true},
    {"model", offsetof(trib_settings, model), true},
    {"data", offsetof(trib_settings, data), true},
    {"password_file", offsetof(trib_settings, password_file), false},
};

static const number_setting numbers[] = {
    {"checkpoint_steps", offsetof(trib_settings, checkpoint_steps), 0, 1000000},
    {"retry_ms", offsetof(trib_settings, retry_ms), 100, 600000},
    {"largest_chunk", offsetof(trib_settings, largest_chunk), 1008, 262128},
};

enum { TEXTS = sizeof texts / sizeof texts[0], NUMBERS = sizeof numbers / sizeof numbers[0] };

static char* trimmed(char* text) {
  char* end = text + strlen(text);
  while (end > text && isspace((unsigned char)end[-1])) *--end = 0;
  while (isspace((unsigned char)*text)) ++text;
  return text;
}

static const char* set(trib_settings* settings, const char* name, const char* value) {
  for (int i = 0; i < TEXTS; ++i) {
    if (strcmp(name, texts[i].name) != 0) continue;
    if (strlen(value) >= TRIB_SETTING_BYTES) return "is too long";
    strcpy((char*)settings + texts[i].offset, value);
    return NULL;
  }
  for (int i = 0; i < NUMBERS; ++i) {
    char* end;
    unsigned long number;
    if (strcmp(name, numbers[i].name) != 0) continue;
    errno = 0;
    number = strtoul(value, &end, 10);
    if (!isdigit((unsigned char)value[0]) || *end || errno || number < numbers[i].least ||
        number > numbers[i].most) {
      return "is out of range, or no number";
    }
    *(uint32_t*)(void*)((char*)settings + numbers[i].offset) = (uint32_t)number;
    return NULL;
  }
  return "is no setting";
}

/* NULL, or what is wrong with the line. `*name` is what it is about. */
static const char* take_line(trib_settings* settings, char* line, const char** name) {
  char* equals = strchr(line, '=');
  char* comment = strchr(line, '#');
  if (comment) *comment = 0;
  *name = trimmed(line);
  if (**name == 0) return NULL;
  if (!equals || (comment && equals > comment)) return "has no =";
  *equals = 0;
  *name = trimmed(line);
  return set(settings, *name, trimmed(equals + 1));
}

static bool complete(const trib_settings* settings, const char* path) {
  for (int i = 0; i < TEXTS; ++i) {
    if (texts[i].needed && *((const char*)settings + texts[i].offset) == 0) {
      fprintf(stderr, "%s: %s is missing\n", path, texts[i].name);
      return false;
    }
  }
  return true;
}

bool trib_settings_read(trib_settings* settings, const char* path) {
  char line[2 * TRIB_SETTING_BYTES];
  FILE* file = fopen(path, "re");
  bool good = true;
  memset(settings, 0, sizeof *settings);
  settings->checkpoint_steps = 10;
  settings->retry_ms = 2000;
  settings->largest_chunk = 65520;
  if (!file) {
    fprintf(stderr, "%s: %s\n", path, strerror(errno));
    return false;
  }
  for (int number = 1; good && fgets(line, sizeof line, file); ++number) {
    const char* name;
    const char* fault = take_line(settings, line, &name);
    if (fault) fprintf(stderr, "%s:%d: %s %s\n", path, number, name, fault);
    good = !fault;
  }
  fclose(file);
  return good && complete(settings, path);
}
