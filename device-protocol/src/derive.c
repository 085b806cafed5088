#include "device-protocol/src/derive.h"

#include "device-protocol/src/bytes.h"

enum { NAME_PARTS = 3 };

static void name_parts(const trib_upload_name* name, trib_part parts[NAME_PARTS]) {
  parts[0].data = name->ctx_hash;
  parts[0].size = sizeof name->ctx_hash;
  parts[1].data = name->device_id;
  parts[1].size = sizeof name->device_id;
  parts[2].data = name->nonce;
  parts[2].size = sizeof name->nonce;
}

trib_status trib_pair_key(const trib_crypto_port* crypto, unsigned char out[TRIB_KEY_BYTES],
                          const unsigned char secret[TRIB_KEY_BYTES],
                          const unsigned char device_id[TRIB_ID_BYTES],
                          const trib_pair_party* party, const unsigned char* psk, size_t psk_size) {
  unsigned char shared[TRIB_KEY_BYTES];
  unsigned char device_key[TRIB_KEY_BYTES];
  unsigned char epoch[4];
  const trib_status status = crypto->x25519(shared, secret, party->public_key);
  if (status != TRIB_OK) return status;
  crypto->x25519_base(device_key, secret);
  trib_put32(epoch, party->epoch);
  {
    const trib_part parts[] = {
        {device_key, sizeof device_key}, {party->public_key, sizeof party->public_key},
        {device_id, TRIB_ID_BYTES},      {party->id, sizeof party->id},
        {epoch, sizeof epoch},           {psk, psk_size},
    };
    trib_kdf(crypto, out, shared, "pair-key", parts, psk_size == 0 ? 5 : 6);
  }
  crypto->wipe(shared, sizeof shared);
  return TRIB_OK;
}

void trib_mask_seed(const trib_crypto_port* crypto, unsigned char out[TRIB_KEY_BYTES],
                    const unsigned char pair_key[TRIB_KEY_BYTES], const trib_upload_name* name) {
  trib_part parts[NAME_PARTS];
  name_parts(name, parts);
  trib_kdf(crypto, out, pair_key, "seed", parts, NAME_PARTS);
}

void trib_upload_key(const trib_crypto_port* crypto, unsigned char out[TRIB_KEY_BYTES],
                     const unsigned char gateway_key[TRIB_KEY_BYTES],
                     const trib_upload_name* name) {
  trib_part parts[NAME_PARTS];
  name_parts(name, parts);
  trib_kdf(crypto, out, gateway_key, "upload-key", parts, NAME_PARTS);
}

static void mac_under(const trib_crypto_port* crypto, unsigned char out[TRIB_MAC_BYTES],
                      const unsigned char pair_key[TRIB_KEY_BYTES], const char* key_label,
                      const char* label, const trib_upload_name* name,
                      const unsigned char digest[TRIB_HASH_BYTES]) {
  unsigned char key[TRIB_KEY_BYTES];
  trib_part parts[NAME_PARTS + 1];
  name_parts(name, parts);
  parts[NAME_PARTS].data = digest;
  parts[NAME_PARTS].size = TRIB_HASH_BYTES;
  trib_kdf(crypto, key, pair_key, key_label, parts, 0);
  trib_mac16(crypto, out, key, label, parts, NAME_PARTS + 1);
  crypto->wipe(key, sizeof key);
}

void trib_ticket(const trib_crypto_port* crypto, unsigned char out[TRIB_MAC_BYTES],
                 const unsigned char pair_key[TRIB_KEY_BYTES], const trib_upload_name* name,
                 const unsigned char digest[TRIB_HASH_BYTES]) {
  mac_under(crypto, out, pair_key, "ticket-key", "ticket", name, digest);
}

void trib_receipt_mac(const trib_crypto_port* crypto, unsigned char out[TRIB_MAC_BYTES],
                      const unsigned char gateway_key[TRIB_KEY_BYTES], const trib_upload_name* name,
                      const unsigned char digest[TRIB_HASH_BYTES]) {
  mac_under(crypto, out, gateway_key, "receipt-key", "receipt", name, digest);
}

void trib_digest_begin(const trib_crypto_port* crypto, trib_sha256_state* state,
                       const trib_upload_name* name, uint32_t total) {
  trib_part parts[NAME_PARTS];
  name_parts(name, parts);
  trib_hash_begin(crypto, state, "upload");
  for (int i = 0; i < NAME_PARTS; ++i) {
    trib_hash_part(crypto, state, parts[i].data, parts[i].size);
  }
  trib_hash_part_size(crypto, state, total * (uint32_t)TRIB_TAG_BYTES);
}
