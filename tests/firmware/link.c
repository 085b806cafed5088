/* Links the library and a crypto port and nothing else, to be weighed. It would run, too: as a device whose storage,
 * network and clock are functions at addresses that are not known here. */
#include "device-protocol/ports/cortex-m/board/board.h"
#include "device-protocol/ports/cortex-m/crypto_choice.h"
#include "tributary/client.h"

extern trib_port trib_weighed_port;
extern trib_trainer trib_weighed_trainer;
extern trib_client_memory trib_weighed_memory;
trib_port trib_weighed_port;
trib_trainer trib_weighed_trainer;
trib_client_memory trib_weighed_memory;

int main(void) {
  static uint64_t state[4096 / 8];
  static const trib_client_options options = {.checkpoint_steps = 10, .firmware = "weighed"};
  trib_client* client;
  uint32_t wait_ms;
  char identity[33];
  unsigned char psk[TRIB_KEY_BYTES];
  trib_weighed_port.crypto = &TRIB_CRYPTO_PORT;
  if (trib_client_start(state, &trib_weighed_port, &trib_weighed_trainer, &trib_weighed_memory,
                        &options, &client) != TRIB_OK) {
    return 1;
  }
  trib_client_mqtt_identity(client, identity, psk);
  for (;;) {
    (void)trib_client_connected(client);
    (void)trib_client_message(client, identity, psk, sizeof psk);
    (void)trib_client_turn(client, &wait_ms);
  }
}
