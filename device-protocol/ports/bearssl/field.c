#include "device-protocol/ports/bearssl/field.h"

#include <string.h>

#include "inner.h"

#ifdef TRIB_BEARSSL_I15
#define BIG(name) br_i15_##name
#define NEGATED_INVERSE br_i15_ninv15
#else
#define BIG(name) br_i31_##name
#define NEGATED_INVERSE br_i31_ninv31
#endif

static const unsigned char P[32] = {
    0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xed};
static const unsigned char P_MINUS_2[32] = {
    0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xeb};
/* RFC 8032 5.1: 2^252 + 27742317777372353535851937790883648493 */
static const unsigned char L[32] = {
    0x10, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x14, 0xde, 0xf9, 0xde, 0xa2, 0xf7, 0x9c, 0xd6, 0x58, 0x12, 0x63, 0x1a, 0x5c, 0xf5, 0xd3, 0xed};

static void reversed(unsigned char* out, const unsigned char* in, size_t size) {
  for (size_t i = 0; i < size; ++i) out[i] = in[size - 1 - i];
}

void trib_field_init(trib_field* field) {
  BIG(decode)(field->p, P, sizeof P);
  field->p0i = (trib_limb)NEGATED_INVERSE(field->p[1]);
  trib_fe_small(field, field->one, 1);
}

/* a + b and a - b have at most one p too many or too few. */
void trib_fe_add(const trib_field* field, trib_fe out, const trib_fe a, const trib_fe b) {
  trib_fe sum;
  uint32_t over;
  memcpy(sum, a, sizeof sum);
  over = BIG(add)(sum, b, 1);
  over |= NOT(BIG(sub)(sum, field->p, 0));
  BIG(sub)(sum, field->p, over);
  memcpy(out, sum, sizeof sum);
}

void trib_fe_sub(const trib_field* field, trib_fe out, const trib_fe a, const trib_fe b) {
  trib_fe difference;
  memcpy(difference, a, sizeof difference);
  BIG(add)(difference, field->p, BIG(sub)(difference, b, 1));
  memcpy(out, difference, sizeof difference);
}

void trib_fe_mul(const trib_field* field, trib_fe out, const trib_fe a, const trib_fe b) {
  trib_fe product;
  BIG(montymul)(product, a, b, field->p, field->p0i);
  memcpy(out, product, sizeof product);
}

void trib_fe_small(const trib_field* field, trib_fe out, uint32_t value) {
  unsigned char bytes[32] = {0};
  bytes[30] = (unsigned char)(value >> 8);
  bytes[31] = (unsigned char)value;
  (void)BIG(decode_mod)(out, bytes, sizeof bytes, field->p);
  BIG(to_monty)(out, field->p);
}

void trib_fe_power(const trib_field* field, trib_fe out, const trib_fe a,
                   const unsigned char exponent[32]) {
  trib_fe x;
  trib_fe t1;
  trib_fe t2;
  memcpy(x, a, sizeof x);
  BIG(from_monty)(x, field->p, field->p0i);
  BIG(modpow)(x, exponent, 32, field->p, field->p0i, t1, t2);
  BIG(to_monty)(x, field->p);
  memcpy(out, x, sizeof x);
}

void trib_fe_invert(const trib_field* field, trib_fe out, const trib_fe a) {
  trib_fe_power(field, out, a, P_MINUS_2);
}

uint32_t trib_fe_decode(const trib_field* field, trib_fe out, const unsigned char in[32]) {
  unsigned char bytes[32];
  uint32_t canonical;
  reversed(bytes, in, sizeof bytes);
  bytes[0] &= 0x7f;
  canonical = BIG(decode_mod)(out, bytes, sizeof bytes, field->p);
  BIG(to_monty)(out, field->p);
  return canonical;
}

void trib_fe_encode(const trib_field* field, unsigned char out[32], const trib_fe a) {
  unsigned char bytes[32];
  trib_fe x;
  memcpy(x, a, sizeof x);
  BIG(from_monty)(x, field->p, field->p0i);
  BIG(encode)(bytes, sizeof bytes, x);
  reversed(out, bytes, sizeof bytes);
}

void trib_scalar_reduce(unsigned char out[32], const unsigned char hash[64]) {
  unsigned char bytes[64];
  trib_fe order;
  trib_fe x;
  reversed(bytes, hash, sizeof bytes);
  BIG(decode)(order, L, sizeof L);
  BIG(decode_reduce)(x, bytes, 64, order);
  BIG(encode)(bytes, 32, x);
  reversed(out, bytes, 32);
}

static void scalar_decode(trib_fe out, const unsigned char in[32], const trib_fe order) {
  unsigned char bytes[32];
  reversed(bytes, in, sizeof bytes);
  BIG(decode_reduce)(out, bytes, sizeof bytes, order);
}

void trib_scalar_mul_add(unsigned char out[32], const unsigned char a[32],
                         const unsigned char b[32], const unsigned char c[32]) {
  unsigned char bytes[32];
  trib_fe order;
  trib_fe x;
  trib_fe y;
  trib_fe product;
  uint32_t over;
  BIG(decode)(order, L, sizeof L);
  scalar_decode(x, a, order);
  scalar_decode(y, b, order);
  BIG(to_monty)(x, order);
  BIG(montymul)(product, x, y, order, (trib_limb)NEGATED_INVERSE(order[1]));
  scalar_decode(y, c, order);
  over = BIG(add)(product, y, 1);
  over |= NOT(BIG(sub)(product, order, 0));
  BIG(sub)(product, order, over);
  BIG(encode)(bytes, sizeof bytes, product);
  reversed(out, bytes, sizeof bytes);
}

uint32_t trib_scalar_canonical(const unsigned char s[32]) {
  unsigned char bytes[32];
  trib_fe order;
  trib_fe x;
  reversed(bytes, s, sizeof bytes);
  BIG(decode)(order, L, sizeof L);
  return BIG(decode_mod)(x, bytes, sizeof bytes, order);
}
