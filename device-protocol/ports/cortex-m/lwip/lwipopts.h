/* lwIP without an operating system: IPv4 and TCP through the raw interface, one connection. */
#ifndef TRIBUTARY_PORTS_CORTEX_M_LWIP_OPTIONS_H
#define TRIBUTARY_PORTS_CORTEX_M_LWIP_OPTIONS_H

#define NO_SYS 1
#define SYS_LIGHTWEIGHT_PROT 0
#define LWIP_NETCONN 0
#define LWIP_SOCKET 0
#define LWIP_UDP 0
#define LWIP_RAW 0
#define LWIP_IPV6 0
#define LWIP_DHCP 0
#define LWIP_DNS 0
#define IP_REASSEMBLY 0
#define IP_FRAG 0
#define LWIP_STATS 0
#define LWIP_NETIF_LOOPBACK 0

#define MEM_ALIGNMENT 4
#define MEM_SIZE 16384
#define TCP_MSS 1460
#define TCP_WND (4 * TCP_MSS)
#define TCP_SND_BUF (4 * TCP_MSS)
#define TCP_SND_QUEUELEN 16
#define MEMP_NUM_TCP_SEG 16
#define MEMP_NUM_TCP_PCB 4
#define MEMP_NUM_TCP_PCB_LISTEN 1
#define PBUF_POOL_SIZE 12
#define TCP_QUEUE_OOSEQ 0
#define CHECKSUM_CHECK_IP 1
#define CHECKSUM_CHECK_TCP 1

#endif
