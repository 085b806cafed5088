#include "device-protocol/ports/cortex-m/firmware/broker.h"

#include <string.h>

#include "device-protocol/ports/cortex-m/board/board.h"
#include "device-protocol/ports/cortex-m/firmware/lan9118.h"
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
  bool ended; /* the other side closed, or broke it */
  struct pbuf* waiting;
  u16_t taken;    /* of the first of them */
  uint64_t at_ms; /* of the last attempt */
  uint32_t wait_ms;
  trib_mqtt_session session;
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
  broker.ended = false;
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

static trib_status send(void* user, const void* head, size_t head_size, const void* body,
                        size_t body_size) {
  const uint64_t until_ms = trib_milliseconds() + SEND_WITHIN_MS;
  (void)user;
  if (!broker.established) return TRIB_NOT_CONNECTED;
  if (write_all(head, head_size, until_ms) != TRIB_OK ||
      write_all(body, body_size, until_ms) != TRIB_OK) {
    broker.ended = true; /* what has left cannot be taken back */
    return TRIB_NOT_CONNECTED;
  }
  (void)tcp_output(broker.pcb);
  return TRIB_OK;
}

static uint64_t milliseconds(void* user) {
  (void)user;
  return trib_milliseconds();
}

static unsigned nibble(char digit) {
  return (unsigned)(digit <= '9' ? digit - '0' : digit - 'a' + 10);
}

void trib_broker_start(const trib_provisioning* provisioning, const char* identity,
                       unsigned char* buffer, size_t capacity) {
  static const trib_mqtt_transport transport = {NULL, send, milliseconds};
  const trib_provisioning* p = provisioning;
  ip4_addr_t address, netmask, router;
  memcpy(&address.addr, p->address, 4);
  memcpy(&netmask.addr, p->netmask, 4);
  memcpy(&router.addr, p->router, 4);
  memcpy(&broker.address.addr, p->broker, 4);
  broker.port = (u16_t)p->broker_port;
  broker.wait_ms = FIRST_WAIT_MS;
  trib_mqtt_session_init(&broker.session, &transport, identity, p->password[0] ? p->password : NULL,
                         buffer, capacity);
  lwip_init();
  broker.netif.hwaddr[0] = 0x02; /* locally administered; the rest from the device id */
  for (int i = 1; i < 6; ++i) {
    broker.netif.hwaddr[i] = (u8_t)(nibble(identity[2 * i]) << 4 | nibble(identity[2 * i + 1]));
  }
  netif_add(&broker.netif, &address, &netmask, &router, NULL, trib_lan9118_start, ethernet_input);
  netif_set_default(&broker.netif);
  netif_set_up(&broker.netif);
  dial();
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

/* Feeds the session from what has come. */
static trib_mqtt_event listen(void) {
  trib_mqtt_event event = TRIB_MQTT_NOTHING;
  while (broker.waiting && broker.pcb && event == TRIB_MQTT_NOTHING) {
    const unsigned char* bytes = (const unsigned char*)broker.waiting->payload + broker.taken;
    size_t used = 0;
    if (trib_mqtt_session_feed(&broker.session, bytes, broker.waiting->len - broker.taken, &used,
                               &event) != TRIB_OK) {
      trib_console_line("the broker refused, or spoke no MQTT; code", broker.session.refusal);
      broker.ended = true;
      return TRIB_MQTT_NOTHING;
    }
    if (broker.pcb) consume(used);
  }
  if (event == TRIB_MQTT_UP) broker.wait_ms = FIRST_WAIT_MS;
  return event;
}

trib_mqtt_event trib_broker_next(void) {
  const uint64_t now = trib_milliseconds();
  poll_network();
  if (broker.ended && !broker.waiting) hang_up();
  if (!broker.pcb) {
    hang_up();
    if (now - broker.at_ms >= broker.wait_ms) {
      if (broker.wait_ms < MOST_WAIT_MS) broker.wait_ms *= 2;
      dial();
    }
    return TRIB_MQTT_NOTHING;
  }
  if (!broker.established) {
    if (now - broker.at_ms > CONNECT_WITHIN_MS) hang_up();
    return TRIB_MQTT_NOTHING;
  }
  if (!broker.session.opened && trib_mqtt_session_open(&broker.session) != TRIB_OK) hang_up();
  if (trib_mqtt_session_turn(&broker.session) != TRIB_OK) hang_up();
  return listen();
}

bool trib_broker_busy(void) {
  return broker.waiting != NULL;
}

trib_mqtt_session* trib_broker_session(void) {
  return &broker.session;
}
