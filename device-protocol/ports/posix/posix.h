/* The platform of Linux-class devices and of the simulator: libsodium, files, the system's clocks. */
#ifndef TRIBUTARY_PORTS_POSIX_H
#define TRIBUTARY_PORTS_POSIX_H

#include "tributary/port.h"

#ifdef __cplusplus
extern "C" {
#endif

/* libsodium behind the crypto port. Call sodium_init() (or trib_posix_random once) before use. */
extern const trib_crypto_port trib_posix_crypto;

/* For trib_enrol_start. */
void trib_posix_ed25519_public(unsigned char public_key[TRIB_KEY_BYTES],
                               const unsigned char seed[TRIB_KEY_BYTES]);

/* getrandom(2) through libsodium. */
trib_status trib_posix_random(void* user, void* out, size_t size);
uint64_t trib_posix_monotonic_ms(void* user);
uint64_t trib_posix_unix_seconds(void* user);

/* Records as files `record-N` in a folder the caller has made (mode 0700), which is `user`.
 * save: written beside, fsync, rename, fsync of the folder. */
typedef struct trib_posix_folder {
  const char* path;
} trib_posix_folder;
trib_status trib_posix_load(const trib_posix_folder* folder, trib_record record, size_t offset,
                            void* out, size_t capacity, size_t* size);
trib_status trib_posix_save(const trib_posix_folder* folder, trib_record record, const void* head,
                            size_t head_size, const void* body, size_t body_size);
trib_status trib_posix_erase(const trib_posix_folder* folder, trib_record record);

#ifdef __cplusplus
}
#endif
#endif
