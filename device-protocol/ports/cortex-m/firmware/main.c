/* A whole device: the library, the reference trainer, records in flash, and MQTT over lwIP. */
#include <string.h>

#include "device-protocol/ports/cortex-m/board/board.h"
#include "device-protocol/ports/cortex-m/crypto_choice.h"
#include "device-protocol/ports/cortex-m/firmware/broker.h"
#include "device-protocol/ports/cortex-m/firmware/entropy.h"
#include "device-protocol/trainer/mlp.h"
#include "tributary/client.h"

enum { MOST_PARAMETERS = 4096, MOST_CHUNK = 4080, MOST_SCRATCH = 1024, LARGEST_PACKET = 8192 };

static struct {
  uint64_t client[4096 / 8];
  float weights[MOST_PARAMETERS], initial[MOST_PARAMETERS], gradient[MOST_PARAMETERS];
  float scratch[MOST_SCRATCH];
  unsigned char message[MOST_CHUNK + 52];
  unsigned char packet[LARGEST_PACKET];
  trib_mlp mlp;
  trib_flash_records records;
  trib_entropy entropy;
} device;

static trib_status load(void* user, trib_record record, size_t offset, void* out, size_t capacity,
                        size_t* size) {
  (void)user;
  return trib_flash_load(&device.records, (uint32_t)record, offset, out, capacity, size);
}

static trib_status save(void* user, trib_record record, const void* head, size_t head_size,
                        const void* body, size_t body_size) {
  (void)user;
  return trib_flash_save(&device.records, (uint32_t)record, head, head_size, body, body_size);
}

static trib_status erase(void* user, trib_record record) {
  (void)user;
  return trib_flash_erase(&device.records, (uint32_t)record);
}

static uint64_t monotonic_ms(void* user) {
  (void)user;
  return trib_milliseconds();
}

static uint64_t unix_seconds(void* user) {
  (void)user;
  return 0; /* no clock that runs through a reset */
}

static trib_status draw(void* user, void* out, size_t size) {
  (void)user;
  trib_entropy_draw(&device.entropy, out, size);
  return TRIB_OK;
}

uint32_t trib_lwip_random(void);
uint32_t trib_lwip_random(void) {
  uint32_t number;
  trib_entropy_draw(&device.entropy, &number, sizeof number);
  return number;
}

static trib_status publish(void* user, const char* topic, const void* payload, size_t size) {
  (void)user;
  return trib_mqtt_session_publish(trib_broker_session(), topic, payload, size);
}

static trib_status subscribe(void* user, const char* topic) {
  (void)user;
  return trib_mqtt_session_subscribe(trib_broker_session(), topic);
}

static trib_status unsubscribe(void* user, const char* topic) {
  (void)user;
  return trib_mqtt_session_unsubscribe(trib_broker_session(), topic);
}

static void log_line(void* user, trib_log_level level, const char* text, uint64_t number) {
  (void)user;
  (void)level;
  trib_console_line(text, number);
}

static const trib_port port = {
    NULL, &TRIB_CRYPTO_PORT, {load, save, erase}, monotonic_ms, unix_seconds,
    draw, publish,           subscribe,           unsubscribe,  log_line};

static int stop(const char* why) {
  trib_console_text(why);
  trib_console_text("\n");
  return 1;
}

static int start(const trib_provisioning* provisioning, trib_client** client) {
  trib_trainer trainer = {
      &device.mlp, provisioning->model, 0, provisioning->examples, trib_mlp_gradient, NULL, 0};
  const trib_client_memory memory = {device.weights,
                                     device.initial,
                                     device.gradient,
                                     MOST_PARAMETERS,
                                     device.message,
                                     sizeof device.message,
                                     NULL,
                                     0};
  static const trib_client_options options = {
      .checkpoint_steps = 10, .retry_ms = 1000, .firmware = "mps2 1"};
  const trib_mlp_shape* shape = &device.mlp.shape;
  if (trib_mlp_parse(&device.mlp.shape, provisioning->model) != TRIB_OK ||
      trib_mlp_parameters(shape) > MOST_PARAMETERS || trib_mlp_scratch(shape) > MOST_SCRATCH ||
      shape->sizes[0] != provisioning->inputs) {
    return stop("provisioned for a model that this firmware cannot train");
  }
  trainer.personal = trib_mlp_personal(shape);
  trainer.parameters = trib_mlp_parameters(shape) - trainer.personal;
  device.mlp.scratch = device.scratch;
  device.mlp.examples.features = trib_image_features();
  device.mlp.examples.labels = trib_image_labels(provisioning);
  device.mlp.examples.count = provisioning->examples;
  if (trib_flash_mount(&device.records, trib_image_flash()) != TRIB_OK ||
      trib_entropy_start(&device.entropy, &TRIB_CRYPTO_PORT, &device.records) != TRIB_OK) {
    return stop("no records in flash, or no seed");
  }
  if (trib_client_start(device.client, &port, &trainer, &memory, &options, client) != TRIB_OK) {
    return stop("no identity in flash");
  }
  return 0;
}

static void take_event(trib_client* client, trib_mqtt_event event) {
  const trib_mqtt_session* session = trib_broker_session();
  if (event == TRIB_MQTT_UP) {
    trib_console_text("connected\n");
    (void)trib_client_connected(client);
  } else if (event == TRIB_MQTT_MESSAGE) {
    (void)trib_client_message(client, session->topic, session->payload, session->payload_size);
  }
}

/* At the end of each round, for whoever dimensions the stack. */
static void report(const trib_client* client) {
  static trib_phase before;
  const trib_phase now = trib_client_phase(client);
  if (now == TRIB_PHASE_IDLE && before > TRIB_PHASE_IDLE) {
    trib_console_line("bytes of stack so far", trib_stack_used());
  }
  before = now;
}

int main(void) {
  static char identity[33];
  const trib_provisioning* provisioning = trib_image_provisioning();
  trib_broker_login login = {identity, {0}, &device.entropy, device.packet, sizeof device.packet};
  trib_client* client;
  if (!provisioning) return stop("nothing is provisioned in flash");
  if (start(provisioning, &client) != 0) return 1;
  trib_console_line("started; bank of records", device.records.sequence);
  trib_client_mqtt_identity(client, identity, login.psk);
  if (trib_broker_start(provisioning, &login) != TRIB_OK) return stop("no memory for TLS");
  TRIB_CRYPTO_PORT.wipe(login.psk, sizeof login.psk);
  for (;;) {
    uint32_t wait_ms = 0;
    const trib_mqtt_event event = trib_broker_next();
    take_event(client, event);
    report(client);
    (void)trib_client_turn(client, &wait_ms);
    if (event == TRIB_MQTT_NOTHING && wait_ms > 0 && !trib_broker_busy()) trib_board_sleep();
  }
}
