/* Integers modulo 2^255 - 19 and modulo the order of edwards25519, over BearSSL's big integers. All
 * constant time. Values of the field are in Montgomery form unless a name says otherwise. */
#ifndef TRIBUTARY_PORTS_BEARSSL_FIELD_H
#define TRIBUTARY_PORTS_BEARSSL_FIELD_H

#include <stdint.h>

#ifdef TRIB_BEARSSL_I15
typedef uint16_t trib_limb;
enum { TRIB_LIMBS = 18 }; /* the first is the length */
#else
typedef uint32_t trib_limb;
enum { TRIB_LIMBS = 10 };
#endif

typedef trib_limb trib_fe[TRIB_LIMBS];

/* The modulus and what goes with it; made once per operation, so that nothing is global. */
typedef struct trib_field {
  trib_fe p;
  trib_limb p0i;
  trib_fe one;
} trib_field;

void trib_field_init(trib_field* field);

void trib_fe_add(const trib_field* field, trib_fe out, const trib_fe a, const trib_fe b);
void trib_fe_sub(const trib_field* field, trib_fe out, const trib_fe a, const trib_fe b);
void trib_fe_mul(const trib_field* field, trib_fe out, const trib_fe a, const trib_fe b);
void trib_fe_small(const trib_field* field, trib_fe out, uint32_t value);
/* exponent: big-endian. */
void trib_fe_power(const trib_field* field, trib_fe out, const trib_fe a,
                   const unsigned char exponent[32]);
/* out = 1 / a; 0 for 0. */
void trib_fe_invert(const trib_field* field, trib_fe out, const trib_fe a);

/* Little-endian, 255 bits; the top bit of in[31] is not looked at. 0: not below the modulus. */
uint32_t trib_fe_decode(const trib_field* field, trib_fe out, const unsigned char in[32]);
void trib_fe_encode(const trib_field* field, unsigned char out[32], const trib_fe a);

/* out = hash mod L, little-endian. */
void trib_scalar_reduce(unsigned char out[32], const unsigned char hash[64]);
/* out = a * b + c mod L; each 32 bytes little-endian, b and c below L, a any. */
void trib_scalar_mul_add(unsigned char out[32], const unsigned char a[32],
                         const unsigned char b[32], const unsigned char c[32]);
/* 1 when s < L. */
uint32_t trib_scalar_canonical(const unsigned char s[32]);

#endif
