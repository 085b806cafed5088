/* Ed25519 (RFC 8032) over BearSSL's integers. One complete addition formula serves doubling too: code
 * is what a device is short of, not instructions for the few signatures of a round. */
#include <string.h>

#include "bearssl.h"
#include "device-protocol/ports/bearssl/bearssl_port.h"
#include "device-protocol/ports/bearssl/field.h"

/* Extended coordinates: x = X/Z, y = Y/Z, xy = T/Z. */
typedef struct point {
  trib_fe x, y, z, t;
} point;

typedef struct curve {
  trib_field field;
  trib_fe d2; /* 2 d */
  point base;
} curve;

/* Little-endian: the base point, 2 d with d = -121665 / 121666, and a square root of -1. */
static const unsigned char BASE_X[32] = {
    0x1a, 0xd5, 0x25, 0x8f, 0x60, 0x2d, 0x56, 0xc9, 0xb2, 0xa7, 0x25, 0x95, 0x60, 0xc7, 0x2c, 0x69,
    0x5c, 0xdc, 0xd6, 0xfd, 0x31, 0xe2, 0xa4, 0xc0, 0xfe, 0x53, 0x6e, 0xcd, 0xd3, 0x36, 0x69, 0x21};
static const unsigned char BASE_Y[32] = {
    0x58, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66,
    0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66};
static const unsigned char TWICE_D[32] = {
    0x59, 0xf1, 0xb2, 0x26, 0x94, 0x9b, 0xd6, 0xeb, 0x56, 0xb1, 0x83, 0x82, 0x9a, 0x14, 0xe0, 0x00,
    0x30, 0xd1, 0xf3, 0xee, 0xf2, 0x80, 0x8e, 0x19, 0xe7, 0xfc, 0xdf, 0x56, 0xdc, 0xd9, 0x06, 0x24};
static const unsigned char ROOT_OF_MINUS_1[32] = {
    0xb0, 0xa0, 0x0e, 0x4a, 0x27, 0x1b, 0xee, 0xc4, 0x78, 0xe4, 0x2f, 0xad, 0x06, 0x18, 0x43, 0x2f,
    0xa7, 0xd7, 0xfb, 0x3d, 0x99, 0x00, 0x4d, 0x2b, 0x0b, 0xdf, 0xc1, 0x4f, 0x80, 0x24, 0x83, 0x2b};
/* (p - 5) / 8, big-endian. */
static const unsigned char ROOT_EXPONENT[32] = {
    0x0f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfd};
static void identity(const curve* c, point* out) {
  trib_fe_small(&c->field, out->x, 0);
  memcpy(out->t, out->x, sizeof out->t);
  memcpy(out->y, c->field.one, sizeof out->y);
  memcpy(out->z, c->field.one, sizeof out->z);
}

/* Hisil, Wong, Carter, Dawson 2008, unified for a = -1; complete, since d is no square. */
static void add(const curve* c, point* out, const point* p, const point* q) {
  const trib_field* f = &c->field;
  trib_fe a, b, e, h, u, v;
  trib_fe_sub(f, a, p->y, p->x);
  trib_fe_sub(f, u, q->y, q->x);
  trib_fe_mul(f, a, a, u);
  trib_fe_add(f, b, p->y, p->x);
  trib_fe_add(f, u, q->y, q->x);
  trib_fe_mul(f, b, b, u);
  trib_fe_mul(f, u, p->t, q->t);
  trib_fe_mul(f, u, u, c->d2);
  trib_fe_mul(f, v, p->z, q->z);
  trib_fe_add(f, v, v, v);
  trib_fe_sub(f, e, b, a);
  trib_fe_add(f, h, b, a);
  trib_fe_sub(f, a, v, u); /* F */
  trib_fe_add(f, b, v, u); /* G */
  trib_fe_mul(f, out->x, e, a);
  trib_fe_mul(f, out->y, b, h);
  trib_fe_mul(f, out->t, e, h);
  trib_fe_mul(f, out->z, a, b);
}

static uint32_t bit(const unsigned char scalar[32], int i) {
  return (uint32_t)scalar[i >> 3] >> (i & 7) & 1U;
}

static void choose(point* out, const point* in, uint32_t yes) {
  const unsigned char mask = (unsigned char)(0U - yes);
  unsigned char* to = (unsigned char*)out;
  const unsigned char* from = (const unsigned char*)in;
  for (size_t i = 0; i < sizeof *out; ++i) to[i] ^= mask & (to[i] ^ from[i]);
}

/* out = scalar * base; the same instructions for every scalar. */
static void multiply_base(const curve* c, point* out, const unsigned char scalar[32]) {
  point sum;
  identity(c, out);
  for (int i = 255; i >= 0; --i) {
    add(c, out, out, out);
    add(c, &sum, out, &c->base);
    choose(out, &sum, bit(scalar, i));
  }
}

/* out = s * base + k * p, of public numbers. */
static void multiply_both(const curve* c, point* out, const unsigned char s[32],
                          const unsigned char k[32], const point* p) {
  point both;
  add(c, &both, &c->base, p);
  identity(c, out);
  for (int i = 255; i >= 0; --i) {
    add(c, out, out, out);
    if (bit(s, i) && bit(k, i)) {
      add(c, out, out, &both);
    } else if (bit(s, i)) {
      add(c, out, out, &c->base);
    } else if (bit(k, i)) {
      add(c, out, out, p);
    }
  }
}

static void encode(const curve* c, unsigned char out[32], const point* p) {
  unsigned char x[32];
  trib_fe inverse, t;
  trib_fe_invert(&c->field, inverse, p->z);
  trib_fe_mul(&c->field, t, p->x, inverse);
  trib_fe_encode(&c->field, x, t);
  trib_fe_mul(&c->field, t, p->y, inverse);
  trib_fe_encode(&c->field, out, t);
  out[31] |= (unsigned char)((x[0] & 1U) << 7);
}

static int is_zero(const curve* c, const trib_fe a) {
  unsigned char bytes[32];
  unsigned char any = 0;
  trib_fe_encode(&c->field, bytes, a);
  for (int i = 0; i < 32; ++i) any |= bytes[i];
  return any == 0;
}

/* The square root of u / v, or of -u / v times a root of -1. */
static void root_of_ratio(const trib_field* f, trib_fe x, const trib_fe u, const trib_fe v) {
  trib_fe v3, t;
  trib_fe_mul(f, v3, v, v);
  trib_fe_mul(f, v3, v3, v);
  trib_fe_mul(f, t, v3, v3);
  trib_fe_mul(f, t, t, v);
  trib_fe_mul(f, t, t, u);
  trib_fe_power(f, t, t, ROOT_EXPONENT);
  trib_fe_mul(f, t, t, v3);
  trib_fe_mul(f, x, t, u);
}

/* RFC 8032 5.1.3. 0: no point. */
static int decode(const curve* c, point* out, const unsigned char in[32]) {
  const trib_field* f = &c->field;
  unsigned char bytes[32];
  trib_fe u, v, t;
  if (!trib_fe_decode(f, out->y, in)) return 0;
  memcpy(out->z, f->one, sizeof out->z);
  trib_fe_mul(f, t, out->y, out->y);
  trib_fe_sub(f, u, t, f->one);
  trib_fe_mul(f, v, t, c->d2);
  trib_fe_add(f, v, v, f->one);
  trib_fe_add(f, v, v, f->one); /* 2 v */
  trib_fe_add(f, u, u, u);
  root_of_ratio(f, out->x, u, v);
  trib_fe_mul(f, t, out->x, out->x);
  trib_fe_mul(f, t, t, v);
  trib_fe_add(f, v, t, u);
  trib_fe_sub(f, t, t, u);
  if (!is_zero(c, t)) {
    if (!is_zero(c, v)) return 0;
    (void)trib_fe_decode(f, t, ROOT_OF_MINUS_1);
    trib_fe_mul(f, out->x, out->x, t);
  }
  trib_fe_encode(f, bytes, out->x);
  if ((bytes[0] & 1U) != in[31] >> 7) {
    if (is_zero(c, out->x)) return 0;
    trib_fe_small(f, t, 0);
    trib_fe_sub(f, out->x, t, out->x);
  }
  trib_fe_mul(f, out->t, out->x, out->y);
  return 1;
}

static void start(curve* c) {
  const trib_field* f = &c->field;
  trib_field_init(&c->field);
  (void)trib_fe_decode(f, c->d2, TWICE_D);
  (void)trib_fe_decode(f, c->base.x, BASE_X);
  (void)trib_fe_decode(f, c->base.y, BASE_Y);
  memcpy(c->base.z, f->one, sizeof c->base.z);
  trib_fe_mul(f, c->base.t, c->base.x, c->base.y);
}

static int has_small_order(const curve* c, const point* p) {
  point q = *p;
  for (int i = 0; i < 3; ++i) add(c, &q, &q, &q);
  return is_zero(c, q.x); /* of the multiples of 8 only the identity has x = 0 */
}

static void hash3(unsigned char out[32], const unsigned char* first, size_t first_size,
                  const unsigned char* second, const unsigned char* message, size_t size) {
  br_sha512_context sha;
  unsigned char hash[64];
  br_sha512_init(&sha);
  br_sha512_update(&sha, first, first_size);
  if (second) br_sha512_update(&sha, second, 32);
  br_sha512_update(&sha, message, size);
  br_sha512_out(&sha, hash);
  trib_scalar_reduce(out, hash);
}

trib_status trib_bearssl_ed25519_verify(const unsigned char signature[TRIB_SIGNATURE_BYTES],
                                        const unsigned char* message, size_t size,
                                        const unsigned char public_key[TRIB_KEY_BYTES]) {
  const trib_field* f;
  unsigned char k[32];
  curve c;
  point a;
  point r;
  trib_fe zero;
  if (!trib_scalar_canonical(signature + 32)) return TRIB_CRYPTO;
  start(&c);
  f = &c.field;
  if (!decode(&c, &a, public_key) || has_small_order(&c, &a)) return TRIB_CRYPTO;
  trib_fe_small(f, zero, 0);
  trib_fe_sub(f, a.x, zero, a.x);
  trib_fe_sub(f, a.t, zero, a.t);
  hash3(k, signature, 32, public_key, message, size);
  multiply_both(&c, &r, signature + 32, k, &a);
  if (has_small_order(&c, &r)) return TRIB_CRYPTO;
  encode(&c, k, &r);
  return memcmp(k, signature, 32) == 0 ? TRIB_OK : TRIB_CRYPTO;
}

trib_status trib_bearssl_ed25519_sign(unsigned char signature[TRIB_SIGNATURE_BYTES],
                                      const unsigned char* message, size_t size,
                                      const unsigned char seed[TRIB_KEY_BYTES]) {
  const trib_crypto_port* crypto = &trib_bearssl_crypto;
  br_sha512_context sha;
  unsigned char secret[64]; /* scalar, prefix */
  unsigned char public_key[32];
  unsigned char r[32];
  unsigned char k[32];
  curve c;
  point p;
  br_sha512_init(&sha);
  br_sha512_update(&sha, seed, TRIB_KEY_BYTES);
  br_sha512_out(&sha, secret);
  secret[0] &= 248;
  secret[31] = (unsigned char)((secret[31] & 63) | 64);
  start(&c);
  multiply_base(&c, &p, secret);
  encode(&c, public_key, &p);
  hash3(r, secret + 32, 32, NULL, message, size);
  multiply_base(&c, &p, r);
  encode(&c, signature, &p);
  hash3(k, signature, 32, public_key, message, size);
  trib_scalar_mul_add(signature + 32, secret, k, r);
  crypto->wipe(secret, sizeof secret);
  crypto->wipe(r, sizeof r);
  crypto->wipe(&p, sizeof p);
  crypto->wipe(&sha, sizeof sha);
  return TRIB_OK;
}
