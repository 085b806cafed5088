/* lwIP's driver of the SMSC LAN9118 Ethernet controller on AN385 and AN386, polled; its interrupt only wakes. */
#ifndef TRIBUTARY_PORTS_CORTEX_M_FIRMWARE_LAN9118_H
#define TRIBUTARY_PORTS_CORTEX_M_FIRMWARE_LAN9118_H

#include "lwip/netif.h"

/* netif_add's init function; netif->hwaddr is set before. ERR_IF: no such controller. */
err_t trib_lan9118_start(struct netif* netif);
/* Hands every received frame to the stack. */
void trib_lan9118_poll(struct netif* netif);

#endif
