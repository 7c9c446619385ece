/*
 * Base64url without padding (RFC 4648, 5), base64, and hexadecimal digits of
 * either case.  Strict: bits that say nothing are 0, so that no other base64
 * text is read as the same bytes.
 */

#ifndef LO_BASE64_H
#define LO_BASE64_H

#include "core/base.h"


void lo_base64url_put(lo_buf_t *b, const void *data, size_t len);
void lo_base64_put(lo_buf_t *b, const void *data, size_t len);

/* the bytes' count, or LO_ERROR (outside of the alphabet), LO_FULL */
int lo_base64url_read(unsigned char *out, size_t cap, lo_str_t text);
int lo_base64_read(unsigned char *out, size_t cap, lo_str_t text);
int lo_hex_read(unsigned char *out, size_t cap, lo_str_t text);

void lo_hex_put(lo_buf_t *b, const unsigned char *data, size_t len);

#endif /* LO_BASE64_H */
