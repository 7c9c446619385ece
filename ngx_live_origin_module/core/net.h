/*
 * Networks in CIDR notation, IPv4 and IPv6.  An IPv4 address that is written
 * as an IPv6 one (::ffff:192.0.2.1) is the IPv4 address.
 */

#ifndef LO_NET_H
#define LO_NET_H

#include "core/base.h"


typedef struct {
    unsigned char       addr[16];         /* of IPv4 the first 4 */
    uint32_t            len;              /* 4 or 16; 0: none */
    uint32_t            bits;             /* the rest of addr is 0 */
} lo_net_t;

#define LO_NET_TEXT  64                   /* more than any takes */

/* "192.0.2.0/24", "2001:db8::/32"; without bits it is one address */
int lo_net_parse(lo_net_t *net, lo_str_t text, lo_err_t *err);

void lo_net_print(lo_buf_t *b, const lo_net_t *net);

/* 1: the address, of 4 or 16 bytes, lies in it */
int lo_net_has(const lo_net_t *net, const unsigned char *addr, size_t len);

#endif /* LO_NET_H */
