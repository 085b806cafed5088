/* tributary-device: one device on Linux. Its data never leave it; everything else is in tributary/client.h. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "device-protocol/ports/posix/daemon/examples.h"
#include "device-protocol/ports/posix/daemon/line.h"
#include "device-protocol/ports/posix/daemon/settings.h"
#include "device-protocol/ports/posix/posix.h"
#include "device-protocol/trainer/mlp.h"
#include "tributary/client.h"
#include "tributary/mqtt_session.h"

enum { FIRST_WAIT_MS = 1000, MOST_WAIT_MS = 60000, MOST_SLEEP_MS = 5000, PIECE = 16384 };

typedef struct device {
  trib_settings settings;
  trib_posix_folder folder;
  trib_client* client;
  trib_mlp mlp;
  trib_line line;
  trib_mqtt_session session;
  char identity[33];
  char password[TRIB_SETTING_BYTES];
  uint32_t wait_ms; /* before the next attempt to connect */
  unsigned long step;
  unsigned long die_at; /* 0: never */
} device;

static volatile sig_atomic_t stopping;

static void on_signal(int number) {
  (void)number;
  stopping = 1;
}

/* For tests: the TRIBUTARY_DEVICE_DIE_AT-th step of storage or network is the last, as with a power cut. */
static void step(device* self) {
  self->step += 1;
  if (self->step == self->die_at) (void)raise(SIGKILL);
}

/* ---- the port */
static trib_status load(void* user, trib_record record, size_t offset, void* out, size_t capacity,
                        size_t* size) {
  return trib_posix_load(&((device*)user)->folder, record, offset, out, capacity, size);
}

static trib_status save(void* user, trib_record record, const void* head, size_t head_size,
                        const void* body, size_t body_size) {
  device* self = (device*)user;
  trib_status status;
  step(self);
  status = trib_posix_save(&self->folder, record, head, head_size, body, body_size);
  step(self);
  return status;
}

static trib_status erase(void* user, trib_record record) {
  device* self = (device*)user;
  trib_status status;
  step(self);
  status = trib_posix_erase(&self->folder, record);
  step(self);
  return status;
}

static trib_status publish(void* user, const char* topic, const void* payload, size_t size) {
  return trib_mqtt_session_publish(&((device*)user)->session, topic, payload, size);
}

static trib_status subscribe(void* user, const char* topic) {
  return trib_mqtt_session_subscribe(&((device*)user)->session, topic);
}

static trib_status unsubscribe(void* user, const char* topic) {
  return trib_mqtt_session_unsubscribe(&((device*)user)->session, topic);
}

static void log_line(void* user, trib_log_level level, const char* text, uint64_t number) {
  /* The journal's priorities. */
  (void)user;
  fprintf(stderr, "<%d>%s %llu\n",
          level == TRIB_LOG_WARNING ? 4
          : level == TRIB_LOG_INFO  ? 6
                                    : 7,
          text, (unsigned long long)number);
}

/* ---- the session's transport */
static trib_status send_bytes(void* user, const void* head, size_t head_size, const void* body,
                              size_t body_size) {
  device* self = (device*)user;
  trib_status status;
  step(self);
  status = trib_line_write(&self->line, head, head_size);
  if (status == TRIB_OK && body_size > 0) {
    step(self); /* with half a packet on its way */
    status = trib_line_write(&self->line, body, body_size);
  }
  step(self);
  return status;
}

/* ---- start */
static bool read_password(device* self) {
  FILE* file;
  bool good;
  if (self->settings.password_file[0] == 0) return true;
  file = fopen(self->settings.password_file, "re");
  good = file && fgets(self->password, sizeof self->password, file);
  if (good) self->password[strcspn(self->password, "\r\n")] = 0;
  if (!good) fprintf(stderr, "<3>%s: no password\n", self->settings.password_file);
  if (file) fclose(file);
  return good;
}

/* A record cannot be replaced in a folder that is not there; a folder that others read has keys in it. */
static bool check_folder(const char* path) {
  struct stat info;
  if (stat(path, &info) != 0 || !S_ISDIR(info.st_mode)) {
    fprintf(stderr, "<3>%s: not a folder; make it, mode 0700, with the identity as record-1\n",
            path);
    return false;
  }
  if (info.st_mode & 077) {
    fprintf(stderr, "<3>%s: readable by others; chmod 700\n", path);
    return false;
  }
  return true;
}

static void* memory_of(size_t count, size_t size) {
  void* memory = calloc(count, size);
  if (!memory) {
    fprintf(stderr, "<3>out of memory\n");
    exit(1);
  }
  return memory;
}

static bool start_client(device* self) {
  const trib_settings* settings = &self->settings;
  const trib_port port = {self,
                          &trib_posix_crypto,
                          {load, save, erase},
                          trib_posix_monotonic_ms,
                          trib_posix_unix_seconds,
                          trib_posix_random,
                          publish,
                          subscribe,
                          unsubscribe,
                          log_line};
  const trib_client_options options = {settings->checkpoint_steps, settings->retry_ms, NULL,
                                       "tributary-device 1", NULL};
  const uint32_t parameters = trib_mlp_parameters(&self->mlp.shape);
  const uint32_t personal = trib_mlp_personal(&self->mlp.shape);
  const trib_trainer trainer = {&self->mlp,
                                settings->model,
                                parameters - personal,
                                self->mlp.examples.count,
                                trib_mlp_gradient,
                                NULL,
                                personal};
  trib_client_memory memory = {NULL, NULL, NULL, parameters, NULL, 0, NULL, 0};
  trib_status status;
  memory.weights = memory_of(parameters, sizeof(float));
  memory.initial = memory_of(parameters, sizeof(float));
  memory.gradient = memory_of(parameters, sizeof(float));
  memory.message_size = (size_t)settings->largest_chunk + 52;
  memory.message = memory_of(memory.message_size, 1);
  self->mlp.scratch = memory_of(trib_mlp_scratch(&self->mlp.shape), sizeof(float));
  status = trib_client_start(memory_of(trib_client_size(), 1), &port, &trainer, &memory, &options,
                             &self->client);
  if (status != TRIB_OK) {
    fprintf(stderr, "<3>cannot start from %s: %s\n", settings->state, trib_status_text(status));
  }
  return status == TRIB_OK;
}

static bool start_session(device* self) {
  const trib_mqtt_transport transport = {self, send_bytes, trib_posix_monotonic_ms};
  const size_t capacity = (size_t)self->settings.largest_chunk + 8192;
  const bool plain = self->settings.password_file[0] != 0;
  unsigned char psk[TRIB_KEY_BYTES];
  trib_client_mqtt_identity(self->client, self->identity, psk);
  trib_mqtt_session_init(&self->session, &transport, self->identity, plain ? self->password : NULL,
                         memory_of(capacity, 1), capacity);
  self->wait_ms = FIRST_WAIT_MS;
  return trib_line_init(&self->line, plain, self->identity, psk);
}

static bool start(device* self, const char* path) {
  const char* die_at = getenv("TRIBUTARY_DEVICE_DIE_AT");
  struct sigaction action = {0};
  unsigned char first; /* the generator works */
  action.sa_handler = on_signal;
  sigaction(SIGTERM, &action, NULL);
  sigaction(SIGINT, &action, NULL);
  if (die_at) self->die_at = strtoul(die_at, NULL, 10);
  if (!trib_settings_read(&self->settings, path)) return false;
  self->folder.path = self->settings.state;
  if (trib_mlp_parse(&self->mlp.shape, self->settings.model) != TRIB_OK) {
    fprintf(stderr, "<3>%s: model must be mlp:A-..-B, not '%s'\n", path, self->settings.model);
    return false;
  }
  return check_folder(self->settings.state) && read_password(self) &&
         trib_examples_read(&self->mlp.examples, &self->mlp.shape, self->settings.data) &&
         trib_posix_random(NULL, &first, 1) == TRIB_OK && start_client(self) && start_session(self);
}

/* ---- running */
static void hang_up(device* self, const char* why) {
  fprintf(stderr, "<5>%s\n", why);
  trib_line_close(&self->line);
  trib_mqtt_session_close(&self->session);
}

/* Waits longer from one failed attempt to the next. */
static void connect_again(device* self) {
  const char* fault =
      trib_line_open(&self->line, self->settings.broker_host, self->settings.broker_port);
  if (!fault && trib_mqtt_session_open(&self->session) == TRIB_OK) return;
  hang_up(self, fault ? fault : "the broker closed at once");
  trib_line_wait(&self->line, (int)self->wait_ms);
  if (self->wait_ms < MOST_WAIT_MS) self->wait_ms *= 2;
}

static void take_event(device* self, trib_mqtt_event event) {
  const trib_mqtt_session* session = &self->session;
  if (event == TRIB_MQTT_UP) {
    fprintf(stderr, "<6>connected\n");
    self->wait_ms = FIRST_WAIT_MS;
    (void)trib_client_connected(self->client);
  } else if (event == TRIB_MQTT_MESSAGE) {
    (void)trib_client_message(self->client, session->topic, session->payload,
                              session->payload_size);
  }
}

static void take_bytes(device* self) {
  static unsigned char bytes[PIECE];
  const ssize_t got = trib_line_read(&self->line, bytes, sizeof bytes);
  size_t at = 0;
  if (got < 0) hang_up(self, "the broker is gone");
  while (got > 0 && at < (size_t)got) {
    trib_mqtt_event event;
    size_t used = 0;
    if (trib_mqtt_session_feed(&self->session, bytes + at, (size_t)got - at, &used, &event) !=
        TRIB_OK) {
      hang_up(self, "the broker refused the session, or speaks no MQTT");
      return;
    }
    at += used;
    take_event(self, event);
  }
}

static void run(device* self) {
  uint32_t wait_ms = 0;
  while (!stopping) {
    if (self->line.socket < 0) {
      trib_mqtt_session_close(&self->session);
      connect_again(self);
      continue;
    }
    trib_line_wait(&self->line, wait_ms < MOST_SLEEP_MS ? (int)wait_ms : (int)MOST_SLEEP_MS);
    take_bytes(self);
    if (trib_mqtt_session_turn(&self->session) != TRIB_OK) hang_up(self, "the broker is silent");
    (void)trib_client_turn(self->client, &wait_ms);
  }
}

int main(int count, char** arguments) {
  static device self;
  if (count != 3 || strcmp(arguments[1], "--config") != 0) {
    fprintf(stderr, "Usage: tributary-device --config FILE\n");
    return 2;
  }
  if (!start(&self, arguments[2])) return 1;
  fprintf(stderr, "<6>device %s with %u examples\n", self.identity, self.mlp.examples.count);
  run(&self);
  trib_line_close(&self.line);
  fprintf(stderr, "<6>stopped\n");
  return 0;
}
