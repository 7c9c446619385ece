#include <arpa/inet.h>

#include "core/name_parse.h"
#include "core/net.h"


static const unsigned char  lo_net_mapped[12] = {
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff
};


static void
lo_net_mask(lo_net_t *net)
{
    uint32_t  i, bits;

    for (i = 0, bits = net->bits; i < net->len; i++) {

        if (bits >= 8) {
            bits -= 8;
            continue;
        }

        net->addr[i] &= (unsigned char) (0xff00 >> bits);
        bits = 0;
    }
}


static int
lo_net_address(lo_net_t *net, lo_str_t text)
{
    char  name[INET6_ADDRSTRLEN];

    if (text.len == 0 || text.len >= sizeof(name)
        || memchr(text.data, '\0', text.len))
    {
        return LO_ERROR;
    }

    memcpy(name, text.data, text.len);
    name[text.len] = '\0';

    if (inet_pton(AF_INET, name, net->addr) == 1) {
        net->len = 4;
        return LO_OK;
    }

    if (inet_pton(AF_INET6, name, net->addr) == 1) {
        net->len = 16;
        return LO_OK;
    }

    return LO_ERROR;
}


int
lo_net_parse(lo_net_t *net, lo_str_t text, lo_err_t *err)
{
    uint64_t  bits;
    lo_str_t  address;

    memset(net, 0, sizeof(*net));

    address.data = text.data;

    for (address.len = 0;
         address.len < text.len && text.data[address.len] != '/';
         address.len++)
    { /* void */ }

    lo_skip(&text, address.len);

    if (lo_net_address(net, address) != LO_OK) {
        return lo_err(err, "a network is like 192.0.2.0/24 or 2001:db8::/32");
    }

    bits = 8 * net->len;

    if (text.len) {
        lo_skip(&text, 1);

        if (text.len > 3 || lo_name_number(text, &bits) != LO_OK
            || bits > 8 * net->len)
        {
            return lo_err(err, "a network of this kind has 0 to %u bits",
                          8 * net->len);
        }
    }

    net->bits = (uint32_t) bits;

    if (net->len == 16 && bits >= 96
        && memcmp(net->addr, lo_net_mapped, 12) == 0)
    {
        memmove(net->addr, net->addr + 12, 4);
        memset(net->addr + 4, 0, 12);
        net->len = 4;
        net->bits -= 96;
    }

    lo_net_mask(net);

    return LO_OK;
}


void
lo_net_print(lo_buf_t *b, const lo_net_t *net)
{
    char  name[INET6_ADDRSTRLEN];

    if (inet_ntop(net->len == 4 ? AF_INET : AF_INET6, net->addr, name,
                  sizeof(name)))
    {
        lo_buf_printf(b, "%s/%u", name, net->bits);
    }
}


int
lo_net_has(const lo_net_t *net, const unsigned char *addr, size_t len)
{
    lo_net_t  a;

    if (len == 16 && memcmp(addr, lo_net_mapped, 12) == 0) {
        addr += 12;
        len = 4;
    }

    if (len != net->len || len == 0) {
        return 0;
    }

    memset(&a, 0, sizeof(a));
    memcpy(a.addr, addr, len);
    a.len = net->len;
    a.bits = net->bits;
    lo_net_mask(&a);

    return memcmp(a.addr, net->addr, len) == 0;
}
