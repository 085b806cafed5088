#include "device-protocol/ports/cortex-m/firmware/broker.h"

#include <string.h>

#include "device-protocol/ports/cortex-m/board/board.h"
#include "device-protocol/ports/cortex-m/firmware/failpoint.h"
#include "device-protocol/ports/cortex-m/firmware/lan9118.h"
#include "device-protocol/ports/cortex-m/firmware/secure.h"
#include "lwip/init.h"
#include "lwip/tcp.h"
#include "lwip/timeouts.h"
#include "netif/ethernet.h"

enum {
  SEND_WITHIN_MS = 10000,
  CONNECT_WITHIN_MS = 20000,
  FIRST_WAIT_MS = 1000,
  MOST_WAIT_MS = 60000
};

static struct {
  struct netif netif;
  ip_addr_t address;
  u16_t port;
  struct tcp_pcb* pcb; /* NULL: no connection */
  bool established;
  bool tls;
  bool agreed; /* TLS has its keys, or there is none */
  bool ended;  /* the other side closed, or broke it */
  bool lost;   /* nothing more to be had of it */
  struct pbuf* waiting;
  u16_t taken;    /* of the first of them */
  uint64_t at_ms; /* of the last attempt */
  uint32_t wait_ms;
  trib_mqtt_session session;
  unsigned char piece[1024]; /* for the session */
  size_t piece_size;
  size_t piece_taken;
} broker;

void trib_lwip_broken(const char* text) {
  trib_console_text(text);
  trib_console_text("\n");
  trib_board_reset();
}

u32_t sys_now(void) {
  return (u32_t)trib_milliseconds();
}

static void poll_network(void) {
  trib_lan9118_poll(&broker.netif);
  sys_check_timeouts();
}

static void hang_up(void) {
  if (broker.pcb) {
    tcp_arg(broker.pcb, NULL);
    tcp_recv(broker.pcb, NULL);
    tcp_err(broker.pcb, NULL);
    tcp_abort(broker.pcb);
    broker.pcb = NULL;
  }
  if (broker.waiting) pbuf_free(broker.waiting);
  broker.waiting = NULL;
  broker.taken = 0;
  broker.established = false;
  broker.agreed = false;
  broker.ended = false;
  broker.lost = false;
  broker.piece_size = 0;
  broker.piece_taken = 0;
  trib_mqtt_session_close(&broker.session);
}

static err_t on_received(void* user, struct tcp_pcb* pcb, struct pbuf* p, err_t error) {
  (void)user;
  (void)pcb;
  if (!p || error != ERR_OK) {
    if (p) pbuf_free(p);
    broker.ended = true;
  } else if (broker.waiting) {
    pbuf_cat(broker.waiting, p);
  } else {
    broker.waiting = p;
  }
  return ERR_OK;
}

static void on_error(void* user, err_t error) {
  (void)user;
  (void)error;
  broker.pcb = NULL; /* lwIP has freed it */
  broker.ended = true;
}

static err_t on_connected(void* user, struct tcp_pcb* pcb, err_t error) {
  (void)user;
  (void)pcb;
  broker.established = error == ERR_OK;
  return ERR_OK;
}

static void dial(void) {
  broker.at_ms = trib_milliseconds();
  broker.pcb = tcp_new();
  if (!broker.pcb) return;
  tcp_recv(broker.pcb, on_received);
  tcp_err(broker.pcb, on_error);
  tcp_nagle_disable(broker.pcb);
  if (broker.tls && trib_secure_begin() != TRIB_OK) {
    hang_up();
    return;
  }
  if (tcp_connect(broker.pcb, &broker.address, broker.port, on_connected) != ERR_OK) hang_up();
}

/* All of it into the stream, as room comes. */
static trib_status write_all(const void* data, size_t size, uint64_t until_ms) {
  const unsigned char* at = (const unsigned char*)data;
  while (size > 0) {
    size_t room;
    if (!broker.pcb || broker.ended || trib_milliseconds() > until_ms) return TRIB_NOT_CONNECTED;
    room = tcp_sndbuf(broker.pcb);
    if (room > size) room = size;
    if (room > TCP_MSS) room = TCP_MSS;
    if (room > 0 && tcp_write(broker.pcb, at, (u16_t)room, TCP_WRITE_FLAG_COPY) == ERR_OK) {
      at += room;
      size -= room;
    } else {
      (void)tcp_output(broker.pcb);
      poll_network();
    }
  }
  return TRIB_OK;
}

static trib_status write_stream(const void* data, size_t size) {
  return write_all(data, size, trib_milliseconds() + SEND_WITHIN_MS);
}

static trib_status write_layer(const void* data, size_t size) {
  return broker.tls ? trib_secure_write(data, size) : write_stream(data, size);
}

static trib_status send(void* user, const void* head, size_t head_size, const void* body,
                        size_t body_size) {
  (void)user;
  if (!broker.agreed) return TRIB_NOT_CONNECTED;
  trib_failpoint_step();
  if (write_layer(head, head_size) != TRIB_OK || write_layer(body, body_size) != TRIB_OK) {
    broker.ended = true; /* what has left cannot be taken back */
    return TRIB_NOT_CONNECTED;
  }
  (void)tcp_output(broker.pcb);
  trib_failpoint_step();
  return TRIB_OK;
}

static uint64_t milliseconds(void* user) {
  (void)user;
  return trib_milliseconds();
}

static unsigned nibble(char digit) {
  return (unsigned)(digit <= '9' ? digit - '0' : digit - 'a' + 10);
}

static size_t read_stream(void* out, size_t capacity);

static void start_network(const trib_provisioning* p, const char* identity) {
  ip4_addr_t address, netmask, router;
  memcpy(&address.addr, p->address, 4);
  memcpy(&netmask.addr, p->netmask, 4);
  memcpy(&router.addr, p->router, 4);
  lwip_init();
  broker.netif.hwaddr[0] = 0x02; /* locally administered; the rest from the device id */
  for (int i = 1; i < 6; ++i) {
    broker.netif.hwaddr[i] = (u8_t)(nibble(identity[2 * i]) << 4 | nibble(identity[2 * i + 1]));
  }
  netif_add(&broker.netif, &address, &netmask, &router, NULL, trib_lan9118_start, ethernet_input);
  netif_set_default(&broker.netif);
  netif_set_up(&broker.netif);
}

trib_status trib_broker_start(const trib_provisioning* provisioning,
                              const trib_broker_login* login) {
  static const trib_mqtt_transport transport = {NULL, send, milliseconds};
  static const trib_secure_stream stream = {write_stream, read_stream};
  const char* password = provisioning->password[0] ? provisioning->password : NULL;
  memcpy(&broker.address.addr, provisioning->broker, 4);
  broker.port = (u16_t)provisioning->broker_port;
  broker.wait_ms = FIRST_WAIT_MS;
  broker.tls = !password;
  trib_mqtt_session_init(&broker.session, &transport, login->identity, password, login->buffer,
                         login->capacity);
  if (broker.tls &&
      trib_secure_init(&stream, login->entropy, login->identity, login->psk) != TRIB_OK) {
    return TRIB_CRYPTO;
  }
  start_network(provisioning, login->identity);
  dial();
  return TRIB_OK;
}

static void consume(size_t size) {
  tcp_recved(broker.pcb, (u16_t)size);
  broker.taken = (u16_t)(broker.taken + size);
  if (broker.taken == broker.waiting->len) {
    struct pbuf* first = broker.waiting;
    broker.waiting = first->next;
    if (broker.waiting) pbuf_ref(broker.waiting); /* else it goes with the first */
    pbuf_free(first);
    broker.taken = 0;
  }
}

static size_t read_stream(void* out, size_t capacity) {
  size_t size;
  if (!broker.waiting || !broker.pcb) return 0;
  size = (size_t)(broker.waiting->len - broker.taken);
  if (size > capacity) size = capacity;
  memcpy(out, (const unsigned char*)broker.waiting->payload + broker.taken, size);
  consume(size);
  return size;
}

/* The next piece for the session; TRIB_NOT_CONNECTED: no more will come. */
static trib_status read_layer(void) {
  broker.piece_taken = 0;
  broker.piece_size = 0;
  if (broker.tls) return trib_secure_read(broker.piece, sizeof broker.piece, &broker.piece_size);
  broker.piece_size = read_stream(broker.piece, sizeof broker.piece);
  return TRIB_OK;
}

/* Feeds the session from what has come. */
static trib_mqtt_event listen(void) {
  trib_mqtt_event event = TRIB_MQTT_NOTHING;
  while (event == TRIB_MQTT_NOTHING && !broker.lost) {
    size_t used = 0;
    if (broker.piece_taken == broker.piece_size) {
      broker.lost = read_layer() != TRIB_OK;
      if (broker.piece_size == 0) break;
    }
    if (trib_mqtt_session_feed(&broker.session, broker.piece + broker.piece_taken,
                               broker.piece_size - broker.piece_taken, &used, &event) != TRIB_OK) {
      trib_console_line("the broker refused, or spoke no MQTT; code", broker.session.refusal);
      broker.lost = true;
      return TRIB_MQTT_NOTHING;
    }
    broker.piece_taken += used;
  }
  if (event == TRIB_MQTT_UP) broker.wait_ms = FIRST_WAIT_MS;
  return event;
}

/* Keys first, then the session. */
static void greet(void) {
  trib_status status = broker.tls ? trib_secure_handshake() : TRIB_OK;
  broker.agreed = status == TRIB_OK;
  if (status == TRIB_OK) status = trib_mqtt_session_open(&broker.session);
  if (status != TRIB_OK && status != TRIB_NOT_FOUND) {
    trib_console_text("no TLS with the broker, or it closed at once\n");
    broker.lost = true;
  }
}

static void dial_when_due(uint64_t now) {
  hang_up();
  if (now - broker.at_ms < broker.wait_ms) return;
  if (broker.wait_ms < MOST_WAIT_MS) broker.wait_ms *= 2;
  dial();
}

trib_mqtt_event trib_broker_next(void) {
  const uint64_t now = trib_milliseconds();
  trib_mqtt_event event = TRIB_MQTT_NOTHING;
  poll_network();
  if (!broker.pcb && !trib_broker_busy()) {
    dial_when_due(now);
    return TRIB_MQTT_NOTHING;
  }
  if (broker.established && !broker.agreed) greet();
  if (broker.agreed) event = listen();
  if (trib_mqtt_session_turn(&broker.session) != TRIB_OK ||
      (!broker.agreed && now - broker.at_ms > CONNECT_WITHIN_MS) ||
      (broker.ended && !trib_broker_busy())) {
    broker.lost = true;
  }
  if (broker.lost && event == TRIB_MQTT_NOTHING) hang_up();
  return event;
}

bool trib_broker_busy(void) {
  return broker.waiting || broker.piece_taken < broker.piece_size;
}

trib_mqtt_session* trib_broker_session(void) {
  return &broker.session;
}
