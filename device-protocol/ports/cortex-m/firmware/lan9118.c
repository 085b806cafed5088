#include "device-protocol/ports/cortex-m/firmware/lan9118.h"

#include <string.h>

#include "lwip/etharp.h"

#define REGISTER(offset) (*(volatile uint32_t*)(0x40200000 + (offset)))
#define NVIC_ENABLE (*(volatile uint32_t*)0xE000E100)
#define NVIC_DISABLE (*(volatile uint32_t*)0xE000E180)

enum {
  RX_DATA = 0x00,
  TX_DATA = 0x20,
  RX_STATUS = 0x40,
  TX_STATUS = 0x48,
  IRQ_CFG = 0x54,
  INT_STS = 0x58,
  INT_EN = 0x5c,
  BYTE_TEST = 0x64,
  FIFO_INT = 0x68,
  RX_CFG = 0x6c,
  TX_CFG = 0x70,
  HW_CFG = 0x74,
  RX_FIFO_INF = 0x7c,
  TX_FIFO_INF = 0x80,
  MAC_COMMAND = 0xa4,
  MAC_DATA = 0xa8,
  MAC_CR = 1,
  MAC_ADDRESS_HIGH = 2,
  MAC_ADDRESS_LOW = 3,
  RECEIVED = 1 << 3, /* INT_EN: frames are waiting */
  INTERRUPT = 1 << 13,
  MOST_FRAME = 1518,
  TRIES = 100000
};

static void mac_write(uint32_t index, uint32_t value) {
  REGISTER(MAC_DATA) = value;
  REGISTER(MAC_COMMAND) = 0x80000000U | index;
  for (int i = 0; i < TRIES && (REGISTER(MAC_COMMAND) & 0x80000000U); ++i) {
  }
}

/* A frame as one piece, in whole words. */
static err_t send_frame(struct netif* netif, struct pbuf* p) {
  static uint32_t frame[(MOST_FRAME + 3) / 4];
  const uint32_t size = p->tot_len;
  (void)netif;
  if (size > MOST_FRAME) return ERR_BUF;
  if ((REGISTER(TX_FIFO_INF) & 0xffff) < size + 8) return ERR_MEM;
  (void)pbuf_copy_partial(p, frame, p->tot_len, 0);
  REGISTER(TX_DATA) = size | 1 << 13 | 1 << 12; /* first and last segment */
  REGISTER(TX_DATA) = size;
  for (uint32_t i = 0; i < (size + 3) / 4; ++i) REGISTER(TX_DATA) = frame[i];
  while ((REGISTER(TX_FIFO_INF) >> 16 & 0xff) > 0) (void)REGISTER(TX_STATUS);
  return ERR_OK;
}

static struct pbuf* take_frame(void) {
  static uint32_t frame[(MOST_FRAME + 4 + 3) / 4];
  const uint32_t status = REGISTER(RX_STATUS);
  const uint32_t size = status >> 16 & 0x3fff; /* with the checksum */
  struct pbuf* p;
  for (uint32_t i = 0; i < (size + 3) / 4; ++i) {
    const uint32_t word = REGISTER(RX_DATA);
    if (i < sizeof frame / 4) frame[i] = word;
  }
  if ((status & 1 << 15) || size < 4 || size > sizeof frame) return NULL;
  p = pbuf_alloc(PBUF_RAW, (u16_t)(size - 4), PBUF_POOL);
  if (p) pbuf_take(p, frame, (u16_t)(size - 4));
  return p;
}

void trib_lan9118_poll(struct netif* netif) {
  while ((REGISTER(RX_FIFO_INF) >> 16 & 0xff) > 0) {
    struct pbuf* p = take_frame();
    if (p && netif->input(p, netif) != ERR_OK) pbuf_free(p);
  }
  REGISTER(INT_STS) = RECEIVED;
  NVIC_ENABLE = INTERRUPT;
}

void trib_network_interrupt(void);
void trib_network_interrupt(void) {
  NVIC_DISABLE = INTERRUPT; /* until the next poll */
}

err_t trib_lan9118_start(struct netif* netif) {
  const uint8_t* a = netif->hwaddr;
  REGISTER(HW_CFG) = 1; /* reset */
  for (int i = 0; i < TRIES && (REGISTER(HW_CFG) & 1); ++i) {
  }
  if (REGISTER(BYTE_TEST) != 0x87654321) return ERR_IF;
  REGISTER(HW_CFG) = 5 << 16; /* 5 KiB to send from */
  mac_write(MAC_ADDRESS_HIGH, (uint32_t)a[5] << 8 | a[4]);
  mac_write(MAC_ADDRESS_LOW,
            (uint32_t)a[3] << 24 | (uint32_t)a[2] << 16 | (uint32_t)a[1] << 8 | a[0]);
  REGISTER(RX_CFG) = 0;
  REGISTER(TX_CFG) = 2;
  REGISTER(FIFO_INT) = 0;
  mac_write(MAC_CR, 0x0c); /* transmit, receive */
  REGISTER(IRQ_CFG) = 0x100;
  REGISTER(INT_EN) = RECEIVED;
  netif->name[0] = 'e';
  netif->name[1] = '0';
  netif->mtu = 1500;
  netif->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP | NETIF_FLAG_LINK_UP;
  netif->hwaddr_len = 6;
  netif->output = etharp_output;
  netif->linkoutput = send_frame;
  return ERR_OK;
}
